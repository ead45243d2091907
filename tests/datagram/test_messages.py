from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram import messages
from engine.datagram.messages import (
    FRAGMENT_BYTES,
    PARTS_BYTES_MAX,
    PARTS_MAX,
    Challenge,
    Farewell,
    Fragment,
    Message,
    Ping,
    Response,
    pack_parts,
    read_parts,
    write_challenge,
    write_farewell,
    write_fragments,
    write_message,
    write_response,
)
from engine.errors import DisconnectReason

WRITTEN = st.one_of(
    st.binary(max_size=300).map(lambda content: (write_message(content), Message(content))),
    st.binary(min_size=8, max_size=8).map(lambda token: (write_challenge(token), Challenge(token))),
    st.binary(min_size=8, max_size=8).map(lambda token: (write_response(token), Response(token))),
    st.just((messages.PING_PART, Ping())),
    st.sampled_from(
        [reason for reason in DisconnectReason if reason is not DisconnectReason.CLOSED_BY_US],
    ).map(lambda reason: (write_farewell(reason), Farewell(reason))),
    st.tuples(st.integers(0, 0xFFFF), st.integers(1, 20)).map(
        lambda pair: (write_fragments(pair[0], bytes(FRAGMENT_BYTES + pair[1]))[1], Fragment(pair[0], 1, 1, bytes(pair[1])))
    ),
)


@given(st.lists(WRITTEN, max_size=12), st.integers(0, 10), st.binary(max_size=10))
def test_parts_read_as_written(written: list[tuple[bytes, messages.Part]], padding: int, ahead: bytes) -> None:
    body = ahead + b"".join(part for part, _ in written) + bytes(padding)
    read = read_parts(body, len(ahead))
    assert read is not None
    assert [(type(part), part) for part in read] == [(type(part), part) for _, part in written]


@given(st.lists(WRITTEN, max_size=6), st.binary(max_size=200))
def test_the_last_message_takes_the_rest(written: list[tuple[bytes, messages.Part]], content: bytes) -> None:
    read = read_parts(b"".join(part for part, _ in written) + messages.LAST_MESSAGE_PREFIX + content, 0)
    assert read is not None
    assert read == [*(part for _, part in written), Message(content)]


@given(st.binary(max_size=messages.PARTS_BYTES_MAX))
def test_any_bytes_are_parts_or_refused(body: bytes) -> None:
    read = read_parts(body, 0)
    assert read is None or len(read) <= PARTS_MAX


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=12)), max_size=30))
def test_bytes_that_look_like_parts_are_parts_or_refused(pieces: list[tuple[int, bytes]]) -> None:
    read = read_parts(b"".join(bytes([kind]) + rest for kind, rest in pieces), 0)
    assert read is None or all(type(part) in (Message, Fragment, Challenge, Response, Farewell, Ping) for part in read)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x08", "an unknown part"),
        (b"\xff", "an unknown part"),
        (b"\x01\x00", "a cut length"),
        (b"\x01\x00\x02a", "a length beyond the end"),
        (b"\x05" + bytes(7), "a cut token"),
        (b"\x06" + bytes(7), "a cut token"),
        (b"\x07", "a farewell without a reason"),
        (b"\x00\x00\x01", "padding that is not zeros"),
        (b"\x03\x00\x01\x00\x00\x00\x01a", "a message of a single fragment"),
        (b"\x03\x00\x01\x02\x01\x00\x01a", "a place behind the last"),
        (b"\x03\x00\x01\x00\x01\x00\x01a", "a short fragment that is not the last"),
        (b"\x03\x00\x01\x01\x01\x00\x00", "an empty fragment"),
        (b"\x03\x00\x01\x01\x40\x00\x01a", "65 fragments"),
        (b"\x03\x00\x01\x01\x01\x04\x01" + bytes(1025), "a fragment that is too long"),
        (b"\x03\x00\x01\x01\x01\x00", "a cut fragment head"),
        (b"\x04" * (PARTS_MAX + 1), "too many parts"),
        (b"\x04" * PARTS_MAX + b"\x02", "too many parts"),
    ],
)
def test_what_is_not_of_the_protocol_is_refused(body: bytes, why: str) -> None:
    assert read_parts(body, 0) is None, why


def test_every_truncation_of_a_full_body_is_refused_or_a_prefix() -> None:
    parts = [
        write_message(b"abc"),
        write_challenge(bytes(range(8))),
        write_fragments(7, bytes(1030))[1],
        write_farewell(DisconnectReason.KICKED),
    ]
    body = b"".join(parts)
    whole = read_parts(body, 0)
    assert whole is not None
    ends = {sum(len(part) for part in parts[:count]): count for count in range(len(parts) + 1)}
    for length in range(len(body)):
        assert read_parts(body[:length], 0) == (whole[: ends[length]] if length in ends else None)


@given(st.lists(st.integers(1, PARTS_BYTES_MAX), max_size=100))
def test_packing_keeps_order_and_size_and_splits_nothing(sizes: list[int]) -> None:
    random = Random(1)
    parts = [random.randbytes(size) for size in sizes]
    bodies = pack_parts(parts)
    assert b"".join(bodies) == b"".join(parts)
    assert all(0 < len(body) <= PARTS_BYTES_MAX for body in bodies)
    # First fit in order: no two neighbours could have shared a datagram.
    remaining = list(parts)
    for body in bodies:
        count = 0
        while remaining and body:
            count += 1
            part = remaining.pop(0)
            assert body.startswith(part)
            body = body[len(part) :]
        assert body == b""
        assert count <= PARTS_MAX


def test_many_tiny_parts_split_at_the_number_that_a_reader_takes() -> None:
    bodies = pack_parts([write_message(b"")] * 150)
    assert [len(read_parts(body, 0) or []) for body in bodies] == [64, 64, 22]


def test_every_reason_has_a_code_and_an_unknown_one_reads_as_closed_by_the_peer() -> None:
    assert set(messages.REASON_CODES) == set(DisconnectReason)
    assert read_parts(write_farewell(DisconnectReason.CLOSED_BY_US), 0) == [Farewell(DisconnectReason.CLOSED_BY_PEER)]
    assert read_parts(b"\x07\xfe", 0) == [Farewell(DisconnectReason.CLOSED_BY_PEER)]
