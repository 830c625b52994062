"""The example project under the real Scrapyd: its egg is deployed, jobs are asked for over HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from ports import free_ports
from servers import Files, WebServer
from waiting import PATIENCE_S, wait_for

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "example_project" / "example" / "pages"
COMPONENT = ROOT / "scrapy_riptide" / "wasm" / "extractor.wasm"
DEPLOY = Path(sys.executable).with_name("scrapyd-deploy")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("scrapyd") is None or not DEPLOY.exists(),
        reason="there is no Scrapyd here (pip install scrapyd scrapyd-client)",
    ),
]


class GatedSite(WebServer):
    """The example's pages. Nobody gets one until the gate is open: whatever job was begun is under way."""

    def __init__(self) -> None:
        self.gate = gate = threading.Event()

        class Handler(Files):
            def send_head(self) -> Any:
                gate.wait()
                return super().send_head()

        super().__init__(Handler.of(PAGES))
        self.url = f"{self.address}/"

    def stop(self) -> None:
        """Lets go whoever waits, and answers no more."""
        self.gate.set()
        super().stop()


class Scrapyd:
    """A Scrapyd with a directory of its own, and the example project's egg with a component inside."""

    def __init__(self, folder: Path, cache_dir: Path) -> None:
        port = free_ports()
        self.address = f"127.0.0.1:{port}"
        self.folder = folder
        self.targets = folder / "targets"
        self.project = folder / "project"
        shutil.copytree(ROOT / "example_project", self.project, ignore=shutil.ignore_patterns("out"))
        shutil.copy(COMPONENT, self.project / "example" / "guest.wasm")
        settings = self.project / "example" / "settings.py"
        settings.write_text(
            f"{settings.read_text()}\n"
            'RIPTIDE_COMPONENT = "example:guest.wasm"\n'
            f"RIPTIDE_METRICS_TARGETS_DIR = {str(self.targets)!r}\n"
            f"RIPTIDE_CACHE_DIR = {str(cache_dir)!r}\n"
        )
        config = self.project / "scrapy.cfg"
        config.write_text(config.read_text().replace("127.0.0.1:6800", self.address))
        (folder / "scrapyd.conf").write_text(
            f"[scrapyd]\nhttp_port = {port}\nbind_address = 127.0.0.1\nitems_dir = items\n"
            "max_proc = 4\npoll_interval = 0.2\n"
        )
        self.log = (folder / "scrapyd.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"],
            cwd=folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def ask(self, path: str, **query: str) -> Any:
        with urlopen(f"http://{self.address}/{path}?{urlencode(query)}", timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def deploy(self) -> None:
        done = subprocess.run(
            [DEPLOY], cwd=self.project, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"status": "ok"' in done.stdout, done.stdout + done.stderr

    def schedule(self, url: str, *settings: str) -> str:
        fields = [("project", "example"), ("spider", "article"), ("url", url), ("pages", "6")]
        fields += [("setting", each) for each in settings]
        with urlopen(
            f"http://{self.address}/schedule.json", urlencode(fields).encode(), timeout=PATIENCE_S
        ) as answer:
            scheduled = json.load(answer)
        assert scheduled["status"] == "ok", scheduled
        return str(scheduled["jobid"])

    def served(self) -> dict[str, tuple[Path, str]]:
        """Where each job's metrics are, and the file that says so."""
        found = {}
        for path in self.targets.glob("*.json"):
            (target,) = json.loads(path.read_text())
            assert (target["labels"]["spider"], target["labels"]["project"]) == ("article", "example")
            found[target["labels"]["job"]] = path, target["targets"][0]
        return found

    def finished(self) -> set[str]:
        return {job["id"] for job in self.ask("listjobs.json", project="example")["finished"]}

    def items(self, job: str) -> list[dict[str, Any]]:
        path = self.folder / "items" / "example" / "article" / f"{job}.jl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def job_log(self, job: str) -> str:
        return (self.folder / "logs" / "example" / "article" / f"{job}.log").read_text("utf-8")


@pytest.fixture
def site() -> Iterator[GatedSite]:
    with GatedSite() as site:
        yield site


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Scrapyd]:
    with ExitStack() as stack:
        scrapyd = Scrapyd(tmp_path_factory.mktemp("scrapyd"), cache_dir)
        stack.callback(scrapyd.log.close)
        stack.callback(scrapyd.process.wait)
        stack.callback(scrapyd.process.terminate)
        wait_for(lambda: scrapyd.ask("daemonstatus.json"), "Scrapyd listens")
        scrapyd.deploy()
        yield scrapyd


def test_two_jobs_at_once_have_a_port_and_settings_each(scrapyd: Scrapyd, site: GatedSite) -> None:
    assert scrapyd.ask("listspiders.json", project="example")["spiders"] == ["article"]
    whole = scrapyd.schedule(site.url, "LOG_LEVEL=INFO")
    short = scrapyd.schedule(site.url, "RIPTIDE_MODE=metadata", "LOG_LEVEL=INFO")
    wait_for(lambda: len(scrapyd.served()) == 2, "two files")
    served = scrapyd.served()
    assert set(served) == {whole, short}
    assert len({address for _, address in served.values()}) == 2
    for job, (_, address) in served.items():
        with urlopen(f"http://{address}/metrics", timeout=PATIENCE_S) as answer:
            assert f'job="{job}"' in answer.read().decode()
    site.gate.set()
    wait_for(lambda: scrapyd.finished() >= {whole, short}, "both end")
    assert scrapyd.served() == {}

    texts = {job: [item["text"] for item in scrapyd.items(job)] for job in (whole, short)}
    # Six pages were asked for, and one of them is no HTML.
    assert len(texts[whole]) == len(texts[short]) == 5
    assert any(texts[whole])
    assert not any(texts[short])
    for job in (whole, short):
        assert re.search(r"scrapy-riptide: \d+ pages: 5 extracted, ", scrapyd.job_log(job))


def test_what_a_killed_job_left_is_swept_by_the_next(scrapyd: Scrapyd, site: GatedSite) -> None:
    killed = scrapyd.schedule(site.url)
    wait_for(lambda: killed in scrapyd.served(), "its file")
    path, _ = scrapyd.served()[killed]
    os.kill(int(path.stem.split("-")[-2]), signal.SIGKILL)
    wait_for(lambda: killed in scrapyd.finished(), "it ends")
    assert path.exists()
    after = scrapyd.schedule(site.url)
    wait_for(lambda: set(scrapyd.served()) == {after}, "only the next one's file")
    site.gate.set()
    wait_for(lambda: after in scrapyd.finished(), "the next ends")
    assert list(scrapyd.targets.iterdir()) == []
