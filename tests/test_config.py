"""What ``ExtractorConfig`` takes, from where, and what it says to what it doesn't take."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapy_riptide import ExtractorConfig, RiptideError
from scrapy_riptide.config import MIB, PAGE_BYTES
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.wording import in_short

DEFAULTS: dict[str, Any] = {
    "component": None,
    "max_pool_size": 8,
    "initial_pool_size": 2,
    "max_workers": "auto",
    "checkout_timeout_secs": 30.0,
    "memory_limit_mb": 256,
    "memory_limit_pages": 4096,
    "timeout_secs": 30.0,
    "enable_simd": True,
    "enable_aot_cache": True,
    "cache_dir": None,
    "cold_start_target_ms": 15.0,
    "enable_reuse": True,
    "enable_metrics": True,
    "memory_pressure_threshold": 80.0,
    "health_check_interval_secs": 120.0,
    "aggressive_gc": False,
    "fuel_limit": None,
    "enable_leak_detection": True,
    "max_uses": 1000,
    "recycle_memory_mb": 512,
    "idle_expiry_secs": 300.0,
    "failure_threshold": 5,
    "recovery_timeout_secs": 60.0,
    "half_open_max_requests": 3,
    "max_stack_bytes": 2 * MIB,
    "favor": "balanced",
    "fallback": "parsel",
}

# For each option: a text that the environment may hold, the value it stands for, and what is refused.
EXAMPLES: dict[str, tuple[str, Any, Any]] = {
    "component": ("package:guest.wasm", "package:guest.wasm", 5),
    "max_pool_size": ("3", 3, "0"),
    "initial_pool_size": ("0", 0, "-1"),
    "max_workers": ("2", 2, "many"),
    "checkout_timeout_secs": ("0.5", 0.5, "0"),
    "memory_limit_mb": ("64", 64, "0"),
    "memory_limit_pages": ("1024", 1024, "65537"),
    "timeout_secs": ("2.5", 2.5, "0"),
    "enable_simd": ("off", False, "perhaps"),
    "enable_aot_cache": ("no", False, ""),
    "cache_dir": ("/var/cache/riptide", "/var/cache/riptide", 5),
    "cold_start_target_ms": ("20", 20.0, "-1"),
    "enable_reuse": ("False", False, "2"),
    "enable_metrics": ("0", False, "nope"),
    "memory_pressure_threshold": ("70", 70.0, "101"),
    "health_check_interval_secs": ("0", 0.0, "never"),
    "aggressive_gc": ("yes", True, "maybe"),
    "fuel_limit": ("1000000000", 1_000_000_000, "0"),
    "enable_leak_detection": ("OFF", False, "on off"),
    "max_uses": ("1", 1, "0"),
    "recycle_memory_mb": ("128", 128, "5000"),
    "idle_expiry_secs": ("none", None, "-0.1"),
    "failure_threshold": ("1", 1, "0"),
    "recovery_timeout_secs": ("0", 0.0, "nan"),
    "half_open_max_requests": ("1", 1, "1.5"),
    "max_stack_bytes": ("1048576", MIB, str(2 * MIB + 1)),
    "favor": ("recall", "recall", "speed"),
    "fallback": ("off", None, "lxml"),
}
OPTIONS = sorted(DEFAULTS)


def made_with(name: str, value: Any) -> ExtractorConfig:
    options: dict[str, Any] = {name: value}
    return ExtractorConfig(**options)


def test_the_defaults_are_the_documented_ones() -> None:
    assert asdict(ExtractorConfig()) == DEFAULTS


def test_every_option_says_what_it_takes_and_what_it_means() -> None:
    assert {each.name for each in fields(ExtractorConfig)} == set(EXAMPLES)
    assert all(each.metadata["meaning"].endswith(".") for each in fields(ExtractorConfig))
    assert all(each.metadata["allowed"].sentence for each in fields(ExtractorConfig))


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_taken_from_an_argument_a_variable_and_a_setting(name: str) -> None:
    text, value, _ = EXAMPLES[name]
    made = [
        made_with(name, value),
        made_with(name, text),
        ExtractorConfig.from_env({f"RIPTIDE_WASM_{name.upper()}": text}),
        ExtractorConfig.from_settings({f"RIPTIDE_{name.upper()}": value}, {}),
        ExtractorConfig.from_settings({f"RIPTIDE_WASM_{name.upper()}": text}, {}),
    ]
    assert [getattr(each, name) for each in made] == [value] * len(made)
    assert all(each == made[0] for each in made)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_bad_value_is_refused_with_its_source_the_value_and_what_is_allowed(name: str) -> None:
    bad = EXAMPLES[name][2]
    allowed = next(each for each in fields(ExtractorConfig) if each.name == name).metadata["allowed"].sentence
    ways: dict[str, Callable[[], ExtractorConfig]] = {
        f"ExtractorConfig: {name}": lambda: made_with(name, bad),
        f"RIPTIDE_WASM_{name.upper()}": lambda: ExtractorConfig.from_env(
            {f"RIPTIDE_WASM_{name.upper()}": bad}
        ),
        f"RIPTIDE_{name.upper()}": lambda: ExtractorConfig.from_settings(
            {f"RIPTIDE_{name.upper()}": bad}, {}
        ),
    }
    if not isinstance(bad, str):
        del ways[f"RIPTIDE_WASM_{name.upper()}"]  # a variable is text, and any text names a file
    for source, make in ways.items():
        with pytest.raises(ConfigError) as caught:
            make()
        assert str(caught.value) == f"{source} = {bad!r} is not allowed: it takes {allowed}."


def test_a_sentence_about_a_number_says_its_unit_and_range() -> None:
    with pytest.raises(ConfigError) as caught:
        ExtractorConfig(memory_limit_mb=5000)
    assert str(caught.value) == (
        "ExtractorConfig: memory_limit_mb = 5000 is not allowed: "
        "it takes a whole number of MiB from 1 to 4096, or None."
    )


def test_a_refused_value_is_told_by_the_sentence_alone() -> None:
    with pytest.raises(ConfigError) as caught:
        made_with("max_uses", "many")
    # Scrapy prints a traceback of whatever ends a crawl: one, without a second that says no more.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_size_of_the_pool_may_be_left_to_the_plugin() -> None:
    assert ExtractorConfig.from_env({"RIPTIDE_WASM_MAX_POOL_SIZE": "auto"}).max_pool_size == "auto"
    assert ExtractorConfig.from_settings({"RIPTIDE_MAX_POOL_SIZE": "auto"}, {}).max_pool_size == "auto"


def test_a_misspelt_variable_is_a_warning_with_the_nearest_name_and_only_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environ = {"RIPTIDE_WASM_TIMEOUT_SEC": "5", "RIPTIDE_WASMTIME": "x", "RIPTIDE_WASM_MAX_USES": "7"}
    for _ in range(3):
        assert ExtractorConfig.from_env(environ) == ExtractorConfig(max_uses=7)
        assert ExtractorConfig.from_settings({}, environ) == ExtractorConfig(max_uses=7)
    assert [record.getMessage() for record in caplog.records] == [
        "RIPTIDE_WASM_TIMEOUT_SEC is no variable of scrapy-riptide and does nothing: "
        "did you mean RIPTIDE_WASM_TIMEOUT_SECS?"
    ]


def test_an_option_is_called_what_it_was_called_where_it_was_set() -> None:
    environ = {"RIPTIDE_WASM_MAX_USES": "7"}
    settings = {"RIPTIDE_TIMEOUT_SECS": 5, "RIPTIDE_WASM_CACHE_DIR": "/x"}
    made = {
        "arguments": ExtractorConfig(max_uses=7),
        "environment": ExtractorConfig.from_env(environ, cache_dir="/x"),
        "settings": ExtractorConfig.from_settings(settings, environ),
        "changed": ExtractorConfig.from_settings(settings, environ).but(max_uses=8),
    }
    options = ("max_uses", "timeout_secs", "cache_dir", "fallback")
    assert {way: [config.name_of(option) for option in options] for way, config in made.items()} == {
        "arguments": ["max_uses", "timeout_secs", "cache_dir", "fallback"],
        "environment": [
            "RIPTIDE_WASM_MAX_USES",
            "RIPTIDE_WASM_TIMEOUT_SECS",
            "cache_dir",
            "RIPTIDE_WASM_FALLBACK",
        ],
        "settings": [
            "RIPTIDE_WASM_MAX_USES",
            "RIPTIDE_TIMEOUT_SECS",
            "RIPTIDE_WASM_CACHE_DIR",
            "RIPTIDE_FALLBACK",
        ],
        "changed": [
            "RIPTIDE_MAX_USES",
            "RIPTIDE_TIMEOUT_SECS",
            "RIPTIDE_WASM_CACHE_DIR",
            "RIPTIDE_FALLBACK",
        ],
    }


def test_a_bad_value_is_a_riptide_error_and_a_value_error() -> None:
    assert issubclass(ConfigError, RiptideError)
    assert issubclass(ConfigError, ValueError)


def test_a_stack_with_which_wasmtime_would_end_the_process_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_stack_bytes = 4194304 is not allowed"):
        ExtractorConfig(max_stack_bytes=4 * MIB)


def test_arguments_win_over_the_environment() -> None:
    environ = {"RIPTIDE_WASM_MAX_USES": "10", "RIPTIDE_WASM_MAX_POOL_SIZE": "4"}
    config = ExtractorConfig.from_env(environ, max_uses=20)
    assert (config.max_uses, config.max_pool_size) == (20, 4)


def test_settings_win_over_the_environment() -> None:
    environ = {"RIPTIDE_WASM_MAX_USES": "10", "RIPTIDE_WASM_MAX_POOL_SIZE": "4"}
    config = ExtractorConfig.from_settings({"RIPTIDE_MAX_USES": 20}, environ)
    assert (config.max_uses, config.max_pool_size) == (20, 4)


def test_both_names_of_one_setting_at_once_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        ExtractorConfig.from_settings({"RIPTIDE_MAX_USES": 1, "RIPTIDE_WASM_MAX_USES": 1}, {})
    assert (
        str(caught.value)
        == "RIPTIDE_MAX_USES and RIPTIDE_WASM_MAX_USES are the same setting: keep one of them."
    )


def test_the_process_environment_is_read_by_from_env_and_by_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RIPTIDE_WASM_MAX_USES", "7")
    assert ExtractorConfig.from_env().max_uses == 7
    assert ExtractorConfig.from_settings({}).max_uses == 7
    assert ExtractorConfig().max_uses == 1000


def test_a_word_that_is_no_option_is_no_argument() -> None:
    with pytest.raises(TypeError, match="memory_limit"):
        ExtractorConfig(memory_limit=5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given_mb", "given_pages", "limit_bytes"),
    [
        (None, None, 256 * MIB),
        (64, None, 64 * MIB),
        (None, 100, 100 * PAGE_BYTES),
        (512, None, 512 * MIB),
        (1024, None, 1024 * MIB),
        (4096, None, 4096 * MIB),
        (None, 16384, 1024 * MIB),
        (512, 4096, 256 * MIB),
        (256, 16384, 256 * MIB),
        (1, 65536, MIB),
        (4096, 1, PAGE_BYTES),
    ],
)
def test_the_stricter_of_two_memory_limits_wins(
    given_mb: int | None, given_pages: int | None, limit_bytes: int
) -> None:
    config = ExtractorConfig(memory_limit_mb=given_mb, memory_limit_pages=given_pages)
    assert (config.memory_limit_bytes, config.limit_pages) == (limit_bytes, limit_bytes // PAGE_BYTES)
    # What was not given never is the stricter.
    assert config.memory_limit_mb == (given_mb or -(-limit_bytes // MIB))
    assert config.memory_limit_pages == (given_pages or limit_bytes // PAGE_BYTES)


def test_a_configuration_made_again_takes_the_limit_that_is_given_then() -> None:
    default, in_pages = ExtractorConfig(), ExtractorConfig(memory_limit_pages=100)
    both = ExtractorConfig(memory_limit_mb=512, memory_limit_pages=4096)
    assert [
        (each.memory_limit_mb, each.memory_limit_pages, each.memory_limit_bytes)
        for each in (
            replace(default, memory_limit_mb=512),
            replace(default, memory_limit_pages=16384),
            replace(replace(default, memory_limit_mb=512), memory_limit_mb=64),
            replace(replace(default, max_uses=5), memory_limit_mb=512),
            replace(in_pages, memory_limit_pages=200),
            replace(both, memory_limit_pages=16384),
            ExtractorConfig(**{**asdict(default), "memory_limit_mb": 1024}),
            pickle.loads(pickle.dumps(default)).but(memory_limit_mb=512),  # noqa: S301
        )
    ] == [
        (512, 8192, 512 * MIB),
        (1024, 16384, 1024 * MIB),
        (64, 1024, 64 * MIB),
        (512, 8192, 512 * MIB),
        (13, 200, 200 * PAGE_BYTES),
        (512, 16384, 512 * MIB),
        (1024, 16384, 1024 * MIB),
        (512, 8192, 512 * MIB),
    ]


def test_an_instance_is_recycled_at_the_limit_at_the_latest() -> None:
    assert ExtractorConfig(memory_limit_mb=64, recycle_memory_mb=512).recycle_memory_bytes == 64 * MIB
    assert ExtractorConfig(memory_limit_mb=1024, recycle_memory_mb=512).recycle_memory_bytes == 512 * MIB


def test_a_configuration_is_frozen_and_compares_by_value() -> None:
    config = ExtractorConfig(max_uses=3)
    with pytest.raises(AttributeError):
        config.max_uses = 4  # type: ignore[misc]
    assert config == ExtractorConfig(max_uses=3) != ExtractorConfig(max_uses=4)


@pytest.mark.parametrize(
    ("given_value", "name"),
    [
        (None, None),
        (False, None),
        ("", None),
        ("None", None),
        ("0", None),
        (True, "parsel"),
        ("1", "parsel"),
        ("parsel", "parsel"),
        ("trafilatura", "trafilatura"),
        ("my.module.Engine", "my.module.Engine"),
        (ExtractorConfig, "scrapy_riptide.config.ExtractorConfig"),
    ],
)
def test_the_fallback_is_a_name_a_class_or_off(given_value: Any, name: str | None) -> None:
    assert ExtractorConfig(fallback=given_value).fallback == name


def test_a_path_object_is_taken_where_a_path_is() -> None:
    assert ExtractorConfig(cache_dir=Path("/a/b")).cache_dir == "/a/b"  # type: ignore[arg-type]


# Properties: whatever is given, the answer is a value within the range or the sentence.

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers(), max_size=2),
    st.from_regex(r"\s*[-+]?[0-9_.eE]{1,25}\s*", fullmatch=True),
)


def _made_or_refused(make: Callable[[], ExtractorConfig]) -> tuple[ExtractorConfig | None, str]:
    try:
        return make(), ""
    except ConfigError as error:
        return None, str(error)


@given(name=st.sampled_from(OPTIONS), value=ANYTHING)
def test_whatever_is_given_is_taken_or_refused_with_a_sentence(name: str, value: Any) -> None:
    config, refusal = _made_or_refused(lambda: made_with(name, value))
    if config is None:
        given = in_short(repr(value))
        assert refusal.startswith(f"ExtractorConfig: {name} = {given} is not allowed: it takes ")
    else:
        # What was taken is taken again, unchanged: a configuration can be rebuilt from its values.
        assert ExtractorConfig(**asdict(config)) == config


@given(name=st.sampled_from(OPTIONS), value=st.text())
def test_whatever_the_environment_holds_is_taken_or_refused_with_a_sentence(name: str, value: str) -> None:
    variable = f"RIPTIDE_WASM_{name.upper()}"
    config, refusal = _made_or_refused(lambda: ExtractorConfig.from_env({variable: value}))
    if config is None:
        assert refusal.startswith(f"{variable} = {in_short(repr(value))} is not allowed: it takes ")
    else:
        assert config == made_with(name, value)


@given(st.integers(1, 1024))
def test_a_number_means_the_same_as_text_and_as_a_whole_float(number: int) -> None:
    assert (
        ExtractorConfig(max_pool_size=number)
        == ExtractorConfig(max_pool_size=f" {number} ")
        == ExtractorConfig(max_pool_size=float(number))  # type: ignore[arg-type]
    )


@given(st.floats(0.001, 86400))
def test_a_number_of_seconds_survives_its_text(seconds: float) -> None:
    assert ExtractorConfig.from_env({"RIPTIDE_WASM_TIMEOUT_SECS": repr(seconds)}).timeout_secs == seconds


@given(
    mb=st.none() | st.integers(1, 4096),
    pages=st.none() | st.integers(1, 65536),
    recycle=st.integers(1, 4096),
)
def test_the_limits_always_hold_together(mb: int | None, pages: int | None, recycle: int) -> None:
    config = ExtractorConfig(memory_limit_mb=mb, memory_limit_pages=pages, recycle_memory_mb=recycle)
    given_bytes = [
        *([] if mb is None else [mb * MIB]),
        *([] if pages is None else [pages * PAGE_BYTES]),
    ]
    assert config.memory_limit_bytes == min(given_bytes, default=256 * MIB)
    assert config.recycle_memory_bytes <= config.memory_limit_bytes


@pytest.mark.parametrize("name", [each for each in OPTIONS if isinstance(DEFAULTS[each], float)])
def test_no_number_is_endless(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} = inf is not allowed"):
        made_with(name, math.inf)


@pytest.mark.parametrize("endless", [math.inf, 1e300])
@pytest.mark.parametrize("name", ["checkout_timeout_secs", "timeout_secs"])
def test_a_time_to_wait_is_never_beyond_what_a_lock_can_wait(name: str, endless: float) -> None:
    with pytest.raises(ConfigError, match=name):
        made_with(name, endless)
