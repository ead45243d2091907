from __future__ import annotations

from engine.session.governor import FASTER_EVERY_TICKS, SLOWER_EVERY_TICKS, LoadGovernor


def note(governor: LoadGovernor, load: float, ticks: int) -> None:
    for _ in range(ticks):
        governor.note(load)


def test_a_load_that_fits_changes_nothing() -> None:
    governor = LoadGovernor(6)
    note(governor, 0.8, 2000)
    assert governor.spread_ticks == 1
    assert all(governor.is_turn(player, tick) for player in range(5) for tick in range(5))


def test_one_stop_of_a_second_changes_nothing() -> None:
    governor = LoadGovernor(6)
    note(governor, 0.6, 500)
    governor.note(60.0)
    note(governor, 0.6, 500)
    assert governor.statistics().slowed == 0


def test_too_much_slows_down_step_by_step_to_the_slowest_and_no_further() -> None:
    governor = LoadGovernor(3)
    seen = []
    for _ in range(8 * SLOWER_EVERY_TICKS):
        governor.note(1.3)
        seen.append(governor.spread_ticks)
    assert sorted(set(seen)) == [1, 2, 3]
    assert seen == sorted(seen)
    assert governor.statistics().slowed == 2


def test_it_becomes_faster_again_only_where_that_fits() -> None:
    governor = LoadGovernor(6)
    while governor.spread_ticks < 2:
        governor.note(1.0)
    note(governor, 0.5, 4 * FASTER_EVERY_TICKS)
    assert governor.spread_ticks == 2  # all of it at twice the rate would be too much again
    note(governor, 0.3, 2 * FASTER_EVERY_TICKS)
    assert governor.spread_ticks == 1
    assert round(governor.statistics().load_pct) == 30


def test_each_player_has_his_turn_once_in_every_round_and_not_all_at_once() -> None:
    governor = LoadGovernor(3)
    note(governor, 2.0, 500)
    turns = [[governor.is_turn(player, tick) for player in range(9)] for tick in range(30)]
    assert {sum(of_tick) for of_tick in turns} == {3}
    for player in range(9):
        assert all(sum(turns[tick + more][player] for more in range(3)) == 1 for tick in range(27))


def test_a_turn_that_was_passed_over_while_catching_up_is_taken() -> None:
    governor = LoadGovernor(3)
    note(governor, 2.0, 500)
    assert [governor.is_turn(0, 5, ticks) for ticks in (1, 2, 3)] == [False, False, True]


def test_the_slowest_pace_of_one_never_leaves_anything_out() -> None:
    governor = LoadGovernor(1)
    note(governor, 2.0, 1000)
    assert governor.spread_ticks == 1
