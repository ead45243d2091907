"""A lag switch: whoever holds back what he sends and lets it go all at once gains nothing by it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.contract import Command
from engine.ids import Address, Seat
from engine.session import MatchClient
from engine.world import World
from tests.session.support import ToyMatch, make_toy
from tests.timeline.toy import COMMAND, SCHEMA, SPEED

HELD_S = 1.0
PLAYED_S = 6.0
REPEATED_TICKS = 3
ON_THE_WAY_TICKS = 4
"""Sent before the switch, and for ticks to come."""


class Runner:
    """Runs to and fro and shoots all the time."""

    def command(self, world: World, seat: Seat) -> Command:
        return COMMAND.make(dx=1 if world.tick // 120 % 2 == 0 else -1, fire=1)


class LagSwitch(MatchClient):
    """Hears everything and lets nothing out while the switch is on; then all of it goes at once."""

    def __init__(self, *, name: str) -> None:
        super().__init__(schema=SCHEMA, command=COMMAND, game_factory=make_toy, name=name)
        self.pilot = Runner()
        self.is_on = False
        self._held: list[tuple[Address, bytes]] = []

    def datagrams_to_send(self, now: float) -> Sequence[tuple[Address, bytes]]:
        self._held += super().datagrams_to_send(now)
        if self.is_on:
            return []
        held, self._held = self._held, []
        return held


class Watched:
    """A match of a cheater and somebody honest, with what the server computed of each, tick by tick."""

    def __init__(self) -> None:
        self.match = ToyMatch(0, seed=6)
        self.cheater, self.honest = LagSwitch(name="cheater"), LagSwitch(name="honest")
        for client in (self.cheater, self.honest):
            self.match.clients.append(client)
            self.match.hosts.append(self.match.simulation.add_client(client))
        self.match.start()
        self.match.simulation.run_for(2)
        self._tick = -1

    def play(self, seconds: float) -> list[list[int]]:
        """Everybody's place on the server after each tick."""
        seen: list[list[int]] = []
        for _ in range(round(seconds * 240)):
            self.match.simulation.run_for(1 / 240)
            truth = self.match.truth()
            if truth.tick != self._tick:
                self._tick = truth.tick
                seen.append(truth.walker.x.tolist())
        return seen

    def seat(self, client: MatchClient) -> int:
        assert client.match is not None
        return client.match.seat


def fastest(seen: list[list[int]], seat: int) -> int:
    return max(abs(new[seat] - old[seat]) for old, new in pairwise(seen))


def moves(seen: list[list[int]], seat: int) -> int:
    """In how many ticks he moved."""
    return sum(new[seat] != old[seat] for old, new in pairwise(seen))


def test_held_commands_are_not_made_up_for() -> None:
    watched = Watched()
    cheater, honest = watched.seat(watched.cheater), watched.seat(watched.honest)
    watched.cheater.is_on = True
    held = watched.play(HELD_S)
    assert moves(held, cheater) <= ON_THE_WAY_TICKS + REPEATED_TICKS, "his last command is repeated a moment, then he stands still"
    watched.cheater.is_on = False
    seen = held + watched.play(PLAYED_S)
    assert fastest(seen, cheater) == fastest(seen, honest) == SPEED
    assert moves(seen, cheater) < moves(seen, honest) - 0.8 * HELD_S * 60, "what he left out stays left out"
    assert watched.cheater.statistics().late_commands_pct > 0, "and he is told that it came too late"


def test_a_switch_that_is_used_all_the_time_is_a_handicap_and_nobody_elses_business() -> None:
    watched = Watched()
    cheater, honest = watched.seat(watched.cheater), watched.seat(watched.honest)
    seen: list[list[int]] = []
    for _ in range(6):
        watched.cheater.is_on = True
        seen += watched.play(0.3)
        watched.cheater.is_on = False
        seen += watched.play(0.3)
    assert fastest(seen, cheater) <= SPEED
    assert moves(seen, cheater) < moves(seen, honest)
    assert moves(seen, honest) > 0.97 * len(seen)
    assert watched.honest.statistics().late_commands_pct == 0
