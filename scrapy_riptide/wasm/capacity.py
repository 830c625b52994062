"""How many threads and instances a configuration means on this machine.

A container's limits are its control group's: the kernel shows the whole machine's processors and
memory inside of it all the same.

Every start comes through here, so files are read by bare system calls: ``pathlib`` made a fifth of
what Python does in one, and ``open`` doubles what is left of that.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

from scrapy_riptide.config import ExtractorConfig

#: What instances may take together of the memory that a process may have, where the plugin chooses.
MEMORY_SHARE = 0.5

_GROUPS = "/sys/fs/cgroup"
_MEMBERSHIP = "/proc/self/cgroup"


def worker_count(config: ExtractorConfig) -> int:
    """Threads that run guests, and instances at most: more of them than threads would only idle.

    One for each core unless configured, and never more than the pool's size.
    """
    wanted = usable_cores() if config.max_workers == "auto" else int(config.max_workers)
    return min(wanted, pool_size(config))


def pool_size(config: ExtractorConfig) -> int:
    """The configured size of the pool; ``auto`` is what cores and memory are there for."""
    if config.max_pool_size != "auto":
        return int(config.max_pool_size)
    fitting = MEMORY_SHARE * usable_memory_bytes() / config.memory_limit_bytes
    return max(1, min(usable_cores(), int(fitting)))


def usable_cores() -> int:
    """Cores that this process may use: those of its affinity, and no more than its group's quota pays."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not everywhere
        cores = os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _cpu_quotas())]))


def usable_memory_bytes() -> int:
    """Memory that this process may have: the machine's, or its control group's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [
        _numbers(f"{group}/{name}")
        for group, name in _groups("memory", "memory.max", "memory.limit_in_bytes")
    ]
    return min([machine, *(limit for numbers in limits for limit in numbers)])


def _cpu_quotas() -> Iterator[float]:
    for group, name in _groups("cpu", "cpu.max", "cpu.cfs_quota_us"):
        numbers = _numbers(f"{group}/{name}")
        if len(numbers) == 1:  # version 1 has a file for each, and -1 for no limit
            numbers += _numbers(f"{group}/cpu.cfs_period_us")
        if len(numbers) == 2 and numbers[0] > 0:
            yield numbers[0] / numbers[1]


def _numbers(path: str) -> list[int]:
    """The numbers a control file begins with; none where it says ``max``, or where there is no file."""
    try:
        return [int(word) for word in _read(path).split()]
    except (OSError, ValueError):
        return []


def _read(path: str) -> bytes:
    """A file of the kernel's, which need not be decoded or buffered."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(descriptor, 4096), b""))
    finally:
        os.close(descriptor)


def _groups(controller: str, version_2: str, version_1: str) -> Iterator[tuple[str, str]]:
    """This process's control group for something and the groups around it, with their file's name."""
    try:
        lines = os.fsdecode(_read(_MEMBERSHIP)).splitlines()
    except OSError:  # no control groups here
        return
    for line in lines:
        # "0::/a/b" is of version 2, "3:cpu,cpuacct:/a/b" of version 1.
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root, name = (f"{_GROUPS}/{controller}", version_1) if controllers else (_GROUPS, version_2)
        group = path.rstrip("/")
        yield root + group, name
        while group:
            group = group.rpartition("/")[0]
            yield root + group, name
