from __future__ import annotations

from random import Random

import pytest

from engine.contract import Command, Commands, Past, fill
from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.timeline import Cause, Prediction
from engine.world import World
from tests.timeline.toy import COMMAND, Toy, client_view

ME = Seat(0)
OTHER = Seat(1)
RIGHT = COMMAND.make(dx=1)
FIRE = COMMAND.make(fire=1)
NOW = 10.0


class Authority:
    """The server's world, stepped by hand, every tick kept."""

    def __init__(self, game: Toy | None = None, *, start: int = 100) -> None:
        self.game = game or Toy()
        self.world = self.game.new_world(1)
        self.world.tick = start
        self.game.join(self.world, ME)
        self.game.join(self.world, OTHER)
        self.commands = Commands(COMMAND, 4)
        self.kept = {start: client_view(self.world, ME)}

    def step(self, mine: Command, other: Command = COMMAND.neutral) -> World:
        self.world.tick += 1

        class Present:
            predicting = None

            def seen_by(self, seat: int) -> None:
                return None

        past: Past = Present()
        self.game.step(self.world, fill(self.commands, [(ME, mine), (OTHER, other)]), past)
        view = client_view(self.world, ME)
        self.kept[self.world.tick] = view
        return view


def test_what_is_predicted_right_is_never_corrected_and_never_replayed() -> None:
    authority, game, random = Authority(), Toy(), Random(4)
    prediction = Prediction(game, ME)
    prediction.snapshot(authority.kept[100], NOW)
    given: dict[int, Command] = {}
    for tick in range(101, 401):
        given[tick] = COMMAND.make(
            dx=random.choice((-1, 0, 1)), dy=random.choice((-1, 0, 1)), fire=random.randrange(2), aim=random.randrange(1024)
        )
        prediction.step(tick, given[tick])
        if tick >= 108:  # the server is 7 ticks behind us
            assert prediction.snapshot(authority.step(given[tick - 7], COMMAND.make(dy=1)), NOW + tick / 60) is None
    assert game.steps == 300
    statistics = prediction.statistics()
    assert statistics.corrections == 0
    assert statistics.ticks_replayed == 0
    assert statistics.ahead_ticks == 7
    assert prediction.offsets(NOW) is None


def test_others_and_shared_rows_follow_the_newest_snapshot_by_their_motion() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 111):
        prediction.step(tick, RIGHT)
    for _ in range(5):
        view = authority.step(RIGHT, COMMAND.make(dy=-1))
    assert prediction.snapshot(view, NOW) is None
    world = prediction.world
    assert world.tick == 110
    assert world.walker.y[1] == view.walker.y[1] - 5 * 40
    assert world.walker.x[0] == 1_000 + 10 * 40


def test_a_lost_command_is_corrected_by_replaying_what_is_pending() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 109):
        prediction.step(tick, RIGHT)
    correction = prediction.snapshot(authority.step(COMMAND.neutral), NOW, missing=1, last_used_tick=100)
    assert correction is not None
    assert correction.cause is Cause.MISSING_COMMAND
    assert correction.replayed_ticks == 7
    assert correction.size_units == 40
    wrong = {(cell.kind, cell.slot, cell.field): (cell.predicted, cell.authoritative) for cell in correction.mispredictions}
    assert wrong["walker", 0, "x"] == (1_040, 1_000)
    assert wrong["walker", 0, "vx"] == (40, 0)
    assert prediction.world.walker.x[0] == 1_000 + 7 * 40
    for tick in range(109, 116):  # from here on we are right again
        prediction.step(tick, RIGHT)
        assert prediction.snapshot(authority.step(RIGHT), NOW, last_used_tick=authority.world.tick) is None
    assert prediction.statistics().corrections_by_cause == {
        "late_command": 0, "missing_command": 1, "other_player": 0, "server_event": 0, "nondeterminism": 0,
    }  # fmt: skip


def test_a_missing_command_that_comes_after_all_was_late() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 109):
        prediction.step(tick, RIGHT)
    prediction.snapshot(authority.step(COMMAND.neutral), NOW, missing=1, last_used_tick=100)
    prediction.snapshot(authority.step(RIGHT), NOW, late=1, last_used_tick=102)
    assert [correction.cause for correction in prediction.recent_corrections()] == [Cause.LATE_COMMAND]
    assert prediction.statistics().corrections_by_cause["late_command"] == 1
    assert prediction.statistics().corrections_by_cause["missing_command"] == 0


def test_what_only_the_authority_does_is_a_server_event() -> None:
    authority = Authority(Toy(wound_every=104))
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    causes = []
    for tick in range(101, 120):
        prediction.step(tick, RIGHT)
        if tick > 103 and (correction := prediction.snapshot(authority.step(RIGHT), NOW, last_used_tick=tick)):
            causes.append((correction.tick, correction.cause, [cell.field for cell in correction.mispredictions], correction.size_units))
    assert causes == [(104, Cause.SERVER_EVENT, ["health"], 0.0)]
    assert prediction.statistics().corrections_visible == 0


def test_a_coin_that_another_took_is_the_other_players_doing() -> None:
    authority = Authority()
    authority.world.walker.x[:2] = (1_700, 2_300)
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(client_view(authority.world, ME), NOW)
    for tick in range(101, 109):
        prediction.step(tick, RIGHT)  # we reach the coin at 2000 in tick 103
    assert prediction.world.walker.money[0] == 10
    found = []
    for _ in range(6):
        view = authority.step(RIGHT, COMMAND.make(dx=-1))  # he was there first
        view.coin.wait[0] = max(view.coin.wait[0], 1) if authority.world.tick >= 102 else 0
        authority.world.coin.wait[:] = view.coin.wait
        authority.world.walker.money[0] = view.walker.money[0] = 0
        if correction := prediction.snapshot(view, NOW, last_used_tick=view.tick):
            found.append(correction.cause)
    assert found == [Cause.OTHER_PLAYER]
    assert prediction.world.walker.money[0] == 0


def test_nondeterminism_is_called_by_its_name() -> None:
    class Rolling(Toy):
        rolls = 0

        def step(self, world: World, commands: Commands, past: Past) -> None:
            super().step(world, commands, past)
            self.rolls += 1
            world.walker.health[0] = self.rolls % 100

    authority = Authority()
    prediction = Prediction(Rolling(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    prediction.step(101, RIGHT)
    prediction.step(102, RIGHT)
    correction = prediction.snapshot(authority.step(RIGHT), NOW, last_used_tick=101)
    assert correction is not None
    assert correction.cause is Cause.NONDETERMINISM


def test_a_coin_is_not_picked_up_twice_while_the_server_has_yet_to_compute_the_first_time() -> None:
    authority, game = Authority(), Toy()
    authority.world.walker.x[0] = 1_700
    prediction = Prediction(game, ME)
    prediction.snapshot(client_view(authority.world, ME), NOW)
    for tick in range(101, 140):
        prediction.step(tick, RIGHT if tick < 110 else COMMAND.neutral)
        assert prediction.world.walker.money[0] in (0, 10)
        if tick > 108:
            assert prediction.snapshot(authority.step(RIGHT if tick - 8 < 110 else COMMAND.neutral), NOW) is None
    assert prediction.world.walker.money[0] == 10
    assert authority.world.walker.money[0] == 10
    assert prediction.world.coin.wait[0] > 0


def test_a_predicted_shot_takes_the_slot_and_generation_of_the_servers() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 112):
        prediction.step(tick, FIRE)
    predicted = prediction.world.shot.generation.copy()
    while authority.world.tick < 111:
        assert prediction.snapshot(authority.step(FIRE), NOW) is None
    assert predicted[:4].tolist() == authority.world.shot.generation[:4].tolist()
    assert predicted[:4].any()


def test_a_replay_is_bounded_and_the_rest_coasts() -> None:
    authority, game = Authority(), Toy()
    prediction = Prediction(game, ME, ticks_max=30)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 151):
        prediction.step(tick, RIGHT)
    before = game.steps
    correction = prediction.snapshot(authority.step(COMMAND.make(dx=-1)), NOW, missing=1)
    assert correction is not None
    assert game.steps - before <= 30 + 4, "and four for the cause"
    assert (correction.replayed_ticks, correction.coasted_ticks) == (30, 19)
    assert prediction.statistics().outages == 1
    assert prediction.world.tick == 150


def test_a_silent_server_is_predicted_for_a_second_and_then_we_stand() -> None:
    authority, game = Authority(), Toy()
    prediction = Prediction(game, ME)
    prediction.snapshot(authority.kept[100], NOW)
    for tick in range(101, 301):
        prediction.step(tick, RIGHT)
    assert game.steps == 63
    assert prediction.world.walker.x[0] == 1_000 + 63 * 40
    assert prediction.world.tick == 300
    assert prediction.statistics().ticks_held == 137
    view = authority.step(COMMAND.neutral)
    view.tick = 295
    assert prediction.snapshot(view, NOW) is None
    assert prediction.world.tick == 300
    assert prediction.world.walker.x[0] == 1_000 + 5 * 40
    assert prediction.offsets(NOW) is None


def test_a_clock_that_jumps_starts_again_from_the_newest_snapshot() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    prediction.step(108, RIGHT)  # the start: ticks 101 to 107 had no command of ours
    assert (prediction.tick, int(prediction.world.walker.x[0])) == (108, 1_040)
    prediction.step(109, RIGHT)
    prediction.step(120, RIGHT)  # skipped 10: three repeated, then neutral, as the server does it
    assert int(prediction.world.walker.x[0]) == 1_000 + 40 * (2 + 3 + 1)
    prediction.step(105, RIGHT)
    assert prediction.tick == 105
    prediction.step(99, RIGHT)  # behind the server: nothing to predict
    assert prediction.tick == 100
    assert prediction.world.cells.tobytes() == authority.kept[100].cells.tobytes()


def test_snapshots_out_of_order_or_ahead_of_us_are_taken_as_they_are() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    first, second = authority.step(RIGHT), authority.step(RIGHT)
    assert prediction.snapshot(second, NOW) is None
    assert prediction.tick == 102
    assert prediction.snapshot(first, NOW) is None
    assert prediction.tick == 102
    assert prediction.statistics().snapshots_stale == 1


def test_hidden_fields_neither_reach_nor_survive_a_prediction() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.world, NOW)
    prediction.step(101, RIGHT)
    assert not prediction.world.cells[prediction.world.schema.private_cells_end :].any()


def test_previous_is_one_tick_before_or_the_newest_itself() -> None:
    authority = Authority()
    prediction = Prediction(Toy(), ME)
    prediction.snapshot(authority.kept[100], NOW)
    assert prediction.previous is prediction.world
    prediction.step(101, RIGHT)
    assert (prediction.previous.tick, prediction.world.tick) == (100, 101)


def test_our_own_mistakes_raise() -> None:
    with pytest.raises(LocalProtocolError):
        Prediction(Toy(), ME).step(1, RIGHT)
    with pytest.raises(LocalProtocolError):
        Prediction(Toy(), Seat(4))
    with pytest.raises(LocalProtocolError):
        Prediction(Toy(), ME, ticks_max=64)
