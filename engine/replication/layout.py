"""What encoder and decoder compute once per schema: flat index arrays, ranges, and the forecast that both subtract and add.

The forecast of a row after ``n`` ticks, from the baseline's values ``x0`` (and ``v0`` of its motion field)::

    motion by an integer m:    x0 + n * m
    motion by a field v:       x0 + n * v0 + ((vn - v0) * (n + 1)) // 2       clamped to the field's range

``vn`` is the motion field's *new* value, which is known first, so a speed that changed evenly over the ``n`` ticks is followed exactly, and
for ``n = 1`` that is semi-implicit Euler (``v += a; x += v``), to the last bit. Steering therefore costs the bits of the speed alone.
A field whose motion leads back to itself (x moves by y, y by x) is not forecast.

All moving cells of a world are forecast in one go. Constants are a tail of extra cells behind the public block, so that "moves by -1" is
"moves by that cell" and needs no case of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.world import GENERATIONS, Field, Kind, KindLayout, LivingCells, Schema, column_offsets

_FREE: Final = np.array(0, dtype=np.int32)

Ints = NDArray[np.int64]
Indices = NDArray[np.intp]

BASELINE_TICKS_MAX: Final = 63
"""A baseline is told as 1 to 63 ticks back, in 6 bits; rings of 64 worlds hold all that can be named."""


@dataclass(frozen=True, slots=True)
class KindCode:
    """A kind's public block, for the codec. Column 0 is the generation."""

    name: str
    rows: int
    columns: int
    start: int
    end: int
    field_lows: Ints
    field_highs: Ints
    new_lows: list[int]
    """Lowest value per column of a new row: slot, age, then the fields."""
    new_highs: list[int]
    new_bits: list[int]


class Forecast:
    """Cells that move and what moves them, as indices into cells with the constants' tail. Steps must run in order."""

    def __init__(self, targets: Indices, sources: Indices, births: Indices, lows: Ints, highs: Ints) -> None:
        self.parts: Final = (targets, sources, births, lows, highs)
        self._moving: Final = LivingCells(births, targets, sources, lows, highs)

    def of_living(self, base: Ints, now: Ints, ticks: int) -> tuple[Indices, Ints]:
        """Which of the targets belong to rows of the baseline ``base``, and their forecast; ``now`` has the motion fields' new values.

        All others are free there: forecast 0. They are left out because most slots are free; that halves the time with 16 seats.
        """
        targets, sources, lows, highs = self._moving.pick(base)
        expected = base[targets]
        if ticks == 1:  # on a LAN always: v0 cancels out
            expected += now[sources]
        else:
            speed = base[sources]
            change = now[sources]
            change -= speed
            change *= ticks + 1
            change >>= 1
            speed *= ticks
            speed += change
            expected += speed
        np.maximum(expected, lows, out=expected)
        np.minimum(expected, highs, out=expected)
        return targets, expected


class SnapshotLayout:
    """The codec's view of one schema (and number of seats)."""

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self.cells: Final = schema.public_cells
        self.kinds: Final = tuple(_kind_code(layout) for layout in schema.layouts)
        self.starts: Final[Indices] = np.array([kind.start for kind in self.kinds], dtype=np.intp)
        tail = sorted({field.motion for kind in schema.kinds for field in kind.fields if isinstance(field.motion, int)} | {0})
        self.tail: Final[Ints] = np.array(tail, dtype=np.int64)
        self.tail_of: Final = {constant: index for index, constant in enumerate(tail)}
        self.lows, self.highs = self._flat_ranges()
        steps = self._forecast_steps()
        self.steps: Final = tuple(steps[level] for level in sorted(steps))
        self.forecast: Final = _join(list(self.steps))

    def buffer(self) -> Ints:
        """Working cells: the public block, then the constants."""
        return np.concatenate([np.zeros(self.cells, dtype=np.int64), self.tail])

    def _flat_ranges(self) -> tuple[Ints, Ints]:
        """Lowest and highest value of every public cell; a generation is 0 to 1024."""
        lows = np.zeros(self.cells, dtype=np.int64)
        highs = np.zeros(self.cells, dtype=np.int64)
        for kind in self.kinds:
            lows[kind.start : kind.end] = np.repeat(np.concatenate([[0], kind.field_lows]), kind.rows)
            highs[kind.start : kind.end] = np.repeat(np.concatenate([[GENERATIONS], kind.field_highs]), kind.rows)
        return lows, highs

    def _forecast_steps(self) -> dict[int, Forecast]:
        parts: dict[int, list[Forecast]] = {}
        for layout in self.schema.layouts:
            offsets = column_offsets(layout)
            rows = np.arange(layout.rows, dtype=np.intp)
            for field in layout.kind.fields_visible_to("everyone"):
                level = forecast_level(layout.kind, field)
                if level is None:
                    continue
                if isinstance(field.motion, str):
                    sources = offsets[field.motion] + rows
                else:
                    assert field.motion is not None  # its level says that it moves
                    sources = np.full(layout.rows, self.cells + self.tail_of[field.motion], dtype=np.intp)
                lows = np.full(layout.rows, field.range.low, dtype=np.int64)
                highs = np.full(layout.rows, field.range.high, dtype=np.int64)
                part = Forecast(offsets[field.name] + rows, sources, layout.public_offset + rows, lows, highs)
                parts.setdefault(level, []).append(part)
        return {level: _join(found) for level, found in parts.items()}


def forecast_level(kind: Kind, field: Field) -> int | None:
    """Its place in the order of forecasts: 1 where it moves by a number or by a field that is not forecast itself. None: not forecast."""
    level = 0
    while field.motion is not None:
        level += 1
        if isinstance(field.motion, int):
            break
        if level > len(kind.fields):
            return None  # it goes round
        field = kind[field.motion]
    return level or None


def _kind_code(layout: KindLayout) -> KindCode:
    fields = layout.kind.fields_visible_to("everyone")
    lows = [field.range.low for field in fields]
    highs = [field.range.high for field in fields]
    new_lows = [0, 0, *lows]
    new_highs = [layout.rows - 1, GENERATIONS - 1, *highs]
    return KindCode(
        name=layout.kind.name,
        rows=layout.rows,
        columns=layout.public_columns,
        start=layout.public_offset,
        end=layout.public_offset + layout.public_columns * layout.rows,
        field_lows=np.array(lows, dtype=np.int64),
        field_highs=np.array(highs, dtype=np.int64),
        new_lows=new_lows,
        new_highs=new_highs,
        new_bits=[(high - low).bit_length() for low, high in zip(new_lows, new_highs, strict=True)],
    )


def _join(parts: list[Forecast]) -> Forecast:
    none = Forecast(*(np.zeros(0, dtype=kind) for kind in (np.intp, np.intp, np.intp, np.int64, np.int64)))
    return Forecast(*(np.concatenate(columns) for columns in zip(*(part.parts for part in (none, *parts)), strict=True)))


class PrivateLayout:
    """The owner-only cells, [seats, cells of a seat]: kind after kind, column after column (the order of ``World.private_cells_of``).

    Their forecast is the plain one, ``x0 + n * v0``: what only the owner sees is counters, and this needs no coding order.
    """

    def __init__(self, schema: Schema, seats: range) -> None:
        rows = [_private_cells(schema, seat) for seat in seats]
        table = np.array(rows, dtype=np.int64).reshape(len(rows), len(rows[0]) if rows else 0, 6)
        cells, births, sources, constants, lows, highs = np.ascontiguousarray(np.moveaxis(table, 2, 0))
        self.cells: Final[Indices] = cells.astype(np.intp)
        self.births: Final[Indices] = births.astype(np.intp)
        self.lows: Final[Ints] = lows
        self.highs: Final[Ints] = highs
        self._sources: Final[Indices] = sources.astype(np.intp)
        self.zero_is_legal: Final = not ((lows > 0) | (highs < 0)).any()
        self._constants: Final[Ints] = constants
        self._named: Final[Ints] = (sources != births).astype(np.int64)
        self._has_named: Final = bool(self._named.any())

    def forecast(self, base: NDArray[np.int32] | None, now: NDArray[np.int32], ticks: int) -> Ints:
        """The cells as expected after ``ticks``: 0 for a row that is not the baseline's (``base`` None: no baseline)."""
        if base is None:
            return np.zeros(self.cells.shape, dtype=np.int64)
        change = self._constants * ticks if ticks != 1 else self._constants.copy()
        if self._has_named:
            change += base[self._sources] * self._named * ticks
        change += base[self.cells]
        np.maximum(change, self.lows, out=change)
        np.minimum(change, self.highs, out=change)
        births = base[self.births]
        is_other = births != now[self.births]
        is_other |= births == _FREE
        if np.count_nonzero(is_other):
            change[is_other] = 0
        return change


def _private_cells(schema: Schema, seat: int) -> list[tuple[int, int, int, int, int, int]]:
    """Per cell: its index, its row's generation, its motion field (or that generation again), its constant motion, lowest, highest."""
    cells = []
    for layout in schema.layouts:
        per_seat = layout.kind.per_seat
        if per_seat is None:
            continue
        offsets = column_offsets(layout)
        for field in layout.kind.fields_visible_to("owner"):
            for slot in range(seat * per_seat, (seat + 1) * per_seat):
                birth = layout.public_offset + slot
                source = offsets[field.motion] + slot if isinstance(field.motion, str) else birth
                constant = field.motion if isinstance(field.motion, int) else 0
                cells.append((offsets[field.name] + slot, birth, source, constant, field.range.low, field.range.high))
    return cells
