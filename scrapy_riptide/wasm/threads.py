"""The runtime's threads: daemons with a stack of their own size.

``threading.stack_size`` is one setting for the whole process, and whoever made threads' stacks
small for their own purposes must not end the process by it: guests recurse, wasmtime compiles.

A thread also begins with the signals blocked that its starter has blocked, and programs that wait for
signals block all of them. A guest's trap is a signal; the system ends a process that blocks such a one.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

_DEFAULT_STACK_BYTES = 8 * 1024 * 1024
_TRAPS = (signal.SIGSEGV, signal.SIGILL, signal.SIGFPE)

# Re-entrant: garbage collected while a thread starts may close an extractor, which starts one.
_stack_size_lock = threading.RLock()


class RuntimeThread(threading.Thread):
    """A daemon thread that calls ``target``."""

    def __init__(
        self,
        target: Callable[..., object],
        name: str,
        *arguments: Any,
        stack_bytes: int = _DEFAULT_STACK_BYTES,
    ) -> None:
        super().__init__(target=target, name=name, args=arguments, daemon=True)
        self._stack_bytes = stack_bytes

    def start(self) -> None:
        """Starts it, with its stack."""
        with _stack_size_lock:
            before = threading.stack_size(self._stack_bytes)
            try:
                super().start()
            finally:
                threading.stack_size(before)

    def run(self) -> None:
        """What the thread does. Not to be called."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _TRAPS)
        super().run()


def is_runtime_thread() -> bool:
    """Whether the calling thread is one of these: it must not wait for the runtime's end."""
    return isinstance(threading.current_thread(), RuntimeThread)


def _after_fork() -> None:
    # Another thread of the parent may have held it.
    global _stack_size_lock  # noqa: PLW0603
    _stack_size_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
