"""The world between two ticks, in integers: what a screen shows, and what lag compensation rewinds to, are the same computation.

Only rows of the same generation in both worlds are blended. A row that only the later world has is not shown before its tick; one that
only the earlier world has is shown until then.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.world.living import LivingCells
from engine.world.motion import column_offsets
from engine.world.schema import KindLayout, Schema
from engine.world.world import World

FRACTIONS: Final = 256
"""A place between two ticks is told in 256ths: 65 microseconds at 60 Hz, finer than any screen."""

_FRACTION_BITS: Final = 8
_INT32_SIZE_MAX: Final = 1 << 21
"""Where no blended field goes further from 0 than this (and few do), 256 times the way between two values fits int32. There everything is
computed with cells as they are, for two thirds of the price of int64: numpy takes longest to convert."""


class Blender:
    """Blends worlds of one schema and number of seats: all rows, or only those of one seat. Make one and keep it."""

    def __init__(self, schema: Schema, seat: int | None = None) -> None:
        blended = [field for kind in schema.kinds for field in kind.fields if field.blend != "step"]
        self._is_int32: Final = all(field.range.size <= _INT32_SIZE_MAX for field in blended)
        number: type[np.int32 | np.int64] = np.int32 if self._is_int32 else np.int64
        straight = 1 << (30 if self._is_int32 else 40)  # a line is a circle that nothing goes round: one computation for it and for angles
        none = np.zeros(0, dtype=number)
        cells, births, lows, spans = [none.astype(np.intp)], [none.astype(np.intp)], [none], [none]
        for layout in schema.layouts:
            columns = column_offsets(layout)
            rows = _rows_of(layout, seat)
            for field in layout.kind.fields:
                if field.blend == "step":
                    continue
                cells.append(columns[field.name] + rows)
                births.append(layout.public_offset + rows)
                turns = field.blend == "angle"
                lows.append(np.full(rows.size, field.range.low if turns else -straight // 2, dtype=number))
                spans.append(np.full(rows.size, field.range.high - field.range.low + 1 if turns else straight, dtype=number))
        flat_spans = np.concatenate(spans)
        self._living: Final = LivingCells(
            np.concatenate(births), np.concatenate(cells), np.concatenate(births), np.concatenate(lows), flat_spans, flat_spans // 2
        )
        self._turns: Final = bool((flat_spans != straight).any())
        self._fraction_bits: Final[NDArray[np.signedinteger[Any]]] = np.array(_FRACTION_BITS, dtype=number)

    def blend_into(self, out: World, earlier: World, later: World, fraction: int) -> None:
        """Set ``out`` to the world ``fraction`` / 256 of the way from ``earlier`` to ``later``. ``out.tick`` is the earlier tick."""
        if not 0 <= fraction <= FRACTIONS:
            raise LocalProtocolError(f"fraction {fraction} is not in 0 to {FRACTIONS}")
        if fraction == FRACTIONS:
            out.copy_from(later)
            return
        out.copy_from(earlier)
        if fraction:
            self.move_cells(out, earlier, later, fraction)

    def move_cells(self, out: World, earlier: World, later: World, fraction: int) -> None:
        """Put what is blended ``fraction`` / 256 of the way, below 256, in the rows of ``out`` that live in both; all else there stays."""
        cells, births, lows, spans, halves = self._living.pick(earlier.cells)
        if self._living.generations(later.cells) != self._living.picked_by:
            stays = earlier.cells[births] == later.cells[births]
            cells, lows, spans, halves = (column[stays] for column in (cells, lows, spans, halves))
        if not cells.size:
            return
        place = earlier.cells[cells]
        if not self._is_int32:
            place = place.astype(np.int64)
        way = later.cells[cells] - place
        if self._turns:
            way += halves
            way %= spans
            way -= halves  # the short way round
        way *= fraction
        way >>= self._fraction_bits
        if self._turns:
            place -= lows
            place += way
            place %= spans
            place += lows
        else:
            place += way
        out.cells[cells] = place


def _rows_of(layout: KindLayout, seat: int | None) -> NDArray[np.intp]:
    """The slots of a seat (none in kinds that belong to nobody), or all."""
    if seat is None:
        return np.arange(layout.rows, dtype=np.intp)
    per_seat = layout.kind.per_seat or 0
    return np.arange(seat * per_seat, (seat + 1) * per_seat, dtype=np.intp)
