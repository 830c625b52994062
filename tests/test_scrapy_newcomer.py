"""A project of ``scrapy startproject`` gets one line, and everything is there: no code."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import scrapy, start_project
from servers import Files, WebServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "example_project" / "example" / "pages"
LINE = 'ADDONS = {"scrapy_riptide.Addon": 500}\n'

SPIDER = '''
import scrapy


class ChecksSpider(scrapy.Spider):
    name = "checks"

    def parse(self, response):
        """A page of the news.

        @url ROOT/news/swing-bridge.html
        @extracts title byline markdown
        @returns items 1 1
        """
        yield {"title": response.meta["riptide_content"].title}

    async def parse_style(self, response):
        """No page at all.

        @url ROOT/style.css
        @extracts title
        """

    def parse_hopes(self, response):
        """It has no categories.

        @url ROOT/news/swing-bridge.html
        @meta {"riptide": ["h1"]}
        @extracts text byline site_name categories links
        """

    def parse_typo(self, response):
        """There is no such field.

        @url ROOT/news/swing-bridge.html
        @extracts headline
        """
'''


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with WebServer(Files.of(PAGES)) as server:
        yield server.address


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, site: str) -> Path:
    """What ``scrapy startproject`` makes, and one line more."""
    project = start_project(tmp_path_factory.mktemp("projects"))
    settings = project / "shelf" / "settings.py"
    settings.write_text(settings.read_text() + LINE)
    spider = project / "shelf" / "spiders" / "checks.py"
    spider.write_text(SPIDER.replace("ROOT", site))
    return project


NO_DELAY = ("-s", "DOWNLOAD_DELAY=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")


def test_a_spider_that_needs_no_code_is_there(project: Path, site: str) -> None:
    result = scrapy(
        "crawl", "article", "-a", f"url={site}/", "-a", "depth=1", "-O", "out.jsonl", *NO_DELAY, cwd=project
    )
    assert result.returncode == 0
    documents = [json.loads(line) for line in (project / "out.jsonl").read_text("utf-8").splitlines()]
    by_path = {document["url"].removeprefix(site): document for document in documents}
    assert "/de/faehre.html" in by_path
    assert by_path["/de/faehre.html"]["language"] == "de"
    assert "scrapy-riptide: " in result.stderr
    assert "several spiders" not in result.stderr


def test_a_project_s_own_spider_of_that_name_goes_first(project: Path) -> None:
    own = project / "shelf" / "spiders" / "article.py"
    own.write_text(
        "import scrapy\n\n\nclass Own(scrapy.Spider):\n    name = 'article'\n    start_urls = ['data:,x']\n"
    )
    try:
        result = scrapy("crawl", "article", "-s", "LOG_LEVEL=WARNING", cwd=project)
    finally:
        own.unlink()
    assert result.returncode == 0
    assert "several spiders" not in result.stderr
    assert "nowhere to begin" not in result.stderr


def test_contracts_are_checked(project: Path) -> None:
    result = scrapy("check", "-v", *NO_DELAY, cwd=project)
    assert result.returncode == 1
    said = result.stderr
    assert "[checks] parse (@extracts pre-hook) ... ok" in said
    assert "[checks] parse_style (@extracts pre-hook) ... FAIL" in said
    assert "style.css has no content: it was not extracted" in said
    assert "swing-bridge.html has nothing in links" in said
    assert "ValueError: @extracts headline: content has no such field, it has url, title" in said
    assert "FAILED (failures=2, errors=1)" in said


def test_the_shell_has_a_shortcut(project: Path, site: str) -> None:
    code = (
        "riptide().title",
        "riptide() is response.meta['riptide_content']",
        "riptide('metadata').text",
        "riptide(['h1']).text.count('\\n')",
        f"fetch('{site}/de/faehre.html') or riptide().language",
    )
    page = f"{site}/news/swing-bridge.html"
    result = scrapy("shell", page, "-c", f"[{', '.join(code)}]", "-s", "LOG_LEVEL=ERROR", cwd=project)
    assert result.returncode == 0, result.stderr
    title, *others = ast.literal_eval(result.stdout)
    assert title.startswith("Swing bridge")
    assert others == [True, "", 0, "de"]


def test_the_shortcut_needs_neither_a_project_nor_the_line(tmp_path: Path, site: str) -> None:
    page = f"{site}/news/swing-bridge.html"
    result = scrapy("shell", page, "-c", "riptide().language", "-s", "LOG_LEVEL=ERROR", cwd=tmp_path)
    assert result.stdout.strip() == "en-GB"
    for no_page in ((), (f"{site}/style.css",)):
        without = scrapy("shell", *no_page, "-c", "riptide()", "-s", "LOG_LEVEL=ERROR", cwd=tmp_path)
        assert "riptide() needs an HTML page: fetch('https://...') one first" in without.stderr
