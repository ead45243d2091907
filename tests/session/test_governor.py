from __future__ import annotations

from itertools import pairwise

import pytest

from engine.session.governor import FASTER_EVERY_TICKS, FASTER_EVERY_TICKS_MAX, SLOWER_EVERY_TICKS, LoadGovernor


def note(governor: LoadGovernor, load: float, ticks: int) -> None:
    for _ in range(ticks):
        governor.note(load)


def test_a_load_that_fits_changes_nothing() -> None:
    governor = LoadGovernor(6)
    note(governor, 0.67, 2000)
    assert governor.spread_ticks == 1
    assert all(governor.is_turn(player, tick) for player in range(5) for tick in range(5))


def test_one_stop_of_a_second_changes_nothing() -> None:
    governor = LoadGovernor(6)
    note(governor, 0.5, 500)
    governor.note(60.0)
    note(governor, 0.5, 500)
    assert governor.statistics().slowed == 0


def test_long_ticks_with_short_ones_between_them_that_make_up_for_them_are_too_much() -> None:
    governor = LoadGovernor(3)
    for _ in range(3 * SLOWER_EVERY_TICKS):
        governor.note(12.0)  # a fifth of a second
        note(governor, 0.02, 5)
    assert governor.spread_ticks == 3


def test_too_much_slows_down_step_by_step_to_the_slowest_and_no_further() -> None:
    governor = LoadGovernor(3)
    seen = []
    for _ in range(8 * SLOWER_EVERY_TICKS):
        governor.note(1.3)
        seen.append(governor.spread_ticks)
    assert sorted(set(seen)) == [1, 2, 3]
    assert seen == sorted(seen)
    assert governor.statistics().slowed == 2


def play(governor: LoadGovernor, full: float, snapshots: float, ticks: int) -> list[int]:
    """A host that takes ``full`` of its time at full rate, of which ``snapshots`` is the share of the snapshots; the pace of each tick."""
    paces = []
    for _ in range(ticks):
        governor.note(full * (1.0 - snapshots * (1.0 - 1.0 / governor.spread_ticks)))
        paces.append(governor.spread_ticks)
    return paces


@pytest.mark.parametrize(("full", "snapshots"), [(0.66, 0.6), (0.58, 0.38), (0.66, 0.9), (0.5, 0.1)])
def test_after_trouble_that_has_passed_everybody_gets_every_snapshot_again(full: float, snapshots: float) -> None:
    governor = LoadGovernor(3)
    play(governor, full, snapshots, 600)
    note(governor, 1.5, 120)
    assert governor.spread_ticks > 1
    paces = play(governor, full, snapshots, 4 * FASTER_EVERY_TICKS)
    assert paces[-1] == 1
    assert sorted(paces, reverse=True) == paces, "step by step, and none of them back"


@pytest.mark.parametrize("snapshots", [0.95, 0.97, 0.99])
def test_a_pace_that_proves_too_fast_is_tried_again_ever_more_rarely(snapshots: float) -> None:
    governor = LoadGovernor(2)
    paces = play(governor, 0.9, snapshots, 40 * FASTER_EVERY_TICKS_MAX // 10)
    tries = [tick for tick in range(1, len(paces)) if paces[tick] < paces[tick - 1]]
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) > 5
    assert all(later > 1.7 * earlier for earlier, later in pairwise(waits[:5]))
    assert max(waits) < FASTER_EVERY_TICKS_MAX + 2 * SLOWER_EVERY_TICKS
    assert paces.count(1) < 0.03 * len(paces)
    assert governor.statistics().slowed == len(tries) + paces[-1] - 1


def test_a_pace_that_has_lasted_is_forgiven_what_failed_before() -> None:
    governor = LoadGovernor(2)
    play(governor, 0.9, 0.95, FASTER_EVERY_TICKS_MAX)
    play(governor, 0.5, 0.8, 2 * FASTER_EVERY_TICKS_MAX)
    assert governor.spread_ticks == 1
    note(governor, 1.5, 60)
    assert governor.spread_ticks == 2
    assert play(governor, 0.5, 0.8, FASTER_EVERY_TICKS + 60)[-1] == 1


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


def test_with_little_time_as_few_codings_as_can_be() -> None:
    governor = LoadGovernor(3)
    asked = []
    for load in (0.1, 0.4, 0.6, 0.1):
        note(governor, load, 300)
        asked.append(governor.wants_fewest_codings)
    assert asked == [False, False, True, False]
