"""Length-prefixed frames: any cut, any length, the deadline's start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.control.frames import FrameReader, write_frame
from engine.errors import LocalProtocolError


def read_all(reader: FrameReader, now: float = 0.0) -> list[bytes]:
    frames = []
    while (body := reader.next_frame(now)) is not None:
        frames.append(body)
    return frames


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=10), st.lists(st.integers(1, 40), min_size=1))
def test_frames_survive_any_cut(bodies: list[bytes], sizes: list[int]) -> None:
    data = b"".join(write_frame(body, 50) for body in bodies)
    reader, got, at, turn = FrameReader(50), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        reader.receive(data[at : at + size], float(turn))
        got += read_all(reader, float(turn))
        assert reader.buffered_bytes < 54
        at, turn = at + size, turn + 1
    assert got == bodies
    assert reader.started_s is None


def test_deadline_starts_with_the_first_byte_of_the_unfinished_frame() -> None:
    reader = FrameReader(100)
    data = write_frame(b"one", 100) + write_frame(b"two", 100)
    reader.receive(data[:2], 1.0)
    assert read_all(reader, 1.0) == []
    reader.receive(data[2:5], 2.0)
    assert read_all(reader, 2.0) == []
    assert reader.started_s == 1.0
    reader.receive(data[5:9], 3.0)
    assert read_all(reader, 3.0) == [b"one"]
    assert reader.started_s == 3.0
    reader.receive(data[9:], 4.0)
    assert read_all(reader, 4.0) == [b"two"]
    assert reader.started_s is None


@pytest.mark.parametrize("length", [0, 11, 2**31, 2**32 - 1])
def test_length_out_of_bounds_breaks_for_good(length: int) -> None:
    reader = FrameReader(10)
    reader.receive(write_frame(b"fine", 10) + length.to_bytes(4, "big") + bytes(20), 0.0)
    assert read_all(reader) == [b"fine"]
    assert reader.is_broken
    assert reader.buffered_bytes == 0
    reader.receive(write_frame(b"late", 10), 0.0)
    assert read_all(reader) == []


def test_the_limit_may_rise_between_two_frames_of_one_buffer() -> None:
    reader = FrameReader(4)
    reader.receive(write_frame(b"tiny", 100) + write_frame(b"larger than four", 100), 0.0)
    assert reader.next_frame(0.0) == b"tiny"
    reader.bytes_max = 100
    assert reader.next_frame(0.0) == b"larger than four"


def test_writing_outside_the_bounds_raises() -> None:
    for body in (b"", bytes(11)):
        with pytest.raises(LocalProtocolError):
            write_frame(body, 10)
