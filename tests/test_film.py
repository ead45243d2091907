"""Who is drawn moves evenly, whatever the frames do: bounds on the figures of :mod:`tests.film`. Virtual time: the same every run."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.film import NET, UNEVEN, UNEVEN_S, measure, shoot

WATCHED_S = 4.0


@pytest.mark.parametrize("rate", [30.0, 60.0, 75.0, 144.0, UNEVEN])
def test_steps_are_even_at_every_frame_rate(rate: float | str) -> None:
    views = measure(rate, NET, seed=3, watched_s=WATCHED_S)
    for view in ("others", "own"):
        even = views[view]
        assert even.frames >= 119, "not enough frames to say anything"
        assert even.units_p95 < 2.5, view
        assert even.units_max < 16, f"{view}: somebody jumps a pixel beyond his step"
        assert even.pct_max < 16, view
        assert even.still_or_back == 0, view
    assert views["others"].beside_max_units < 12, "bends are not cut"


def test_a_worse_network_is_not_seen_in_the_steps() -> None:
    others = measure(60.0, "latency=200,jitter=30,loss=10,burst=4", seed=3, watched_s=WATCHED_S)["others"]
    assert others.pct_p95 < 8
    assert others.still_or_back == 0


def test_what_the_network_brings_is_uneven_and_the_measure_shows_it() -> None:
    undelayed = measure(60.0, NET, seed=3, watched_s=WATCHED_S)["undelayed"]
    assert undelayed.pct_p95 > 90
    assert undelayed.still_or_back > 20


def test_uneven_frames_are_uneven() -> None:
    times = [shot.now for shot in shoot(UNEVEN, NET, seed=3, watched_s=1.0).watcher]
    lengths = [after - before for before, after in pairwise(times)]
    assert min(lengths) < 1.5 * UNEVEN_S[0] + 0.002
    assert max(lengths) > 0.8 * UNEVEN_S[1]
