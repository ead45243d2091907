"""The way round walls: a field of walking distances per goal, made when first needed and shared by all bots of a map.

Goals are the map's pick-ups, its spawn points and one tile of each block of 4 x 4: near enough to anywhere, and few enough that the
fields of a map stay below a megabyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from game.simulation.arena_map import ArenaMap
from game.simulation.navigation import distances_from
from game.simulation.rules import TILE_SHIFT, TILE_UNITS

BLOCK_TILES: Final = 4
FAR: Final = 32767
HALF_TILE: Final = TILE_UNITS // 2


class Paths:
    """Distances and next steps on one map. Tiles are flat indices; distances are fifths of a tile."""

    def __init__(self, arena_map: ArenaMap) -> None:
        self.map: Final = arena_map
        self._fields: dict[int, Sequence[int]] = {}
        self._steps: dict[tuple[int, int], tuple[int, int]] = {}
        blocked = arena_map.solid_flat | arena_map.hazard_flat
        self._blocked: Final = blocked.astype(np.uint8).tobytes()
        self._goals: Final = self._goal_of_every_tile()

    def _goal_of_every_tile(self) -> list[int]:
        """For each tile the goal that stands for it: of its block, the open tile nearest to the block's middle."""
        width, height = self.map.width, self.map.height
        goals = [0] * (width * height)
        for top in range(0, height, BLOCK_TILES):
            for left in range(0, width, BLOCK_TILES):
                tiles = [
                    y * width + x for y in range(top, min(top + BLOCK_TILES, height)) for x in range(left, min(left + BLOCK_TILES, width))
                ]
                middle = top + 1.5, left + 1.5
                free = [tile for tile in tiles if not self._blocked[tile]]
                best = min(free, key=lambda t: (abs(t // width - middle[0]) + abs(t % width - middle[1]), t), default=0)
                for tile in tiles:
                    goals[tile] = best
        return goals

    def blocked(self, x: int, y: int) -> bool:
        """Whether nobody wants to stand there: a wall or a hazard. Outside the map counts as wall."""
        tile_x, tile_y = x >> TILE_SHIFT, y >> TILE_SHIFT
        if not (0 <= tile_x < self.map.width and 0 <= tile_y < self.map.height):
            return True
        return self._blocked[tile_y * self.map.width + tile_x] != 0

    def goal_near(self, tile: int) -> int:
        """The goal that stands for a tile; 0 where the tile's block is all wall."""
        return self._goals[tile]

    def distance(self, tile: int, goal: int) -> int:
        """How far it is to walk; ``FAR`` where there is no way."""
        return self._field(goal)[tile]

    def next_place(self, tile: int, goal: int) -> tuple[int, int]:
        """Where to walk from ``tile``: the middle of the tile two steps on, in units."""
        key = (tile, goal)
        place = self._steps.get(key)
        if place is None:
            field = self._field(goal)
            ahead = self._step(self._step(tile, field), field)
            place = (ahead % self.map.width * TILE_UNITS + HALF_TILE, ahead // self.map.width * TILE_UNITS + HALF_TILE)
            self._steps[key] = place
        return place

    def _field(self, goal: int) -> Sequence[int]:
        field = self._fields.get(goal)
        if field is None:
            distances = distances_from(self.map, goal)
            small = np.where(distances < 0, FAR, np.minimum(distances, FAR)).astype(np.int16)
            field = self._fields[goal] = memoryview(small.tobytes()).cast("h")
        return field

    def _step(self, tile: int, field: Sequence[int]) -> int:
        """The neighbour that is nearest to the goal, never past a wall's corner. Within a wall (an outage lets a prediction's player coast
        there) it is the tile itself: at the border of the map there are no neighbours.
        """
        width, best = self.map.width, tile
        solid = self.map.solid_bytes
        if solid[tile]:
            return tile
        for dy in (-width, 0, width):
            for dx in (-1, 0, 1):
                if not 0 <= tile + dy + dx < len(field) or (dx and dy and (solid[tile + dx] or solid[tile + dy])):
                    continue
                if field[tile + dy + dx] < field[best]:
                    best = tile + dy + dx
        return best


@lru_cache(maxsize=16)
def paths_of(arena_map: ArenaMap) -> Paths:
    """The map's paths, shared by its bots: they hold only what follows from the map, so sharing changes nothing."""
    return Paths(arena_map)
