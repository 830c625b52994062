"""What counts as the same text, and how much is remembered."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapy_riptide.near_duplicates import NearDuplicates, fingerprint

_words = random.Random(7)  # noqa: S311
VOCABULARY = ["".join(_words.choices("abcdefghijklmnoprstuvw", k=_words.randint(2, 9))) for _ in range(3000)]


def prose(seed: int, words: int = 400) -> str:
    return " ".join(random.Random(seed).choices(VOCABULARY, k=words))  # noqa: S311


def test_a_fingerprint_never_changes() -> None:
    assert fingerprint(" ".join(f"word{number}" for number in range(100))) == 0x61F7D3070E907CE1
    assert fingerprint("潮の本は毎年少しずつ間違っている。" * 5) == 0x605C0497F0FBB669


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.upper().replace(" ", ",\n"),
        lambda text: f"Updated two hours ago. {text}",
        lambda text: text.replace(text.split()[100], "otherwise", 1),
        lambda text: " ".join(text.split()[10:]),
    ],
)
def test_a_text_with_a_small_change_was_there_before(change: object) -> None:
    assert callable(change)
    seen = NearDuplicates()
    assert not seen.seen(prose(1))
    assert seen.seen(change(prose(1)))


def test_texts_of_their_own_were_not() -> None:
    seen = NearDuplicates()
    assert [seen.seen(prose(seed)) for seed in range(200)] == [False] * 200
    assert seen.seen(prose(199))


def test_texts_that_share_their_first_half_are_two() -> None:
    seen = NearDuplicates()
    assert [seen.seen(f"{prose(1)} {prose(seed)}") for seed in (2, 3)] == [False, False]


def test_short_texts_are_the_same_only_word_for_word() -> None:
    seen = NearDuplicates()
    texts = ("Ferry times: 8 and 9.", "Ferry times: 8 and 10.", "ferry times 8 and 9", "", "...")
    assert [seen.seen(text) for text in texts] == [False, False, True, False, True]


def test_no_more_is_remembered_than_allowed() -> None:
    seen = NearDuplicates(capacity=50)
    for seed in range(120):
        seen.seen(prose(seed, words=60))
    assert len(seen) == 50
    assert seen.seen(prose(119, words=60))
    assert not seen.seen(prose(0, words=60))
    assert sum(map(len, seen._by_block.values())) == 8 * 50


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    assert 0 <= fingerprint(text) < 2**64
    seen = NearDuplicates()
    assert [seen.seen(text), seen.seen(text)] == [False, True]
