"""``scrapy riptide``: the command line inside a Scrapy project, with the project's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from scrapy_riptide.cli.main import add_commands, run
from scrapy_riptide.settings import RiptideSettings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


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
