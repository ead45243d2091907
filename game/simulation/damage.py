"""What a hit does: damage, hit markers, death, who gets the credit. Runs on the authority alone; hits are rare, so this is a plain loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.happenings import Happening, Kill
from game.simulation.phases import update_leader
from game.simulation.rules import (
    ALIVE,
    CREDIT_TICKS,
    DEAD,
    DEATHS_MAX,
    HAZARD_DAMAGE,
    HAZARD_EVERY_TICKS,
    RESPAWN_TICKS,
    SCORE_MAX,
    SCORE_MIN,
    STREAK_MAX,
    TILE_SHIFT,
)

HAZARD: Final = 2
"""As the ``weapon`` of a kill."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody is about to be hurt. ``attacker`` None: by the floor."""

    attacker: int | None
    victim: int
    damage: int
    weapon: int


def hazard_hits(arena_map: ArenaMap, world: World) -> list[Hit]:
    """Whoever stands on a hazard when it bites."""
    if world.tick % HAZARD_EVERY_TICKS or not arena_map.has_hazards:
        return []
    player = world.player
    tiles = (player.y >> TILE_SHIFT) * arena_map.width + (player.x >> TILE_SHIFT)
    burning = np.flatnonzero(arena_map.hazard_flat[tiles] & (player.life == ALIVE))
    return [Hit(None, seat, HAZARD_DAMAGE, HAZARD) for seat in burning.tolist()]


def apply_hits(world: World, hits: list[Hit], happenings: list[Happening]) -> None:
    """Hurt everybody who was hit in this tick. All shots of a tick count, even of somebody who dies in it: two may kill each other.

    Where several hit one victim the turn to be first goes round with the tick, so that a low seat is no advantage.
    """
    player, seats = world.player, world.player.capacity
    for hit in sorted(hits, key=lambda hit: -1 if hit.attacker is None else (hit.attacker + world.tick) % seats):
        victim, attacker = hit.victim, hit.attacker
        if player.life[victim] != ALIVE or player.shield[victim] > 0:
            continue
        if attacker is not None and attacker != victim:
            player.attacker[victim], player.credit[victim] = attacker + 1, CREDIT_TICKS
            world.hit.spawn(world.tick, attacker, victim=victim, weapon=hit.weapon)
        health = int(player.health[victim]) - hit.damage
        player.health[victim] = max(health, 0)
        if health <= 0:
            happenings.append(_kill(world, hit))


def _kill(world: World, hit: Hit) -> Kill:
    """A death and its score: whoever dies by himself while nobody has hit him lately loses a point."""
    player, victim = world.player, hit.victim
    killer = victim if hit.attacker is None else hit.attacker
    if killer == victim and player.credit[victim] > 0:
        killer = int(player.attacker[victim]) - 1
    player.life[victim] = DEAD
    player.respawn[victim] = RESPAWN_TICKS
    player.deaths[victim] = min(int(player.deaths[victim]) + 1, DEATHS_MAX)
    for column in (player.vx, player.vy, player.dash, player.shield, player.streak, player.attacker, player.credit):
        column[victim] = 0
    gain = -1 if killer == victim else 1
    player.score[killer] = min(max(int(player.score[killer]) + gain, SCORE_MIN), SCORE_MAX)
    if gain > 0:
        player.streak[killer] = min(int(player.streak[killer]) + 1, STREAK_MAX)
    update_leader(world)
    return Kill(killer, victim, hit.weapon)
