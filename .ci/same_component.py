"""Check that the packaged components are builds of the present sources.

    python .ci/same_component.py PACKAGED_DIR BUILT_DIR

The same compiler gives the same bytes. Another one gives others, and then both have to make the
same of every page that the clone has, in every mode.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.content import MODE_NAMES, Mode

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("extractor.wasm", "extractor-nosimd.wasm")
MODES: tuple[Mode, ...] = (*MODE_NAMES, ["h1", "p"])


def results(component: Path, pages: list[Path]) -> dict[str, Any]:
    """What a component makes of every page, in every mode."""
    made: dict[str, Any] = {}
    config = ExtractorConfig(component=str(component), fallback=None, enable_aot_cache=False)
    with Extractor(config) as extractor:
        for page in pages:
            html = page.read_bytes().decode("utf-8", "replace")
            for mode in MODES:
                outcome = extractor.run(html, f"https://pages.example/{page.name}", mode)
                made[f"{page.relative_to(ROOT)} ({mode})"] = (
                    repr(outcome.error) if outcome.content is None else asdict(outcome.content)
                )
    return made


def complaint(packaged: Path, built: Path) -> str | None:
    """What is wrong with a packaged component, or None. Prints what was found."""
    if packaged.read_bytes() == built.read_bytes():
        print(f"{packaged.name}: the same bytes as the build of the sources")
        return None
    pages = sorted(
        page for folder in ("example_project", "tests") for page in (ROOT / folder).rglob("*.html")
    )
    expected, found = results(built, pages), results(packaged, pages)
    different = [case for case in expected if expected[case] != found[case]]
    if different:
        return f"{packaged.name} makes something else of {len(different)} cases, the first: {different[0]}"
    print(f"{packaged.name}: other bytes (another compiler?), the same results in {len(expected)} cases")
    return None


def main(packaged_dir: str, built_dir: str) -> int:
    """Exit code 1 and a sentence where a packaged component is not of these sources."""
    complaints = [complaint(Path(packaged_dir, name), Path(built_dir, name)) for name in NAMES]
    for found in filter(None, complaints):
        print(f"{found}. Run 'make guest' and commit what it makes.", file=sys.stderr)
    return 1 if any(complaints) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
