"""Integer mathematics that gives the same result on every machine: sines from a table, floor of a square root, a stateless hash.

The table comes from ``math.sin``, whose last bit may differ between C libraries; rounded to 14 bits no entry is near a tie (a test holds
that), so the table does not. IEEE 754 demands that a square root is correctly rounded, so its floor is exact for the sizes used here.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from game.simulation.rules import ANGLES, HEADINGS, MOVE_MAX, SPEED_MAX, WALK_SPEED

SINE_SHIFT: Final = 14
SINE_ONE: Final = 1 << SINE_SHIFT

SINE: Final[NDArray[np.int32]] = np.array([round(SINE_ONE * math.sin(2 * math.pi * a / ANGLES)) for a in range(ANGLES)], dtype=np.int32)
COSINE: Final[NDArray[np.int32]] = np.roll(SINE, -ANGLES // 4)
SINES: Final[tuple[int, ...]] = tuple(SINE.tolist())
COSINES: Final[tuple[int, ...]] = tuple(COSINE.tolist())


def square_root(values: NDArray[Any]) -> NDArray[np.int64]:
    """The floor of the square root of each integer (below 2^52)."""
    return np.sqrt(values.astype(np.float64)).astype(np.int64)


WALK_SHIFT: Final = 16
WALK_FACTOR: Final[NDArray[np.int32]] = (
    (WALK_SPEED << WALK_SHIFT) // np.maximum(MOVE_MAX, square_root(np.arange(2 * MOVE_MAX * MOVE_MAX + 1)))
).astype(np.int32)
"""By the square of a move's length: what times the move (then shifted) is the walking velocity. Diagonals are no faster."""

ZERO: Final = np.array(0, dtype=np.int32)
MOVE_SHIFT: Final = np.array(8, dtype=np.int32)
"""Numbers as arrays without dimensions: numpy takes 0.25 us longer for a Python integer, as long as the operation itself."""

_MOVES: Final = np.concatenate([np.arange(128), np.arange(-128, 0)]).astype(np.int64)
"""In the order of an index that may be negative. MOVE_MAX is 127."""


def _by_move(column: NDArray[np.int64]) -> NDArray[np.int32]:
    """A table of 256 x 256 in the order of ``(move_x << MOVE_SHIFT) + move_y``, which is negative where the one or the other is."""
    flat: NDArray[np.int32] = np.empty(1 << 16, dtype=np.int32)
    flat[(_MOVES[:, None] << 8) + _MOVES] = column
    return flat


def _walks() -> NDArray[np.int32]:
    squares = np.minimum(_MOVES[:, None] ** 2 + _MOVES**2, 2 * MOVE_MAX * MOVE_MAX)
    factor, half = WALK_FACTOR[squares].astype(np.int64), 1 << WALK_SHIFT >> 1
    return np.stack([_by_move(along * factor + half >> WALK_SHIFT) for along in (_MOVES[:, None], _MOVES)])


WALK: Final[NDArray[np.int32]] = _walks()
"""[2, move]: the walking velocity that a move wants, by ``(move_x << MOVE_SHIFT) + move_y``."""

_SPEEDS: Final = np.arange(2 * SPEED_MAX + 1, dtype=np.int32)
QUARTER: Final[NDArray[np.int32]] = np.concatenate([(_SPEEDS + 3) >> 2, -_SPEEDS[:0:-1] >> 2])
"""By a change of speed (a negative one counts from the end, as Python's indices do): a quarter of it, rounded away from zero so that it
arrives. One look-up instead of five operations."""


def quarter(change: int) -> int:
    """:data:`QUARTER` of one number."""
    return change >> 2 if change < 0 else (change + 3) >> 2


def _heading(move_x: int, move_y: int) -> int:
    if not move_x and not move_y:
        return 0
    return 1 + round(math.atan2(move_y, move_x) / math.tau * HEADINGS) % HEADINGS


HEADING: Final = _by_move(np.array([[_heading(x, y) for y in _MOVES.tolist()] for x in _MOVES.tolist()], dtype=np.int64))
"""By a move, as :data:`WALK`: its direction, as the field ``heading`` of a player tells it. No move lies so near the border of two
directions that the last bit of an arc tangent could decide."""

_TURNS: Final = [2 * math.pi * heading / HEADINGS for heading in range(HEADINGS)]
HEADED: Final[NDArray[np.int32]] = np.array(
    [[0, *(round(WALK_SPEED * math.cos(turn)) for turn in _TURNS)], [0, *(round(WALK_SPEED * math.sin(turn)) for turn in _TURNS)]],
    dtype=np.int32,
)
"""[2, heading]: the walking velocity in that direction."""

WALK_ALONE: Final = (WALK[0].data, WALK[1].data)
HEADING_ALONE: Final = HEADING.data
HEADED_ALONE: Final[tuple[tuple[int, int], ...]] = tuple((x, y) for x, y in HEADED.T.tolist())
"""The tables above, to ask for one player in plain integers."""


def mix(*words: int) -> int:
    """A well-mixed integer of 30 bits from any integers: randomness without state, so nothing to save or to roll back."""
    state = 0x9E3779B9
    for word in words:
        state = ((state ^ (word & 0xFFFFFFFF)) * 0x85EBCA6B) & 0xFFFFFFFF
        state ^= state >> 13
        state = (state * 0xC2B2AE35) & 0xFFFFFFFF
        state ^= state >> 16
    return state >> 2
