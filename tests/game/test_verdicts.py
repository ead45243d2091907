"""What the fairness report is told about shots."""

from __future__ import annotations

import pytest

from engine.contract import PresentOnly
from engine.ids import Seat
from engine.world import World
from game.simulation.rules import DEAD, RAIL, RESPAWN_TICKS, TILE_UNITS
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
    assert late.said == [], "nobody is shown so old a world"


def test_a_prediction_keeps_no_record() -> None:
    play = duel(6)
    past = Recording(play.world.copy(), predicting=Seat(0))
    play.step({0: order(fire=1, weapon=RAIL, aim=EAST)}, past=past)
    assert past.said == []
