"""Warm-up, playing, results. All of it happens on the authority alone."""

from __future__ import annotations

import numpy as np

from engine.world import World
from game.simulation.arena_map import ArenaMap
from game.simulation.happenings import Happening, RoundOver, RoundStarted
from game.simulation.integers import mix
from game.simulation.rules import PLAYING, RESULTS, RESULTS_TICKS, TICK_RATE_HZ, WARMUP
from game.simulation.spawning import place_player


def new_match(world: World, seed: int, frag_limit: int, time_limit_s: int, warmup_s: int) -> None:
    """Make the match's one row. ``time_left`` counts the phase it is in."""
    world.match.spawn(
        0,
        phase=WARMUP if warmup_s else PLAYING,
        time_left=(warmup_s or time_limit_s) * TICK_RATE_HZ,
        frag_limit=frag_limit,
        round=0 if warmup_s else 1,
        seed=mix(seed, seed >> 32, 0x5EED),
    )


def advance_match(arena_map: ArenaMap, world: World, time_limit_s: int, happenings: list[Happening]) -> None:
    """Go into the next phase where it is time."""
    match = world.match
    phase, time_left, limit = int(match.phase[0]), int(match.time_left[0]), int(match.frag_limit[0])
    if phase == WARMUP:
        if time_left == 0:
            _start_round(arena_map, world, time_limit_s)
            happenings.append(RoundStarted(int(match.round[0])))
    elif phase == PLAYING:
        reached = bool(limit) and bool(happenings) and int(world.player.score.max()) >= limit
        if reached or time_left == 0:
            match.phase[0], match.time_left[0] = RESULTS, RESULTS_TICKS
            leader = int(match.leader[0])
            happenings.append(RoundOver(leader - 1 if leader else None, not reached))


def _start_round(arena_map: ArenaMap, world: World, time_limit_s: int) -> None:
    """Everybody starts afresh, at once."""
    match, player = world.match, world.player
    match.phase[0], match.time_left[0], match.leader[0] = PLAYING, time_limit_s * TICK_RATE_HZ, 0
    match.round[0] += 1
    world.projectile.free(slice(None))
    world.pickup.wait[:] = 0
    for column in (player.score, player.deaths, player.streak, player.life):
        column[:] = 0
    for seat in player.rows().tolist():
        place_player(arena_map, world, seat)


def update_leader(world: World) -> None:
    """Who has the best score alone (seat + 1), or 0."""
    player = world.player
    scores = np.where(player.generation != 0, player.score, -1000)
    best = int(scores.argmax())
    alone = scores[best] > 0 and np.count_nonzero(scores == scores[best]) == 1
    world.match.leader[0] = best + 1 if alone else 0


def standings(world: World) -> list[tuple[int, int, int]]:
    """Seat, score, deaths, best first; with equal scores fewer deaths, then the lower seat."""
    player = world.player
    rows = [(seat, int(player.score[seat]), int(player.deaths[seat])) for seat in player.rows().tolist()]
    return sorted(rows, key=lambda row: (-row[1], row[2], row[0]))
