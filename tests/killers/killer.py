"""What has ended the process, or might: each case runs in a process of its own and prints ``survived``.

killer.py CASE WAY COMPONENT CACHE_DIRECTORY

WAY is how guests are stopped: by "epochs", or by the "polls" that the component has.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import multiprocessing
import os
import queue
import random
import resource
import shutil
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from clocks import HeldTime
from misbehaving import HEAD_BYTES, HTML_AT, HTML_AT_WITH_POLLS, RECORD_BYTES, RECORD_LAYOUT
from peak_memory import peak_bytes
from spinning import guests_running, settings_with_polls
from waiting import PATIENCE_S

from scrapy_riptide import Extractor, ExtractorConfig, errors, shared
from scrapy_riptide.config import MIB
from scrapy_riptide.wasm import deadline, runtime
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.runtime import Runtime

URL = "https://example.com/"
CASES: dict[str, Callable[[], None]] = {}


def case(function: Callable[[], None]) -> Callable[[], None]:
    CASES[function.__name__] = function
    return function


def config(**options: Any) -> ExtractorConfig:
    if sys.argv[2] == "polls":
        runtime.engine_settings = settings_with_polls
    defaults = {
        "component": sys.argv[3],
        "cache_dir": sys.argv[4],
        "fallback": None,
        "failure_threshold": 10**6,
        # Time for a guest that fails, on a machine that is busy with others.
        "timeout_secs": 60,
    }
    return ExtractorConfig(**{**defaults, **options})


def expect(extractor: Extractor, *whats: str, kind: str = "trap") -> None:
    """The guest fails as it is told to, and the next document is extracted all the same."""
    for what in whats:
        error = extractor.run(what, URL).error
        assert error is not None
        assert error.kind == kind, (what, error)
        assert extractor.extract("fine", URL).text == "fine"


TRAPS = ("!o", "!t", "!d", "!r")


def works() -> bool:
    """Whether an extractor of this process's own does."""
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
    return True


# Stacks.


@case
def recursion_on_worker_threads() -> None:
    with Extractor(config(max_workers=4)) as extractor:
        expect(extractor, *["!r"] * 20)


@case
def recursion_with_the_largest_stack_that_is_allowed() -> None:
    with Extractor(config(max_stack_bytes=2 * 1024 * 1024)) as extractor:
        expect(extractor, *["!r"] * 5)


@case
def recursion_with_the_smallest_stack_that_is_allowed() -> None:
    with Extractor(config(max_stack_bytes=64 * 1024)) as extractor:
        expect(extractor, *["!r"] * 5)


@case
def recursion_after_the_user_made_threads_stacks_small() -> None:
    threading.stack_size(32768)
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
    assert threading.stack_size() == 32768


@case
def compilation_after_the_user_made_threads_stacks_small() -> None:
    threading.stack_size(32768)
    with Extractor(config(component=None, enable_aot_cache=False)) as extractor:
        assert extractor.validate("<p>hello</p>")
    assert threading.stack_size() == 32768


@case
def recursion_after_the_user_made_threads_stacks_one_megabyte() -> None:
    threading.stack_size(1024 * 1024)
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS, *["!r"] * 5)


@case
def growth_at_the_bottom_of_a_deep_stack() -> None:
    """The callback for a growing memory is Python, on the guest's thread."""
    with Extractor(config(max_stack_bytes=64 * 1024)) as extractor:
        expect(extractor, *["!x"] * 10, kind="memory_limit")


# Signals.


@case
def faulthandler_enabled_while_a_guest_spins() -> None:
    deadline.clock = held_time = HeldTime()
    with Extractor(config(timeout_secs=1)) as extractor:
        extractor.wait_until_ready()
        spinning = threading.Thread(target=expect, args=[extractor, "!s"], kwargs={"kind": "timeout"})
        spinning.start()
        while not guests_running(extractor):
            time.sleep(0.01)
        faulthandler.enable()
        held_time.go_on(2)
        spinning.join()
        expect(extractor, *TRAPS)


@case
def faulthandler_enabled_before_the_engine() -> None:
    faulthandler.enable()
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)


@case
def faulthandler_enabled_after_the_engine() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        faulthandler.enable()
        expect(extractor, *TRAPS)


@case
def faulthandler_disabled_after_the_engine() -> None:
    faulthandler.enable()
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        faulthandler.disable()
        expect(extractor, *TRAPS)


@case
def faulthandler_enabled_and_disabled_again_and_again() -> None:
    with Extractor(config()) as extractor:
        for _ in range(10):
            faulthandler.enable()
            expect(extractor, "!o")
            faulthandler.disable()
            expect(extractor, "!o")


@case
def handlers_of_the_users_own_after_the_engine() -> None:
    def handle(number: int, _: Any) -> None:
        raise AssertionError(f"signal {number} reached Python")

    with Extractor(config()) as extractor:
        extractor.wait_until_ready()
        for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE):
            signal.signal(number, handle)
        expect(extractor, *TRAPS)


@case
def signals_blocked_by_whoever_starts_threads() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
    with Extractor(config(timeout_secs=0.05)) as extractor:
        assert isinstance(extractor.run("!s", URL).error, errors.ExtractionTimeout)


@case
def default_handlers_after_the_engine() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        for number in (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE):
            signal.signal(number, signal.SIG_DFL)
        expect(extractor, *TRAPS)


@case
def handlers_changed_between_two_extractors() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
    faulthandler.enable()
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)


# Ctrl-C.


def through_interrupts(seconds: float, action: Callable[[], object], pause_s: float = 0.0005) -> int:
    """Repeats ``action``, with Ctrl-C once or twice at any moment of it, and until one came; how many did.

    Outside of it they do nothing: one that came to whoever ends them would leave them to go on for ever.
    """
    came = left = 0
    ended = threading.Event()

    def interrupt(*_: object) -> None:
        nonlocal came, left
        if left:
            came, left = came + 1, left - 1
            raise KeyboardInterrupt

    def send() -> None:
        while not ended.wait(random.uniform(0, 2 * pause_s)):  # noqa: S311
            os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, interrupt)
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end or not came:
        # What comes behind the action is caught as well, and of what is left none after that.
        with contextlib.suppress(KeyboardInterrupt):
            with contextlib.suppress(KeyboardInterrupt):
                left = 2
                action()
                left = 0
            left = 0
    ended.set()
    sender.join()
    return came


@case
def interrupts_while_memories_grow() -> None:
    with Extractor(config()) as extractor:
        extractor.wait_until_ready()
        assert through_interrupts(2, lambda: extractor.run("!c", URL))
        assert extractor.extract("fine", URL).text == "fine"


@case
def interrupts_while_instances_are_made_and_closed() -> None:
    with Extractor(config(max_uses=1)) as extractor:
        extractor.wait_until_ready()
        assert through_interrupts(2, lambda: extractor.run("fine", URL))
        assert extractor.extract("fine", URL).text == "fine"


@case
def interrupts_while_extractors_open_and_close() -> None:
    def use() -> None:
        with Extractor(config()) as extractor:
            extractor.run("!c", URL)

    use()
    assert through_interrupts(3, use, pause_s=0.003)
    assert works()


@case
def interrupts_while_a_batch_runs() -> None:
    with Extractor(config()) as extractor:
        extractor.wait_until_ready()
        assert through_interrupts(2, lambda: list(extractor.extract_many([("!c", URL)] * 50)), pause_s=0.002)
        assert extractor.extract("fine", URL).text == "fine"


# The end of the process.


@case
def exit_without_closing() -> None:
    extractor = Extractor(config())
    assert extractor.extract("fine", URL).text == "fine"
    globals()["kept"] = extractor


@case
def exit_while_a_guest_spins() -> None:
    extractor = Extractor(config(timeout_secs=600))
    extractor.wait_until_ready()
    threading.Thread(target=attempt, args=[extractor, "!s"], daemon=True).start()
    while not extractor.metrics()["riptide_pool_instances_active"]:
        time.sleep(0.001)
    globals()["kept"] = extractor


@case
def exit_while_a_guest_spins_for_a_thread_that_is_waited_for() -> None:
    """Python joins threads that are no daemons before it calls what is registered for the exit."""
    extractor = Extractor(config(timeout_secs=1))
    extractor.wait_until_ready()
    threading.Thread(target=attempt, args=[extractor, "!s"]).start()
    globals()["kept"] = extractor


@case
def exit_while_it_compiles() -> None:
    extractor = Extractor(config(component=None, enable_aot_cache=False))
    globals()["kept"] = extractor


@case
def exit_in_the_middle_of_a_batch() -> None:
    extractor = Extractor(config(timeout_secs=600))
    batch = extractor.extract_many(("!b", URL) for _ in range(1000))
    next(batch)
    globals()["kept"] = batch


@case
def exit_by_an_exception_inside_the_event_loop() -> None:
    async def main() -> None:
        extractor = Extractor(config(timeout_secs=600))
        globals()["kept"] = extractor
        task = asyncio.ensure_future(extractor.extract_async("!s", URL))
        await asyncio.sleep(0.1)
        task.cancel()
        raise ValueError

    with contextlib.suppress(ValueError):
        asyncio.run(main())


# Fork and spawn.


def in_child(action: Callable[[], bool]) -> int:
    """Forks; the child exits with 0 when ``action`` says so."""
    child = os.fork()
    if not child:
        code = 99
        try:
            code = 0 if action() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def refuses(extractor: Extractor) -> bool:
    for ask in (
        lambda: extractor.extract("fine", URL),
        extractor.wait_until_ready,
        extractor.metrics,
        extractor.health,
        lambda: extractor.health(ask=False),
        extractor.reset,
    ):
        try:
            ask()
        except errors.ExtractorClosed as error:
            if "Make the Extractor after the fork, one in each process" in str(error):
                continue
        return False
    return True


@case
def fork_and_use_the_parents_extractor() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        assert in_child(lambda: refuses(extractor)) == 0
        expect(extractor, *TRAPS)


@case
def fork_while_another_thread_holds_every_lock() -> None:
    held, forked = threading.Event(), threading.Event()
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        pool = extractor._host._pool.result()
        locks = (
            extractor._host._pool._condition,
            extractor._host.workers._lock,
            extractor._vitals.counts._lock,
            extractor._breaker._lock,
            pool._changed,
            pool._idle[0].tracker._lock,
            shared._lock,
        )

        def hold() -> None:
            with contextlib.ExitStack() as stack:
                for lock in locks:
                    stack.enter_context(lock)
                held.set()
                forked.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()

        def refuses_and_another_works() -> bool:
            another = shared.ExtractorLease(config()).extractor
            refused = refuses(extractor) and not extractor.ready and not extractor.closed
            return refused and another.extract("fine", URL).text == "fine"

        try:
            assert in_child(refuses_and_another_works) == 0
        finally:
            forked.set()
            holder.join()
        expect(extractor, *TRAPS)


@case
def fork_while_the_parents_extractor_compiles() -> None:
    with Extractor(config(component=None, enable_aot_cache=False)) as extractor:
        assert in_child(lambda: refuses(extractor)) == 0


@case
def fork_and_close_the_parents_extractor() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, "!t")

        def close() -> bool:
            extractor.close()
            return not extractor.closed  # that is the parent's affair

        assert in_child(close) == 0
        expect(extractor, *TRAPS)


@case
def fork_and_make_another_extractor() -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        assert in_child(works) == 0
        expect(extractor, *TRAPS)


@case
def fork_while_guests_run() -> None:
    with Extractor(config(timeout_secs=600, max_workers=2)) as extractor:
        extractor.wait_until_ready()
        threading.Thread(target=attempt, args=[extractor, "!s"], daemon=True).start()
        while not extractor.metrics()["riptide_pool_instances_active"]:
            time.sleep(0.001)
        assert [in_child(works) for _ in range(5)] == [0] * 5
        assert extractor.extract("fine", URL).text == "fine"


@case
def fork_and_compile() -> None:
    with Extractor(config(enable_aot_cache=False)) as extractor:
        expect(extractor, "!t")

        def compile_again() -> bool:
            with Extractor(config(enable_aot_cache=False)) as another:
                return another.extract("fine", URL).text == "fine"

        assert in_child(compile_again) == 0


def _work(arguments: list[str]) -> str:
    sys.argv = arguments
    with Extractor(config()) as extractor:
        return extractor.extract("fine", URL).text


def _with_multiprocessing(method: str) -> None:
    with Extractor(config()) as extractor:
        expect(extractor, *TRAPS)
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(_work, [sys.argv] * 4) == ["fine"] * 4
        expect(extractor, *TRAPS)


@case
def multiprocessing_fork() -> None:
    _with_multiprocessing("fork")


@case
def multiprocessing_spawn() -> None:
    _with_multiprocessing("spawn")


# Threads and garbage.


@case
def instances_made_used_and_closed_on_different_threads() -> None:
    loaded = Runtime.load(config())
    made: queue.Queue[Instance | None] = queue.Queue()
    used: queue.Queue[Instance | None] = queue.Queue()

    def make() -> None:
        for number in range(100):
            made.put(Instance(loaded, config(), number))
        made.put(None)

    def use() -> None:
        while (instance := made.get()) is not None:
            instance.call("get-info")
            used.put(instance)
        used.put(None)

    threads = [threading.Thread(target=each) for each in (make, use)]
    for thread in threads:
        thread.start()
    while (instance := used.get()) is not None:
        instance.close()
    loaded.close()


@case
def garbage_while_a_guest_runs() -> None:
    """The last reference is the worker thread's: the extractor is closed from there."""
    extractor = Extractor(config(max_workers=1))
    extractor.wait_until_ready()
    future = extractor._submit("!b", URL, "article", None, 10)
    del extractor
    gc.collect()
    assert future.result().content is not None
    started = time.monotonic()
    while any(thread.name.startswith("riptide") for thread in threading.enumerate()):
        assert time.monotonic() - started < PATIENCE_S, threading.enumerate()
        gc.collect()
        time.sleep(0.01)


@case
def closing_from_many_threads_while_guests_run() -> None:
    for _ in range(5):
        extractor = Extractor(config(timeout_secs=600, max_workers=4))
        extractor.wait_until_ready()
        for what in ("!s", "!b", "!s", "!g"):
            threading.Thread(target=attempt, args=[extractor, what]).start()
        time.sleep(0.05)
        closers = [threading.Thread(target=extractor.close) for _ in range(8)]
        for each in closers:
            each.start()
        for each in closers:
            each.join()


def attempt(extractor: Extractor, what: str) -> None:
    with contextlib.suppress(errors.RiptideError):
        extractor.extract(what, URL)


# Text, files and addresses.


@case
def text_that_is_no_unicode_everywhere() -> None:
    texts: list[Any] = [
        "\ud800",
        "a\udfffb",
        "\ud83d",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xf0\x9f",
        "\0",
        b"\0",
    ]
    for component in (None, sys.argv[3]):
        with Extractor(config(component=component)) as extractor:
            for text in texts:
                for function in (
                    lambda text: extractor.extract(text, URL),
                    lambda text: extractor.extract("<p>x", text),
                    lambda text: extractor.extract("<p>x", URL, [str(text)]),
                    lambda text: extractor.extract_links(text, URL),
                    lambda text: extractor.extract_links("<p>x", text),
                    extractor.validate,
                ):
                    with contextlib.suppress(errors.ExtractionError):
                        function(text)
            assert extractor.metrics()["riptide_errors_total"].keys() <= {"invalid_html", "parse"}


@case
def compiled_files_with_flipped_bits() -> None:
    """Of 40 such files wasmtime by itself ended the process over 23."""
    chosen = random.Random(40)  # noqa: S311
    directory = Path(sys.argv[4]) / "flipped"
    with Extractor(config(cache_dir=str(directory))) as extractor:
        extractor.info()
    (whole,) = directory.glob("*.cwasm")
    content = whole.read_bytes()
    for _ in range(40):
        flipped = bytearray(content)
        flipped[chosen.randrange(len(flipped))] ^= 1 << chosen.randrange(8)
        whole.write_bytes(flipped)
        with Extractor(config(cache_dir=str(directory))) as extractor:
            assert extractor.extract("fine", URL).text == "fine"
            assert extractor.metrics()["riptide_wasm_aot_cache_misses"] == 1
    shutil.rmtree(directory)


@case
def too_few_addresses_for_a_memory() -> None:
    # One made ahead of need could be there by then.
    with Extractor(config(initial_pool_size=0)) as extractor:
        extractor.wait_until_ready()
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 2**31, resource.RLIM_INFINITY))
        error = extractor.run("fine", URL).error
        assert "bytes of addresses left" in str(error), error
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert extractor.extract("fine", URL).text == "fine"


@case
def an_answer_whose_strings_are_all_the_same_megabyte() -> None:
    """Four gigabytes for the host to copy, out of one megabyte of the guest's."""
    count, size = 4000, 1_000_000
    # Address and size are made of bytes below 128, as UTF-8 must be.
    html_at = HTML_AT_WITH_POLLS if sys.argv[2] == "polls" else HTML_AT
    entry = struct.pack("<II", html_at, size)
    record = bytearray(HEAD_BYTES + RECORD_BYTES)
    at = -(-(2 + 2 * len(record)) // 4) * 4
    links = next(place for place, kind in RECORD_LAYOUT if kind == "(list string)")
    struct.pack_into("<II", record, HEAD_BYTES + links, html_at + at, count)
    html = ("!m" + "".join(chr(97 + (byte >> 4)) + chr(97 + (byte & 15)) for byte in record)).encode()
    with Extractor(config()) as extractor:
        extractor.extract("fine", URL)
        error = extractor.run((html.ljust(at, b"a") + entry * count).ljust(size + at, b" "), URL).error
        assert isinstance(error, errors.ResourceLimitError), error
        assert "larger than the 128 MiB that are copied out of one call" in str(error)
        assert extractor.extract("fine", URL).text == "fine"
    assert peak_bytes() < 600 * MIB, peak_bytes()


@case
def every_failure_many_times() -> None:
    with Extractor(config(timeout_secs=0.02, max_workers=4)) as extractor:
        whats = ["!o", "!t", "!d", "!r", "!x", "!s", "!e0", "!e5", "fine"] * 60
        random.Random(1).shuffle(whats)  # noqa: S311
        assert len(list(extractor.extract_many((what, URL) for what in whats))) == len(whats)


if __name__ == "__main__":
    CASES[sys.argv[1]]()
    print("survived", flush=True)
