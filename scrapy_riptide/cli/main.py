"""What the command line takes, and how it ends: 0 done, 1 not done, 2 asked wrongly, 130 Ctrl-C."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import FAVORS, MODE_NAMES
from scrapy_riptide.errors import ConfigError, RiptideError

_INTERRUPTED = 130
# What a shell reports for a command that a closed pipe ended.
_BROKEN_PIPE = 141

ConfigSource = Callable[[], ExtractorConfig]


class CommandError(Exception):
    """The command can't be done. The message is one sentence for a person."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``riptide``, and say how it ended."""
    parser = argparse.ArgumentParser(
        prog="riptide",
        description="Extracts clean, structured content from HTML, in a WebAssembly sandbox.",
        epilog="The runtime reads its options from the environment: RIPTIDE_WASM_TIMEOUT_SECS=5 and so on.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"riptide {version('scrapy-riptide')}")
    add_commands(parser)
    return run(parser.parse_args(arguments), ExtractorConfig.from_env)


def add_commands(parser: argparse.ArgumentParser, prog: str | None = None) -> None:
    """Give ``parser`` the commands. ``prog`` is what a user types before them, if not the parser's name."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, prog=prog)
    _add_extract(commands.add_parser("extract", help="extract one page", allow_abbrev=False))
    for name, help_, action in (
        ("health", "start a guest, and say as JSON how it is", "health"),
        ("warm", "compile the component into the cache, so that every start is a quick one", "warm"),
        ("doctor", "check everything that an extraction needs, and say what to do about it", "doctor"),
        ("version", "print the versions of everything that takes part", "versions"),
    ):
        commands.add_parser(name, help=help_, description=_sentence(help_)).set_defaults(action=action)
    _add_warc(commands.add_parser("warc", help="extract every page of WARC files", allow_abbrev=False))
    help_ = "look after the cache of compiled components"
    cache = commands.add_parser("cache", help=help_, description=_sentence(help_), allow_abbrev=False)
    cache.set_defaults(action="cache")
    what = cache.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="list its files")
    what.add_argument("--clear", action="store_true", help="remove its files")


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _add_extract(extract: argparse.ArgumentParser) -> None:
    extract.description = "Extract the content of one page: fetched from --url, or read from --input-file."
    extract.add_argument("--url", help="the page's address: fetched, unless there is an --input-file")
    extract.add_argument("--input-file", metavar="FILE", help="a saved page, '-' for standard input")
    extract.add_argument("file", metavar="FILE", nargs="?", help="the same, without the option's name")
    what = extract.add_mutually_exclusive_group()
    what.add_argument("--mode", choices=MODE_NAMES, default="article", help="how much of the page [article]")
    what.add_argument(
        "--select", metavar="CSS", action="append", help="only what this selector matches; may be repeated"
    )
    extract.add_argument(
        "--favor", choices=FAVORS, help="keep less, or more, of what may be content [as configured]"
    )
    extract.add_argument(
        "--engine",
        choices=("wasm", "fallback"),
        default="wasm",
        help="the guest, or the extractor that stands in for it [wasm]",
    )
    extract.add_argument("--format", choices=("json", "markdown", "text"), default="json", help="[json]")
    # The parser goes along: what only its values together can tell is a usage error too.
    extract.set_defaults(action="extract", parser=extract)


def _add_warc(warc: argparse.ArgumentParser) -> None:
    warc.description = (
        "Extract every web page of WARC files, on all cores. Files that an earlier run has done are passed"
        " over: the same command goes on with a run that was ended, however that was."
    )
    warc.add_argument("files", metavar="FILE", nargs="+", help="a WARC file, compressed or not")
    warc.add_argument("--output", metavar="DIR", required=True, help="where a file for each FILE goes")
    warc.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl", help="[jsonl]")
    warc.add_argument("--mode", choices=MODE_NAMES, default="article", help="how much of a page [article]")
    warc.add_argument("--jobs", metavar="N", type=int, help="processes at once [one for each core]")
    warc.set_defaults(action="warc", parser=warc)


def run(options: argparse.Namespace, config: ConfigSource) -> int:
    """Do what was asked; the exit code. Messages go to standard error."""
    logging.basicConfig(format="riptide: %(message)s", level=logging.WARNING)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # JSON is UTF-8, whatever the terminal's locale.
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        code = _act(options, config)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more at exit, which must not fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except ConfigError as error:
        return _failed(str(error), 2)
    except OSError as error:
        # What an action opens it answers for itself: this is standard output, on a full disk.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed(f"the output can't be written: {error.strerror or error}", 1)
    except (CommandError, RiptideError) as error:
        return _failed(str(error), 1)
    return code


def _failed(message: str, code: int) -> int:
    print(f"riptide: {message}", file=sys.stderr)
    return code


def _act(options: argparse.Namespace, config: ConfigSource) -> int:
    # Here and not above: every `scrapy` command loads this module to list its commands.
    from scrapy_riptide.cli import actions

    action: Callable[[argparse.Namespace, ConfigSource], int] = getattr(actions, options.action)
    return action(options, config)
