"""The project's settings for several workers that share one queue in Redis.

``SCRAPY_PROJECT=shared scrapy crawl article -a url=https://...``, as often as there are workers.
"""

import os

from example.settings import *  # noqa: F403

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

SCHEDULER = "scrapy_riptide.redis.LeaseScheduler"
DUPEFILTER_CLASS = "scrapy_redis.dupefilter.RFPDupeFilter"
# Who is started late finds the pages that were seen, and does not begin again.
SCHEDULER_PERSIST = True

# A worker that is killed must not take items along: each is in Redis before its page is done.
# A feed would keep the last ones in a buffer.
ITEM_PIPELINES = {"scrapy_redis.pipelines.RedisPipeline": 900}
FEEDS = {}
