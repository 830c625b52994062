"""How much memory a process has had."""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """The most that was ever resident of this one.

    Not getrusage's figure: that one starts with the memory of whoever started this process.
    """
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
