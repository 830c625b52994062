"""How requests wait in Redis, and who has which of them for how long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from scrapy_redis.queue import Base

from scrapy_riptide.redis import scripts
from scrapy_riptide.settings import RiptideSettings

if TYPE_CHECKING:
    from scrapy import Request, Spider

_PARTS = ("", ":entries", ":leases", ":holders", ":losses", ":given_up", ":sequence")


@dataclass(frozen=True)
class Taken:
    """What came of asking for a request."""

    #: The lease's id and the request, serialized; None where nothing waits.
    lease: tuple[Any, bytes] | None
    #: Leases of this worker that had run out, of requests that it has done all the same.
    lost: int
    #: Leases of any worker that were found to have run out.
    run_out: int
    #: Requests of which too many leases ran out, serialized. They stay in Redis.
    given_up: list[bytes]


class LeaseQueue(Base):  # type: ignore[misc]
    """A queue of requests by priority, the older first, that lends them out.

    Who takes a request has a lease of it, for ``RIPTIDE_LEASE_SECS``, and renews that while at work.
    A lease that runs out is anybody's: the request is back in its place. Every step is one script
    in Redis, see :mod:`scrapy_riptide.redis.scripts`.
    """

    def __init__(self, server: Any, spider: Spider, key: str, serializer: Any = None) -> None:
        super().__init__(server, spider, key, serializer)
        settings = RiptideSettings.from_settings(spider.crawler.settings)
        #: Milliseconds of a lease.
        self.lease_ms = round(settings.lease_secs * 1000)
        self._attempts = settings.lease_attempts
        self._keys = [self.key + part for part in _PARTS]
        # A name that no other process has, nor will have: not even this one's successor.
        self._worker = uuid4().hex
        self._push = server.register_script(scripts.PUSH)
        self._take = server.register_script(scripts.TAKE)
        self._renew = server.register_script(scripts.RENEW)

    def __len__(self) -> int:
        """Requests that wait, and those that a worker has in hand and may yet lose."""
        pipeline = self.server.pipeline()
        pipeline.zcard(self._keys[0]).zcard(self._keys[2])
        return sum(pipeline.execute())

    def encode(self, request: Request) -> bytes:
        """A request as it is kept.

        :raises Exception: whatever the serializer has to say against it
        """
        encoded: bytes = self._encode_request(request)
        return encoded

    def decode(self, encoded: bytes) -> Request:
        """The request again."""
        request: Request = self._decode_request(encoded)
        return request

    def push(self, encoded: bytes, place: float, seen_key: str, fingerprint: str | None) -> bool:
        """Adds a request; False where its fingerprint was in the set ``seen_key`` already.

        :param place: requests of a smaller number come first
        :param fingerprint: None for a request that is to be added in any case
        """
        return bool(self._push(keys=[*self._keys, seen_key], args=[fingerprint or "", place, encoded]))

    def take(self, done: Collection[Any] = ()) -> Taken:
        """Gives back the leases of requests that are done, and takes the next request."""
        lease, encoded, lost, run_out, given_up = self._take(
            keys=self._keys, args=[self._worker, self.lease_ms, self._attempts, *done]
        )
        return Taken((lease, encoded) if lease else None, lost, run_out, given_up)

    def renew(self, done: Collection[Any], at_work: Collection[Any]) -> tuple[int, list[Any]]:
        """Gives back the leases of requests that are done, and has the others begin anew.

        How many of the done, and which of the others, this worker had lost.
        """
        lost_done, lost = self._renew(
            keys=self._keys, args=[self._worker, self.lease_ms, len(done), *done, *at_work]
        )
        return lost_done, lost

    def clear(self) -> None:
        """Forgets every request, those in hand as well."""
        self.server.delete(*self._keys)
