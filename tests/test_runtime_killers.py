"""Nothing ends the process: what once did, or might, each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from waiting import PATIENCE_S

SCRIPT = Path(__file__).parent / "killers" / "killer.py"
CASES = [
    line.removeprefix("def ").split("(")[0]
    for before, line in zip(
        ["", *SCRIPT.read_text().splitlines()], SCRIPT.read_text().splitlines(), strict=False
    )
    if before == "@case"
]
SLOW = {
    "compiled_files_with_flipped_bits",
    "every_failure_many_times",
    "multiprocessing_spawn",
    "text_that_is_no_unicode_everywhere",
    *(each for each in CASES if each.startswith("interrupts")),
}


@pytest.mark.parametrize(
    "case", [pytest.param(each, marks=[pytest.mark.slow] * (each in SLOW)) for each in CASES]
)
@pytest.mark.parametrize("way", ["epochs", "polls"])
def test_the_process_survives(
    case: str, way: str, misbehaving: Path, polled_misbehaving: Path, cache_dir: Path
) -> None:
    component = polled_misbehaving if way == "polls" else misbehaving
    ended = subprocess.run(
        [sys.executable, "-X", "dev", str(SCRIPT), case, way, str(component), str(cache_dir)],
        check=False,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert (ended.returncode, ended.stdout) == (0, "survived\n"), ended.stderr[-3000:]
    # Python says where a Ctrl-C came at a moment when it can't be raised.
    assert case.startswith("interrupts") or "Traceback" not in ended.stderr, ended.stderr[-3000:]
