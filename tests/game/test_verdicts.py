"""What the fairness report is told about shots."""

from __future__ import annotations

import pytest

from engine.contract import PresentOnly
from engine.ids import Seat
from engine.session import HostConfig
from engine.timeline import History, SeatRewinds, ServerPast
from engine.world import World
from game.simulation.rules import ALIVE, DEAD, RAIL, RESPAWN_TICKS, TICK_RATE_HZ, TILE_UNITS
from game.simulation.verdicts import SHOOTER_DEAD, TARGET_GONE, UNAWARE_TICKS
from tests.game.support import order
from tests.game.test_combat import EAST, duel


class Recording(PresentOnly):
    """The past of seat 0, and what was said about it."""

    def __init__(self, seen: World | None, predicting: Seat | None = None) -> None:
        super().__init__(predicting)
        self.seen = seen
        self.said: list[tuple[int, str]] = []

    def seen_by(self, seat: Seat | int) -> World | None:
        return self.seen if seat == 0 else None

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        self.said.append((int(seat), refused_by))


def test_a_hit_of_the_rail_and_one_of_a_bolt_are_decided() -> None:
    play = duel(6)
    past = Recording(play.world.copy())
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=past)
    assert past.said == [(0, "")]
    play = duel(6)
    past = Recording(play.world.copy())
    play.step({0: order(fire=1, aim=EAST)}, past=past)
    play.step(ticks=20, past=past)
    assert past.said == [(0, "")]


@pytest.mark.parametrize("change", ["dead", "somebody_else", "left"])
def test_the_rail_on_who_is_gone_is_refused_and_says_so(change: str) -> None:
    play = duel(6)
    seen = play.world.copy()
    player = play.world.player
    if change == "dead":
        player.life[1], player.respawn[1] = DEAD, 50
    elif change == "somebody_else":
        player.generation[1] += 1
    else:
        play.arena.leave(play.world, Seat(1))
    past = Recording(seen)
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=past)
    assert past.said == [(0, TARGET_GONE)]


def test_the_rail_past_everybody_says_nothing() -> None:
    play = duel(6)
    seen = play.world.copy()
    seen.player.y[1] += 3 * TILE_UNITS
    past = Recording(seen)
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=past)
    assert past.said == []


def test_a_trigger_pulled_by_somebody_who_did_not_know_that_he_is_dead() -> None:
    play = duel(6)
    alive = play.world.copy()
    player = play.world.player
    player.life[0], player.respawn[0] = DEAD, RESPAWN_TICKS
    shot = {0: order(fire=1, aim=EAST)}
    past = Recording(alive)
    play.step({0: order(aim=EAST)}, past=past)
    assert past.said == [], "he did not shoot"
    play.step(shot, past=past)
    assert past.said == [(0, SHOOTER_DEAD)]
    knowing = Recording(play.world.copy())
    play.step(shot, past=knowing)
    assert knowing.said == [], "he saw himself dead"
    player.respawn[0] = RESPAWN_TICKS - UNAWARE_TICKS
    late = Recording(alive)
    play.step(shot, past=late)
    assert late.said == [], "nobody is shown so old a world: the engine looks 250 ms back, and 250 ms of the round trip"


def test_nobody_is_shown_a_world_older_than_the_engine_looks_back() -> None:
    limits = HostConfig()
    assert (limits.rewind_ms_max + limits.rewind_round_trip_ms_max) * TICK_RATE_HZ // 1000 == UNAWARE_TICKS


class Remembered:
    """A duel before a real past: seat 0's screen is so many ticks old, and his line as long as it is."""

    def __init__(self, age_ticks: int, round_trip_s: float) -> None:
        self.play = duel(6)
        self._age, self._round_trip_s = age_ticks, round_trip_s
        self._history = History(self.play.arena.schema)
        self.past = ServerPast(self._history, TICK_RATE_HZ)
        self._history.record(self.play.world)

    def step(self, ticks: int, fire: int = 0) -> None:
        for _ in range(ticks):
            tick = self.play.world.tick + 1
            self.past.begin(tick)
            shown = max(0, tick - self._age)
            self.past.claim(0, shown, 0, newest_sent_tick=tick - 1, acknowledged_tick=shown, round_trip_s=self._round_trip_s)
            self.play.step({0: order(fire=fire, aim=EAST)}, past=self.past)
            self._history.record(self.play.world)

    def die(self) -> None:
        player = self.play.world.player
        player.life[0], player.respawn[0] = DEAD, RESPAWN_TICKS

    def record(self) -> SeatRewinds:
        return self.past.book.report(0)


def test_who_holds_the_trigger_while_dead_is_not_rewound() -> None:
    match = Remembered(6, 0.05)
    match.step(20)
    match.die()
    match.step(60, fire=1)
    assert match.play.world.player.life[0] == DEAD
    assert match.record() == SeatRewinds(refused={SHOOTER_DEAD: 1}), "what he was shown decided nothing"


def test_over_a_long_line_he_learns_late_that_he_is_dead() -> None:
    match = Remembered(29, 0.4)
    match.step(40)
    match.die()
    match.step(25)
    seen = match.past.shown_to(0)
    assert seen is not None
    assert seen.player.life[0] == ALIVE
    match.step(1, fire=1)
    assert match.record().refused == {SHOOTER_DEAD: 1}


def test_a_prediction_keeps_no_record() -> None:
    play = duel(6)
    past = Recording(play.world.copy(), predicting=Seat(0))
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=past)
    assert past.said == []
