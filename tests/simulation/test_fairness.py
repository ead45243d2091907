"""The arena's fairness report after a whole match in virtual time: what the server says about players on good and on bad networks.

What it must say is counted here anew, from the world before and after every step of the authority and from what the game decided.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.conditions import NetConditions
from engine.contract import Command, Commands, Past, Pilot
from engine.ids import Seat
from engine.world import World
from game.arena import ARENA_COMMAND, Arena
from game.simulation.rules import BLASTER_COOLDOWN_TICKS, DEAD, RAIL_COOLDOWN_TICKS, TICK_RATE_HZ
from tests.simulation.arena_match import ArenaMatch, config

MATCH_S = 15
MS_PER_TICK = 1000 / TICK_RATE_HZ
COMPENSATION_MS = 250
JITTER_MS = 10
FIRE = [field.name for field in ARENA_COMMAND.fields].index("fire")


class Eager:
    """Plays as its pilot does, and holds the trigger while it is dead."""

    def __init__(self, pilot: Pilot) -> None:
        self._pilot = pilot

    def command(self, world: World, seat: Seat) -> Command:
        command = self._pilot.command(world, seat)
        return (*command[:FIRE], 1, *command[FIRE + 1 :]) if world.player.life[seat] == DEAD else command


class Count:
    """Of the authority's steps, by seat: those that judge a shot by a view, how old the views are, and what comes of it."""

    def __init__(self) -> None:
        self.rewinds: Counter[int] = Counter()
        self.age_sum: Counter[int] = Counter()
        self.age_max: Counter[int] = Counter()
        self.decided: Counter[int] = Counter()
        self.refused: Counter[tuple[int, str]] = Counter()
        self.dead_triggers = 0

    def step(self, real_step: object, arena: Arena, world: World, commands: Commands, past: Past) -> None:
        player, projectile = world.player, world.projectile
        self.dead_triggers += int(np.count_nonzero((player.life == DEAD) & (commands.fire > 0)))
        flying = set((projectile.rows() // (projectile.kind.per_seat or 1)).tolist())
        ready = [(column <= 1).copy() for column in (player.cooldown_blaster, player.cooldown_rail)]
        ages = {}
        for seat in player.rows().tolist():
            shown = past.shown_to(seat)
            if shown is not None:
                ages[seat] = world.tick - shown.tick
        real_step(arena, world, commands, CountedPast(past, self))  # type: ignore[operator]
        fired = (ready[0] & (player.cooldown_blaster == BLASTER_COOLDOWN_TICKS)) | (
            ready[1] & (player.cooldown_rail == RAIL_COOLDOWN_TICKS)
        )
        for seat in (flying | set(fired.nonzero()[0].tolist())) & ages.keys():
            self.rewinds[seat] += 1
            self.age_sum[seat] += ages[seat]
            self.age_max[seat] = max(self.age_max[seat], ages[seat])


class CountedPast:
    """A past that notes what the game says about it."""

    def __init__(self, past: Past, count: Count) -> None:
        self._past, self._count = past, count
        self.predicting, self.guessed_ticks = past.predicting, past.guessed_ticks
        self.seen_by, self.shown_to = past.seen_by, past.shown_to

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        if refused_by:
            self._count.refused[int(seat), refused_by] += 1
        else:
            self._count.decided[int(seat)] += 1
        self._past.judged(seat, refused_by)


@pytest.mark.parametrize(("net", "round_trip_ms"), [(f"latency={ms},jitter={JITTER_MS},loss=2", ms) for ms in (120, 240)])
def test_a_match_ends_with_a_line_and_an_entry_per_player(monkeypatch: pytest.MonkeyPatch, net: str, round_trip_ms: int) -> None:
    count, real_step = Count(), Arena.step

    def counted_step(arena: Arena, world: World, commands: Commands, past: Past) -> None:
        if past.predicting is None:
            count.step(real_step, arena, world, commands, past)
        else:
            real_step(arena, world, commands, past)

    monkeypatch.setattr(Arena, "step", counted_step)
    match = ArenaMatch(4, seed=5, conditions=NetConditions.parse(net), settings=config(time_limit_s=MATCH_S))
    match.start()
    for player in match.players:
        assert player.client.pilot is not None
        player.client.pilot = Eager(player.client.pilot)
    reports = match.server.side.lobby.fairness.reports
    lines: list[str] = []

    def is_reported() -> bool:
        lines.extend(match.server.log_lines())
        return len(reports()) == 4

    match.simulation.run_until(is_reported, MATCH_S + 20, "the match is over and reported")
    assert {entry["name"] for entry in reports()} == {player.client.player_name for player in match.players}
    assert count.dead_triggers > 100, "they did hold it"
    for entry in reports():
        seat, rewinds = entry["seat"], entry["rewinds"]
        assert sum(f"{entry['name']}: {rewinds} steps judged by what he saw" in line for line in lines) == 1
        assert rewinds == count.rewinds[seat] > 20, "bolts on their way and rails, and nothing else"
        assert 0 <= count.age_sum[seat] / rewinds * MS_PER_TICK - entry["rewind_ms_mean"] < MS_PER_TICK, "a view's tick is the earlier one"
        assert 0 <= count.age_max[seat] * MS_PER_TICK - entry["rewind_ms_max"] < MS_PER_TICK
        assert round_trip_ms < entry["rewind_ms_max"] <= COMPENSATION_MS + round_trip_ms + JITTER_MS
        assert entry["rewinds_clamped"] == entry["claims_too_new"] == 0, "what he saw is what he is judged by"
        assert entry["decided"] == count.decided[seat]
        refused = {rule: times for (of, rule), times in count.refused.items() if of == seat}
        assert entry["refused"].keys() == refused.keys()
        assert all(0 < times <= refused[rule] for rule, times in entry["refused"].items()), "a trigger that is held counts once"
        assert entry["commands"] > TICK_RATE_HZ * MATCH_S
        assert entry["commands_late"] < 0.1 * entry["commands"]
    assert count.decided.total() > 5, "bots hit each other"
    assert any(entry["refused"] for entry in reports())
    farthest_ms = max(entry["rewind_ms_max"] for entry in reports())
    assert (farthest_ms > COMPENSATION_MS) == (round_trip_ms > 200), "the limit is beyond the round trip"
