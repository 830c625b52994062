"""A contract for ``scrapy check``: ``@extracts title markdown``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scrapy.contracts import Contract
from scrapy.exceptions import ContractFail
from scrapy.http import Response

from scrapy_riptide.content import ExtractedContent
from scrapy_riptide.keys import CONTENT_KEY, ERROR_KEY, OPTIONS_KEY
from scrapy_riptide.settings import CONTENT_FIELDS


class ExtractsContract(Contract):
    """Checks (``@extracts``) that a page's content has something in each of the named fields.

    .. code-block:: none

        @url https://example.com/an-article
        @extracts title byline markdown

    Without names: that the page has content at all. The page is extracted also where
    ``RIPTIDE_EXTRACT`` is ``"opt-in"``; with ``@meta`` it is extracted as that says.

    :raises ValueError: there is no such field
    """

    name = "extracts"

    def __init__(self, method: Callable[..., Any], *args: Any) -> None:
        super().__init__(method, *filter(None, args))
        for each in self.args:
            if each not in CONTENT_FIELDS:
                raise ValueError(
                    f"@extracts {each}: content has no such field, it has {', '.join(CONTENT_FIELDS)}"
                )

    def adjust_request_args(self, args: dict[str, Any]) -> dict[str, Any]:
        """Asks for the extraction."""
        args["meta"] = {OPTIONS_KEY: True, **(args.get("meta") or {})}
        return args

    def pre_process(self, response: Response) -> None:
        """Looks at the content before the callback does.

        :raises ContractFail: the page has no content, or a field of it is empty
        """
        content: ExtractedContent | None = response.meta.get(CONTENT_KEY)
        if content is None:
            error = response.meta.get(ERROR_KEY) or {"message": "it was not extracted: is scrapy-riptide on?"}
            raise ContractFail(f"{response.url} has no content: {error['message']}")
        empty = [each for each in self.args if not getattr(content, each)]
        if empty:
            raise ContractFail(f"{response.url} has nothing in {', '.join(empty)}")
