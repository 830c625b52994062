"""A real Prometheus for tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from ports import free_ports

PROMETHEUS = shutil.which("prometheus")


class Prometheus:
    """A Prometheus of the test's own, which looks for crawls in a directory."""

    def __init__(self, folder: Path, targets: Path) -> None:
        self._address = f"127.0.0.1:{free_ports()}"
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s}\n"
            "scrape_configs:\n"
            "  - job_name: scrapy\n"
            "    honor_labels: true\n"
            f"    file_sd_configs: [{{files: ['{targets}/*.json'], refresh_interval: 1s}}]\n"
        )
        assert PROMETHEUS is not None
        command = [
            PROMETHEUS,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={self._address}",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def get(self, path: str, **query: str) -> Any:
        """The data of an answer of its API."""
        with urlopen(f"http://{self._address}/api/v1/{path}?{urlencode(query)}") as answer:
            return json.load(answer)["data"]

    def by_spider(self, query: str) -> dict[str, float]:
        """A query's value for each spider."""
        return {
            each["metric"].get("spider", ""): float(each["value"][1])
            for each in self.get("query", query=query)["result"]
        }
