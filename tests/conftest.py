"""What the tests of the runtime share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clocks import HeldTime, OwnTime
from hypothesis import settings
from misbehaving import write_misbehaving
from spinning import settings_with_polls
from waiting import PATIENCE_S

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.wasm import deadline
from scrapy_riptide.wasm.runtime import Runtime

# An example may take its time: hypothesis gives each 200 ms, which a busy machine needs for nothing.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.md anew")


Configure = Callable[..., ExtractorConfig]
MakeExtractor = Callable[..., Extractor]
MakeRuntime = Callable[..., tuple[Runtime, ExtractorConfig]]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled components of this test run: each is compiled once."""
    return tmp_path_factory.mktemp("aot")


@pytest.fixture(scope="session", autouse=True)
def not_the_users_cache(cache_dir: Path) -> Iterator[None]:
    """What says nothing of a cache, as commands and crawls of a newcomer do, has that of this test run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIPTIDE_WASM_CACHE_DIR", str(cache_dir))
        yield


@pytest.fixture(scope="session")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The component that misbehaves on demand, see ``misbehaving.py``."""
    return write_misbehaving(tmp_path_factory.mktemp("component"))


@pytest.fixture(scope="session")
def polled_misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """:func:`misbehaving` with polls."""
    return write_misbehaving(tmp_path_factory.mktemp("component"), polls=True)


@pytest.fixture(scope="session")
def real_config(cache_dir: Path) -> Configure:
    """A configuration of the packaged component; without a fallback, unless asked for."""

    def configure(**options: Any) -> ExtractorConfig:
        return ExtractorConfig(**{"cache_dir": str(cache_dir), "fallback": None, **options})

    return configure


@pytest.fixture(scope="session")
def config(epochs_config: Configure) -> Configure:
    """A configuration of the misbehaving component, stopped as components of a user's own are.

    Its breaker never opens and no instance is made ahead of need, unless asked for.
    """
    return epochs_config


@pytest.fixture(scope="session")
def epochs_config(real_config: Configure, misbehaving: Path) -> Configure:
    """:func:`config`, in a test of more than that."""
    return _of_component(real_config, misbehaving)


@pytest.fixture
def polls_config(
    real_config: Configure, polled_misbehaving: Path, monkeypatch: pytest.MonkeyPatch
) -> Configure:
    """A configuration of the misbehaving component, stopped as the packaged one is."""
    monkeypatch.setattr("scrapy_riptide.wasm.runtime.engine_settings", settings_with_polls)
    return _of_component(real_config, polled_misbehaving)


def _of_component(real_config: Configure, component: Path) -> Configure:
    defaults = {"component": str(component), "failure_threshold": 10**6, "initial_pool_size": 0}

    def configure(**options: Any) -> ExtractorConfig:
        return real_config(**{**defaults, **options})

    return configure


@pytest.fixture(autouse=True)
def patient_health(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health is what a guest says, not that none came to a processor within a second."""
    monkeypatch.setattr("scrapy_riptide.extractor._HEALTH_WAIT_S", PATIENCE_S)


@pytest.fixture
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines in time that this process has a processor: others can't make a guest miss one."""
    monkeypatch.setattr(deadline, "clock", OwnTime())


@pytest.fixture
def held_time(monkeypatch: pytest.MonkeyPatch) -> HeldTime:
    """Deadlines that come when the test says so."""
    held = HeldTime()
    monkeypatch.setattr(deadline, "clock", held)
    return held


@pytest.fixture
def extractor(config: Configure) -> Iterator[MakeExtractor]:
    """Makes extractors with the misbehaving component, and closes them."""
    yield from _made(config)


@pytest.fixture
def real_extractor(real_config: Configure) -> Iterator[MakeExtractor]:
    """Makes extractors with the packaged component, and closes them."""
    yield from _made(real_config)


def _made(configure: Configure) -> Iterator[MakeExtractor]:
    made: list[Extractor] = []

    def make(**options: Any) -> Extractor:
        made.append(Extractor(configure(**options)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def runtime(config: Configure) -> Iterator[MakeRuntime]:
    """Makes runtimes of the misbehaving component, with their configurations, and closes them."""
    made: list[Runtime] = []

    def make(**options: Any) -> tuple[Runtime, ExtractorConfig]:
        configuration = config(**options)
        made.append(Runtime.load(configuration))
        return made[-1], configuration

    yield make
    for each in made:
        each.close()
