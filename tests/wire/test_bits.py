from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.wire import BitReader, BitWriter, ReadError

FIELDS = st.lists(st.integers(0, 64).flatmap(lambda bits: st.tuples(st.integers(0, (1 << bits) - 1), st.just(bits))), max_size=120)


@given(FIELDS)
def test_what_is_written_is_read(fields: list[tuple[int, int]]) -> None:
    writer = BitWriter()
    for value, bits in fields:
        writer.write(value, bits)
    data = writer.to_bytes()
    assert writer.bits == sum(bits for _, bits in fields)
    assert len(data) == (writer.bits + 7) // 8
    reader = BitReader(data)
    assert [reader.read(bits) for _, bits in fields] == [value for value, _ in fields]
    reader.finish()


def test_the_first_bit_is_the_highest_and_the_rest_is_zero() -> None:
    writer = BitWriter()
    writer.write(0b101, 3)
    writer.write(1, 7)
    assert writer.to_bytes() == bytes([0b10100000, 0b01000000])


def test_a_long_message_is_joined_right() -> None:
    writer = BitWriter()
    for number in range(5000):
        writer.write(number, 13)
    reader = BitReader(writer.to_bytes())
    assert [reader.read(13) for _ in range(5000)] == list(range(5000))


@pytest.mark.parametrize(("value", "bits"), [(2, 1), (-1, 4), (1, 0), (0, -1)])
def test_a_value_that_does_not_fit_is_our_mistake(value: int, bits: int) -> None:
    with pytest.raises(LocalProtocolError):
        BitWriter().write(value, bits)


@pytest.mark.parametrize("bits", [65, 4096])
def test_a_message_over_its_limit_is_our_mistake(bits: int) -> None:
    def write() -> bytes:
        writer = BitWriter(bits_max=64)
        for _ in range(bits):
            writer.write(0, 1)
        return writer.to_bytes()

    with pytest.raises(LocalProtocolError):
        write()


@given(st.integers(-(2**30), 2**30), st.integers(-(2**30), 2**30), st.integers(0, 100))
def test_ranges_hold_their_ends_and_refuse_the_rest(a: int, b: int, percent: int) -> None:
    low, high = min(a, b), max(a, b)
    value = low + (high - low) * percent // 100
    writer = BitWriter()
    writer.write_range(value, low, high)
    assert writer.bits == (high - low).bit_length()
    assert BitReader(writer.to_bytes()).read_range(low, high) == value
    for wrong in (low - 1, high + 1):
        with pytest.raises(LocalProtocolError):
            writer.write_range(wrong, low, high)


def test_a_value_beyond_the_range_is_refused_though_its_bits_exist() -> None:
    with pytest.raises(ReadError):
        BitReader(bytes([0b11000000])).read_range(10, 12)


@given(st.integers(0, 15), st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_golomb_codes_come_back(order: int, values: list[int]) -> None:
    writer = BitWriter()
    for value in values:
        writer.write_golomb(value, order)
    reader = BitReader(writer.to_bytes())
    assert [reader.read_golomb(order) for _ in values] == values
    reader.finish()


@given(st.integers(0, 15), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40))
def test_signed_golomb_codes_come_back(order: int, values: list[int]) -> None:
    writer = BitWriter()
    for value in values:
        writer.write_signed_golomb(value, order)
    reader = BitReader(writer.to_bytes())
    assert [reader.read_signed_golomb(order) for _ in values] == values


@pytest.mark.parametrize(
    ("value", "order", "text"), [(0, 0, "1"), (1, 0, "010"), (2, 0, "011"), (0, 2, "100"), (3, 2, "111"), (4, 2, "01000")]
)
def test_golomb_codes_are_the_documented_ones(value: int, order: int, text: str) -> None:
    writer = BitWriter()
    writer.write_golomb(value, order)
    assert writer.to_int() == (int(text, 2), len(text))


@pytest.mark.parametrize("value", [-1, 2**34])
def test_a_golomb_value_nobody_would_read_is_our_mistake(value: int) -> None:
    with pytest.raises(LocalProtocolError):
        BitWriter().write_golomb(value, 0)


@pytest.mark.parametrize("data", [b"", bytes(1), bytes(100), bytes(4) + b"\x40" + bytes(9)])
def test_endless_zeros_are_no_golomb_code(data: bytes) -> None:
    with pytest.raises(ReadError):
        BitReader(data).read_golomb(3)


def test_reading_beyond_the_end_is_refused_and_moves_nothing() -> None:
    reader = BitReader(b"\xff")
    reader.read(5)
    with pytest.raises(ReadError):
        reader.read(4)
    assert reader.remaining_bits == 3
    with pytest.raises(ReadError):
        reader.read_golomb(3)  # the '1' is there, its three bits are not
    assert reader.read(3) == 7


@pytest.mark.parametrize(("data", "bits"), [(b"\x80\x00", 1), (b"\x81", 1), (b"\x00", 0)])
def test_junk_after_the_end_is_refused(data: bytes, bits: int) -> None:
    reader = BitReader(data)
    reader.read(bits)
    with pytest.raises(ReadError):
        reader.finish()


@given(st.binary(max_size=64), st.lists(st.sampled_from(["read", "range", "golomb", "signed"]), max_size=30))
def test_any_bytes_give_values_or_read_errors(data: bytes, verbs: list[str]) -> None:
    reader = BitReader(data)
    for verb in verbs:
        before = reader.position
        try:
            match verb:
                case "read":
                    reader.read(9)
                case "range":
                    assert -5 <= reader.read_range(-5, 1000) <= 1000
                case "golomb":
                    assert 0 <= reader.read_golomb(4) < 2**38
                case _:
                    reader.read_signed_golomb(1)
        except ReadError:
            return
        assert before < reader.position <= 8 * len(data)
