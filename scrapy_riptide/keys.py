"""The plugin's keys in a request's and a response's meta."""

#: What a request wants: see :mod:`scrapy_riptide.page_options`.
OPTIONS_KEY = "riptide"
#: The :class:`~scrapy_riptide.ExtractedContent` of a response.
CONTENT_KEY = "riptide_content"
#: Why a response has no content: a dict of ``kind``, ``message``, ``url`` and ``duration_ms``.
ERROR_KEY = "riptide_error"
#: The response's links, each a :class:`~scrapy_riptide.Link`, where they are wanted.
LINKS_KEY = "riptide_links"
#: Milliseconds that a worker thread spent on a response.
DURATION_KEY = "riptide_duration_ms"

RESULT_KEYS = (CONTENT_KEY, LINKS_KEY, ERROR_KEY, DURATION_KEY)
