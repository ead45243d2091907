"""Things that lie around: health and ammunition. Taken on the authority, and by a prediction for its own player."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import (
    ALIVE,
    BLASTER_AMMO_MAX,
    HEALTH_MAX,
    PICKUP,
    PICKUP_GAIN,
    PICKUP_PAUSE_TICKS,
    PICKUP_REACH,
    PICKUP_WAIT_TICKS,
    POSITION,
    RAIL_AMMO_MAX,
    TILE_SHIFT,
    public_rows,
)

_PLACE: Final = public_rows(("x", "y"), PICKUP)
"""Rows of ``pickup.public``: x and y."""
_GAINS: Final = (("health", HEALTH_MAX), ("ammo_blaster", BLASTER_AMMO_MAX), ("ammo_rail", RAIL_AMMO_MAX))
"""By a pick-up's type: the column that grows, and up to what."""


def lay_out_pickups(arena_map: ArenaMap, world: World) -> None:
    """Put the map's pick-ups into a new world."""
    for kind, x, y in arena_map.pickups:
        world.pickup.spawn(0, type=kind, x=x, y=y)


def take_pickups(world: World, span: slice) -> None:
    """Whoever of ``span`` touches something he needs takes it. Two at once: the turn goes round with the tick."""
    pickup, player = world.pickup, world.player
    slots_near = _slots_by_tile(pickup.public[_PLACE].tobytes())
    xs, ys = player.public[POSITION, span].tolist()
    touching = [
        (slot, seat)
        for seat, (x, y, life) in enumerate(zip(xs, ys, player.life[span].tolist(), strict=True), span.start)
        if life == ALIVE
        for slot in slots_near.get((x >> TILE_SHIFT, y >> TILE_SHIFT), ())
    ]
    if len(touching) > 1:
        touching.sort(key=lambda pair: (pair[0], (pair[1] + world.tick) % player.capacity))
    for slot, seat in touching:
        _take(world, slot, seat)


@lru_cache(maxsize=64)
def _slots_by_tile(places: bytes) -> dict[tuple[int, int], list[int]]:
    """What can be touched from somewhere in a tile, by that tile: to ask for a player's costs less than to measure all his distances.

    ``places`` are the bytes of two columns, which hardly ever change.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for slot, (x, y) in enumerate(np.frombuffer(places, dtype=np.int32).reshape(2, -1).T.tolist()):
        across, down = (range((at - PICKUP_REACH) >> TILE_SHIFT, ((at + PICKUP_REACH) >> TILE_SHIFT) + 1) for at in (x, y))
        for tile in product(across, down):
            found.setdefault(tile, []).append(slot)
    return found


def _take(world: World, slot: int, seat: int) -> None:
    pickup, player = world.pickup, world.player
    if pickup.generation[slot] == 0 or pickup.wait[slot] != 0 or player.cooldown_pickup[seat] != 0:
        return
    kind, x, y = int(pickup.type[slot]), int(pickup.x[slot]), int(pickup.y[slot])
    gap_x, gap_y = int(player.x[seat]) - x, int(player.y[seat]) - y
    name, most = _GAINS[kind]
    column = player.__dict__[name]
    if gap_x * gap_x + gap_y * gap_y >= PICKUP_REACH * PICKUP_REACH or column[seat] >= most:
        return
    column[seat] = min(int(column[seat]) + PICKUP_GAIN[kind], most)
    player.cooldown_pickup[seat] = PICKUP_PAUSE_TICKS
    pickup.wait[slot] = PICKUP_WAIT_TICKS[kind]
