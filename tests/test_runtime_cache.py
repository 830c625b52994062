"""The ahead-of-time cache: whatever happens to it, the crawl goes on, with one warning and the remedy."""

from __future__ import annotations

import logging
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from conftest import Configure
from waiting import PATIENCE_S

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.wasm import aot_cache, host, receipt
from scrapy_riptide.wasm import cache_key as cache_key_module
from scrapy_riptide.wasm import runtime as wasm_runtime
from scrapy_riptide.wasm.aot_cache import AotCache, default_directory
from scrapy_riptide.wasm.cache_key import cache_key
from scrapy_riptide.wasm.engine import EngineSettings, make_engine
from scrapy_riptide.wasm.receipt import FileIdentity
from scrapy_riptide.whole_files import left_behind

URL = "https://example.com/"
SCRIPTS = Path(__file__).parent / "killers"
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="needs root: mounts, or gives files to another user")
NOBODY = 65534


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "aot"


@pytest.fixture
def at(config: Configure, directory: Path) -> ExtractorConfig:
    return config(cache_dir=str(directory))


def start(config: ExtractorConfig) -> tuple[int | None, int | None]:
    """Starts an extractor that has to work; the cache's hits and misses."""
    with Extractor(config) as extractor:
        assert extractor.extract("hello", URL).text == "hello"
        metrics = extractor.metrics()
    return metrics["riptide_wasm_aot_cache_hits"], metrics["riptide_wasm_aot_cache_misses"]


MISS, HIT, NO_CACHE = (0, 1), (1, 0), (None, None)


def entry(directory: Path) -> Path:
    """The only compiled component there."""
    (path,) = directory.glob("*.cwasm")
    return path


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "scrapy_riptide.wasm.aot_cache" and record.levelno == logging.WARNING
    ]


def test_the_first_start_misses_and_the_next_ones_hit(at: ExtractorConfig, directory: Path) -> None:
    assert [start(at) for _ in range(3)] == [MISS, HIT, HIT]
    assert (directory.stat().st_mode & 0o777, entry(directory).stat().st_mode & 0o777) == (0o700, 0o600)


def test_without_a_cache_there_is_neither_a_hit_nor_a_miss(config: Configure, directory: Path) -> None:
    assert start(config(cache_dir=str(directory), enable_aot_cache=False)) == NO_CACHE
    assert not directory.exists()


@pytest.mark.parametrize(
    "other",
    [{"fuel_limit": 10**9}, {"max_stack_bytes": 1024 * 1024}, {"component": None, "memory_limit_mb": 64}],
)
def test_what_would_compile_to_other_code_is_another_entry(
    at: ExtractorConfig, config: Configure, directory: Path, other: dict[str, Any]
) -> None:
    start(at)
    with Extractor(config(cache_dir=str(directory), **other)) as extractor:
        extractor.info()
        assert extractor.metrics()["riptide_wasm_aot_cache_misses"] == 1
    assert len(list(directory.glob("*.cwasm"))) == 2


@pytest.mark.parametrize("other", [{"timeout_secs": 1}, {"memory_limit_mb": 64}, {"max_pool_size": 1}])
def test_what_compiles_to_the_same_code_is_the_same_entry(
    at: ExtractorConfig, config: Configure, directory: Path, other: dict[str, Any]
) -> None:
    start(at)
    assert start(config(cache_dir=str(directory), **other)) == HIT


# What the key says beside the configuration's options: where it is, and what it is there.
PARTS = {
    "the cache's format": ((cache_key_module, "_FORMAT"), cache_key_module._FORMAT + 1),
    "wasmtime's version": ((cache_key_module, "wasmtime_version"), lambda: "50.0.2"),
    "the system": ((sys, "platform"), "linux2"),
    "the machine": ((platform, "machine"), lambda: "x86_63"),
    "the processor's features": ((cache_key_module, "_cpu_features"), lambda: "avx1024"),
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_key_makes_another_entry_and_another_receipt(
    known: ExtractorConfig, directory: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    (owner, name), other = PARTS[part]
    monkeypatch.setattr(owner, name, other)
    assert start(known) == MISS
    time.sleep(0.05)  # a file of just now gets no receipt
    assert start(known) == HIT
    assert len(list(directory.glob("*.cwasm"))) == len(list(directory.glob("*.receipt"))) == 2


@pytest.mark.parametrize(
    "other", [{"fuel": True}, {"epochs": False}, {"exact_memory": False}, {"max_stack_bytes": 1024 * 1024}]
)
def test_each_of_the_engines_settings_makes_another_key(other: dict[str, Any]) -> None:
    assert set(other) <= {each.name for each in fields(EngineSettings)}
    assert cache_key(b"wasm", EngineSettings(**other)) != cache_key(b"wasm", EngineSettings())


def test_a_component_of_other_bytes_is_another_entry(
    known: ExtractorConfig, directory: Path, tmp_path: Path
) -> None:
    # A custom section is no code, and what compiles is the same.
    with open(tmp_path / "component.wasm", "ab") as file:
        file.write(b"\0\x05\x04note")
    assert start(known) == MISS
    assert len(list(directory.glob("*.cwasm"))) == 2


@pytest.mark.parametrize("field", ["flags", "Features"])
def test_the_processors_features_are_those_of_its_first_core_in_any_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\n{field}\t\t: sse2 fpu avx\nprocessor : 1\n{field}\t\t: fpu\n")
    monkeypatch.setattr(cache_key_module, "_CPUINFO", str(cpuinfo))
    assert cache_key_module._cpu_features() == "avx fpu sse2"


def test_where_the_system_does_not_say_a_processors_features_its_name_stands_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cache_key_module, "_CPUINFO", str(tmp_path / "nowhere"))
    monkeypatch.setattr(platform, "processor", lambda: "a processor")
    assert cache_key_module._cpu_features() == "a processor"


def test_by_default_it_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == tmp_path / "scrapy-riptide" / "aot"


def test_a_tilde_in_its_path_is_the_home_directory(
    config: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert start(config(cache_dir="~/compiled")) == MISS
    assert entry(tmp_path / "compiled").exists()


# Broken files.


@pytest.fixture(scope="module")
def compiled(config: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a whole entry, to copy."""
    directory = tmp_path_factory.mktemp("compiled")
    start(config(cache_dir=str(directory)))
    return directory


def assert_made_again(at: ExtractorConfig, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The next start warns once, sets the broken file aside and compiles; the one after that hits."""
    caplog.clear()
    assert start(at) == MISS
    (warning,) = warnings(caplog)
    assert warning.startswith("Compiled component ")
    assert "is not used and made again" in warning
    assert "'riptide cache --clear' empties the cache" in warning
    assert start(at) == HIT
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("region", range(8))
def test_a_flipped_bit_anywhere_is_noticed_before_the_file_is_used(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture, region: int
) -> None:
    shutil.copytree(compiled, directory)
    path = entry(directory)
    content = bytearray(path.read_bytes())
    size = len(content) // 8
    chosen = random.Random(region)  # noqa: S311
    content[region * size + chosen.randrange(size)] ^= 1 << chosen.randrange(8)
    path.write_bytes(content)
    assert_made_again(at, directory, caplog)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_noticed(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture, share: float
) -> None:
    shutil.copytree(compiled, directory)
    path = entry(directory)
    os.truncate(path, int(path.stat().st_size * share))
    assert_made_again(at, directory, caplog)


def test_a_file_of_something_else_is_noticed(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(compiled, directory)
    entry(directory).write_bytes(b"<html>" * 1000)
    assert_made_again(at, directory, caplog)


def test_a_whole_file_that_wasmtime_refuses_is_noticed(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry whose digest is right, made by another wasmtime or for another machine."""
    import hashlib

    shutil.copytree(compiled, directory)
    path = entry(directory)
    foreign = b"\x7fELF of another make" * 100
    path.unlink()
    (directory / f"{path.name.split('.')[0]}.{hashlib.sha256(foreign).hexdigest()}.cwasm").write_bytes(
        foreign
    )
    assert_made_again(at, directory, caplog)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_has_an_entrys_name_and_is_no_file_is_passed_over(
    at: ExtractorConfig, directory: Path, compiled: Path, make: Callable[[Path], None]
) -> None:
    directory.mkdir(mode=0o700)
    key = entry(compiled).name.split(".")[0]
    make(directory / f"{key}.{'0' * 64}.cwasm")
    starts: list[tuple[int | None, int | None]] = []
    # A pipe that nobody writes to is read for ever.
    thread = threading.Thread(target=lambda: starts.extend([start(at), start(at)]), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert starts == [MISS, HIT]


def test_a_broken_file_is_kept_aside_for_who_wants_to_know(
    at: ExtractorConfig, directory: Path, compiled: Path
) -> None:
    shutil.copytree(compiled, directory)
    path = entry(directory)
    path.write_bytes(b"broken")
    start(at)
    assert [each.read_bytes() for each in directory.glob("*.corrupt")] == [b"broken"]


def test_files_that_are_not_the_caches_are_left_alone(
    at: ExtractorConfig, directory: Path, compiled: Path
) -> None:
    shutil.copytree(compiled, directory)
    (directory / "README").write_text("mine")
    (directory / "x.cwasm").write_bytes(b"not a name of the cache's")
    assert start(at) == HIT
    assert (directory / "README").read_text() == "mine"


def test_clearing_removes_what_is_the_caches(at: ExtractorConfig, directory: Path, compiled: Path) -> None:
    shutil.copytree(compiled, directory)
    (directory / "abc.def.cwasm.corrupt").write_bytes(b"")
    (directory / ".abc.def.cwasm.12-34.tmp").write_bytes(b"")
    (directory / "README").write_text("mine")
    cache = AotCache(directory)
    assert [size > 0 for _, size in cache.entries()] == [True]
    assert (cache.clear(), cache.entries()) == (1, [])
    assert [each.name for each in directory.iterdir()] == ["README"]
    assert start(at) == MISS


def test_what_goes_while_the_cache_is_listed_is_not_in_the_list(directory: Path, compiled: Path) -> None:
    shutil.copytree(compiled, directory)
    whole = entry(directory)
    (directory / f"0{whole.name}").symlink_to("gone")
    assert AotCache(directory).entries() == [(whole, whole.stat().st_size)]


def test_listing_and_clearing_a_cache_that_is_not_there(tmp_path: Path) -> None:
    cache = AotCache(tmp_path / "nowhere")
    assert (cache.entries(), cache.clear()) == ([], 0)


# Receipts: what an earlier start has digested is not read again.


@pytest.fixture
def known(
    config: Configure, misbehaving: Path, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ExtractorConfig:
    """A configuration whose component, a file of its own, and compiled file have a receipt."""
    monkeypatch.setattr(receipt, "_SETTLED_S", 0.02)
    component = tmp_path / "component.wasm"
    shutil.copy(misbehaving, component)
    known = config(component=str(component), cache_dir=str(directory))
    starts = [start(known)]
    time.sleep(0.05)
    assert [*starts, start(known)] == [MISS, HIT]
    assert len(list(directory.glob("*.receipt"))) == 1
    return known


@pytest.fixture
def digested(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Compiled files that were read to check them."""
    seen: list[Path] = []
    digest = aot_cache._digest_file

    def noted(path: Path) -> str:
        seen.append(path)
        return digest(path)

    monkeypatch.setattr(aot_cache, "_digest_file", noted)
    return seen


def test_what_a_start_has_digested_the_next_one_does_not_read(
    known: ExtractorConfig, digested: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wasm_runtime, "read_component", None)
    assert (start(known), digested) == (HIT, [])


def as_of_before(path: Path, change: Callable[[Path], object]) -> None:
    """Changes a file, and gives it back the time of its last write."""
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def replace(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy(path, other)
    flip(other)
    other.replace(path)


@pytest.mark.parametrize("change", [flip, replace, lambda path: os.truncate(path, 1000)])
def test_a_receipt_ends_with_any_write_to_the_compiled_file(
    known: ExtractorConfig,
    directory: Path,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[Path], object],
) -> None:
    as_of_before(entry(directory), change)
    assert_made_again(known, directory, caplog)


def test_a_receipt_ends_with_any_write_to_the_component(known: ExtractorConfig, directory: Path) -> None:
    component = Path(known.component or "")
    # A custom section: another byte there is another component that does the same.
    as_of_before(component, lambda path: path.write_bytes(path.read_bytes() + b"\0\x03\x01ab"))
    assert start(known) == MISS
    as_of_before(component, lambda path: path.write_bytes(path.read_bytes()[:-1] + b"c"))
    assert start(known) == MISS
    assert len(list(directory.glob("*.cwasm"))) == 3


def test_a_receipt_is_for_a_day(known: ExtractorConfig, directory: Path, digested: list[Path]) -> None:
    (path,) = directory.glob("*.receipt")
    for age_s, reads in ((receipt.VALID_S - 60, 0), (receipt.VALID_S + 60, 1), (-60, 1)):
        os.utime(path, (time.time() - age_s,) * 2)
        digested.clear()
        assert [start(known), start(known)] == [HIT, HIT]
        assert digested == [entry(directory)] * reads


@pytest.mark.parametrize(
    "words", ["", "x", "a b c", "\0", "../aot/{0} {1}", "{0} 1-2-3-4-5", "nowhere.cwasm None"]
)
def test_a_receipt_that_is_none_is_not_believed(
    known: ExtractorConfig, directory: Path, digested: list[Path], words: str
) -> None:
    (path,) = directory.glob("*.receipt")
    name, identity = path.read_text().split()
    path.write_text(words.format(name, identity))
    assert (start(known), digested) == (HIT, [entry(directory)])


def test_a_file_of_just_now_gets_no_receipt(
    at: ExtractorConfig, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt, "_SETTLED_S", 3600)
    assert [start(at) for _ in range(3)] == [MISS, HIT, HIT]
    assert list(directory.glob("*.receipt")) == []


def test_a_file_is_settled_when_nothing_of_it_was_changed_for_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = tmp_path / "compiled"
    compiled.write_bytes(b"code")
    os.utime(compiled, (time.time() - 3600,) * 2)  # when it was written can be set, when it was changed can't
    monkeypatch.setattr(receipt, "_SETTLED_S", 1800)
    receipt.write_receipt(tmp_path, "name", compiled, FileIdentity.of(compiled))
    assert receipt.read_receipt(tmp_path, "name") is None
    monkeypatch.setattr(receipt, "_SETTLED_S", -1)
    receipt.write_receipt(tmp_path, "name", compiled, FileIdentity.of(compiled))
    assert receipt.read_receipt(tmp_path, "name") == str(compiled)


def test_a_receipt_that_can_not_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt, "_SETTLED_S", -1)
    receipt.write_receipt(tmp_path / "nowhere", "name", tmp_path, FileIdentity.of(tmp_path))
    assert list(tmp_path.iterdir()) == []


# Broken directories.


def assert_done_without(
    at: ExtractorConfig, directory: Path, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    caplog.clear()
    assert start(at) == MISS
    (warning,) = warnings(caplog)
    assert why in warning
    assert f"Make {directory} a directory that is yours alone with room for 20 MB" in warning
    assert "or set cache_dir to one, or switch enable_aot_cache off to do without." in warning


def test_a_symbolic_link_to_a_directory_is_not_used(
    at: ExtractorConfig, directory: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    directory.symlink_to(tmp_path / "elsewhere")
    assert_done_without(at, directory, caplog, "is a symbolic link")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_dangling_symbolic_link_is_not_used(
    at: ExtractorConfig, directory: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.symlink_to(tmp_path / "nowhere")
    assert_done_without(at, directory, caplog, "File exists")
    assert not (tmp_path / "nowhere").exists()


@AS_ROOT
def test_a_directory_of_another_user_is_not_used(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(compiled, directory)
    os.chown(directory, NOBODY, NOBODY)
    assert_done_without(at, directory, caplog, "belongs to another user")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o720, 0o702])
def test_a_directory_that_others_can_write_to_is_not_used(
    at: ExtractorConfig, directory: Path, compiled: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    shutil.copytree(compiled, directory)
    directory.chmod(mode)
    assert_done_without(at, directory, caplog, "can be written by other users")


def test_a_receipt_counts_for_nothing_where_others_can_write_now(
    known: ExtractorConfig, directory: Path, digested: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    directory.chmod(0o702)
    assert_done_without(known, directory, caplog, "can be written by other users")
    assert digested == []


def test_nothing_is_written_where_others_can_write(at: ExtractorConfig, directory: Path) -> None:
    """Who could write there may have made the directory after it was looked for in vain."""
    directory.mkdir()
    directory.chmod(0o777)
    runtime = wasm_runtime.Runtime.load(at.but(enable_aot_cache=False))
    cache = AotCache(directory)
    with pytest.raises(PermissionError, match="can be written by other users"), cache.lock("key"):
        pass
    with pytest.raises(PermissionError, match="can be written by other users"):
        cache.store("key", runtime.component)
    assert list(directory.iterdir()) == []
    runtime.close()


def test_a_file_in_the_directorys_place_is_not_used(
    at: ExtractorConfig, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.write_text("a file")
    assert_done_without(at, directory, caplog, "is no directory")


def test_a_directory_that_can_not_be_made_is_done_without(
    config: Configure, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "aot"
    assert_done_without(config(cache_dir=str(inside)), inside, caplog, "Not a directory")


@pytest.fixture
def mounted(directory: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    directory.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(directory)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


@AS_ROOT
def test_a_read_only_cache_that_has_the_component_is_used(
    at: ExtractorConfig, mounted: Path, compiled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in compiled.glob("*.cwasm"):
        shutil.copy(path, mounted)
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert start(at) == HIT
    assert warnings(caplog) == []


@AS_ROOT
def test_a_read_only_cache_without_the_component_is_done_without(
    at: ExtractorConfig, mounted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert_done_without(at, mounted, caplog, "Read-only file system")


@AS_ROOT
def test_a_broken_file_in_a_read_only_cache_is_told_once(
    at: ExtractorConfig, mounted: Path, compiled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = entry(compiled)
    (mounted / path.name).write_bytes(b"broken")
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    assert start(at) == MISS
    assert len([each for each in warnings(caplog) if "is not used and made again" in each]) == 1
    assert len([each for each in warnings(caplog) if "can't be used" in each]) == 1


@AS_ROOT
def test_a_full_disk_is_done_without_and_keeps_no_half_file(
    at: ExtractorConfig, mounted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (mounted / "ballast").write_bytes(bytes(2 * 1024 * 1024 - 16384))
    assert_done_without(at, mounted, caplog, "No space left on device")
    assert {each.suffix for each in mounted.iterdir()} <= {"", ".lock"}
    assert len(warnings(caplog)) == 1


# Processes.


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S, **options)


def test_a_disk_quota_is_done_without(misbehaving: Path, directory: Path) -> None:
    ended = run(SCRIPTS / "cache_user.py", misbehaving, directory, "--file-limit", 10_000)
    assert (ended.returncode, ended.stdout.split()) == (0, ["miss"]), ended.stderr
    assert "File too large" in ended.stderr
    assert list(left_behind(directory)) == []


@pytest.mark.slow
def test_twenty_processes_that_start_together_compile_once(misbehaving: Path, directory: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "cache_user.py"), str(misbehaving), str(directory)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(20)]
    answers = [process.communicate(timeout=2 * PATIENCE_S)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0] * 20
    assert sorted(answers) == ["hit"] * 19 + ["miss"]
    assert len(list(directory.glob("*.cwasm"))) == 1


@pytest.mark.parametrize("moment", ["compile", "write", "fsync", "rename"])
def test_a_process_killed_at_any_moment_leaves_no_broken_cache(
    misbehaving: Path, directory: Path, at: ExtractorConfig, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    killed = run(SCRIPTS / "cache_user.py", misbehaving, directory, "--die-at", moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    caplog.clear()
    assert [start(at), start(at)] == [MISS, HIT]
    assert list(left_behind(directory)) == []
    assert warnings(caplog) == []


def test_what_others_still_write_for_other_keys_is_left_alone(at: ExtractorConfig, directory: Path) -> None:
    directory.mkdir(mode=0o700)
    another = directory / f".{'0' * 64}.{'1' * 64}.cwasm.4711-4712.tmp"
    another.write_bytes(b"half")
    assert start(at) == MISS
    assert list(left_behind(directory)) == [another]


@pytest.mark.slow
def test_a_process_killed_at_a_random_moment_leaves_no_broken_cache(
    real_config: Configure, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The packaged component, which takes seconds to compile."""
    chosen = random.Random(1)  # noqa: S311
    for _ in range(5):
        command = [sys.executable, str(SCRIPTS / "cache_user.py"), "packaged", str(directory)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(chosen.uniform(0.2, 2.5))
        process.kill()
        process.wait()
    with Extractor(real_config(cache_dir=str(directory))) as extractor:
        assert extractor.validate("<p>hello</p>")
    assert warnings(caplog) == []


def test_a_start_that_waited_for_anothers_compilation_does_not_complain_of_the_machine(
    at: ExtractorConfig, directory: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_told_of_cold_start", threading.Event())
    start(at)
    compiled = entry(directory)
    elsewhere = compiled.rename(directory / "elsewhere")

    clock, waited_s = time.perf_counter, 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + waited_s)

    @contextmanager
    def lock(*_: object) -> Iterator[None]:
        nonlocal waited_s
        elsewhere.rename(compiled)  # as another process does, while this one waits
        waited_s = 3600.0
        yield

    monkeypatch.setattr(AotCache, "lock", lock)
    impatient = at.but(cold_start_target_ms=0.001)
    with Extractor(impatient) as extractor:
        assert extractor.extract("hello", URL).text == "hello"
        metrics = extractor.metrics()
    assert metrics["riptide_wasm_aot_cache_hits"] == 1
    assert metrics["riptide_wasm_cold_start_time_ms"] < waited_s * 1000
    assert "A cold start took" not in caplog.text
    assert start(impatient) == HIT
    assert "A cold start took" in caplog.text


@pytest.mark.parametrize("child", [[], ["--fork"]], ids=["alone", "with a child that lives on"])
def test_a_lock_ends_with_the_process_that_holds_it(
    misbehaving: Path, directory: Path, at: ExtractorConfig, child: list[str]
) -> None:
    user = [sys.executable, str(SCRIPTS / "cache_user.py"), str(misbehaving), str(directory)]
    command = [*user, "--hold-lock", *child]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with Extractor(at) as extractor:
            time.sleep(0.3)
            assert extractor.health()["reason"] == "the component is being compiled"
            holder.kill()
            holder.wait()
            try:
                extractor.wait_until_ready(PATIENCE_S)
            finally:
                if child:
                    os.killpg(holder.pid, signal.SIGKILL)
            assert extractor.extract("hello", URL).text == "hello"


def test_an_entry_is_only_for_the_engine_it_was_made_for(at: ExtractorConfig, directory: Path) -> None:
    """A key says which engine; a file under a wrong key is refused by wasmtime, not run."""
    start(at)
    engine = make_engine(EngineSettings(fuel=True))
    cache = AotCache(directory)
    assert cache.load(engine, entry(directory).name.split(".")[0]) is None
    engine.close()
