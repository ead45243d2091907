"""Names and chat lines: nothing that moves a cursor, turns a line round, hides or piles up; ordinary writing stays."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.control import messages
from engine.control.text import clean_line, clean_name, clean_request, unique_name

nasty = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x00\x1b\x07\n\r\t\x7f\x9b\u200b\u200d\u202e\u2066\u2028\ufeff\u00ad\ufe0f\u0301\u0302\u20dd\U000e0041\u1161\u11a8"
        ),
        st.sampled_from("\U0001f1e9\U0001f1ea\U0001f3fd\U0001f44d\u1100Åé"),
    ),
    max_size=80,
)


@given(nasty, st.integers(1, 40))
def test_clean_lines_are_clean_short_and_stay_so(text: str, characters_max: int) -> None:
    line = clean_line(text, characters_max)
    assert len(line) <= characters_max
    assert line == line.strip()
    assert "  " not in line
    assert re.match(messages._CLEAN, line)
    assert not [character for character in line if unicodedata.category(character)[0] == "C"]
    assert unicodedata.normalize("NFC", line) == line
    assert clean_line(line, characters_max) == line


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  Ann  \n Lee\t", "Ann Lee"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("ab\u202edc", "abdc"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("e\u0301", "é"),
        ("Z" + "\u0300\u0301\u0302\u0303" * 9, "Z\u0300\u0301"),
        ("\u0301", ""),
        ("x \u0301y", "x y"),
        ("Zoë Müller", "Zoë Müller"),
        ("Ольга", "Ольга"),
        ("山田太郎", "山田太郎"),
        ("${jndi:ldap://x}", "${jndi:ldap://x}"),
    ],
)
def test_examples(typed: str, clean: str) -> None:
    assert clean_line(typed) == clean


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("abcd", 3, "abc"),
        ("ab q\u0323\u0307", 5, "ab"),  # a letter with two marks does not lose one
        ("a\U0001f1e9\U0001f1ea", 2, "a"),  # half a flag is a letter in a box
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 3, "\U0001f1e9\U0001f1ea"),
        ("ok\U0001f44d\U0001f3fd", 3, "ok"),
        ("한글", 1, "한"),
    ],
)
def test_cut_between_characters_as_people_see_them(text: str, length: int, cut: str) -> None:
    assert clean_line(text, length) == cut


def test_names() -> None:
    assert clean_name("\u200b \n") == "Player"
    assert clean_name("A very long name indeed") == "A very long name"
    assert len(clean_name("\U0001f600" * 30)) == 16


@given(st.lists(nasty, min_size=2, max_size=12))
def test_unique_names_differ_whatever_is_typed(typed: list[str]) -> None:
    taken: list[str] = []
    for text in typed:
        name = unique_name(clean_name(text), taken)
        assert 1 <= len(name) <= 16
        assert clean_name(name) == name
        assert name not in taken
        taken.append(name)
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in taken}) == len(taken)


def test_unique_name_examples() -> None:
    assert unique_name("Ann", ["Bob"]) == "Ann"
    assert unique_name("ann", ["Ann", "Ann 2"]) == "ann 3"
    assert unique_name("A very long name", ["a very long name"]) == "A very long na 2"


def test_requests() -> None:
    assert clean_request(messages.SayChat("a\nb")) == messages.SayChat("a b")
    assert clean_request(messages.CreateRoom("\x00", {})).name == "Room"  # type: ignore[union-attr]
    assert clean_request(messages.KickMember(3)) == messages.KickMember(3)
