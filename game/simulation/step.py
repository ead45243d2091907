"""One tick of the arena. The order of the lines in :func:`step` is the rules of the game; server and prediction run exactly this."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.damage import apply_hits, hazard_hits
from game.simulation.happenings import Happening
from game.simulation.movement import move_players
from game.simulation.phases import advance_match
from game.simulation.pickups import take_pickups
from game.simulation.projectiles import move_projectiles
from game.simulation.rules import ALIVE, PLAYER_COUNTDOWNS, PLAYER_PRIVATE_COUNTDOWNS, POSITION, RESULTS, VELOCITY, WORLD_UNITS
from game.simulation.spawning import respawn_players
from game.simulation.weapons import fire_rails, fire_weapons


def step(
    arena_map: ArenaMap,
    world: World,
    orders: NDArray[np.int32],
    predicting: int | None,
    seen_by: Callable[[int], World | None],
    time_limit_s: int,
) -> list[Happening]:
    """Advance ``world`` to ``world.tick`` in place.

    ``orders`` is [command fields, seats], neutral for whoever gave none. With ``predicting`` only that seat is simulated, and
    only what it decides itself; all other rows coast on their motion. ``seen_by`` gives a shooter's past (lag compensation).
    """
    happenings: list[Happening] = []
    player = world.player
    span = slice(0, player.capacity) if predicting is None else slice(predicting, predicting + 1)
    acting = (player.life[span] == ALIVE) & (world.match.phase[0] != RESULTS)
    count_down(world)
    orders = orders[:, span]
    before = player.public[POSITION].copy() if predicting is None else None
    move_players(arena_map, world, orders, span, acting)
    if predicting is not None:
        coast_others(world, span)  # after the move, which is pushed by where others stood at the tick's start
    rails = fire_weapons(world, orders, span, acting)
    hits = move_projectiles(arena_map, world, span, before)
    if rails:
        hits += fire_rails(arena_map, world, rails, seen_by, predicting)
    if predicting is None:
        hits += hazard_hits(arena_map, world)
        if hits:
            apply_hits(world, hits, happenings)
    take_pickups(world, span)
    if predicting is None:
        respawn_players(arena_map, world)
        advance_match(arena_map, world, time_limit_s, happenings)
    return happenings


def count_down(world: World) -> None:
    """Every countdown sinks by one, as the schema's ``motion`` of -1 says; what has run out of its ticks to live disappears."""
    player, effect = world.player, world.effect
    for block in (
        player.public[PLAYER_COUNTDOWNS],
        player.private[PLAYER_PRIVATE_COUNTDOWNS],
        player.credit,
        world.projectile.ttl,
        effect.ttl,
        world.pickup.wait,
        world.match.time_left,
    ):
        block -= block > 0
    over = (effect.ttl == 0) & (effect.generation != 0)
    if over.any():
        effect.free(over)


def coast_others(world: World, span: slice) -> None:
    """Move every row that is not ours by its velocity: the guess that the engine makes as well."""
    for table in (world.player, world.projectile):
        per_seat = table.kind.per_seat or 1
        own = slice(span.start * per_seat, span.stop * per_seat)
        place = table.public[POSITION]
        kept = place[:, own].copy()
        place += table.public[VELOCITY]
        np.clip(place, 0, WORLD_UNITS, out=place)
        place[:, own] = kept
