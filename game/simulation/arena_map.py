"""A map as the rules see it: which tiles are walls or hazards, where players and pick-ups appear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from game.simulation.rules import PLAYER_RADIUS, SPEED_MAX, TILE_SHIFT, TILE_UNITS, WORLD_UNITS

SPAWNS_MIN: Final = 4

NEAR_SIDE: Final = PLAYER_RADIUS
FAR_SIDE: Final = TILE_UNITS - PLAYER_RADIUS
"""A player within a tile sticks out of it below the one and above the other."""
TOUCHES_BY_X, TOUCHES_BY_Y, TOUCHES_CORNER = 1, 2, 4

_PLACES: Final = WORLD_UNITS + 4 * SPEED_MAX
"""Coordinates that the tables know. The places just outside the world, which only a broken world has, stay within them (the negative ones
from their end): they mean nothing, but they raise nothing."""


@dataclass(frozen=True, eq=False)
class ArenaMap:
    """One map, checked: the border is wall, everything that appears does so on open ground, all of it can be reached."""

    name: str
    solid: NDArray[np.bool_]
    """[height, width] in tiles."""
    hazard: NDArray[np.bool_]
    """[height, width]; floor that hurts whoever stands on it."""
    spawns: tuple[tuple[int, int], ...]
    """x, y in units."""
    pickups: tuple[tuple[int, int, int], ...]
    """type, x, y in units."""
    title: str = ""

    @cached_property
    def width(self) -> int:
        """In tiles."""
        return int(self.solid.shape[1])

    @cached_property
    def height(self) -> int:
        """In tiles."""
        return int(self.solid.shape[0])

    @cached_property
    def last_tile(self) -> NDArray[np.int32]:
        """[2, 1]: the largest x and y of a tile."""
        return np.array([[self.width - 1], [self.height - 1]], dtype=np.int32)

    @cached_property
    def solid_flat(self) -> NDArray[np.bool_]:
        """``solid`` row after row: index ``tile_y * width + tile_x``."""
        return np.ascontiguousarray(self.solid).ravel()

    @cached_property
    def hazard_flat(self) -> NDArray[np.bool_]:
        """``hazard`` row after row."""
        return np.ascontiguousarray(self.hazard).ravel()

    @cached_property
    def has_hazards(self) -> bool:
        """Whether there is any hazard at all."""
        return bool(self.hazard.any())

    @cached_property
    def solid_bytes(self) -> bytes:
        """``solid_flat`` as bytes: much faster than an array to ask for single tiles."""
        return self.solid_flat.astype(np.uint8).tobytes()

    @cached_property
    def touch_cells(self) -> NDArray[np.uint8]:
        """What a player's circle overlaps, by tile and by where in it his centre is, as a sum of ``TOUCHES_...``.

        Index by ``touch_columns[x] + touch_rows[y]``. In a tile there are 3 x 3 regions, by which neighbours the circle reaches into;
        overlapping the corner counts where it is all that is overlapped. Nothing is outside the map: free seats stand at its corner.
        """
        solid = np.pad(self.solid, 1, constant_values=False)
        height, width = self.solid.shape
        cells = np.zeros((height, width, 3, 3), dtype=np.uint8)
        for side_y, side_x in np.ndindex(3, 3):
            rows, columns = slice(side_y, side_y + height), slice(side_x, side_x + width)
            by_x, by_y = solid[1:-1, columns], solid[rows, 1:-1]
            corner = solid[rows, columns] & ~by_x & ~by_y
            cells[:, :, side_y, side_x] = by_x * TOUCHES_BY_X + by_y * TOUCHES_BY_Y + corner * TOUCHES_CORNER
        return cells.ravel()

    @cached_property
    def touch_columns(self) -> NDArray[np.intp]:
        """By x: see :attr:`touch_cells`."""
        return _touch_index(self.width, 9, 1)

    @cached_property
    def touch_rows(self) -> NDArray[np.intp]:
        """By y: see :attr:`touch_cells`."""
        return _touch_index(self.height, 9 * self.width, 3)

    @cached_property
    def touches(self) -> tuple[memoryview, memoryview, memoryview]:
        """:attr:`touch_cells`, :attr:`touch_columns` and :attr:`touch_rows`, to ask for one place in plain integers."""
        return self.touch_cells.data, self.touch_columns.data, self.touch_rows.data

    @cached_property
    def spawn_points(self) -> NDArray[np.int64]:
        """``spawns`` as [2, points]."""
        return np.array(self.spawns, dtype=np.int64).T.copy()

    def tile_of(self, x: int, y: int) -> int:
        """The flat index of the tile at a place in units; of the nearest one for a place off the map (where somebody is guessed to be)."""
        tile_x, tile_y = x // TILE_UNITS, y // TILE_UNITS
        return min(max(tile_y, 0), self.height - 1) * self.width + min(max(tile_x, 0), self.width - 1)


def _touch_index(tiles: int, per_tile: int, per_region: int) -> NDArray[np.intp]:
    place = np.arange(_PLACES, dtype=np.int32)
    within = place % TILE_UNITS
    region = 1 + (within > FAR_SIDE) - (within < NEAR_SIDE).astype(np.int32)
    index: NDArray[np.int32] = np.minimum(place >> TILE_SHIFT, tiles - 1) * per_tile + region * per_region
    return index.astype(np.intp)
