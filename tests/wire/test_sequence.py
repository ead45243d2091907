from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.wire import SequenceBuffer, expand, newer


@pytest.mark.parametrize(
    ("a", "b", "is_newer"),
    [(1, 0, True), (0, 1, False), (5, 5, False), (0, 65535, True), (65535, 0, False), (32767, 0, True), (32768, 0, False)],
)
def test_newer_goes_round(a: int, b: int, is_newer: bool) -> None:
    assert newer(a, b) is is_newer


@given(st.integers(0, 2**64), st.integers(-32768, 32767))
def test_a_number_near_the_newest_is_widened_right(newest: int, distance: int) -> None:
    number = newest + distance
    if number >= 0:
        assert expand(number & 0xFFFF, newest) == number


@given(st.integers(0, 255), st.integers(0, 1000))
def test_a_widened_number_is_never_negative_and_keeps_its_low_bits(wire: int, newest: int) -> None:
    number = expand(wire, newest, bits=8)
    assert number >= 0
    assert number % 256 == wire


@given(st.lists(st.integers(0, 60), max_size=80))
def test_the_buffer_keeps_the_newest_and_forgets_the_rest(numbers: list[int]) -> None:
    buffer: SequenceBuffer[str] = SequenceBuffer(8)
    model: dict[int, str] = {}
    for index, number in enumerate(numbers):
        kept = buffer.insert(number, f"thing {index}")
        assert kept == (number > max(model, default=-1) - 8)
        if kept:
            model[number] = f"thing {index}"
        newest = max(model)
        assert buffer.newest == newest
        for asked in range(70):
            assert buffer.get(asked) == (model.get(asked) if asked > newest - 8 else None)


def test_removed_things_are_gone() -> None:
    buffer: SequenceBuffer[int] = SequenceBuffer(4)
    buffer.insert(5, 50)
    assert buffer.remove(5) == 50
    assert buffer.remove(5) is None
    assert buffer.get(1) is None
    assert not buffer.insert(-1, 0)
    with pytest.raises(LocalProtocolError):
        SequenceBuffer(0)
