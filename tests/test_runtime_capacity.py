"""How many threads and instances there are: what is configured, and what ``auto`` makes of a machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scrapy_riptide import ExtractorConfig
from scrapy_riptide.config import MIB
from scrapy_riptide.wasm import capacity
from scrapy_riptide.wasm.capacity import pool_size, usable_cores, usable_memory_bytes, worker_count

GB = 1024 * MIB


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Pretends that this machine has 16 cores and 64 GB, and control groups with these files."""
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    names = {"SC_PAGE_SIZE": page_bytes, "SC_PHYS_PAGES": 64 * GB // page_bytes}
    monkeypatch.setattr(capacity, "_GROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(capacity, "_MEMBERSHIP", str(tmp_path / "membership"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(os, "sysconf", names.__getitem__)

    def pretend(membership: str | None = None, **files: str) -> None:
        if membership is not None:
            (tmp_path / "membership").write_text(membership)
        for name, words in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(words + "\n")

    return pretend


def test_without_control_groups_the_machine_is_what_there_is(machine: Any) -> None:
    assert (usable_cores(), usable_memory_bytes()) == (16, 64 * GB)
    machine("0::/user.slice\n")
    assert (usable_cores(), usable_memory_bytes()) == (16, 64 * GB)


@pytest.mark.parametrize(("count", "cores"), [(6, 6), (None, 1)])
def test_where_there_is_no_affinity_the_machine_s_cores_count(
    machine: Any, monkeypatch: pytest.MonkeyPatch, count: int | None, cores: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert usable_cores() == cores


@pytest.mark.parametrize(
    ("cpu", "cores"),
    [("max 100000", 16), ("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("broken", 16)],
)
def test_a_quota_of_the_group_is_that_many_cores(machine: Any, cpu: str, cores: int) -> None:
    machine("0::/\n", cpu_DOT_max=cpu)
    assert usable_cores() == cores


def test_the_strictest_of_the_groups_around_a_process_holds(machine: Any) -> None:
    machine(
        "0::/a/b\n",
        a__b__cpu_DOT_max="800000 100000",
        a__cpu_DOT_max="300000 100000",
        a__b__memory_DOT_max="max",
        a__memory_DOT_max=str(2 * GB),
        memory_DOT_max=str(8 * GB),
        c__memory_DOT_max=str(1 * GB),
    )
    assert (usable_cores(), usable_memory_bytes()) == (3, 2 * GB)


def test_groups_of_version_1_hold_as_well(machine: Any) -> None:
    machine(
        "5:cpuset:/x\n4:memory:/docker/1\n1:cpu,cpuacct:/docker/a:1\n0::/\n",
        cpu__cpu_DOT_cfs_quota_us="800000",
        cpu__cpu_DOT_cfs_period_us="100000",
        **{"cpu__docker__a:1__cpu_DOT_cfs_quota_us": "400000"},
        **{"cpu__docker__a:1__cpu_DOT_cfs_period_us": "100000"},
        # A group of that name, but not the one that this process is in.
        cpu__x__cpu_DOT_cfs_quota_us="100000",
        cpu__x__cpu_DOT_cfs_period_us="100000",
        memory__docker__1__memory_DOT_limit_in_bytes=str(3 * GB),
        memory__memory_DOT_limit_in_bytes="9223372036854771712",
    )
    assert (usable_cores(), usable_memory_bytes()) == (4, 3 * GB)
    machine(**{"cpu__docker__a:1__cpu_DOT_cfs_quota_us": "-1"})
    assert usable_cores() == 8


@pytest.mark.parametrize(
    ("options", "threads", "size"),
    [
        ({}, 3, 8),
        ({"max_workers": 5}, 5, 8),
        ({"max_workers": 20}, 8, 8),
        ({"max_pool_size": 2}, 2, 2),
        ({"max_pool_size": "auto"}, 3, 3),
        ({"max_pool_size": "auto", "memory_limit_mb": 512}, 2, 2),
        ({"max_pool_size": "auto", "memory_limit_mb": 4096}, 1, 1),
        ({"max_pool_size": "auto", "max_workers": 2}, 2, 3),
    ],
)
def test_the_pool_is_as_large_as_cores_and_memory_allow(
    machine: Any, options: dict[str, Any], threads: int, size: int
) -> None:
    machine("0::/\n", cpu_DOT_max="300000 100000", memory_DOT_max=str(2 * GB))
    config = ExtractorConfig(**options)
    assert (worker_count(config), pool_size(config)) == (threads, size)
