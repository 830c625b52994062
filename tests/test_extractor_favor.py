"""Favor: from the configuration, a call or a request down to the guest, and components that know none."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import Configure, MakeExtractor
from crawls import PageSpider, crawl, site

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.content import Favor, Mode
from scrapy_riptide.errors import ComponentError, ConfigError, ParseError, UnsupportedModeError
from scrapy_riptide.fallback.parsel_engine import ParselExtractor
from scrapy_riptide.page_options import OptionsError, page_options
from scrapy_riptide.settings import RiptideSettings
from scrapy_riptide.wasm.runtime import engine_settings

URL = "https://www.quaycourier.example/local/harbour-bridge-reopens"
PAGE = (Path(__file__).parent / "golden" / "news-article.html").read_text(encoding="utf-8")


def test_the_configuration_and_the_call_say_which_error_is_worse(real_extractor: MakeExtractor) -> None:
    balanced, precise = real_extractor(), real_extractor(favor="precision")
    texts = {
        favor: balanced.extract(PAGE, URL, favor=favor).text for favor in ("precision", "balanced", "recall")
    }
    assert balanced.extract(PAGE, URL).text == texts["balanced"]
    assert precise.extract(PAGE, URL).text == texts["precision"]
    assert precise.extract(PAGE, URL, favor="recall").text == texts["recall"]
    assert set(texts["precision"].split()) < set(texts["recall"].split())


async def test_every_way_of_extracting_takes_it(real_extractor: MakeExtractor) -> None:
    extractor = real_extractor()
    text = extractor.extract(PAGE, URL, favor="recall").text
    assert extractor.extract_with_stats(PAGE, URL, favor="recall")[0].text == text
    assert (await extractor.extract_async(PAGE, URL, favor="recall")).text == text
    assert (await extractor.extract_with_stats_async(PAGE, URL, favor="recall"))[0].text == text
    assert [each.text for each in extractor.extract_many([(PAGE, URL)], favor="recall")] == [text]  # type: ignore[union-attr]


def test_metadata_and_selectors_know_no_favor(real_extractor: MakeExtractor) -> None:
    extractor = real_extractor()
    for mode in ("metadata", ["h1", "figcaption"]):
        assert extractor.extract(PAGE, URL, mode, favor="recall") == extractor.extract(PAGE, URL, mode)


def test_a_component_without_it_is_balanced(extractor: MakeExtractor) -> None:
    old = extractor()
    assert old.extract("!b", URL).text == old.extract("!b", URL, favor="balanced").text
    with pytest.raises(UnsupportedModeError) as error:
        old.extract("!b", URL, favor="recall")
    assert str(error.value) == (
        "the component doesn't export riptide:extractor/tuning@0.2.0, so favor can only be 'balanced':"
        " leave favor (RIPTIDE_FAVOR) out, or use the packaged component"
    )
    assert old.extract("!b", URL).text is not None, "nothing is wrong with the instance"


def test_a_component_without_it_that_needs_it_is_refused_at_the_start(config: Configure) -> None:
    with (
        pytest.raises(ComponentError, match="favor can only be"),
        Extractor(config(favor="precision")) as made,
    ):
        made.extract("!b", URL)


def test_an_unknown_favor_is_named(real_extractor: MakeExtractor) -> None:
    unknown: Favor = "speed"  # type: ignore[assignment]
    with pytest.raises(
        UnsupportedModeError, match="favor 'speed' is not known: 'precision', 'balanced', 'recall' are"
    ):
        real_extractor().extract(PAGE, URL, favor=unknown)
    with pytest.raises(ConfigError, match="RIPTIDE_FAVOR = 'speed' is not allowed"):
        RiptideSettings.from_settings({"RIPTIDE_FAVOR": "speed"}, {})


def test_the_compiled_code_is_the_same() -> None:
    assert engine_settings(ExtractorConfig()) == engine_settings(ExtractorConfig(favor="recall"))


def test_setting_environment_and_request_say_it() -> None:
    assert ExtractorConfig.from_env({"RIPTIDE_WASM_FAVOR": "recall"}).favor == "recall"
    settings = RiptideSettings.from_settings({"RIPTIDE_FAVOR": "precision"}, {"RIPTIDE_WASM_FAVOR": "recall"})
    assert settings.extractor.favor == "precision"
    assert page_options(True, settings).favor == "precision"
    assert page_options({"favor": "balanced"}, settings).favor == "balanced"
    with pytest.raises(OptionsError, match=r"meta\['riptide'\]\['favor'\] = 'speed' is not allowed"):
        page_options({"favor": "speed"}, settings)


def test_the_command_line_says_it(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    command = [sys.executable, "-m", "scrapy_riptide", "extract", "--input-file", str(page), "--url", URL]

    def words(*options: str) -> set[str]:
        result = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        return set(json.loads(result.stdout)["text"].split())

    assert words("--favor", "precision") < words("--favor", "recall")
    refused = subprocess.run(
        [*command, "--favor", "recall", "--engine", "fallback"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "--favor is the guest's to follow" in refused.stderr


async def test_a_crawl_with_a_broken_selector_does_not_start() -> None:
    async with site({"/": "<p>text"}) as root:
        with pytest.raises(ConfigError) as error:
            await crawl(PageSpider, {"RIPTIDE_MODE": ["h1", "p..x"]}, root=root)
    assert str(error.value).startswith("RIPTIDE_MODE = ['h1', 'p..x'] is not allowed: ")
    assert "'p..x'" in str(error.value).replace('"', "'")


async def test_the_error_does_not_repeat_a_long_selector_in_full() -> None:
    long = "p" * 100_000 + "..x"
    async with site({"/": "<p>text"}) as root:
        with pytest.raises(ConfigError) as error:
            await crawl(PageSpider, {"RIPTIDE_MODE": [long]}, root=root)
    message = str(error.value)
    assert message.startswith("RIPTIDE_MODE = ['ppp")
    assert "..x'] is not allowed: " in message
    assert len(message) < 800
    with pytest.raises(ParseError) as by_parsel:
        ParselExtractor().extract("<p>text", URL, [long])
    assert len(str(by_parsel.value)) < 500


async def test_selectors_are_not_checked_on_the_loop_while_the_component_compiles(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    threads: list[threading.Thread] = []
    check = Extractor.check_mode

    def noted(self: Extractor, mode: Mode) -> None:
        threads.append(threading.current_thread())
        time.sleep(0.5)  # as a compilation would: the only page has come by then
        check(self, mode)

    monkeypatch.setattr(Extractor, "check_mode", noted)
    monkeypatch.setattr(Extractor, "ready", False)
    async with site({"/": "<p>text"}) as root:
        result = await crawl(PageSpider, {"RIPTIDE_MODE": ["p..x"]}, root=root)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert result.stats["finish_reason"] == "riptide_mode"
    assert "The crawl ends: RIPTIDE_MODE = ['p..x'] is not allowed: " in caplog.text
