"""Taking a seat, appearing, leaving it. All of it happens on the authority alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.integers import mix
from game.simulation.rules import (
    ALIVE,
    BLASTER_AMMO,
    HEALTH_MAX,
    RAIL_AMMO,
    SHIELD_TICKS,
    TILE_UNITS,
    WAITING,
)

NEAR_ENOUGH: Final = 14 * TILE_UNITS
"""An enemy this far away is as good as none: among points like that chance decides."""
LUCK: Final = 3 * TILE_UNITS


def seat_player(world: World, seat: int) -> None:
    """Give a player his row; he appears in the next step."""
    unseat_player(world, seat)
    world.player.spawn(world.tick, seat, life=WAITING)


def unseat_player(world: World, seat: int) -> None:
    """Take away everything that belongs to a seat, and the credit it has with others: whoever sits there next did not earn it."""
    player = world.player
    credited = player.attacker == seat + 1
    player.attacker[credited] = player.credit[credited] = 0
    for table in world.tables:
        if table.kind.is_owned:
            table.free(table.slots_of(seat))


def respawn_players(arena_map: ArenaMap, world: World) -> None:
    """Let everybody appear whose time has come."""
    player = world.player
    due = (player.respawn == 0) & (player.life != ALIVE) & (player.generation != 0)
    if np.count_nonzero(due):
        for seat in due.nonzero()[0].tolist():
            place_player(arena_map, world, seat)


def place_player(arena_map: ArenaMap, world: World, seat: int) -> None:
    """Let a player appear: whole, armed, protected, at a good spawn point."""
    player = world.player
    x, y = spawn_point(arena_map, world, seat)
    values = {
        "x": x,
        "y": y,
        "vx": 0,
        "vy": 0,
        "dash": 0,
        "shield": SHIELD_TICKS,
        "health": HEALTH_MAX,
        "life": ALIVE,
        "ammo_blaster": BLASTER_AMMO,
        "ammo_rail": RAIL_AMMO,
        "cooldown_blaster": 0,
        "cooldown_rail": 0,
        "cooldown_dash": 0,
        "cooldown_pickup": 0,
        "respawn": 0,
        "streak": 0,
        "attacker": 0,
        "credit": 0,
    }
    columns = player.__dict__
    for name, value in values.items():
        columns[name][seat] = value


def spawn_point(arena_map: ArenaMap, world: World, seat: int) -> tuple[int, int]:
    """The point farthest from the nearest living enemy, with some luck so that nobody can wait there for him."""
    player = world.player
    points = arena_map.spawn_points
    others = player.life == ALIVE
    others[seat] = False
    count = points.shape[1]
    luck = np.array([mix(int(world.match.seed[0]), world.tick, seat, index) % LUCK for index in range(count)], dtype=np.int64)
    if others.any():
        gap_x = points[0][:, None] - player.x[others]
        gap_y = points[1][:, None] - player.y[others]
        nearest = np.sqrt((gap_x * gap_x + gap_y * gap_y).min(axis=1).astype(np.float64)).astype(np.int64)
        luck += np.minimum(nearest, NEAR_ENOUGH)
    best = int(luck.argmax())
    return int(points[0, best]), int(points[1, best])
