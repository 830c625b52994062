"""The alerts and the dashboard for operators: of metrics that there are, firing when they must."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OPS = ROOT / "ops"
RULES = OPS / "prometheus" / "riptide.rules.yml"
RULE_TESTS = OPS / "prometheus" / "riptide.rules.test.yml"
DASHBOARD = OPS / "grafana" / "dashboards" / "riptide.json"
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="there is no promtool here (Debian: apt install prometheus)"
)


@needs_promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", OPS / "prometheus" / "prometheus.yml"),
        ("check", "rules", RULES),
        ("test", "rules", RULE_TESTS),
    ],
    ids=lambda each: " ".join(map(str, each[:2])),
)
def test_promtool_is_content(arguments: tuple[str | Path, ...]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    cases = re.findall(r"alertname: (\w+)\n\s+exp_alerts:( \[\])?", RULE_TESTS.read_text())
    assert {name for name, silent in cases if not silent} == alerts
    assert {name for name, silent in cases if silent} == alerts


def metrics_of_the_table() -> set[str]:
    table = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE)
    return {
        name + suffix
        for name, kind in rows
        for suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
    }


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: str(path.name))
def test_only_metrics_that_there_are_are_asked_for(path: Path) -> None:
    text = path.read_text()
    if path is DASHBOARD:
        panels = json.loads(text)["panels"]
        text = "\n".join(target["expr"] for panel in panels for target in panel.get("targets", []))
    # A state's label is called like its metric.
    used = set(re.findall(r"\b(riptide_\w+)\b(?![\"=])", text))
    assert used <= metrics_of_the_table()
    assert len(used) > 8


def test_settings_that_alerts_recommend_exist() -> None:
    settings = set(
        re.findall(r"^### (\w+)$", (ROOT / "docs" / "reference" / "settings.md").read_text(), re.MULTILINE)
    )
    assert set(re.findall(r"RIPTIDE_[A-Z_]+", RULES.read_text())) <= settings


def test_panels_have_titles_of_their_own_and_do_not_overlap() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["title"] for panel in panels}) == len(panels) == len({panel["id"] for panel in panels})
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
