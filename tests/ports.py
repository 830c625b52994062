"""Ports that nobody else is given meanwhile, for servers that have to be told theirs."""

from __future__ import annotations

import random
import socket

# Below the ports that the system gives to whoever asks for any: one of those could be gone again before
# its server takes it.
_FIRST, _LAST = 20_000, 30_000


def free_ports(number: int = 1) -> int:
    """The first of so many free ports of 127.0.0.1 in a row."""
    # Elsewhere each time: another run of the tests may look for ports as well.
    for _ in range(1000):
        first = random.randrange(_FIRST, _LAST)  # noqa: S311
        sockets = [socket.socket() for _ in range(number)]
        try:
            for offset, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for each in sockets:
                each.close()
    raise AssertionError("no free ports")
