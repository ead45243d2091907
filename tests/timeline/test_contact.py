"""Somebody near us moves otherwise than we had guessed: what is pending is computed anew, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Commands, HasContact, Past
from engine.timeline import Cause, Prediction
from engine.timeline.contact import FEW_MAX, Contact
from engine.world import World
from tests.timeline.test_prediction import ME, NOW, OTHER, RIGHT, Authority
from tests.timeline.toy import COMMAND, SCHEMA, Toy

BODY = 300


class Blocking(Toy):
    """Nobody walks to the right into somebody who stands there."""

    contact_units = BODY
    contact_ticks = 64

    def step(self, world: World, commands: Commands, past: Past) -> None:
        before = world.walker.x.copy()
        super().step(world, commands, past)
        walker = world.walker
        for seat in (ME, OTHER):
            other = OTHER if seat == ME else ME
            gap = int(walker.x[other]) - int(walker.x[seat])
            if walker.generation[other] and walker.y[other] == walker.y[seat] and 0 < gap < BODY:
                walker.x[seat] = before[seat]


def test_the_toy_says_that_it_has_contact() -> None:
    assert isinstance(Blocking(), HasContact)
    assert not isinstance(Toy(), HasContact)


def pushing(distance: int, *, game: Toy | None = None) -> tuple[Authority, Prediction]:
    """We walk right towards somebody who stands there; eight ticks are pending."""
    authority = Authority(Blocking())
    authority.world.walker.x[:2] = 1_000, 1_000 + distance
    prediction = Prediction(game or Blocking(), ME)
    for _ in range(2):
        view = authority.step(RIGHT)
    prediction.snapshot(view, NOW)
    for tick in range(103, 111):
        prediction.step(tick, RIGHT)
    return authority, prediction


def test_who_steps_out_of_our_way_is_walked_past_as_soon_as_that_is_known() -> None:
    authority, prediction = pushing(500)
    blocked = int(prediction.world.walker.x[ME])
    assert blocked < 1_000 + 10 * 40, "we are predicted to be stopped"
    correction = prediction.snapshot(authority.step(RIGHT, COMMAND.make(dy=1)), NOW)  # he begins to leave; we have not met him yet
    assert correction is not None
    assert (correction.cause, correction.cells_wrong, correction.replayed_ticks) == (Cause.OTHER_PLAYER, 0, 7)
    assert prediction.world.walker.x[ME] == 1_000 + 10 * 40
    assert correction.size_units == 1_400 - blocked
    assert prediction.statistics().refined == 1


def test_a_game_without_contact_waits_until_our_own_rows_disagree() -> None:
    authority, prediction = pushing(500, game=Toy())
    assert prediction.snapshot(authority.step(RIGHT, COMMAND.make(dy=1)), NOW) is None
    assert prediction.statistics().refined == 0
    assert prediction.statistics().ticks_replayed == 0


def test_somebody_far_away_costs_nothing() -> None:
    authority, prediction = pushing(9_000)
    assert prediction.snapshot(authority.step(RIGHT, COMMAND.make(dy=1)), NOW) is None
    assert prediction.statistics().ticks_replayed == 0


def test_somebody_near_who_does_as_guessed_costs_nothing() -> None:
    authority, prediction = pushing(780)
    for _ in range(8):
        assert prediction.snapshot(authority.step(RIGHT), NOW) is None
    assert prediction.statistics().ticks_replayed == 0


def test_beyond_the_ticks_of_contact_each_snapshot_lets_us_feel_one_more() -> None:
    """Nobody surprises us; but seven ticks are pending, and the game feels contact for three beyond what is known."""

    class Shy(Blocking):
        contact_ticks = 3

        def step(self, world: World, commands: Commands, past: Past) -> None:
            if past.predicting is not None and past.guessed_ticks > self.contact_ticks:
                Toy.step(self, world, commands, past)
            else:
                super().step(world, commands, past)

    authority, prediction = pushing(500, game=Shy())
    assert prediction.world.walker.x[ME] == 1_000 + 10 * 40, "nothing is felt yet"
    places = []
    for tick in range(111, 119):
        prediction.snapshot(authority.step(RIGHT), NOW)
        prediction.step(tick, RIGHT)
        places.append(int(prediction.world.walker.x[ME]) - int(authority.world.walker.x[ME]))
    assert authority.world.walker.x[ME] == prediction.world_at(authority.world.tick).walker.x[ME]  # type: ignore[union-attr]
    assert places[-1] <= 8 * 40 - 3 * 40
    assert prediction.statistics().refined >= 6
    assert prediction.statistics().corrections_by_cause["server_event"] == 0


def test_a_replay_that_changes_nothing_of_ours_is_no_correction() -> None:
    authority, prediction = pushing(780)
    assert prediction.snapshot(authority.step(RIGHT, COMMAND.make(dx=1)), NOW) is None
    assert prediction.statistics().refined == 1
    assert prediction.recent_corrections() == ()


def test_free_seats_are_nobody() -> None:
    contact = Contact(SCHEMA, ME, 500, 0)
    empty, guessed = World(SCHEMA, 5), World(SCHEMA, 5)
    guessed.walker.x[1] = 7
    assert not contact.matters(guessed, empty, empty)


def test_many_at_once_are_judged_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = SCHEMA.for_seats(64)
    contact = Contact(schema, ME, BODY, 6)
    dice = np.random.default_rng(4)
    judged: dict[int, list[bool]] = {1_000: [], 0: []}
    for _ in range(300):
        guessed, told, newest = World(schema, 5), World(schema, 5), World(schema, 5 + int(dice.integers(1, 20)))
        told.walker.generation[:] = dice.random(64) < 0.7
        low, high = (20_000, 24_000) if dice.random() < 0.5 else (0, 65_000)
        for world in (told, newest):
            world.walker.x[:], world.walker.y[:] = dice.integers(low, high, size=(2, 64))
        told.walker.vx[:], told.walker.vy[:] = dice.integers(-40, 41, size=(2, 64))
        newest.walker.x[0], newest.walker.y[0] = told.walker.x[0] + 50, told.walker.y[0] - 50
        guessed.copy_from(told)
        guessed.walker.x[dice.random(64) < 0.2] += 1
        for few_max, answers in judged.items():
            monkeypatch.setattr("engine.timeline.contact.FEW_MAX", few_max)
            answers.append(contact.matters(guessed, told, newest))
    assert judged[0] == judged[1_000]
    assert 50 < sum(judged[0]) < 250


@pytest.mark.parametrize("others", [1, FEW_MAX, FEW_MAX + 1, 63])
def test_one_who_surprises_us_near_is_found_among_any_number(others: int) -> None:
    schema = SCHEMA.for_seats(64)
    contact = Contact(schema, ME, BODY, 64)
    told, guessed, newest = World(schema, 5), World(schema, 5), World(schema, 6)
    told.walker.generation[: others + 1] = 1
    told.walker.x[1:], told.walker.y[1:] = 30_000, 30_000
    told.walker.x[:1], told.walker.y[:1] = 1_000, 1_000
    newest.copy_from(told)
    newest.tick = 6
    assert not contact.matters(guessed, told, newest)
    told.walker.x[others], told.walker.y[others] = 1_000, 1_000 + BODY
    assert contact.matters(guessed, told, newest)
    guessed.copy_from(told)
    assert not contact.matters(guessed, told, newest), "he is where he was guessed to be"
    told.walker.generation[others] = 0
    assert not contact.matters(World(schema, 5), told, newest), "a free seat is nobody"
