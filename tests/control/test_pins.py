"""Known servers: first use, the same again, changed; the file in any state."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.control.pins import SERVERS_MAX, KnownServers, PinCheck, changed_sentence

ONE, TWO = "1a" * 32, "2b" * 32
HOME = "192.168.1.5:7777"


def test_first_use_same_changed_accepted() -> None:
    known = KnownServers()
    assert known.check(HOME, ONE) is PinCheck.NEW
    assert known.pinned(HOME) is None
    known.remember(HOME, ONE)
    assert known.check(HOME, ONE) is PinCheck.SAME
    assert known.check(HOME, TWO) is PinCheck.CHANGED
    assert known.check("192.168.1.5:7778", TWO) is PinCheck.NEW
    with pytest.raises(ValueError, match="another certificate"):
        known.remember(HOME, TWO)
    assert known.pinned(HOME) == ONE
    assert known.forget(HOME)
    assert not known.forget(HOME)
    known.remember(HOME, TWO)
    assert known.check(HOME, TWO) is PinCheck.SAME


def test_file_keeps_them_one_a_line() -> None:
    known = KnownServers({HOME: ONE, "[fe80::1]:7777": TWO})
    text = known.to_json()
    assert len([line for line in text.splitlines() if ONE in line or TWO in line]) == 2
    again = KnownServers.from_json(text)
    assert again.to_json() == text
    assert not again.problem
    without = "\n".join(line for line in text.splitlines() if TWO not in line).replace(f'"{ONE}",', f'"{ONE}"')
    assert len(KnownServers.from_json(without)) == 1


@given(
    st.one_of(
        st.text(), st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps)
    )
)
def test_any_text_is_read_or_reported(text: str) -> None:
    known = KnownServers.from_json(text)
    assert len(known) == 0
    assert known.problem or not text.strip() or json.loads(text).get("servers") == {}


def test_damaged_files() -> None:
    for text in ("\ud800", "[" * 100_000, "{", '{"version": 1}'):
        assert KnownServers.from_json(text).problem
    partly = KnownServers.from_json(json.dumps({"version": 1, "servers": {HOME: ONE, "x:1": "short", "y:1": ONE + "\n"}}))
    assert len(partly) == 1
    assert partly.problem
    assert not KnownServers.from_json("").problem, "no file yet"


def test_bounded() -> None:
    known = KnownServers({f"10.0.0.1:{port}": ONE for port in range(SERVERS_MAX + 5)})
    assert len(known) == SERVERS_MAX
    assert known.pinned("10.0.0.1:0") is None
    with pytest.raises(ValueError, match="not a certificate"):
        known.remember(HOME, "nonsense")


def test_sentence_says_how_to_accept() -> None:
    sentence = changed_sentence(HOME, ONE, TWO, "say yes to the new one")
    assert HOME in sentence
    assert sentence.endswith("If you expected this, say yes to the new one.")
    assert "1a1a 1a1a" in sentence
    assert "2b2b 2b2b" in sentence
