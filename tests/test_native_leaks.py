"""Leaks below Python: allocations of the C library and of wasmtime, seen by heaptrack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("heaptrack") is None, reason="needs Debian's package heaptrack"),
]

# Every kind of value crosses the boundary: strings, lists, options, records, variants and errors.
_EXTRACT = """
import sys
from scrapy_riptide import Extractor, ExtractorConfig, RiptideError
page = (
    '<html lang="en"><head><title>A page</title><meta name="author" content="Ada Lovelace">'
    '<meta name="keywords" content="one, two"></head><body><article><h1>A page</h1>'
    + '<p>Words that make an article, and <a href="/l">a link</a> and <img src="/i.png">.</p>' * 20
)
url = "https://example.com/"
config = ExtractorConfig(fallback=None, max_uses=10**9, initial_pool_size=1, max_workers=1)
with Extractor(config) as extractor:
    extractor.wait_until_ready()
    for _ in range(int(sys.argv[1])):
        extractor.extract(page, url)
        extractor.extract(page, url, ["p", "h1"])
        extractor.extract_links(page, url)
        extractor.validate(page)
        extractor.info()
        try:
            extractor.extract("", url)
        except RiptideError:
            pass
"""


def _leaked_bytes(directory: Path, extractions: int) -> int:
    """Bytes that were never given back, of a whole process with so many rounds."""
    record = directory / f"heap-{extractions}"
    environment = {
        **os.environ,
        "PYTHONMALLOC": "malloc",
        "RIPTIDE_WASM_CACHE_DIR": str(directory / "cache"),
    }
    subprocess.run(
        ["heaptrack", "--output", record, sys.executable, "-c", _EXTRACT, str(extractions)],
        check=True,
        capture_output=True,
        env=environment,
        timeout=1200,
    )
    # The file's suffix is that of whichever compressor heaptrack was built with.
    (recorded,) = directory.glob(f"heap-{extractions}*")
    report = subprocess.run(
        ["heaptrack_print", recorded], check=True, capture_output=True, text=True, timeout=300
    )
    found = re.search(r"total memory leaked: ([\d.]+)([BKMG])", report.stdout)
    assert found, report.stdout[-500:]
    return round(float(found[1]) * {"B": 1, "K": 1e3, "M": 1e6, "G": 1e9}[found[2]])


def test_no_allocation_site_of_the_boundary_grows(tmp_path: Path) -> None:
    _leaked_bytes(tmp_path, 1)  # fills the cache: compiling has allocations of its own
    few, many = _leaked_bytes(tmp_path, 100), _leaked_bytes(tmp_path, 1100)
    # 1,000 rounds of six calls. heaptrack rounds to 10 KB where a megabyte is left at exit, and the
    # leak that stock lifting has, 48 bytes a payload, would be over 500 KB here.
    assert abs(many - few) <= 20_000, f"{few:,} bytes left after 100 rounds, {many:,} after 1,100"
