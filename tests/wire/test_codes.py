from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire import BitReader, BitWriter, choose_orders, pack_codes, unzigzag, zigzag
from engine.wire.codes import bit_lengths

CODES = st.lists(st.tuples(st.integers(0, 2**33 - 1), st.integers(0, 300)), max_size=400)


@given(CODES)
def test_packing_codes_is_writing_them_one_after_the_other(codes: list[tuple[int, int]]) -> None:
    pairs = [(value & ((1 << width) - 1), width) for value, width in codes]
    expected = BitWriter()
    for value, width in pairs:
        expected.write(value, width)
    values = np.array([value for value, _ in pairs], dtype=np.int64)
    widths = np.array([width for _, width in pairs], dtype=np.int64)
    assert pack_codes(values, widths) == expected.to_int()


@pytest.mark.parametrize("count", [0, 1, 160, 161, 5000])
def test_both_ways_of_packing_agree_at_the_border(count: int) -> None:
    values = np.arange(count, dtype=np.int64) % 64
    widths = np.full(count, 6, dtype=np.int64)
    packed, bits = pack_codes(values, widths)
    reader = BitReader((packed << (-bits % 8)).to_bytes((bits + 7) // 8, "big"))
    assert [reader.read(6) for _ in range(count)] == values.tolist()


def test_codes_without_width_may_stand_anywhere() -> None:
    values = np.zeros(400, dtype=np.int64)
    widths = np.zeros(400, dtype=np.int64)
    assert pack_codes(values, widths) == (0, 0)
    values[200], widths[200] = 5, 3
    assert pack_codes(values, widths) == (5, 3)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=50))
def test_zigzag_orders_by_size_and_comes_back(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    coded = zigzag(array)
    assert coded.tolist() == [2 * value if value >= 0 else -2 * value - 1 for value in values]
    assert unzigzag(coded).tolist() == values


@given(st.lists(st.integers(0, 2**50), max_size=50))
def test_bit_lengths_are_those_of_integers(values: list[int]) -> None:
    assert bit_lengths(np.array(values, dtype=np.int64)).tolist() == [value.bit_length() for value in values]


def _golomb_bits(value: int, order: int) -> int:
    return 2 * (value + (1 << order)).bit_length() - order - 1


@given(st.integers(1, 5), st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_chosen_order_is_the_shortest(columns: int, rows: int, random: object) -> None:
    table = [[random.getrandbits(random.randrange(33)) for _ in range(rows)] for _ in range(columns)]  # type: ignore[attr-defined]
    orders, widths = choose_orders(np.array(table, dtype=np.int64))
    for column, order, width in zip(table, orders.tolist(), widths.tolist(), strict=True):
        totals = [sum(_golomb_bits(value, candidate) for value in column) for candidate in range(16)]
        assert totals[order] == min(totals)
        assert width == [_golomb_bits(value, order) for value in column]


def test_long_columns_are_judged_by_a_sample() -> None:
    rng = np.random.default_rng(7)
    table = rng.integers(0, 400, size=(2, 3000))
    orders, widths = choose_orders(table)
    for column, order, width in zip(table.tolist(), orders.tolist(), widths.tolist(), strict=True):
        totals = [sum(_golomb_bits(value, candidate) for value in column) for candidate in range(16)]
        assert totals[order] <= 1.02 * min(totals)
        assert sum(width) == totals[order]
