import pytest

from engine.errors import LocalProtocolError
from engine.timeline import TickAccumulator


def test_runs_one_tick_per_period_however_often_it_is_asked() -> None:
    clock = TickAccumulator(60)
    clock.advance(5.0)
    ticks = sum(clock.advance(5.0 + step / 997) for step in range(1, 9970 + 1))
    assert ticks == 600
    assert clock.tick == 600


def test_exact_periods_give_exactly_one_tick_each_for_a_day() -> None:
    clock = TickAccumulator(60)
    clock.advance(0.0)
    assert all(clock.advance((86_400 * 60 + tick) / 60) <= 5 for tick in range(2))  # the jump of a day is cut
    clock = TickAccumulator(60)
    clock.advance(100_000.0)
    assert {clock.advance(100_000.0 + tick / 60) for tick in range(1, 5000)} == {1}


def test_a_pause_is_caught_up_by_a_few_ticks_and_the_rest_is_dropped() -> None:
    clock = TickAccumulator(60, catch_up_ticks_max=5)
    clock.advance(0.0)
    assert clock.advance(3.0) == 5
    assert clock.statistics().ticks_dropped == 175
    assert clock.advance(3.0) == 0
    assert clock.advance(3.0 + 1 / 60) == 1


def test_time_that_goes_backwards_runs_nothing() -> None:
    clock = TickAccumulator(60)
    clock.advance(10.0)
    assert clock.advance(9.0) == 0
    assert clock.advance(10.0 + 1 / 60) == 1


def test_the_continuous_clock_reaches_a_tick_when_its_step_is_due() -> None:
    clock = TickAccumulator(50)
    assert clock.next_tick_at() is None
    clock.advance(1.0)
    assert clock.next_tick_at() == pytest.approx(1.02)
    assert clock.now_in_ticks(1.01) == pytest.approx(0.5)
    assert clock.advance(1.02) == 1
    assert clock.now_in_ticks(1.03) == pytest.approx(1.5)
    clock.advance(5.0)  # after dropped debt the clock and the ticks still agree
    assert clock.now_in_ticks(5.0) == pytest.approx(clock.tick, abs=1e-6)


@pytest.mark.parametrize(("rate", "limit"), [(0, 5), (60, 0)])
def test_our_own_wrong_settings_raise(rate: int, limit: int) -> None:
    with pytest.raises(LocalProtocolError):
        TickAccumulator(rate, limit)
