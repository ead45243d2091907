"""Whose doing a correction is: computed, for every cell, from what is known when the snapshot has come."""

from __future__ import annotations

import pytest

from engine.contract import Command, CommandField, Commands, CommandSchema, Past
from engine.timeline import Cause, Correction, Prediction
from engine.timeline.causes import RESTEP_TICKS_MAX
from engine.world import Range, World
from tests.timeline.test_contact import BODY, Blocking
from tests.timeline.test_prediction import ME, NOW, RIGHT, Authority
from tests.timeline.toy import COMMAND, Toy, client_view

STOP = COMMAND.neutral
LEFT = COMMAND.make(dx=-1)


class Wounding(Blocking):
    """Contact, and a wound that the authority gives."""

    def __init__(self, wound_at: int = 0) -> None:
        super().__init__(wound_every=wound_at)


def running(distance: int, ticks: int, *, game: Toy | None = None, other: Command = RIGHT) -> tuple[Authority, Prediction]:
    """We run right, somebody in front of us does ``other``; the server has told of 101 and 102, and ``ticks`` are pending."""
    authority = Authority(game or Blocking())
    authority.world.walker.x[:2] = 1_000, 1_000 + distance
    prediction = Prediction(Blocking(), ME)
    for _ in range(2):
        view = authority.step(RIGHT, other)
        prediction.give(view.tick, RIGHT)
        prediction.snapshot(view, NOW)
    for tick in range(103, 103 + ticks):
        prediction.step(tick, RIGHT)
    return authority, prediction


def told(prediction: Prediction, view: World, **feedback: int) -> Correction:
    correction = prediction.snapshot(view, NOW, **{"last_used_tick": view.tick, **feedback})
    assert correction is not None
    return correction


def by_field(correction: Correction) -> dict[str, Cause]:
    return {cell.field: cell.cause for cell in correction.mispredictions}


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_who_stops_in_front_of_us_is_the_other_player_however_many_snapshots_were_lost(lost: int) -> None:
    authority, prediction = running(BODY + 30, 8)
    for _ in range(lost + 1):
        view = authority.step(RIGHT, STOP)
    assert view.walker.x[ME] == authority.kept[102].walker.x[ME], "he stands, and stops us"
    correction = told(prediction, view)
    assert correction.cause is Cause.OTHER_PLAYER
    assert by_field(correction) == {"x": Cause.OTHER_PLAYER}


@pytest.mark.parametrize("lost", [0, 1])
def test_who_turns_and_runs_into_us_is_the_other_player(lost: int) -> None:
    authority, prediction = running(BODY + 70, 8)
    for _ in range(lost + 1):
        view = authority.step(RIGHT, LEFT)
    assert told(prediction, view).cause is Cause.OTHER_PLAYER
    assert prediction.statistics().corrections_by_cause["other_player"] == 1


def test_where_what_he_did_between_two_snapshots_matters_more_than_the_error_it_was_his_doing() -> None:
    """He walked for two ticks and stopped in the third: guessed he never stops us, on the straight way he does so twice, in truth once."""
    authority, prediction = running(BODY + 5, 8)
    for other in (RIGHT, RIGHT, STOP):
        view = authority.step(RIGHT, other)
    correction = told(prediction, view)
    (cell,) = correction.mispredictions
    assert cell.predicted - cell.authoritative == 40
    assert correction.cause is Cause.OTHER_PLAYER


def test_who_goes_out_of_the_way_is_the_other_player() -> None:
    authority, prediction = running(BODY + 30, 8, other=STOP)
    for _ in range(2):
        view = authority.step(RIGHT, COMMAND.make(dy=1))
    assert told(prediction, view).cause is Cause.OTHER_PLAYER


def test_a_teleport_of_ours_beside_somebody_who_stops_is_not_his_doing() -> None:
    authority, prediction = running(BODY + 30, 8)
    authority.world.walker.x[ME] = 20_000
    assert told(prediction, authority.step(RIGHT, STOP)).cause is Cause.SERVER_EVENT


def test_a_missing_command_whose_word_was_lost_with_its_snapshot_is_found_all_the_same() -> None:
    authority, prediction = running(9_000, 2)
    prediction.step(105, LEFT)
    prediction.step(106, LEFT)
    assert prediction.snapshot(authority.step(RIGHT), NOW, last_used_tick=103) is None
    authority.step(RIGHT)
    authority.step(RIGHT)  # for 105: its command is missing, the one before is held down; and the snapshot does not come
    correction = told(prediction, authority.step(LEFT))
    assert correction.cause is Cause.MISSING_COMMAND
    assert by_field(correction) == {"x": Cause.MISSING_COMMAND}


def test_what_no_command_that_was_held_down_explains_is_the_servers_doing() -> None:
    authority, prediction = running(9_000, 8)
    authority.step(STOP)
    assert told(prediction, authority.step(RIGHT)).cause is Cause.SERVER_EVENT


def test_a_missing_command_that_changes_nothing_is_not_blamed() -> None:
    authority, prediction = running(9_000, 8, game=Wounding(103))
    correction = told(prediction, authority.step(RIGHT), late=1, missing=1, last_used_tick=102)  # held down, as it was meant
    assert (correction.cause, by_field(correction)) == (Cause.SERVER_EVENT, {"health": Cause.SERVER_EVENT})


def test_a_late_command_of_which_we_know_already_is_not_blamed_again() -> None:
    authority, prediction = running(9_000, 8, game=Wounding(103))
    assert told(prediction, authority.step(RIGHT), late=1).cause is Cause.SERVER_EVENT
    authority, prediction = running(9_000, 0)
    for tick in range(103, 111):
        prediction.step(tick, LEFT)
    authority.step(LEFT)
    authority.world.walker.x[ME] = 20_000
    assert told(prediction, authority.step(LEFT), late=1).cause is Cause.SERVER_EVENT, "the commands of these ticks were there"


def test_each_cell_has_its_own_cause_and_the_place_names_all() -> None:
    authority, prediction = running(BODY + 30, 8, game=Wounding(104))
    authority.step(RIGHT, STOP)
    correction = told(prediction, authority.step(RIGHT, STOP))
    assert by_field(correction) == {"x": Cause.OTHER_PLAYER, "health": Cause.SERVER_EVENT}
    assert correction.cause is Cause.OTHER_PLAYER
    authority, prediction = running(9_000, 0, game=Wounding(103))
    for tick in range(103, 111):
        prediction.step(tick, LEFT)
    correction = told(prediction, authority.step(RIGHT), missing=1, last_used_tick=102)
    assert by_field(correction) == {"x": Cause.MISSING_COMMAND, "vx": Cause.MISSING_COMMAND, "health": Cause.SERVER_EVENT}
    assert correction.cause is Cause.MISSING_COMMAND
    prediction.snapshot(authority.step(LEFT), NOW, late=1, last_used_tick=104)
    (again,) = prediction.recent_corrections()
    assert again.cause is Cause.LATE_COMMAND
    assert by_field(again)["health"] is Cause.SERVER_EVENT, "which was not late"


def test_who_is_put_elsewhere_was_put_there_by_the_server_whatever_else_others_took_from_him() -> None:
    authority = Authority()
    authority.world.walker.x[ME] = 1_700
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(client_view(authority.world, ME), NOW)
    for tick in range(101, 109):
        prediction.step(tick, RIGHT)  # a coin is reached in tick 103
    for _ in range(2):
        assert prediction.snapshot(authority.step(RIGHT), NOW) is None
    authority.world.coin.wait[0] = 100  # he has it
    authority.world.walker.x[ME] = 20_000
    correction = told(prediction, authority.step(RIGHT))
    assert by_field(correction) == {"x": Cause.SERVER_EVENT, "money": Cause.OTHER_PLAYER}
    assert correction.cause is Cause.SERVER_EVENT


def test_what_moves_with_a_wound_because_somebody_stopped_is_his_doing() -> None:
    """The wound brings the replay, and in the replay there is somebody in the way who was not expected there."""
    authority, prediction = running(BODY + 130, 8, game=Wounding(103))
    correction = told(prediction, authority.step(RIGHT, STOP))
    assert by_field(correction) == {"health": Cause.SERVER_EVENT}
    assert correction.size_units > 0
    assert correction.cause is Cause.OTHER_PLAYER
    authority, prediction = running(BODY + 130, 8, game=Wounding(103))
    correction = told(prediction, authority.step(RIGHT, RIGHT))
    assert (correction.cause, correction.size_units) == (Cause.SERVER_EVENT, 0.0)


def test_after_a_long_silence_only_what_the_server_says_of_commands_counts() -> None:
    for feedback, cause in (
        ({}, Cause.SERVER_EVENT),
        ({"missing": 2}, Cause.MISSING_COMMAND),
        ({"missing": 2, "late": 1}, Cause.LATE_COMMAND),
    ):
        authority, prediction = running(BODY + 30, RESTEP_TICKS_MAX + 4)
        for _ in range(RESTEP_TICKS_MAX + 1):
            view = authority.step(RIGHT, STOP)
        assert told(prediction, view, **feedback).cause is cause


def test_finding_the_cause_takes_four_steps_a_tick_at_most() -> None:
    for lost in range(RESTEP_TICKS_MAX):
        game = Toy()
        authority, prediction = Authority(), Prediction(game, ME)
        prediction.snapshot(authority.kept[100], NOW)
        for tick in range(101, 111):
            prediction.step(tick, RIGHT)
        for _ in range(lost + 1):
            view = authority.step(LEFT)
        before, pending = game.steps, 110 - view.tick
        told(prediction, view, missing=1)
        assert game.steps - before <= 4 * (lost + 1) + pending


def test_a_command_that_is_held_down_in_place_of_a_missing_one_is_not_pressed_again() -> None:
    """As the server does it, whose buffer repeats a command without its presses."""

    class Pressing(Toy):
        command = CommandSchema(CommandField("dx", Range(-1, 1)), CommandField("fire", Range(0, 1), latch=True))

        def step(self, world: World, commands: Commands, past: Past) -> None:
            seen[world.tick] = (int(commands.dx[ME]), int(commands.fire[ME]))

    seen: dict[int, tuple[int, int]] = {}
    authority = Authority()
    prediction = Prediction(Pressing(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    prediction.step(101, (1, 1))
    prediction.step(107, (-1, 0))
    assert seen == {101: (1, 1), 102: (1, 0), 103: (1, 0), 104: (1, 0), 105: (0, 0), 106: (0, 0), 107: (-1, 0)}


def test_a_death_that_one_cell_of_the_place_happens_to_agree_with_is_not_put_down_to_a_lost_command() -> None:
    """Put a little aside and far away: the step without our command has the smaller one right, by chance, and nothing else."""
    authority, prediction = running(9_000, 2)
    for tick in (105, 106):
        prediction.step(tick, COMMAND.make(dx=1, dy=1))
    for _ in (103, 104):
        assert prediction.snapshot(authority.step(RIGHT), NOW) is None
    authority.step(RIGHT)  # as if 105 were missing, which explains y
    authority.world.walker.x[ME] = 20_000
    correction = told(prediction, authority.step(COMMAND.make(dx=1, dy=1)))
    assert by_field(correction) == {"x": Cause.SERVER_EVENT, "y": Cause.SERVER_EVENT}
    assert correction.cause is Cause.SERVER_EVENT


def test_the_cell_of_the_place_that_is_furthest_off_names_it() -> None:
    authority, prediction = running(BODY + 30, 8)
    authority.world.walker.y[ME] += 3  # a little aside by the server, and much by him
    authority.world.walker.y[1] += 3
    correction = told(prediction, authority.step(RIGHT, STOP))
    assert by_field(correction) == {"x": Cause.OTHER_PLAYER, "y": Cause.SERVER_EVENT}
    assert correction.cause is Cause.OTHER_PLAYER
    authority, prediction = running(BODY + 30, 8)
    authority.world.walker.y[:2] += 300
    assert told(prediction, authority.step(RIGHT, STOP)).cause is Cause.SERVER_EVENT
