"""A client's pace over modelled lines: what fills a queue is slowed down, and what merely looks like that is not."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from engine.datagram import PathReport
from engine.session.bucket import BURST_SNAPSHOTS
from engine.session.budget import PERIOD_S, RETRY_LONGEST_S, SendBudget

RATE_HZ = 60
TICK_S = 1 / RATE_HZ


class Line:
    """Ticks, a budget, and a line: rate and queue, a round trip with jitter, losses. Reports come a round trip late, as in reality."""

    def __init__(self, *, kbit_s: float = 1e6, queue_s: float = 1.0, rtt_s: float = 0.04, jitter_s: float = 0.0, loss: float = 0.0) -> None:
        self.kbit_s, self.queue_s, self.rtt_s, self.jitter_s, self.loss = kbit_s, queue_s, rtt_s, jitter_s, loss
        self.budget = SendBudget(1, 6)
        self.random = Random(3)
        self.tick = 0
        self.held_s = 0.0
        self.snapshots = 0
        self.delays: list[float] = []
        self._judged: deque[tuple[float, float | None]] = deque()
        self._jitters: deque[float] = deque([0.0], maxlen=60)
        self._look_at = 0.0

    @property
    def now(self) -> float:
        return self.tick * TICK_S

    def run(self, seconds: float, size_bytes: int = 1000) -> None:
        for _ in range(round(seconds * RATE_HZ)):
            self.tick += 1
            self.held_s = max(0.0, self.held_s - TICK_S)
            if self.now >= self._look_at:
                self._look_at = self.now + PERIOD_S
                self.budget.observe(self._report(), self.now)
            if self.budget.is_due(self.tick):
                self._send(size_bytes)
            self.delays.append(self.held_s)

    def _send(self, size_bytes: int) -> None:
        self.budget.sent(size_bytes)
        self.snapshots += 1
        is_lost = self.held_s > self.queue_s or self.random.random() < self.loss
        if not is_lost:
            self.held_s += size_bytes * 8 / (self.kbit_s * 1000)
        jitter = self.random.uniform(0, 2 * self.jitter_s)
        rtt_s = self.rtt_s + self.held_s + jitter
        self._jitters.append(abs(jitter - self.jitter_s))
        self._judged.append((self.now + rtt_s, None if is_lost else rtt_s))

    def _report(self) -> PathReport:
        judged = []
        while self._judged and self._judged[0][0] <= self.now:
            judged.append(self._judged.popleft()[1])
        arrived = [rtt_s for rtt_s in judged if rtt_s is not None]
        jitter_s = sum(self._jitters) / len(self._jitters)
        return PathReport(min(arrived) if arrived else None, jitter_s, len(judged), len(judged) - len(arrived))

    def pace_hz(self, seconds: float, size_bytes: int = 1000) -> float:
        before = self.snapshots
        self.run(seconds, size_bytes)
        return (self.snapshots - before) / seconds


def test_a_line_that_carries_everything_is_left_alone() -> None:
    line = Line()
    assert line.pace_hz(60) == RATE_HZ
    assert line.budget.statistics().slowed_for_delay == 0


@pytest.mark.parametrize("kbit_s", [90, 130, 200, 300, 450])
def test_a_narrow_line_is_used_and_its_queue_kept_short(kbit_s: float) -> None:
    """Snapshots need 480 kbit/s at the full pace."""
    line = Line(kbit_s=kbit_s)
    line.run(8)
    line.delays.clear()
    pace = line.pace_hz(120)
    ordered = sorted(line.delays)
    assert ordered[int(len(ordered) * 0.95)] < 0.150
    carried_hz = kbit_s / 8
    assert pace <= carried_hz
    assert pace >= min(30.0, carried_hz * 0.5), "a pace is a whole number of ticks, so up to half of the line may stay free"


def test_a_line_that_becomes_faster_is_used_again() -> None:
    line = Line(kbit_s=200)
    line.run(60)
    assert line.budget.interval_ticks > 1
    line.kbit_s = 10_000
    line.run(6 * RETRY_LONGEST_S)
    assert line.budget.interval_ticks == 1


def test_a_longer_route_is_no_queue() -> None:
    line = Line()
    line.run(20)
    line.rtt_s = 0.24
    line.run(6)
    assert line.budget.statistics().given_up == 1
    assert line.budget.interval_ticks == 1
    assert line.pace_hz(60) > 59


def test_jitter_is_no_queue() -> None:
    line = Line(jitter_s=0.05)
    assert line.pace_hz(120) > 59.5


def test_a_queue_that_somebody_else_fills_is_not_ours_to_empty() -> None:
    line = Line()
    line.run(20)
    line.rtt_s = 0.5  # a download through the same router; it goes on
    line.run(8)
    assert line.pace_hz(30) > 59


@pytest.mark.parametrize("loss", [0.05, 0.12, 0.3, 0.4])
def test_loss_that_slowing_down_does_not_mend_is_lived_with(loss: float) -> None:
    line = Line(loss=loss)
    line.run(15)
    assert line.pace_hz(240) > 0.8 * RATE_HZ


def test_loss_by_sending_too_much_is_mended() -> None:
    """A policer: no queue to speak of, what is too much is lost."""
    line = Line(kbit_s=250, queue_s=0.02)
    line.run(12)
    assert line.budget.statistics().slowed_for_loss >= 1
    assert 15 <= line.pace_hz(60) <= 40


def test_a_blackout_slows_nothing_down() -> None:
    line = Line()
    line.run(10)
    line.loss = 1.0
    line.run(2)
    line.loss = 0.0
    line.run(3)
    assert line.pace_hz(10) == RATE_HZ


def test_a_complete_snapshot_on_a_narrow_line_is_made_up_for() -> None:
    line = Line(kbit_s=300)
    line.run(30)
    assert line.budget.interval_ticks > 1
    before = line.budget.statistics().held_back
    line.budget.sent(20_000)
    line.run(0.5)
    assert line.budget.statistics().held_back > before
    line.run(3)
    held_back = line.budget.statistics().held_back
    line.run(1)
    assert line.budget.statistics().held_back == held_back, "and then it is over"


def test_the_bucket_is_bounded() -> None:
    budget = SendBudget(1, 6)
    for _ in range(100):
        budget.sent(500)
    budget.interval_ticks = 2
    for tick in range(2, 2000, 2):
        budget.is_due(tick)
    assert budget._tokens <= BURST_SNAPSHOTS * 500


def test_a_fixed_pace_stays() -> None:
    line = Line(kbit_s=50)
    line.budget = SendBudget(3, 3)
    assert line.pace_hz(30) == 20


def test_several_ticks_at_once_miss_no_turn() -> None:
    budget = SendBudget(3, 3)
    assert [budget.is_due(tick, 5) for tick in (5, 10, 15)] == [True] * 3
    assert [budget.is_due(tick) for tick in (16, 17, 18)] == [False, False, True]


def test_any_report_is_survived() -> None:
    random = Random(9)
    budget = SendBudget(1, 6)
    now = 0.0
    for _ in range(5000):
        now += random.choice((0.0, PERIOD_S, 30.0))
        judged = random.randrange(200)
        low = random.choice((None, 0.0, random.random(), 5.0))
        budget.observe(PathReport(low, random.random(), judged, random.randrange(judged + 1)), now)
        assert 1 <= budget.interval_ticks <= 6


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
def test_holes_in_the_network_slow_nothing_down(seconds: float) -> None:
    line = Line()
    line.run(10)
    for _ in range(20):
        line.loss = 1.0
        line.run(seconds)
        line.loss = 0.0
        line.run(3)
    assert line.budget.statistics().slowed_for_loss == 0


@pytest.mark.parametrize(("jitter_s", "slowed"), [(0.015, 0), (0.002, 1)])
def test_a_radio_whose_round_trips_vary_has_no_queue(jitter_s: float, slowed: int) -> None:
    """+-30 ms each way in order: the best of 15 s is far below the best of most 200 ms. Without that jitter the same is a queue."""
    budget = SendBudget(1, 6)
    lows_s = [0.150, *([0.204, 0.196, 0.212, 0.213, 0.204, 0.200, 0.217, 0.218] * 4)]
    for number, low_s in enumerate(lows_s):
        budget.observe(PathReport(low_s, jitter_s, 12, 1), number * PERIOD_S)
    assert min(1, budget.statistics().slowed_for_delay) == slowed


@pytest.mark.parametrize(("in_runs", "slowed"), [(True, 0), (False, 1)])
def test_losses_in_runs_must_be_more_before_a_slower_pace_is_tried(in_runs: bool, slowed: int) -> None:
    budget = SendBudget(1, 6)
    for number, lost in enumerate((8, 13, 7, 10, 0, 21, 7, 11, 6, 20)):  # 29 % of 2 s, once seen where 10 % are lost in runs of four
        budget.observe(PathReport(0.05, 0.001, 36, lost), number * PERIOD_S, losses_in_runs=in_runs)
    assert budget.statistics().slowed_for_loss == slowed


def test_a_full_line_is_slowed_down_whatever_its_losses_look_like() -> None:
    budget = SendBudget(1, 6)
    for number in range(20):
        budget.observe(PathReport(0.05, 0.001, 12, 5), number * PERIOD_S, losses_in_runs=True)
    assert budget.statistics().slowed_for_loss >= 1
