"""Moving a world forward by its ``motion`` fields: the cheap guess at the next ticks that needs no game code.

The snapshot coder sends only what this guess got wrong; prediction carries the other players on with it between snapshots; display
extrapolates with it. All of a world's moving cells are advanced in one go, by index arrays made once per schema.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.world.living import LivingCells
from engine.world.schema import Field, KindLayout, Schema
from engine.world.world import World

INT32_MAX: Final = 2**31 - 1


class Motion:
    """The forecast of one schema and number of seats. Make one and keep it."""

    def __init__(self, schema: Schema) -> None:
        targets: list[NDArray[np.intp]] = []
        sources: list[NDArray[np.intp]] = []
        births: list[NDArray[np.intp]] = []
        constants: list[NDArray[np.int64]] = []
        is_named: list[NDArray[np.int64]] = []
        lows: list[NDArray[np.int64]] = []
        highs: list[NDArray[np.int64]] = []
        size = speed = 1
        for layout in schema.layouts:
            columns = column_offsets(layout)
            rows = np.arange(layout.rows, dtype=np.intp)
            for field in layout.kind.fields:
                if field.motion is None:
                    continue
                targets.append(columns[field.name] + rows)
                births.append(layout.public_offset + rows)
                named = isinstance(field.motion, str)
                sources.append((columns[str(field.motion)] if named else layout.public_offset) + rows)
                constants.append(np.full(layout.rows, 0 if named else int(field.motion), dtype=np.int64))
                is_named.append(np.full(layout.rows, int(named), dtype=np.int64))
                lows.append(np.full(layout.rows, field.range.low, dtype=np.int64))
                highs.append(np.full(layout.rows, field.range.high, dtype=np.int64))
                size = max(size, field.range.size)
                speed = max(speed, layout.kind[field.motion].range.size if isinstance(field.motion, str) else abs(field.motion))
        none = np.zeros(0, dtype=np.int64)
        self._int32_ticks_max: Final = (INT32_MAX - size) // speed
        """Up to so many ticks nothing leaves int32. There everything is computed with cells as they are, for half the price of int64:
        numpy takes longest to convert."""
        number: type[np.int32 | np.int64] = np.int32 if self._int32_ticks_max else np.int64
        flat = [np.concatenate([none, *column]).astype(number) for column in (is_named, constants, lows, highs)]
        places = [np.concatenate([none, *column]).astype(np.intp) for column in (births, targets, sources)]
        self._moving: Final = LivingCells(*places, *flat)

    def advance(self, world: World, ticks: int) -> None:
        """Move every living row of ``world`` forward by ``ticks`` (0 or more), in place, and its tick with it."""
        world.tick += ticks
        if ticks == 0:
            return
        cells = world.cells
        targets, sources, is_named, constants, lows, highs = self._moving.pick(cells)
        if not targets.size:
            return
        moved = cells[sources]
        if ticks > self._int32_ticks_max:
            moved = moved.astype(np.int64)
        moved *= is_named
        moved += constants
        if ticks != 1:
            moved *= ticks
        moved += cells[targets]
        np.maximum(moved, lows, out=moved)
        np.minimum(moved, highs, out=moved)
        cells[targets] = moved


def column_offsets(layout: KindLayout) -> dict[str, int]:
    """Field name to the offset of its column in a world's cells."""
    offsets: dict[str, int] = {}

    def place(fields: tuple[Field, ...], first: int) -> None:
        for index, field in enumerate(fields):
            offsets[field.name] = first + index * layout.rows

    place(layout.kind.fields_visible_to("everyone"), layout.public_offset + layout.rows)
    place(layout.kind.fields_visible_to("owner"), layout.private_offset)
    place(layout.kind.fields_visible_to("server"), layout.hidden_offset)
    return offsets
