"""The code of the how-to pages runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from scrapy_riptide.settings import RiptideSettings

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"
BLOCKS = [
    pytest.param(block, id=f"{page}-{number}")
    for page in ("contracts-and-shell", "corpora", "links", "page-objects")
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```$", (HOW_TO / f"{page}.md").read_text(), re.DOTALL | re.MULTILINE)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_code_runs(block: str) -> None:
    names: dict[str, Any] = {"__name__": "a_reader_s_module"}
    exec(block, names)  # noqa: S102
    settings = {name: value for name, value in names.items() if name.isupper()}
    spiders = [
        each for each in names.values() if isinstance(each, type) and each.__module__ == "a_reader_s_module"
    ]
    RiptideSettings.from_settings(settings)
    for each in spiders:
        if issubclass(each, Spider):
            arguments = {"url": "https://example.com"} if each.name == "own" else {}
            spider = get_crawler(each, settings)._create_spider(**arguments)
            assert callable(spider.parse)
