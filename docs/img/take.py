"""Draw what a command really prints, as a terminal shows it, into an SVG file beside this one.

    python docs/img/take.py crawl 'make crawl' [FOLDER]

The command runs in the clone's root or in a folder of it, in a terminal of its own (colours,
widths); its standard error, where progress is shown, is left out. Needs rich: pip install --group docs
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS = 112
# Letters of two columns, as far as they occur here: Chinese, Japanese, Korean.
_WIDE = "[\u1100-\u11ff\u2e80-\uffef]+"
HERE = Path(__file__).resolve().parent


def printed(command: str, folder: str) -> str:
    """What ``command`` writes to a terminal."""
    ours, its = pty.openpty()
    path = f"{HERE.parents[1] / '.venv' / 'bin'}:{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S602 (a command line is what is wanted)
        command,
        shell=True,
        cwd=HERE.parents[1] / folder,
        env=environ,
        stdout=its,
        stderr=subprocess.DEVNULL,
    )
    os.close(its)
    output = bytearray()
    try:
        while chunk := os.read(ours, 65536):
            output += chunk
    except OSError:  # how Linux says that nobody writes any more
        pass
    if process.wait() != 0:
        raise SystemExit(f"{command!r} failed")
    return output.decode().replace("\r\n", "\n")


def _wide_apart(text: Text) -> Text:
    """Letters of two columns as pieces of their own, so that a font's other width shifts nothing else."""
    for wide in re.finditer(_WIDE, text.plain):
        text.stylize(Style(meta={"wide": True}), *wide.span())
    return text


def draw(name: str, command: str, folder: str = ".") -> Path:
    """The command and its output as ``name``.svg."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text(f"$ {command}", style="bold"))
    console.print(_wide_apart(Text.from_ansi(printed(command, folder))), no_wrap=True, overflow="crop")
    svg = console.export_svg(title="scrapy-riptide", theme=DIMMED_MONOKAI, unique_id=name)
    # No file is fetched to look at a picture: any monospaced font will do.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code, ", "")
    # rich allows every letter one column.
    svg = re.sub(
        rf'textLength="([\d.]+)"([^>]*>{_WIDE}<)',
        lambda found: f'textLength="{float(found[1]) * 2}"{found[2]}',
        svg,
    )
    target = HERE / f"{name}.svg"
    target.write_text(svg, encoding="utf-8")
    return target


if __name__ == "__main__":
    print(draw(*sys.argv[1:]))
