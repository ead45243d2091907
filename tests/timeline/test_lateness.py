from __future__ import annotations

from random import Random

import pytest

from engine.timeline.lateness import HICCUPS_FORGIVEN, MARGIN_TICKS_MAX, MEMORY_S, RareLateness

RATE = 60


class Reports:
    """One report per tick; ``late`` of (tick -> ticks of lateness) on top of the usual slack."""

    def __init__(self, usual: float = -4.0) -> None:
        self.rare = RareLateness(RATE)
        self.usual = usual
        self.tick = 0

    @property
    def now(self) -> float:
        return self.tick / RATE

    def run(self, ticks: int, every: int = 0, depth: float = 0.0) -> float:
        for _ in range(ticks):
            self.tick += 1
            is_late = every and self.tick % every == 0
            self.rare.report(self.usual - (depth if is_late else 0.0), self.now)
        return self.rare.margin_ticks(self.now)


def test_nothing_is_known_before_the_first_report() -> None:
    rare = RareLateness(RATE)
    assert (rare.usual, rare.margin_ticks(5.0)) == (0.0, 0.0)


def test_a_calm_network_needs_no_margin() -> None:
    reports = Reports()
    assert reports.run(3000) == 0.0
    assert reports.rare.usual == -4.0


def test_what_comes_often_is_covered_and_what_is_seldom_is_not() -> None:
    assert Reports().run(3600, every=100, depth=4.0) == 4.0
    assert Reports().run(3600, every=1500, depth=4.0) == 0.0, "twice in half a minute is forgiven"


def test_the_longer_the_lead_the_more_it_takes_to_lengthen_it() -> None:
    """Something six ticks late comes once in 10 s. Who has a margin of one tick covers it; who has four already does not."""

    def margin(often: float) -> float:
        rare = RareLateness(RATE)
        for tick in range(3600):
            rare.report(-2.0 - (6.0 if tick % 600 == 0 else often if tick % 300 == 150 else 0.0), tick / RATE)
        return rare.margin_ticks(60.0)

    assert margin(often=1.0) == 6.0
    assert margin(often=4.0) == 4.0


def test_an_outage_is_not_lateness() -> None:
    assert Reports().run(3600, every=100, depth=MARGIN_TICKS_MAX + 1) == 0.0


def test_it_is_forgotten_after_half_a_minute_and_not_before() -> None:
    reports = Reports()
    reports.run(1800, every=100, depth=3.0)
    assert reports.run(int(MEMORY_S * RATE * 0.7)) == 3.0
    assert reports.run(int(MEMORY_S * RATE * 0.35)) == 0.0


@pytest.mark.parametrize("step", [-5.0, 5.0])
def test_a_route_that_changed_for_good_is_no_lateness(step: float) -> None:
    reports = Reports()
    reports.run(600)
    reports.usual += step
    assert reports.run(600) == 0.0
    assert reports.rare.usual == -4.0 + step


def test_a_clock_that_was_set_anew_keeps_what_is_known_of_bursts() -> None:
    reports = Reports()
    assert reports.run(1800, every=100, depth=3.0) == 3.0
    reports.rare.rebase()
    reports.usual = 20.0
    assert reports.run(60) == 3.0
    assert reports.rare.usual == 20.0


def test_bursts_by_chance_are_late_as_seldom_as_promised() -> None:
    """Runs of mean 2, one start in 40 ticks: with the margin that is chosen, less than one in 400 commands begins a hiccup."""
    random, rare = Random(3), RareLateness(RATE)
    depths = []
    tick = 0
    while tick < 7200:
        tick += 1
        depth = 0
        if random.random() < 1 / 40:
            while random.random() < 0.5:
                depth += 1
        tick += depth
        rare.report(-2.0 - depth, tick / RATE)
        depths.append(depth)
    margin = rare.margin_ticks(tick / RATE)
    assert 2.0 <= margin <= 6.0
    assert sum(depth > margin for depth in depths) / tick < 1 / 400
    assert sum(depth > margin for depth in depths) > HICCUPS_FORGIVEN, "not all of them: that would cost more than it is worth"
