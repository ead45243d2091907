"""Things that lie around: health and ammunition. Taken on the authority, and by a prediction for its own player."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import (
    ALIVE,
    BLASTER_AMMO_MAX,
    HEALTH_MAX,
    PICKUP_GAIN,
    PICKUP_PAUSE_TICKS,
    PICKUP_REACH,
    PICKUP_WAIT_TICKS,
    POSITION,
    RAIL_AMMO_MAX,
)

_PLACE: Final = slice(2, 4)
"""Rows of ``pickup.public``: x and y."""
_ALIVE: Final = np.array(ALIVE, dtype=np.int32)
_REACH: Final = np.array(PICKUP_REACH, dtype=np.int32)
_GAINS: Final = (("health", HEALTH_MAX), ("ammo_blaster", BLASTER_AMMO_MAX), ("ammo_rail", RAIL_AMMO_MAX))
"""By a pick-up's type: the column that grows, and up to what."""


def lay_out_pickups(arena_map: ArenaMap, world: World) -> None:
    """Put the map's pick-ups into a new world."""
    for kind, x, y in arena_map.pickups:
        world.pickup.spawn(0, type=kind, x=x, y=y)


def take_pickups(world: World, span: slice) -> None:
    """Whoever of ``span`` touches something he needs takes it. Two at once: the turn goes round with the tick."""
    pickup, player = world.pickup, world.player
    takers = (player.life[span] == _ALIVE).nonzero()[0] + span.start
    if not takers.size:
        return
    close = np.abs(pickup.public[_PLACE, :, None] - player.public[POSITION].take(takers, axis=1)[:, None]) < _REACH
    near = close[0] & close[1]
    if not np.count_nonzero(near):
        return
    seats = player.capacity
    slots, which = near.nonzero()
    touching = zip(slots.tolist(), takers[which].tolist(), strict=True)
    for slot, seat in sorted(touching, key=lambda pair: (pair[0], (pair[1] + world.tick) % seats)):
        _take(world, slot, seat)


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
