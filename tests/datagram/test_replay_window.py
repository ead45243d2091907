from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram.replay_window import SEQUENCE_MAX, WINDOW_DATAGRAMS, ReplayWindow


class Model:
    """What the window should do, said with a set."""

    def __init__(self) -> None:
        self.received: set[int] = set()
        self.newest = 0

    def is_fresh(self, sequence: int) -> bool:
        return 0 < sequence <= SEQUENCE_MAX and sequence not in self.received and sequence > self.newest - WINDOW_DATAGRAMS

    def advance(self, sequence: int) -> None:
        self.received.add(sequence)
        self.newest = max(self.newest, sequence)

    def ack_bits(self) -> int:
        # Number 0 counts as received: it is never sent.
        return sum(1 << bit for bit in range(64) if (self.newest - 1 - bit) in self.received or self.newest - 1 - bit == 0)


EDGES = (0, 1, 63, 64, 65, 255, 256, 257, 511, 65535, 65536, 2**63, SEQUENCE_MAX - 256, SEQUENCE_MAX - 1, SEQUENCE_MAX, SEQUENCE_MAX + 1)
STEPS = st.one_of(
    st.tuples(st.just("by"), st.integers(-300, 300)),
    st.tuples(st.just("by"), st.sampled_from((-257, -256, -255, -254, -1, 0, 1, 255, 256, 257))),
    st.tuples(st.just("to"), st.sampled_from(EDGES)),
    st.tuples(st.just("by"), st.integers(-(2**16), 2**40)),
)


@given(st.lists(STEPS, max_size=80))
def test_agrees_with_a_set_at_every_step(steps: list[tuple[str, int]]) -> None:
    window, model = ReplayWindow(), Model()
    for how, amount in steps:
        sequence = amount if how == "to" else window.newest + amount
        assert window.is_fresh(sequence) == model.is_fresh(sequence), sequence
        if model.is_fresh(sequence):
            was_newest = sequence > model.newest
            assert window.advance(sequence) == was_newest
            model.advance(sequence)
            assert not window.is_fresh(sequence)
        assert window.newest == model.newest
        if window.newest:
            assert window.ack_bits() == model.ack_bits()


@pytest.mark.parametrize("age", [0, 1, 254, 255, 256, 257])
def test_edges_of_the_window(age: int) -> None:
    window = ReplayWindow()
    window.advance(1000)
    assert window.is_fresh(1000 - age) == (0 < age < WINDOW_DATAGRAMS)


def test_every_number_is_accepted_once_even_at_the_end_of_the_nonce() -> None:
    window = ReplayWindow()
    accepted = []
    for sequence in [SEQUENCE_MAX, SEQUENCE_MAX - 255, SEQUENCE_MAX - 256, SEQUENCE_MAX + 1, SEQUENCE_MAX, SEQUENCE_MAX - 255]:
        if window.is_fresh(sequence):
            window.advance(sequence)
            accepted.append(sequence)
    assert accepted == [SEQUENCE_MAX, SEQUENCE_MAX - 255]


def test_asking_changes_nothing() -> None:
    window = ReplayWindow()
    window.advance(5)
    before = (window.newest, window.bits)
    for sequence in (0, 4, 5, 6, 10**6, SEQUENCE_MAX):
        window.is_fresh(sequence)
    assert (window.newest, window.bits) == before


@given(st.sets(st.integers(1, 600), min_size=1))
def test_missing_counts_the_gaps_but_not_the_three_newest(received: set[int]) -> None:
    window = ReplayWindow()
    for sequence in sorted(received):
        window.advance(sequence)
    newest = max(received)
    looked_at = [number for number in range(max(1, newest - 255), newest + 1) if number <= newest - 3]
    assert window.missing() == (sum(number not in received for number in looked_at), len(looked_at))


def test_the_bits_stay_bounded() -> None:
    window = ReplayWindow()
    for sequence in range(1, 5000, 3):
        window.advance(sequence)
    window.advance(2**60)
    assert window.bits.bit_length() <= WINDOW_DATAGRAMS
