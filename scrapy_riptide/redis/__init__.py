"""A frontier in Redis that many crawls share, and from which a killed one takes nothing along.

It builds on scrapy-redis (extra ``redis``), whose own queues hand a request out for good.
"""

from scrapy_riptide.redis.queue import LeaseQueue, Taken
from scrapy_riptide.redis.scheduler import LeaseScheduler

__all__ = ["LeaseQueue", "LeaseScheduler", "Taken"]
