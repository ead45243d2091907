"""Codes for many integers at once: zigzag, exponential Golomb orders, and packing into bits.

Exponential Golomb of order ``k`` writes an unsigned ``v`` as ``v + 2**k`` in binary, behind as many zeros as that number has bits beyond
``k + 1``. So its length is ``2 * bit_length(v + 2**k) - k - 1``: small numbers are cheap, none is impossible, and the order moves the
cheap region to where a column's residuals are. The encoder picks the order per column and snapshot; no table travels, no state is shared.

Leading zeros cost an encoder nothing here: a code is a value (its low bits) and a width, and a run of zeros is a wider code.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

ORDER_MAX: Final = 15
"""Exp-Golomb orders are told in 4 bits."""

_LOOP_CODES_MAX: Final = 160
"""Up to here a loop over Python integers packs faster than a dozen numpy calls (measured: even at about 180 codes)."""

_ORDER_SAMPLE_ROWS: Final = 96
"""The order of a longer column is chosen by a sample of this many rows: within 1 % of the best, and the cost stays flat."""

_COLUMN_LOOP_VALUES_MAX: Final = 40
"""Up to here a loop over Python integers codes columns faster than numpy does (measured: even at about 45 values)."""

_PENALTIES: Final = np.arange(1, ORDER_MAX + 2, dtype=np.int64)
_ORDER_STEPS: Final = np.left_shift(np.int64(1), np.arange(ORDER_MAX + 1, dtype=np.int64)).reshape(-1, 1, 1)

_ONE: Final = np.array(1, dtype=np.int64)
_SIGN: Final = np.array(63, dtype=np.int64)
"""As arrays without dimensions: numpy takes 0.25 us longer for a Python integer, as long as the operation itself."""

Ints = NDArray[np.int64]


def zigzag(values: Ints) -> Ints:
    """0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ..."""
    return (values << _ONE) ^ (values >> _SIGN)


def unzigzag(values: Ints) -> Ints:
    """The inverse of :func:`zigzag`."""
    return (values >> _ONE) ^ -(values & _ONE)


def bit_lengths(values: Ints) -> Ints:
    """``int.bit_length`` of each value, 0 to 2**53 (the exponent of a double is exactly that)."""
    return np.frexp(values)[1].astype(np.int64)


def choose_orders(unsigned: Ints) -> tuple[Ints, Ints]:
    """For unsigned values [columns, rows]: the order per column that makes its codes shortest, and the widths [columns, rows]."""
    rows = unsigned.shape[1]
    if rows > _ORDER_SAMPLE_ROWS:
        sample = unsigned[:, :: -(-rows // _ORDER_SAMPLE_ROWS)]
        orders, _ = choose_orders(sample)
        lengths = bit_lengths(unsigned + (1 << orders)[:, None])
        return orders, 2 * lengths - (orders + 1)[:, None]
    orders_tried = min(int(unsigned.max(initial=0)).bit_length(), ORDER_MAX) + 1
    lengths = np.frexp(unsigned + _ORDER_STEPS[:orders_tried])[1]
    totals = 2 * lengths.sum(axis=2) - rows * _PENALTIES[:orders_tried, None]
    orders = totals.argmin(axis=0)
    widths = 2 * lengths[orders, np.arange(orders.size)] - (orders + 1)[:, None]
    return orders, widths


def golomb_columns(unsigned: Ints) -> tuple[int, int]:
    """Columns of unsigned values [columns, rows] as bits: per column its order in 4 bits, then its codes. The bits, and how many."""
    columns, rows = unsigned.shape
    if unsigned.size <= _COLUMN_LOOP_VALUES_MAX:
        packed = bits = 0
        for column in unsigned.tolist():
            order = _order_of(column)
            offset = 1 << order
            packed = packed << 4 | order
            bits += 4
            for value in column:
                code = value + offset
                width = 2 * code.bit_length() - order - 1
                packed = packed << width | code
                bits += width
        return packed, bits
    orders, lengths = choose_orders(unsigned)
    values = np.empty((columns, rows + 1), dtype=np.int64)
    widths = np.empty((columns, rows + 1), dtype=np.int64)
    values[:, 0] = orders
    widths[:, 0] = 4
    np.add(unsigned, np.left_shift(1, orders)[:, None], out=values[:, 1:])
    widths[:, 1:] = lengths
    return pack_codes(values.ravel(), widths.ravel())


def _order_of(column: list[int]) -> int:
    """The order for a short column: downhill from where the mean would be cheapest."""

    def bits(order: int) -> int:
        offset = 1 << order
        return 2 * sum([(value + offset).bit_length() for value in column]) - rows * order

    rows = len(column)
    best = min((sum(column) // rows).bit_length(), ORDER_MAX)
    least = bits(best)
    for step in (-1, 1):
        while 0 <= best + step <= ORDER_MAX and (fewer := bits(best + step)) < least:
            best += step
            least = fewer
    return best


def pack_codes(values: Ints, widths: Ints) -> tuple[int, int]:
    """Concatenate codes, first one highest: (the bits as one integer, how many). 0 <= value < 2**33, and a value fits its width."""
    if values.size <= _LOOP_CODES_MAX:
        packed = 0
        bits = 0
        for value, width in zip(values.tolist(), widths.tolist(), strict=True):
            packed = packed << width | value
            bits += width
        return packed, bits
    ends = widths.cumsum()
    bits = int(ends[-1])
    last = ends - 1
    word = (last >> 5) + 2  # two words in front: one for the high half of the first code, one for empty codes before it
    placed = values.astype(np.uint64) << (31 - (last & 31)).astype(np.uint64)  # at most 33 + 31 bits
    # Codes do not overlap, so adding is joining, and a 32-bit word is exact in bincount's doubles.
    sums = np.bincount(word, weights=(placed & np.uint64(0xFFFFFFFF)).astype(np.float64))
    high = np.bincount(word - 1, weights=(placed >> np.uint64(32)).astype(np.float64), minlength=sums.size)
    words = (sums + high[: sums.size]).astype(">u4")
    return int.from_bytes(words[2:].tobytes(), "big") >> (-bits % 32), bits
