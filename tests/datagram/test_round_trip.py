from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datagram.round_trip import MINIMUM_WINDOW_S, RoundTrip


def test_the_first_sample_is_believed() -> None:
    round_trip = RoundTrip()
    assert (round_trip.mean_s, round_trip.minimum_s, round_trip.patience_s) == (0.0, 0.0, 1.0)
    round_trip.sample(0.08, 0.0, 0.0)
    assert (round_trip.mean_s, round_trip.jitter_s, round_trip.minimum_s) == (0.08, 0.04, 0.08)


def test_the_time_the_peer_held_it_is_not_distance() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.05, 0.016, 0.0)
    assert round_trip.mean_s == pytest.approx(0.034)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), min_size=1, max_size=60))
def test_any_samples_give_finite_figures_of_the_right_sign(samples: list[tuple[float, float]]) -> None:
    round_trip = RoundTrip()
    for index, (measured_s, held_s) in enumerate(samples):
        round_trip.sample(measured_s, held_s, index * 0.1)
    assert 0.0 <= round_trip.minimum_s <= 10.0
    assert 0.0 <= round_trip.mean_s <= 10.0
    assert 0.0 <= round_trip.jitter_s <= 10.0
    assert round_trip.minimum_s <= round_trip.latest_s


def test_one_spike_barely_moves_the_mean_but_a_lasting_change_does() -> None:
    round_trip = RoundTrip()
    random = Random(3)
    for index in range(200):
        round_trip.sample(0.050 + random.uniform(-0.002, 0.002), 0.0, index / 60)
    round_trip.sample(0.600, 0.0, 3.4)
    assert round_trip.mean_s < 0.053
    for index in range(120):
        round_trip.sample(0.150, 0.0, 3.5 + index / 60)
    assert round_trip.mean_s == pytest.approx(0.150, rel=0.03)


def test_a_change_gets_through_even_where_nothing_ever_varied() -> None:
    round_trip = RoundTrip()
    for index in range(600):
        round_trip.sample(0.0002, 0.0, index / 60)
    for index in range(300):
        round_trip.sample(0.040, 0.0, 10 + index / 60)
    assert round_trip.mean_s == pytest.approx(0.040, rel=0.05)


def test_jitter_is_the_mean_deviation() -> None:
    round_trip = RoundTrip()
    random = Random(5)
    for index in range(3000):
        round_trip.sample(0.080 + random.uniform(-0.020, 0.020), 0.0, index / 60)
    assert round_trip.jitter_s == pytest.approx(0.010, rel=0.3)  # of a uniform +-20 ms


def test_the_minimum_forgets_a_route_that_is_gone() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.010, 0.0, 0.0)
    now = 0.0
    while now < 1.9 * MINIMUM_WINDOW_S:
        now += 0.1
        round_trip.sample(0.030, 0.0, now)
    assert round_trip.minimum_s == 0.010
    while now < 3 * MINIMUM_WINDOW_S:
        now += 0.1
        round_trip.sample(0.030, 0.0, now)
    assert round_trip.minimum_s == pytest.approx(0.030)


def test_a_lasting_change_is_mostly_followed_within_half_a_second() -> None:
    round_trip = RoundTrip()
    for index in range(600):
        round_trip.sample(0.100, 0.0, index / 60)
    for index in range(30):
        round_trip.sample(0.200, 0.0, 10 + index / 60)
    assert round_trip.mean_s > 0.180


def test_a_round_trip_of_nothing_at_all_does_not_stay_for_ever() -> None:
    """Virtual time and loopback measure 0; a ceiling that is relative to 0 would never rise."""
    round_trip = RoundTrip()
    round_trip.sample(0.0, 0.0, 0.0)
    for index in range(300):
        round_trip.sample(0.010, 0.0, index / 60)
    assert round_trip.mean_s == pytest.approx(0.010, rel=0.05)


def test_the_lowest_since_the_last_question() -> None:
    round_trip = RoundTrip()
    assert round_trip.take_lowest_s() is None
    for rtt in (0.08, 0.05, 0.3):
        round_trip.sample(rtt, 0.0, 1.0)
    assert round_trip.take_lowest_s() == 0.05
    assert round_trip.take_lowest_s() is None
    round_trip.sample(0.2, 0.0, 2.0)
    assert round_trip.take_lowest_s() == 0.2
