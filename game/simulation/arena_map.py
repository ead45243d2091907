"""A map as the rules see it: which tiles are walls or hazards, where players and pick-ups appear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from game.simulation.rules import TILE_UNITS

SPAWNS_MIN: Final = 4


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

    @property
    def width(self) -> int:
        """In tiles."""
        return int(self.solid.shape[1])

    @property
    def height(self) -> int:
        """In tiles."""
        return int(self.solid.shape[0])

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
    def spawn_points(self) -> NDArray[np.int64]:
        """``spawns`` as [2, points]."""
        return np.array(self.spawns, dtype=np.int64).T.copy()

    def tile_of(self, x: int, y: int) -> int:
        """The flat index of the tile at a place in units; of the nearest one for a place off the map (where somebody is guessed to be)."""
        tile_x, tile_y = x // TILE_UNITS, y // TILE_UNITS
        return min(max(tile_y, 0), self.height - 1) * self.width + min(max(tile_x, 0), self.width - 1)
