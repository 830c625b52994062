"""The pages with truth: where they lie, which site they are from, which fold that puts them in."""

import hashlib
import json
import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

FOLDS = 5

# Hosts whose subdomains are sites of their own.
SHARED_HOSTS = {
    "blogspot.com",
    "wordpress.com",
    "github.io",
    "medium.com",
    "substack.com",
    "readthedocs.io",
    "tumblr.com",
}


@dataclass
class Page:
    """One page and its truth. `reference` is empty where only snippets are known."""

    id: str
    source: str
    path: Path
    url: str
    site: str
    fold: int
    kind: str | None
    reference: str
    must_have: list[str] = field(default_factory=list)
    must_not_have: list[str] = field(default_factory=list)


def unpacked(data: Path, name: str, work: Path) -> Path:
    """The folder of a data set: unpacked under `data` already, or out of its archive into `work`."""
    for root in (data, work):
        if (root / name / "html").is_dir():
            return root / name
    archive = data / f"{name}.tar.xz"
    if not archive.exists():
        raise SystemExit(f"{archive} is missing: give the folder with the data sets as --data DIR")
    with tarfile.open(archive) as tar:
        tar.extractall(work, filter="data")
    return work / name


def site_of(url: str, otherwise: str) -> str:
    """The registrable domain, roughly: pages of one site must never be on both sides of a split."""
    host = urlsplit(url).netloc.lower().split(":")[0]
    parts = host.split(".")
    keep = 3 if len(parts) > 2 and len(parts[-2]) <= 3 and len(parts[-1]) == 2 else 2
    domain = ".".join(parts[-keep:])
    return (host if domain in SHARED_HOSTS else domain) or otherwise


def fold_of(site: str) -> int:
    return int(hashlib.sha1(f"7{site}".encode()).hexdigest(), 16) % FOLDS


def pages(data: Path, work: Path) -> list[Page]:
    """Every page of both data sets, in a fixed order."""
    found = []
    wcxb = unpacked(data, "wcxb-dev", work)
    for path in sorted((wcxb / "truth").glob("*.json")):
        found.append(_page(json.loads(path.read_text()), "wcxb", wcxb))
    snippets = unpacked(data, "trafilatura-eval", work)
    for truth in json.loads((snippets / "truth.json").read_text()):
        found.append(_page(truth, "snippets", snippets))
    return found


def _page(truth: dict, source: str, root: Path) -> Page:
    url = re.sub(r"\s", "", truth.get("url") or "")
    site = site_of(url, f"{source}-{truth['id']}")
    return Page(
        id=truth["id"],
        source=source,
        path=root / "html" / f"{truth['id']}.html",
        url=url,
        site=site,
        fold=fold_of(site),
        kind=truth.get("page_type"),
        reference=truth.get("main_content") or "",
        must_have=truth.get("must_have") or [],
        must_not_have=truth.get("must_not_have") or [],
    )
