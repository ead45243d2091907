"""Clocks: one that runs fast or slow for a long time, and a wall clock that is set in the middle of a match."""

from __future__ import annotations

import time

import pytest

from engine.conditions import NetConditions
from engine.timeline.command_clock import SLACK_TICKS_MIN
from tests.faults.figures import Figures
from tests.faults.match import FaultMatch

NETWORK = NetConditions(latency_ms=60, jitter_ms=3)
BAND_MS = (SLACK_TICKS_MIN * 1000 / 60, (SLACK_TICKS_MIN + 1.1) * 1000 / 60)
"""Where the client's clock keeps the 99th percentile of its commands' slack, at 60 frames a second: half a tick, and a frame more."""


def _drift(ppm: float, seconds: float, figures: Figures) -> None:
    match = FaultMatch(0, seed=11, conditions=NETWORK, start=False)
    client = match.add_client(0, clock_rate=1 + ppm / 1e6)
    match.start()
    match.simulation.run_for(4)
    missing = match.match_of(0).missing_commands
    spare_ms = []
    for _ in range(round(seconds)):
        match.simulation.run_for(1)
        spare = match.match_of(0).clock.statistics().slack_p99_ticks
        assert spare is not None
        spare_ms.append(spare * 1000 / 60)
    figures.note("the clocks moved apart by", ppm * seconds / 1e3, "ms")
    figures.at_least("commands early by, at least", min(spare_ms), BAND_MS[0] - 5, "ms")
    figures.at_most("commands early by, at most", max(spare_ms), BAND_MS[1] + 5, "ms")
    given = client.statistics().ticks
    figures.at_most("ticks without a command", 100 * (match.match_of(0).missing_commands - missing) / given, 0.5, "%")
    figures.at_most("clock set anew", match.match_of(0).clock.statistics().snaps, 0, "times")
    match.assert_nobody_disconnected()
    match.settle_and_check()


@pytest.mark.parametrize("ppm", [-500, 500])
def test_drift(ppm: int, figures: Figures) -> None:
    """Ninety seconds at two and a half times the drift of a bad crystal."""
    _drift(ppm, 90, figures)


@pytest.mark.soak
@pytest.mark.parametrize("ppm", [-200, 200])
def test_drift_for_an_hour(ppm: int, figures: Figures) -> None:
    """An hour at the drift of a bad crystal."""
    _drift(ppm, 3600, figures)


@pytest.mark.parametrize("step_s", [-262.0, 262.0])
def test_a_step_of_the_wall_clock_changes_nothing(step_s: float, monkeypatch: pytest.MonkeyPatch, figures: Figures) -> None:
    """The machine's clock is set in the middle of a match: the trace of the network stays the same, byte for byte."""

    def play(step: float) -> str:
        match = FaultMatch(2, seed=12, conditions=NETWORK)
        true_time = time.time
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: true_time() + step)
            match.simulation.run_for(4)
        match.settle_and_check(2)
        return match.simulation.trace

    figures.exactly("traces that differ", play(0.0) != play(step_s), 0)
