"""Every block of code in the documentation runs, or says why it can't be run here.

The tutorial's blocks are one session, run by ``test_docs_tutorial.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler
from waiting import PATIENCE_S

from scrapy_riptide.settings import RiptideSettings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HTML = (ROOT / "example_project" / "example" / "pages" / "news" / "swing-bridge.html").read_text("utf-8")
FENCE = re.compile(
    r"^( *)```(\{code-block\} )?(\w+)[^\n]*\n((?: *:\w+:[^\n]*\n)*\n?)(.*?)^ *```$", re.DOTALL | re.MULTILINE
)

#: Languages with a check of their own elsewhere, or with nothing to run.
OTHER_LANGUAGES = {
    "ini": "configuration",
    "yaml": "configuration, see test_ops.py",
    "json": "data",
    "text": "output",
    "toml": "data",
}

#: What other blocks of Python stand on: the reader's page, and what a project of theirs has.
PRELUDE = """
from dataclasses import dataclass
from scrapy import Request, Spider
"""

#: Of these pages only the imports are run, and why.
IMPORTS_ONLY = {"spark.md": "it reads a reader's table and bucket; test_spark.py has jobs"}

#: Commands that are not run here, and why.
NOT_RUN = {
    "pip": "it would change this environment; .ci/run installs the wheel",
    "make": "its targets are run by test_example_make.py and .ci/run",
    "curl": "it would ask the net, or a server: test_scrapy_scrapyd.py, test_scrapy_scrapyrt.py",
    "scrapy": "it needs a project, and the net: test_docs_tutorial.py, test_cli_scrapy.py",
    "head": "it looks at what the line before made",
    "redis-cli": "it looks at a Redis of the reader's: test_redis_crawl.py has one",
    "scrapyd-deploy": "test_scrapy_scrapyd.py",
    "scrapyrt": "it serves until Ctrl-C: test_scrapy_scrapyrt.py",
    "docker": "it needs a daemon",
    "cd": "the line goes on with one of these",
    "mkdir": "the line goes on with one of these",
    "bash": ".ci/run, and what it runs",
    "python": "benchmarks and modules that serve until Ctrl-C",
    "spark-submit": "test_spark.py",
    "tox": "it makes environments of its own",
    "pytest": "one is running",
    "git": "a clone is where the tests are",
    "redis-server": "the tests of Redis start one",
}


@dataclass
class Block:
    page: Path
    number: int
    language: str
    options: str
    body: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.number}"


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        if page.name == "tutorial.md":
            continue
        text = page.read_text("utf-8")
        for match in FENCE.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            body = re.sub(rf"^{match[1]}", "", match[5], flags=re.MULTILINE)
            found.append(Block(page, number, match[3], match[4], body))
    return found


BLOCKS = blocks()
#: Of the page of settings, test_scrapy_reference.py reads every example as the code would.
PYTHON = [each for each in BLOCKS if each.language == "python" and each.page.name != "settings.md"]
SHELL = [each for each in BLOCKS if each.language in ("bash", "shell", "console")]


def test_every_block_is_of_a_language_that_is_checked() -> None:
    languages = {each.language for each in BLOCKS}
    assert languages <= {"python", "bash", "shell", "console", *OTHER_LANGUAGES}
    # A fence that the pattern misses would not be run either.
    for page in {each.page for each in BLOCKS}:
        fences = re.findall(r"^ *```(?:\{code-block\} )?\w+", page.read_text("utf-8"), re.MULTILINE)
        assert len(fences) == sum(each.page == page for each in BLOCKS), page


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_runs(block: Block, tmp_path: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = re.search(r":class: (\w+)", block.options)
    if wanted and find_spec(wanted[1]) is None:
        pytest.skip(f"{wanted[1]} is not installed")
    body = block.body
    if block.page.name in IMPORTS_ONLY:
        compile(body, str(block), "exec")
        body = "\n".join(line for line in body.splitlines() if line.startswith(("from ", "import ")))
    source = f"{PRELUDE}html = {HTML!r}\n{body}"
    if "process.start()" in block.body or wanted or "Spark" in block.body:
        # What makes a loop, a log or a virtual machine its own gets a process of its own.
        done = run([sys.executable, "-c", source], tmp_path, cache_dir)
        assert done.returncode == 0, done.stderr
        return
    module = ModuleType("block")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("RIPTIDE_WASM_CACHE_DIR", str(cache_dir))
    monkeypatch.chdir(tmp_path)
    exec(compile(source, str(block), "exec"), vars(module))  # noqa: S102
    settings = {name: value for name, value in vars(module).items() if name.startswith("RIPTIDE_")}
    RiptideSettings.from_settings(settings)
    for each in vars(module).values():
        if isinstance(each, type) and each.__module__ == module.__name__ and issubclass(each, Spider):
            arguments = {"url": "https://example.com"} if each.name == "own" else {}
            assert callable(get_crawler(each, settings)._create_spider(**arguments).parse)


def commands(block: Block) -> list[str]:
    lines = block.body.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


COMMANDS = [(str(block), line) for block in SHELL for line in commands(block)]


@pytest.mark.parametrize(("place", "line"), COMMANDS, ids=[f"{place} {line}" for place, line in COMMANDS])
def test_commands_run_or_say_why_not(place: str, line: str, tmp_path: Path, cache_dir: Path) -> None:
    words = shlex.split(line, comments=True)
    variables: dict[str, str] = {}
    while assigned := re.fullmatch(r"([A-Z_]+)=(\S*)", words[0]):
        variables[assigned[1]] = assigned[2]
        del words[0]
    if words[0] == "promtool":
        pytest.skip("test_ops.py runs it")
    if words[0] != "riptide":
        assert words[0] in NOT_RUN, f"{place}: neither run nor excused: {line}"
        return
    # A component of the reader's own, which is not here.
    variables.pop("RIPTIDE_WASM_COMPONENT", None)
    asks_the_net = any("://" in word for word in words) and "saved.html" not in words
    if asks_the_net or "|" in words or words[1] == "warc":
        # Asks the net, or for files of the reader's: are the options those that there are?
        words = [*words[: words.index("|") if "|" in words else None], "--help"]
    (tmp_path / "saved.html").write_text(HTML, "utf-8")
    done = run([sys.executable, "-m", "scrapy_riptide", *words[1:]], tmp_path, cache_dir, variables)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def run(
    command: list[str], folder: Path, cache_dir: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environ: dict[str, Any] = {
        **os.environ,
        **(variables or {}),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "example_project")]),
        "RIPTIDE_WASM_CACHE_DIR": str(cache_dir),
    }
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
