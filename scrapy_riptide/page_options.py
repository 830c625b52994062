"""What one request wants: the meaning of ``meta["riptide"]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from scrapy_riptide.config import Allowed, boolean, choice, integer
from scrapy_riptide.content import FAVORS, Favor, Mode
from scrapy_riptide.errors import ExtractionError
from scrapy_riptide.settings import RiptideSettings, mode_or_selectors
from scrapy_riptide.wording import in_short

#: The keys of a dict.
KEYS = ("mode", "select", "favor", "max_body_bytes", "links")


class OptionsError(ExtractionError):
    """A request's ``meta["riptide"]`` means nothing."""

    kind = "options"


@dataclass(frozen=True)
class PageOptions:
    """How one response is to be extracted."""

    mode: Mode
    favor: Favor
    max_body_bytes: int
    #: Whether its links are wanted with all that they say; None: the setting doesn't say.
    links: bool | None


def page_options(value: Any, settings: RiptideSettings) -> PageOptions:
    """The options that ``meta["riptide"]`` stands for, over the settings'.

    :param value: True, a mode's name, a list of CSS selectors, or a dict of ``mode``, ``select``
        (one CSS selector or several), ``favor``, ``max_body_bytes`` and ``links``
    :raises OptionsError: anything else
    """
    if isinstance(value, Mapping):
        return _from_dict(value, settings)
    mode = settings.mode if value is True else _parsed(mode_or_selectors(), value, "")
    return PageOptions(mode, settings.extractor.favor, settings.max_body_bytes, settings.links)


def _from_dict(value: Mapping[str, Any], settings: RiptideSettings) -> PageOptions:
    for key in value:
        if key not in KEYS:
            close = get_close_matches(str(key), KEYS, n=1, cutoff=0.0)
            raise OptionsError(f"meta['riptide'] has the unknown key {key!r}: did you mean {close[0]!r}?")
    mode: Mode = settings.mode
    if "select" in value:
        if value.get("mode", "custom") != "custom":
            raise OptionsError(
                f"meta['riptide'] has both mode = {value['mode']!r} and select: keep one of them."
            )
        select = value["select"]
        mode = _parsed(mode_or_selectors(), [select] if isinstance(select, str) else select, "['select']")
    elif "mode" in value:
        mode = _parsed(mode_or_selectors(), value["mode"], "['mode']")
    favor = settings.extractor.favor
    if "favor" in value:
        favor = _parsed(choice(*FAVORS), value["favor"], "['favor']")
    limit = settings.max_body_bytes
    if "max_body_bytes" in value:
        limit = _parsed(integer(1, unit="bytes"), value["max_body_bytes"], "['max_body_bytes']")
    links = settings.links
    if "links" in value:
        links = _parsed(boolean(), value["links"], "['links']")
    return PageOptions(mode, favor, limit, links)


def _parsed(allowed: Allowed, value: Any, key: str) -> Any:
    try:
        return allowed.parse(value)
    except (ValueError, TypeError, OverflowError):
        raise OptionsError(
            f"meta['riptide']{key} = {in_short(repr(value))} is not allowed: it takes {allowed.sentence}."
        ) from None
