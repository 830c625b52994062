"""What of a response goes into the guest: the bytes as they came, or the text that Scrapy makes of them."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse

from scrapy_riptide.middleware import _document

_UTF8, _LATIN = "naïve – 語".encode(), "naïve".encode("latin-1")


@pytest.mark.parametrize(
    ("body", "content_type", "as_it_came"),
    [
        (_UTF8, "text/html; charset=utf-8", True),
        (_UTF8, "text/html", True),
        (b'<meta charset="UTF-8">' + _UTF8, "text/html", True),
        # What is no UTF-8 becomes U+FFFD on either way.
        (_LATIN, "text/html; charset=utf-8", True),
        (b"\xef\xbb\xbf" + _UTF8, "text/html", False),
        (b"\xef\xbb\xbf" + _UTF8, "text/html; charset=utf-8", False),
        (_LATIN, "text/html; charset=iso-8859-1", False),
        (_LATIN, "text/html", False),
        ("naïve".encode("utf-16"), "text/html", False),
    ],
)
def test_the_guest_gets_the_text_that_the_spider_sees(
    body: bytes, content_type: str, as_it_came: bool
) -> None:
    response = HtmlResponse("https://example.com/", body=body, headers={"Content-Type": content_type})
    document = _document(response)
    assert isinstance(document, bytes) is as_it_came
    text = document if isinstance(document, str) else document.decode("utf-8", "replace")
    assert text == response.text
