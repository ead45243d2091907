from __future__ import annotations

import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram.fragments import Reassembly
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import FRAGMENT_BYTES, FRAGMENTS_MAX, MESSAGE_BYTES_MAX, Fragment, read_parts, write_fragments

LIMITS = DatagramLimits()


def fragments_of(message: int, content: bytes) -> list[Fragment]:
    parts = read_parts(b"".join(write_fragments(message, content)), 0)
    assert parts is not None
    fragments = [part for part in parts if isinstance(part, Fragment)]
    assert len(fragments) == len(parts)
    return fragments


@given(size=st.integers(FRAGMENT_BYTES + 1, MESSAGE_BYTES_MAX), seed=st.integers(0, 2**32))
def test_any_message_comes_back_from_its_fragments_in_any_order(size: int, seed: int) -> None:
    random = Random(seed)
    content = random.randbytes(size)
    fragments = fragments_of(9, content)
    random.shuffle(fragments)
    reassembly = Reassembly(LIMITS)
    results = [reassembly.receive(fragment, 0.0) for fragment in fragments]
    assert results[-1] == content
    assert results[:-1] == [None] * (len(fragments) - 1)
    assert (len(reassembly), reassembly.held_bytes) == (0, 0)


@pytest.mark.parametrize(
    "size", [FRAGMENT_BYTES + 1, 2 * FRAGMENT_BYTES - 1, 2 * FRAGMENT_BYTES, 2 * FRAGMENT_BYTES + 1, MESSAGE_BYTES_MAX]
)
def test_sizes_at_the_edges(size: int) -> None:
    content = Random(size).randbytes(size)
    fragments = fragments_of(65535, content)
    assert len(fragments) == -(-size // FRAGMENT_BYTES) <= FRAGMENTS_MAX
    reassembly = Reassembly(LIMITS)
    assert [reassembly.receive(fragment, 0.0) for fragment in fragments][-1] == content


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, FRAGMENTS_MAX - 1), st.integers(1, FRAGMENTS_MAX - 1), st.integers(0, 20)),
        max_size=300,
    )
)
def test_any_fragments_keep_within_the_bounds(entries: list[tuple[int, int, int, int]]) -> None:
    """The bounds hold after each fragment, whatever a peer that has the keys may send."""
    limits = DatagramLimits(reassembly_bytes_max=20_000, reassembly_messages_max=3)
    reassembly = Reassembly(limits)
    now = 0.0
    for message, place, last, wait in entries:
        if place > last:
            continue
        now += wait / 10
        reassembly.advance(now)
        whole = reassembly.receive(Fragment(message, place, last, bytes(FRAGMENT_BYTES if place < last else 10)), now)
        if whole is not None:
            assert len(whole) == last * FRAGMENT_BYTES + 10
        assert len(reassembly) <= limits.reassembly_messages_max
        assert reassembly.held_bytes <= limits.reassembly_bytes_max
        assert reassembly.held_bytes == sum(partial.held_bytes for partial in reassembly._partials.values())


def test_a_sibling_with_another_count_and_a_duplicate_are_dropped_and_counted() -> None:
    reassembly = Reassembly(LIMITS)
    full = bytes(FRAGMENT_BYTES)
    assert reassembly.receive(Fragment(1, 0, 2, full), 0.0) is None
    assert reassembly.receive(Fragment(1, 1, 3, full), 0.0) is None
    assert reassembly.receive(Fragment(1, 0, 2, full), 0.0) is None
    assert reassembly.dropped == 2
    assert reassembly.receive(Fragment(1, 1, 2, full), 0.0) is None
    assert reassembly.receive(Fragment(1, 2, 2, b"end"), 0.0) == full + full + b"end"


def test_one_message_too_many_evicts_the_oldest() -> None:
    reassembly = Reassembly(LIMITS)
    for message in range(LIMITS.reassembly_messages_max + 1):
        reassembly.receive(Fragment(message, 0, 1, bytes(FRAGMENT_BYTES)), 0.0)
    assert (len(reassembly), reassembly.dropped) == (LIMITS.reassembly_messages_max, 1)
    assert reassembly.receive(Fragment(1, 1, 1, b"x"), 0.0) == bytes(FRAGMENT_BYTES) + b"x"
    assert reassembly.receive(Fragment(0, 1, 1, b"x"), 0.0) is None  # its other half is gone


def test_what_waits_too_long_is_given_up() -> None:
    reassembly = Reassembly(LIMITS)
    reassembly.receive(Fragment(1, 0, 1, bytes(FRAGMENT_BYTES)), 0.0)
    reassembly.advance(LIMITS.reassembly_ttl_s)
    assert len(reassembly) == 1
    reassembly.advance(LIMITS.reassembly_ttl_s + 0.01)
    assert (len(reassembly), reassembly.held_bytes, reassembly.dropped) == (0, 0, 1)


def test_announcing_much_reserves_nothing() -> None:
    reassembly = Reassembly(LIMITS)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for message in range(1000):
        reassembly.receive(Fragment(message, FRAGMENTS_MAX - 1, FRAGMENTS_MAX - 1, b"x"), 0.0)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert held < 16 * 1024
