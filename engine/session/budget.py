"""How often one client gets a snapshot: as often as its way carries, and no queue that we fill ourselves.

A home router in front of a slow line holds a second of data before it loses any. Who sends more than the line carries sees no loss, only a
round trip that grows to a second, and a game that plays a second late. So the server watches, five times a second and per client:

- the *standing delay*: the smallest round trip of the last 200 ms less the smallest of the last 15 s. Jitter and single spikes do not
  raise a minimum; a queue does.
- the *loss*, which is what a line without a queue shows instead.

Either is only a suspicion, as a route may simply be longer and Wi-Fi may simply lose. What tells is whether sending less helps::

    OPEN    --- standing delay above its bound, twice ---> DRAIN: half as often, half again while the delay does not fall
    DRAIN   --- the queue is gone ---> OPEN at this pace; then step by step faster. A pace that has filled the queue before is tried
                                       after a wait that doubles each time it does so again
            --- at the slowest, and nothing helped ---> OPEN at the old pace: it is not our queue, its delay is the new normal
    OPEN    --- loss above a quarter for 2 s ---> TRIAL: half as often. Much less loss: stay. If not: back, and such loss is normal here

A pace is a whole number of ticks from snapshot to snapshot; how it is spent: :mod:`engine.session.bucket`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from engine.datagram import PathReport
from engine.session.bucket import Bucket

PERIOD_S: Final = 0.2
"""Between two looks; long enough for the minimum over it to say nothing about jitter."""

DELAY_MAX_S: Final = 0.05
"""Standing delay that is suspicious (LEDBAT aims at 25 to 100 ms, CoDel at 5 ms in the router itself). The jitter comes on top, up to
the same again: a queue that grows looks like jitter too."""
DELAY_JITTERS: Final = 4.0
"""So many mean deviations: on a radio with +-30 ms each way, the smallest round trip of 200 ms is up to 70 ms above that of 15 s."""

SUSPICIOUS_PERIODS: Final = 2
SUSPICIOUS_PERIODS_CARRIED: Final = 10
"""Inside the control connection a lost segment holds up everything for some hundred milliseconds: only what stays is a queue there."""
BASE_PERIODS: Final = 75
"""The smallest round trip of 15 s is what the way takes without a queue."""

FALLING_SHARE: Final = 0.9
"""Standing delay below this share of what it was a settling time ago: the queue drains, wait for it."""
HELPS_SHARE: Final = 0.95
GIVE_UP_S: Final = 1.5
"""At the slowest pace, a delay that is not below this share of itself after this long, while nothing is lost: it is not our queue."""
FULL_LOSS: Final = 0.05
"""More lost at the slowest pace: the queue is full, so a delay that does not fall proves nothing."""
SETTLE_S: Final = 0.2
"""Beyond a round trip: from a change of pace until its effect is seen."""

STEP_S: Final = 2.0
"""A faster pace is tried after this long."""
RETRY_FIRST_S: Final = 10.0
RETRY_LONGEST_S: Final = 60.0
"""One that has filled the queue already, after this long; doubled each time that it does so again: trying costs little in the end."""
PROBATION_S: Final = 3.0
"""A faster pace that did no harm for so long has proven itself."""

LOSS_SUSPICIOUS: Final = 0.25
"""Below, it is a bad radio: a line that is over its capacity by no more than this soon shows a standing delay instead."""
LOSS_SUSPICIOUS_IN_RUNS: Final = 0.35
"""The same where losses come in runs: what 2 s show then is chance. Runs of four at 10 % loss show 25 % once in minutes, 35 % never."""
LOSS_SILENCE: Final = 0.9
"""More than that in one look is a hole in the network, and nothing that pace could mend."""
LOSS_LOOKS: Final = 10
LOSS_LOOKS_PARTIAL: Final = 8
LOSS_LOOK_DATAGRAMS: Final = 6
"""Of ten looks (2 s) at six datagrams or more, eight have lost some and not all: a line that is full loses steadily, a hole does not."""
LOSS_HELPED_SHARE: Final = 0.6
LOSS_WINDOW_S: Final = 1.0
LOSS_WINDOW_DATAGRAMS: Final = 24
NORMAL_LOSS_S: Final = 60.0
"""So long a loss that pace did not mend is taken for the way's own."""
NORMAL_LOSS_FACTOR: Final = 1.5
NORMAL_LOSS_EXCESS: Final = 0.05


class Mode(Enum):
    """What a budget is about."""

    OPEN = "open"
    DRAIN = "drain"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class BudgetStatistics:
    """Counters since the connection began."""

    mode: Mode
    interval_ticks: int
    standing_delay_ms: float
    slowed_for_delay: int
    slowed_for_loss: int
    given_up: int
    """Suspicions that sending less did not confirm."""
    held_back: int
    """Snapshots that the bucket did not let go."""
    rows_held_back: int
    """Changed rows that were left for a later snapshot, each counted in every snapshot that it missed."""


class SendBudget(Bucket):
    """One client's pace. ``interval_ticks_min`` where nothing is wrong, ``interval_ticks_max`` at worst; equal: it never changes."""

    __slots__ = (
        "_delay",
        "_delay_settled",
        "_failed_interval",
        "_faster_at",
        "_for_delay",
        "_for_loss",
        "_given_up",
        "_interval_before",
        "_is_carried",
        "_judged",
        "_looks",
        "_loss_before",
        "_loss_began",
        "_lost",
        "_lows",
        "_max",
        "_mode",
        "_normal_loss",
        "_normal_until",
        "_retry_s",
        "_settled_at",
        "_stepped_at",
        "_suspicious",
        "_suspicious_periods",
        "_worst_since",
    )

    def __init__(self, interval_ticks_min: int, interval_ticks_max: int) -> None:
        super().__init__(interval_ticks_min)
        self._max: Final = max(interval_ticks_min, interval_ticks_max)
        self._mode = Mode.OPEN
        self._is_carried = False
        self._lows: Final[deque[float]] = deque(maxlen=BASE_PERIODS)
        self._delay = 0.0
        self._suspicious = 0
        self._suspicious_periods = SUSPICIOUS_PERIODS
        # of the present suspicion
        self._interval_before = interval_ticks_min
        self._delay_settled = 0.0
        self._settled_at = 0.0
        self._worst_since = 0.0
        # of faster paces
        self._faster_at = 0.0
        self._retry_s = RETRY_FIRST_S
        self._stepped_at = float("-inf")
        self._failed_interval = 0
        """The pace that the way did not carry; 0: none such is known."""
        # of losses
        self._loss_began = 0.0
        self._judged = self._lost = 0
        self._looks: Final[deque[tuple[int, int]]] = deque(maxlen=LOSS_LOOKS)
        self._loss_before = 0.0
        self._normal_loss = 0.0
        self._normal_until = 0.0
        self._for_delay = self._for_loss = self._given_up = 0

    # --- judgement

    def observe(self, report: PathReport, now: float, *, losses_in_runs: bool = False) -> None:
        """Take in what the last period (:data:`PERIOD_S`) showed. ``losses_in_runs``: they are not one by one, as on a busy radio."""
        if self._min == self._max:
            return
        self._judged += report.judged
        self._lost += report.lost
        if report.lowest_rtt_s is not None:
            self._lows.append(report.lowest_rtt_s)
            self._delay = report.lowest_rtt_s - min(self._lows)
            self._judge_delay(report.lowest_rtt_s, report.jitter_s, now)
        if self._mode is not Mode.DRAIN and not self._is_carried:  # a stream loses nothing: what is missing was sent the old way
            self._judge_loss(LOSS_SUSPICIOUS_IN_RUNS if losses_in_runs else LOSS_SUSPICIOUS, now)
        if self._mode is Mode.OPEN:
            self._try_faster(now)

    def path_changed(self, *, is_carried: bool) -> None:
        """The client is reached in another way from now on: what was measured says nothing about that one."""
        self._is_carried = is_carried
        self.interval_ticks = self._min
        self._mode = Mode.OPEN
        self._failed_interval = 0
        self._retry_s = RETRY_FIRST_S
        self._looks.clear()
        self._judged = self._lost = 0
        self._lows.clear()
        self._delay = 0.0
        self._suspicious = 0
        self._suspicious_periods = SUSPICIOUS_PERIODS_CARRIED if is_carried else SUSPICIOUS_PERIODS

    @property
    def slowed(self) -> int:
        """Times that the pace was lowered, on whatever suspicion."""
        return self._for_delay + self._for_loss

    def statistics(self) -> BudgetStatistics:
        """Where it stands."""
        return BudgetStatistics(
            mode=self._mode,
            interval_ticks=self.interval_ticks,
            standing_delay_ms=self._delay * 1000,
            slowed_for_delay=self._for_delay,
            slowed_for_loss=self._for_loss,
            given_up=self._given_up,
            held_back=self._held_back,
            rows_held_back=self._rows_held_back,
        )

    def _set_interval(self, ticks: int, now: float) -> None:
        self.interval_ticks = min(self._max, max(self._min, ticks))
        self._begin_loss_window(now)

    # delay

    def _judge_delay(self, low_s: float, jitter_s: float, now: float) -> None:
        bound = DELAY_MAX_S + min(DELAY_MAX_S, DELAY_JITTERS * jitter_s)
        if self._mode is Mode.DRAIN:
            self._drain(low_s, bound, now)
            return
        self._suspicious = self._suspicious + 1 if self._delay > bound else 0
        # A pace that was tried a moment ago is given up at the first sign.
        if self._suspicious < (1 if now - self._stepped_at < PROBATION_S else self._suspicious_periods):
            return
        self._for_delay += 1
        self._fail(now)
        self._mode = Mode.DRAIN
        self._interval_before = self.interval_ticks
        self._slow_down(low_s, now)

    def _fail(self, now: float) -> None:
        """The present pace is too fast."""
        if now - self._stepped_at < PROBATION_S and self.interval_ticks <= self._failed_interval:
            self._retry_s = min(RETRY_LONGEST_S, self._retry_s * 2)
        self._failed_interval = max(self._failed_interval, self.interval_ticks)

    def _wait_for_faster(self, now: float) -> None:
        is_known_to_fail = self.interval_ticks - 1 <= self._failed_interval
        self._faster_at = now + (self._retry_s if is_known_to_fail else STEP_S)

    def _slow_down(self, low_s: float, now: float) -> None:
        self._set_interval(self.interval_ticks * 2, now)
        self._delay_settled = self._delay
        self._settled_at = self._worst_since = now + low_s + SETTLE_S

    def _drain(self, low_s: float, bound: float, now: float) -> None:
        if self._delay < bound / 2:
            self._mode = Mode.OPEN
            self._suspicious = 0
            self._wait_for_faster(now)
        elif now < self._settled_at:
            self._delay_settled = max(self._delay_settled, self._delay)  # what was sent before is still arriving
        elif self._delay < FALLING_SHARE * self._delay_settled:  # it falls: look again a settling time later
            self._delay_settled = self._delay
            self._settled_at = self._worst_since = now + SETTLE_S
        elif self.interval_ticks < self._max:
            self._slow_down(low_s, now)
        elif now - self._worst_since > GIVE_UP_S:
            if self._delay > HELPS_SHARE * self._delay_settled and self._lost <= FULL_LOSS * self._judged:
                self._give_up(low_s, now)
                return
            self._delay_settled = self._delay
            self._worst_since = now
            self._begin_loss_window(now)

    def _give_up(self, low_s: float, now: float) -> None:
        """It is not our queue: the way has become longer, or somebody else fills it."""
        self._given_up += 1
        self._mode = Mode.OPEN
        self._suspicious = 0
        self._lows.clear()
        self._lows.append(low_s)
        self._delay = 0.0
        self._failed_interval = 0
        self._set_interval(self._interval_before, now)
        self._wait_for_faster(now)

    def _try_faster(self, now: float) -> None:
        if self._failed_interval and self.interval_ticks <= self._failed_interval and now - self._stepped_at > PROBATION_S:
            self._failed_interval = self.interval_ticks - 1  # it holds now
            self._retry_s = RETRY_FIRST_S
            self._wait_for_faster(now)
        if self.interval_ticks == self._min or now < self._faster_at:
            return
        if self._delay < DELAY_MAX_S / 2:
            self._set_interval(self.interval_ticks - 1, now)
            self._stepped_at = now
            self._wait_for_faster(now)

    # loss

    def _begin_loss_window(self, now: float) -> None:
        self._loss_began = now
        self._judged = self._lost = 0
        self._looks.clear()

    def _judge_loss(self, suspicious: float, now: float) -> None:
        if self._mode is Mode.TRIAL:
            if now - self._loss_began >= LOSS_WINDOW_S and self._judged >= LOSS_WINDOW_DATAGRAMS:
                self._end_trial(self._lost / self._judged, now)
        elif self._judged >= LOSS_LOOK_DATAGRAMS:
            self._looks.append((self._judged, self._lost))
            self._judged = self._lost = 0
            if len(self._looks) == LOSS_LOOKS and self.interval_ticks < self._max:
                self._begin_trial_if_lossy(suspicious, now)

    def _begin_trial_if_lossy(self, allowed: float, now: float) -> None:
        looks = self._looks
        if sum(0 < lost < LOSS_SILENCE * judged for judged, lost in looks) < LOSS_LOOKS_PARTIAL:
            return
        loss = sum(lost for _, lost in looks) / sum(judged for judged, _ in looks)
        if now < self._normal_until:
            allowed = max(allowed, NORMAL_LOSS_FACTOR * self._normal_loss + NORMAL_LOSS_EXCESS)
        if loss <= allowed:
            return
        self._for_loss += 1
        self._fail(now)
        self._mode = Mode.TRIAL
        self._loss_before = loss
        self._interval_before = self.interval_ticks
        self._set_interval(self.interval_ticks * 2, now)

    def _end_trial(self, loss: float, now: float) -> None:
        """Half as many were sent for a while, of which ``loss`` were lost."""
        self._mode = Mode.OPEN
        self._begin_loss_window(now)
        if loss > LOSS_HELPED_SHARE * self._loss_before:
            self._given_up += 1
            self._normal_loss = max(loss, self._loss_before)
            self._normal_until = now + NORMAL_LOSS_S
            self._failed_interval = 0
            self._set_interval(self._interval_before, now)
        self._wait_for_faster(now)
