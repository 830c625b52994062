"""``scrapy riptide`` and ``scrapy shell``: what the plugin adds to Scrapy's command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand, shell
from scrapy.exceptions import UsageError
from scrapy.http import HtmlResponse

from scrapy_riptide.cli.main import add_commands, run
from scrapy_riptide.content import ExtractedContent, Mode
from scrapy_riptide.keys import CONTENT_KEY
from scrapy_riptide.settings import RiptideSettings
from scrapy_riptide.shared import ExtractorLease

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from scrapy.settings import BaseSettings


class RiptideCommand(ScrapyCommand):
    """Scrapy finds it by the entry point ``scrapy.commands``, in and out of projects."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """After ``scrapy riptide``."""
        return "[options] COMMAND [command's options]"

    def short_desc(self) -> str:
        """For the list that ``scrapy`` prints."""
        return "Extract a page, look after the extractor (scrapy-riptide)"

    def long_desc(self) -> str:
        """For ``scrapy riptide --help``."""
        return "The command line of scrapy-riptide, with the settings of the project it is called in."

    def add_options(self, parser: ArgumentParser) -> None:
        """The commands, beside Scrapy's own options."""
        super().add_options(parser)
        add_commands(parser, prog="scrapy riptide")

    def run(self, args: list[str], opts: Namespace) -> None:
        """Do what was asked."""
        if args:
            raise UsageError(f"unrecognized arguments: {' '.join(args)}", print_help=False)
        settings = self.settings
        assert settings is not None
        self.exitcode = run(opts, lambda: RiptideSettings.from_settings(settings).extractor)


class ShellCommand(shell.Command):
    """Scrapy's own ``scrapy shell``, with one shortcut more.

    Scrapy has no other way into its shell: what :meth:`update_vars` gives it, it has.
    """

    def update_vars(self, vars: dict[str, Any]) -> None:  # noqa: A002 (Scrapy's name)
        """Scrapy's hook, called for each page that the shell fetches."""
        super().update_vars(vars)
        vars["riptide"] = lambda mode=None, response=None: _content(
            vars["response"] if response is None else response, mode, vars["settings"]
        )

    def short_desc(self) -> str:
        """For the list that ``scrapy`` prints."""
        return f"{super().short_desc()}, with riptide() for a page's content"


def _content(response: Any, mode: Mode | None, settings: BaseSettings) -> ExtractedContent:
    """What the crawl extracted, or what another mode makes of the page.

    :raises TypeError: there is no page, or one that is no HTML, which a crawl passes through
    :raises ExtractionError: the page can't be extracted
    """
    if not isinstance(response, HtmlResponse):
        raise TypeError(f"riptide() needs an HTML page: fetch('https://...') one first; this is {response!r}")
    content: ExtractedContent | None = None if response.request is None else response.meta.get(CONTENT_KEY)
    if content is not None and mode is None:
        return content
    ours = RiptideSettings.from_settings(settings)
    lease = ExtractorLease(ours.extractor)
    try:
        return lease.extractor.extract(response.text, response.url, mode or ours.mode)
    finally:
        lease.release()
