from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LocalProtocolError
from engine.timeline import History, Interpolation, ServerPast
from engine.world import World
from tests.timeline.toy import SCHEMA

SPEED = 40


def world_at(tick: int) -> World:
    world = World(SCHEMA, tick)
    world.walker.spawn(0, 1, x=SPEED * tick, vx=SPEED)
    return world


def history_to(newest: int, ticks_max: int = 64) -> History:
    history = History(SCHEMA, ticks_max)
    for tick in range(1, newest + 1):
        history.record(world_at(tick))
    return history


def test_a_view_is_between_its_two_ticks() -> None:
    history = history_to(100)
    view = history.view(90, 64)
    assert view is not None
    assert view.walker.x[1] == 90 * SPEED + SPEED // 4
    whole = history.view(90, 0)
    assert whole is not None
    assert whole.walker.x[1] == 90 * SPEED


def test_shooters_with_the_same_view_share_it_and_the_next_tick_has_its_own() -> None:
    history = history_to(100)
    assert history.view(90, 64) is history.view(90, 64)
    assert history.blends == 1
    history.record(world_at(101))
    view = history.view(91, 64)
    assert view is not None
    assert view.walker.x[1] == 91 * SPEED + SPEED // 4
    assert history.blends == 2


def test_what_is_not_kept_is_not_made_up() -> None:
    history = history_to(100)
    assert history.view(36, 0) is None
    assert history.view(37, 0) is not None
    assert history.view(101, 0) is None
    assert history.view(-5, 0) is None
    newest = history.view(100, 200)  # there is no tick 101 yet
    assert newest is not None
    assert newest.tick == 100


def test_the_recorded_world_is_a_copy() -> None:
    history = History(SCHEMA)
    world = world_at(1)
    history.record(world)
    world.walker.x[1] = 0
    kept = history.view(1, 0)
    assert kept is not None
    assert kept.walker.x[1] == SPEED


def past_at(tick: int) -> ServerPast:
    past = ServerPast(history_to(tick - 1), 60)
    past.begin(tick)
    return past


def seen_x(past: ServerPast, seat: int = 0) -> int | None:
    view = past.seen_by(seat)
    return None if view is None else int(view.walker.x[1])


def test_a_shooter_sees_what_he_claims() -> None:
    past = past_at(100)
    past.claim(0, 92, 128, newest_sent_tick=99, acknowledged_tick=95)
    assert seen_x(past) == 92 * SPEED + SPEED // 2
    assert past.predicting is None
    statistics = past.statistics()
    assert (statistics.claims, statistics.claims_too_old, statistics.claims_too_new) == (1, 0, 0)
    assert statistics.rewind_ticks_mean == 7.5


def test_a_look_leaves_no_trace() -> None:
    past = past_at(100)
    past.claim(0, 92, 128, newest_sent_tick=99, acknowledged_tick=95)
    looked = past.shown_to(0)
    assert looked is not None
    assert (past.statistics().views, past.book.report(0).rewinds) == (0, 0)
    assert looked.tick == 92
    seen = past.seen_by(0)
    assert seen is not None
    assert (seen.tick, seen is looked) == (92, False), "between two ticks; what is only looked at is the first of them, and costs no blend"
    assert (past.statistics().views, past.book.report(0).rewinds) == (1, 1)
    assert past.shown_to(1) is None, "he claims nothing"


@pytest.mark.parametrize(
    ("claimed", "sent", "acknowledged", "shown"),
    [
        (10, 99, None, 85),  # 250 ms at most
        (10, 99, 98, 85),
        (84, 99, 99, 85),
        (98, 95, 90, 95),  # what he was not sent he has not seen
        (10**9, 99, 99, 99),
        (-(10**9), 99, 99, 85),
        (99, 10**9, 10**9, 99),  # wrong numbers of our own change nothing
    ],
)
def test_claims_are_held_to_what_is_possible(claimed: int, sent: int, acknowledged: int | None, shown: int) -> None:
    past = past_at(100)
    past.claim(0, claimed, 0, newest_sent_tick=sent, acknowledged_tick=acknowledged)
    assert seen_x(past) == shown * SPEED


@pytest.mark.parametrize(
    ("round_trip_s", "shown"),
    [
        (0.0, 85),
        (0.1, 79),  # 250 ms, and the round trip
        (0.25, 70),
        (2.0, 70),  # of which no more than 250 ms count
        (-1.0, 85),
    ],
)
def test_the_limit_is_beyond_the_round_trip_that_the_server_measured(round_trip_s: float, shown: int) -> None:
    past = past_at(100)
    past.claim(0, 10, 0, newest_sent_tick=99, acknowledged_tick=None, round_trip_s=round_trip_s)
    assert seen_x(past) == shown * SPEED
    past.claim(0, 90, 0, newest_sent_tick=99, acknowledged_tick=None, round_trip_s=round_trip_s)
    assert seen_x(past) == 90 * SPEED, "a younger picture is taken as it is claimed"


def test_the_round_trip_may_be_left_out_of_it() -> None:
    past = ServerPast(history_to(99), 60, rewind_round_trip_ms_max=0)
    past.begin(100)
    past.claim(0, 10, 0, newest_sent_tick=99, acknowledged_tick=None, round_trip_s=0.2)
    assert seen_x(past) == 85 * SPEED


def test_a_screen_cannot_be_much_older_than_what_it_acknowledged() -> None:
    past = past_at(100)
    past.claim(0, 88, 0, newest_sent_tick=99, acknowledged_tick=98, display_lag_ticks_max=6)
    assert seen_x(past) == 92 * SPEED
    assert past.statistics().claims_too_old == 1


def test_a_repeated_command_keeps_its_shooters_age_of_view_for_three_ticks() -> None:
    history = history_to(99)
    past = ServerPast(history, 60)
    past.begin(100)
    past.claim(0, 92, 0, newest_sent_tick=99, acknowledged_tick=95)
    for tick in (101, 102, 103):
        history.record(world_at(tick - 1))
        past.begin(tick)
        assert seen_x(past) == (tick - 8) * SPEED
    past.begin(104)
    assert seen_x(past) is None


def test_who_claims_nothing_is_judged_by_the_present() -> None:
    past = past_at(100)
    assert past.seen_by(3) is None
    past.claim(3, 95, 0, newest_sent_tick=99, acknowledged_tick=None)
    past.forget(3)
    assert past.seen_by(3) is None


@given(st.integers(), st.integers(), st.integers(-10, 2**32), st.one_of(st.none(), st.integers(-10, 2**32)))
def test_no_claim_reaches_beyond_the_limits(view_tick: int, fraction: int, sent: int, acknowledged: int | None) -> None:
    past = PAST
    past.begin(100)
    past.claim(0, view_tick, fraction, newest_sent_tick=sent, acknowledged_tick=acknowledged)
    x = seen_x(past)
    assert x is not None
    assert 85 * SPEED <= x <= 99 * SPEED


PAST = past_at(100)


def test_the_server_sees_exactly_what_the_screen_showed() -> None:
    interpolation, history = Interpolation(SCHEMA, 60), History(SCHEMA)
    for tick in range(1, 60):
        history.record(world_at(tick))
        interpolation.snapshot(world_at(tick), tick / 60)
        shown = interpolation.advance(tick / 60 + 0.004)
        view = history.view(*interpolation.view)
        assert view is not None
        assert view.cells.tobytes() == shown.cells.tobytes()


def test_our_own_mistakes_raise() -> None:
    history = history_to(5)
    with pytest.raises(LocalProtocolError):
        history.record(world_at(5))
    with pytest.raises(LocalProtocolError):
        history.view(4, 256)
    with pytest.raises(LocalProtocolError):
        History(SCHEMA, 1)
