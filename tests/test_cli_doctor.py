"""``riptide doctor``: what is well, what is not, and what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from projects import scrapy
from waiting import PATIENCE_S

ALL_SUBJECTS = [
    "versions",
    "wasmtime",
    "project",
    "options",
    "limits",
    "fallback",
    "component",
    "cache",
    "sample",
    "counters",
]


def doctor(cwd: Path, *, missing: Sequence[str] = (), **environ: str) -> tuple[int, list[str]]:
    """The exit code and the lines, as in an installation without the missing modules."""
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({list(missing)}))\n"
        "from scrapy_riptide.cli import main\n"
        "sys.exit(main(['doctor']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return result.returncode, result.stdout.splitlines()


def findings(lines: list[str]) -> dict[str, tuple[str, str]]:
    """Levels and messages by subject; every remedy behind its message."""
    text = "\n".join(lines).replace("\n                   -> ", " -> ")
    return {line[7:17].strip(): (line[:5].strip(), line[19:]) for line in text.splitlines()}


def from_the_first_wrong(lines: list[str]) -> list[str]:
    """What is told from the first finding on that is wrong."""
    return lines[next(place for place, line in enumerate(lines) if line.startswith("WRONG")) :]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shelf")
    (directory / "shelf").mkdir()
    (directory / "shelf" / "__init__.py").touch()
    (directory / "scrapy.cfg").write_text("[settings]\ndefault = shelf.settings\n")
    return directory


def set_settings(project: Path, settings: str) -> None:
    (project / "shelf" / "settings.py").write_text(settings)


def test_a_sound_installation_is_0_and_says_what_was_looked_at(tmp_path: Path) -> None:
    code, lines = doctor(tmp_path)
    assert code == 0
    assert list(findings(lines)) == ALL_SUBJECTS
    assert {level for level, _ in findings(lines).values()} == {"ok"}


def test_a_project_that_turns_it_on_is_well(project: Path) -> None:
    set_settings(project, 'ADDONS = {"scrapy_riptide.Addon": 500}\n')
    assert findings(doctor(project)[1])["project"][0] == "ok"


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ("", "note", 'ADDONS = {"scrapy_riptide.Addon": 500}'),
        # Another middleware, another Addon and one that is switched off don't turn it on.
        (
            'DOWNLOADER_MIDDLEWARES = {"scrapy.downloadermiddlewares.stats.DownloaderStats": 543}\n',
            "note",
            "ADDONS",
        ),
        ('ADDONS = {"scrapy_riptide.Addon": None}\n', "note", "ADDONS"),
        ('ADDONS = {"scrapy_riptide.Addon": 500}\nRIPTIDE_ENABLED = False\n', "note", "RIPTIDE_ENABLED"),
        ("ADDONS = {\n", "WRONG", "can't be loaded: SyntaxError: '{' was never closed (settings.py, line 1)"),
        ("import nowhere\n", "WRONG", "can't be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("RIPTIDE_MODE = 'everything'\n", "WRONG", "RIPTIDE_MODE = 'everything' is not allowed"),
        ("RIPTIDE_TIMEOUT = 3\n", "WRONG", "did you mean RIPTIDE_TIMEOUT_SECS?"),
        (
            'ADDONS = {"scrapy_riptide.Addon": 500}\nRIPTIDE_MARKDOWN_DIR = "/dev/null/x"\n',
            "WRONG",
            "RIPTIDE_MARKDOWN_DIR = '/dev/null/x' can't be written to",
        ),
    ],
)
def test_what_is_odd_about_a_project_is_said(project: Path, settings: str, level: str, words: str) -> None:
    set_settings(project, settings)
    code, lines = doctor(project)
    assert code == (level == "WRONG")
    assert findings(lines)["project"][0] == level
    assert words in findings(lines)["project"][1]


def test_a_misspelt_add_on_is_named_before_what_follows_from_it(project: Path) -> None:
    set_settings(project, 'ADDONS = {"scrapy_riptide.Adon": 500}\n')
    code, lines = doctor(project)
    assert code == 1
    wrong = from_the_first_wrong(lines)
    assert "ADDONS names 'scrapy_riptide.Adon', which can't be loaded" in wrong[0]
    assert '"scrapy_riptide.Addon"' in wrong[1]
    assert "does not turn the plugin on" in wrong[2]


#: Settings that only an extra can do: the module that may be missing, what is said then, and the extra.
WANTS_AN_EXTRA = {
    'RIPTIDE_METRICS_TEXTFILE = "a.prom"': ("prometheus_client", "RIPTIDE_METRICS_TEXTFILE needs", "metrics"),
    'RIPTIDE_METRICS_TARGETS_DIR = "a"': (
        "prometheus_client",
        "RIPTIDE_METRICS_TARGETS_DIR needs",
        "metrics",
    ),
    'STATS_CLASS = "scrapy_riptide.RiptideStatsCollector"': (
        "prometheus_client",
        "STATS_CLASS names",
        "metrics",
    ),
    'SCHEDULER = "scrapy_riptide.redis.LeaseScheduler"': ("redis", "SCHEDULER names", "redis"),
    'ADDONS["scrapy_poet.Addon"] = 300': ("scrapy_poet", "ADDONS names 'scrapy_poet.Addon'", "poet"),
    'FEEDS = {"a.parquet": {"format": "parquet"}}': ("pyarrow.parquet", "format parquet needs", "corpus"),
    'RIPTIDE_MARKDOWN_DIR = "md"': ("yaml", "RIPTIDE_MARKDOWN_DIR needs PyYAML", "corpus"),
}


@pytest.mark.parametrize("settings", WANTS_AN_EXTRA)
def test_an_extra_that_a_setting_needs_and_nobody_installed_is_named(project: Path, settings: str) -> None:
    missing, words, extra = WANTS_AN_EXTRA[settings]
    set_settings(project, f'ADDONS = {{"scrapy_riptide.Addon": 500}}\n{settings}\n')
    code, lines = doctor(project, missing=[missing])
    assert code == 1
    told = " ".join(line for line in lines if line.startswith("WRONG") or " -> " in line)
    assert words in told
    assert f"pip install 'scrapy-riptide[{extra}]'" in told


def test_where_all_extras_are_there_all_of_these_settings_are_well(project: Path) -> None:
    set_settings(project, "\n".join(['ADDONS = {"scrapy_riptide.Addon": 500}', *WANTS_AN_EXTRA]))
    assert findings(doctor(project)[1])["project"][0] == "ok"


def test_what_is_of_no_extra_and_can_t_be_loaded_is_named(project: Path) -> None:
    set_settings(project, 'ADDONS = {"scrapy_riptide.Addon": 500}\nSCHEDULER = "elsewhere.Scheduler"\n')
    code, lines = doctor(project)
    assert code == 1
    wrong = from_the_first_wrong(lines)
    assert "SCHEDULER names 'elsewhere.Scheduler', which can't be loaded" in wrong[0]
    assert "install the package that it is part of" in wrong[1]


def test_what_is_wrong_with_an_option_is_said_once(project: Path) -> None:
    set_settings(project, "RIPTIDE_MODE = 'everything'\n")
    done = scrapy("riptide", "doctor", cwd=project)
    assert done.returncode == 1
    assert done.stdout.count("RIPTIDE_MODE = 'everything' is not allowed") == 1


@pytest.mark.parametrize(
    ("environ", "subject", "level", "words"),
    [
        ({"RIPTIDE_WASM_TIMEOUT_SECS": "soon"}, "options", "WRONG", "RIPTIDE_WASM_TIMEOUT_SECS = 'soon'"),
        (
            {"RIPTIDE_WASM_COMPONENT": "/no/file"},
            "component",
            "WRONG",
            "Correct RIPTIDE_WASM_COMPONENT, or remove it",
        ),
        (
            {"RIPTIDE_WASM_COMPONENT": "json:no.wasm"},
            "component",
            "WRONG",
            "a file's path or package:resource",
        ),
        ({"RIPTIDE_WASM_FALLBACK": "shop.Own"}, "fallback", "WRONG", "set RIPTIDE_WASM_FALLBACK to 'parsel'"),
        ({"RIPTIDE_WASM_CACHE_DIR": "/dev/null/x"}, "cache", "WRONG", "set RIPTIDE_WASM_CACHE_DIR"),
        ({"RIPTIDE_WASM_ENABLE_AOT_CACHE": "0"}, "cache", "note", "every start compiles"),
        (
            {
                "RIPTIDE_WASM_MAX_POOL_SIZE": "1024",
                "RIPTIDE_WASM_MAX_WORKERS": "256",
                "RIPTIDE_WASM_MEMORY_LIMIT_MB": "4096",
            },
            "limits",
            "note",
            "Lower",
        ),
    ],
)
def test_what_is_wrong_has_a_remedy(
    tmp_path: Path, environ: dict[str, str], subject: str, level: str, words: str
) -> None:
    code, lines = doctor(tmp_path, **environ)
    assert code == (level == "WRONG")
    found = findings(lines)
    assert found[subject][0] == level
    assert words in found[subject][1]
    assert " -> " in found[subject][1]
    assert {each for each, (level_, _) in found.items() if level_ != "ok"} == {subject}
