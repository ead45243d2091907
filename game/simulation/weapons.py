"""Pulling the trigger: bolts that fly, and the rail that hits at once. A prediction does all of this for its own player but the hits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.damage import Hit
from game.simulation.integers import COSINE, COSINES, SINE, SINE_ONE, SINE_SHIFT, SINES, ZERO
from game.simulation.navigation import ray_end
from game.simulation.rules import (
    ALIVE,
    BLASTER_COOLDOWN_TICKS,
    BLASTER_RECHARGE_BELOW,
    BLASTER_RECHARGE_TICKS,
    BLASTER_SPEED,
    PLAYER_RADIUS,
    RAIL,
    RAIL_COOLDOWN_TICKS,
    RAIL_DAMAGE,
    RAIL_RADIUS,
    SWITCH_AFTER_BLASTER_TICKS,
    SWITCH_AFTER_RAIL_TICKS,
)
from game.simulation.verdicts import TARGET_GONE

RAIL_REACH = PLAYER_RADIUS + RAIL_RADIUS


def fire_weapons(world: World, orders: NDArray[np.int32], span: slice, acting: NDArray[np.bool_]) -> list[int]:
    """Choose weapons, fire blasters, recharge them. Returns the seats that fire the rail in this tick.

    ``orders`` [fields, span], neutral for whoever may not act.
    """
    player = world.player
    np.copyto(player.weapon[span], orders[4], where=acting)
    if world.tick % BLASTER_RECHARGE_TICKS == 0:
        ammo = player.ammo_blaster[span]
        ammo += (player.life[span] == ALIVE) & (ammo < BLASTER_RECHARGE_BELOW)
    if not np.count_nonzero(orders[3]):
        return []
    by_rail = orders[4] == RAIL
    cooldown = np.where(by_rail, player.cooldown_rail[span], player.cooldown_blaster[span])
    ammo = np.where(by_rail, player.ammo_rail[span], player.ammo_blaster[span])
    pulling = (orders[3] > cooldown) & (ammo > ZERO)
    if not np.count_nonzero(pulling):
        return []
    np.copyto(player.shield[span], 0, where=pulling)
    shooters = (pulling > by_rail).nonzero()[0] + span.start
    if shooters.size:
        _fire_blasters(world, shooters)
    return [seat + span.start for seat in (pulling & by_rail).nonzero()[0].tolist()]


def _fire_blasters(world: World, seats: NDArray[np.intp]) -> None:
    """A bolt each, from the centre (which is in the open, whatever wall the player leans on)."""
    player, projectile = world.player, world.projectile
    player.ammo_blaster[seats] -= 1
    player.cooldown_blaster[seats] = BLASTER_COOLDOWN_TICKS
    player.cooldown_rail[seats] = np.maximum(player.cooldown_rail[seats], SWITCH_AFTER_BLASTER_TICKS)
    aim, half = player.aim[seats], SINE_ONE >> 1
    vx, vy = (COSINE[aim] * BLASTER_SPEED + half) >> SINE_SHIFT, (SINE[aim] * BLASTER_SPEED + half) >> SINE_SHIFT
    columns = (seats, player.x[seats], player.y[seats], vx, vy)
    for seat, x, y, dx, dy in zip(*(column.tolist() for column in columns), strict=True):
        projectile.spawn(world.tick, seat, x=x, y=y, vx=dx, vy=dy)


def fire_rails(
    arena_map: ArenaMap,
    world: World,
    seats: list[int],
    seen_by: Callable[[int], World | None],
    judged: Callable[[int, str], None],
    predicting: int | None,
) -> list[Hit]:
    """A beam each, through everybody up to the first wall; so where it ends does not depend on others, and a prediction draws it right.

    Others are hit where the shooter saw them (``seen_by``), if they are alive now. Rare: once in 72 ticks per player at most.
    """
    player = world.player
    hits: list[Hit] = []
    for seat in seats:
        x, y, aim = int(player.x[seat]), int(player.y[seat]), int(player.aim[seat])
        player.ammo_rail[seat] -= 1
        player.cooldown_rail[seat] = RAIL_COOLDOWN_TICKS
        player.cooldown_blaster[seat] = max(int(player.cooldown_blaster[seat]), SWITCH_AFTER_RAIL_TICKS)
        end_x, end_y = ray_end(arena_map, x, y, COSINES[aim], SINES[aim])
        world.beam.spawn(world.tick, seat, x=x, y=y, aim=aim)
        if predicting is None:
            struck, gone = _pierced(world, seat, seen_by(seat), (end_x - x, end_y - y))
            hits += [Hit(seat, victim, RAIL_DAMAGE, RAIL) for victim in struck]
            for _ in gone:
                judged(seat, TARGET_GONE)
    return hits


def _pierced(world: World, seat: int, seen: World | None, beam: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Who stands in a seat's beam, as its player saw it: those who are still there, alive and the same player; and those who are not."""
    player, then = world.player, (world if seen is None else seen).player
    aim, half = int(player.aim[seat]), SINE_ONE >> 1
    gap_x = then.x.astype(np.int64) - player.x[seat]
    gap_y = then.y.astype(np.int64) - player.y[seat]
    along = (gap_x * COSINES[aim] + gap_y * SINES[aim] + half) >> SINE_SHIFT
    aside = (gap_y * COSINES[aim] - gap_x * SINES[aim] + half) >> SINE_SHIFT
    length = (beam[0] * COSINES[aim] + beam[1] * SINES[aim]) >> SINE_SHIFT
    struck = (along > 0) & (along < length) & (np.abs(aside) < RAIL_REACH)
    struck &= then.life == ALIVE
    struck[seat] = False
    remains = (player.life == ALIVE) & (then.generation == player.generation)
    return np.flatnonzero(struck & remains).tolist(), np.flatnonzero(struck & ~remains).tolist()
