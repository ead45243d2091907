"""The world between two ticks, in integers: what a screen shows, and what lag compensation rewinds to, are the same computation.

Only rows of the same generation in both worlds are blended. A row that only the later world has is not shown before its tick; one that
only the earlier world has is shown until then.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.world.motion import column_offsets
from engine.world.schema import Schema
from engine.world.world import World

FRACTIONS: Final = 256
"""A place between two ticks is told in 256ths: 65 microseconds at 60 Hz, finer than any screen."""


class Blender:
    """Blends worlds of one schema and number of seats. Make one and keep it."""

    def __init__(self, schema: Schema) -> None:
        cells: dict[str, list[NDArray[np.intp]]] = {"linear": [], "angle": []}
        births: dict[str, list[NDArray[np.intp]]] = {"linear": [], "angle": []}
        lows: list[NDArray[np.int64]] = []
        spans: list[NDArray[np.int64]] = []
        for layout in schema.layouts:
            columns = column_offsets(layout)
            rows = np.arange(layout.rows, dtype=np.intp)
            for field in layout.kind.fields:
                if field.blend == "step":
                    continue
                cells[field.blend].append(columns[field.name] + rows)
                births[field.blend].append(layout.public_offset + rows)
                if field.blend == "angle":
                    lows.append(np.full(layout.rows, field.range.low, dtype=np.int64))
                    spans.append(np.full(layout.rows, field.range.high - field.range.low + 1, dtype=np.int64))
        none = np.zeros(0, dtype=np.intp)
        self._cells: Final = np.concatenate([none, *cells["linear"], *cells["angle"]])
        self._births: Final = np.concatenate([none, *births["linear"], *births["angle"]])
        self._angles_from: Final = sum(part.size for part in cells["linear"])
        self._lows: Final = np.concatenate([none.astype(np.int64), *lows])
        self._spans: Final = np.concatenate([none.astype(np.int64), *spans])

    def blend_into(self, out: World, earlier: World, later: World, fraction: int) -> None:
        """Set ``out`` to the world ``fraction`` / 256 of the way from ``earlier`` to ``later``. ``out.tick`` is the earlier tick."""
        if not 0 <= fraction <= FRACTIONS:
            raise LocalProtocolError(f"fraction {fraction} is not in 0 to {FRACTIONS}")
        if fraction == FRACTIONS:
            out.copy_from(later)
            return
        out.copy_from(earlier)
        if fraction == 0 or not self._cells.size:
            return
        births = self._births
        start = earlier.cells[self._cells].astype(np.int64)
        change = later.cells[self._cells] - start
        change *= earlier.cells[births] == later.cells[births]
        angles = change[self._angles_from :]
        half = self._spans // 2
        angles[:] = (angles + half) % self._spans - half  # the short way round
        moved = start + ((change * fraction) >> 8)
        turned = moved[self._angles_from :]
        turned[:] = (turned - self._lows) % self._spans + self._lows
        turned *= earlier.cells[births[self._angles_from :]] != 0  # free slots stay all zero
        out.cells[self._cells] = moved
