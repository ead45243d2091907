"""The client's own tick clock: ahead of the server's by just so much that its commands arrive in time.

The server reports, with each snapshot, the smallest *slack* of the commands that arrived since the last one: how long before its
step a command was there. The clock must keep nearly all slacks above zero and still be as little ahead as it can, because every tick of
lead is a tick of prediction that may turn out wrong.

The idea that makes this calm: a slack is measured a round trip after the clock made that command, so steering by it directly means
steering by the past, and swings. Here every slack is stored without the clock's own part in it::

    slack = (what the network did)  +  adjustment(when the command was made)  -  (ticks that it waited for the newest in its message)

``adjustment`` is the sum of all steering so far, in ticks, remembered per tick. From the network's part alone, over the last
seconds, follows the *goal*: the adjustment that puts the 99th percentile of slack into its band. The clock then walks to the goal, at
most 5 % faster or slower than real time, and stays there, also when no report comes for a while (a blackout must not move it). The few
worst reports never count (one spike is not the network's nature); where every report says "late", the walk may be quicker; and a clock
that is more than 10 ticks wrong (a suspended laptop, a paused server) is set anew.

A percentile over seconds follows jitter quickly but knows little of losses in a row. Those are :mod:`engine.timeline.lateness`: where it
asks for more lead than the percentile does, it gets it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from engine.errors import LocalProtocolError
from engine.timeline.accumulator import ROUNDING_TICKS
from engine.timeline.lateness import RareLateness
from engine.timeline.window import Window

SLACK_TICKS_MIN: Final = 0.5
SLACK_TICKS_MAX: Final = 1.0
FRAME_TICKS_MAX: Final = 2.0
"""The band for the 99th percentile. Half a tick is where 5 % loss and +-20 ms of jitter leave about 0.1 % of the commands late.
Commands are made at frames, so slack moves in steps of a frame: a band narrower than that would be hunted for ever."""
SLACK_TICKS_AIM: Final = 0.9

RARE_TICKS_SPARE: Final = 0.25
"""Beyond the margin for bursts: a server takes datagrams four times a tick."""
MARGIN_EVERY_REPORTS: Final = 8

WINDOW_S: Final = 5.0
"""How long a report counts: 300 commands at 60 Hz, of which the 99th percentile passes over three."""
PASSED_OVER_PER_COMMAND: Final = 0.01
REPORTS_MIN: Final = 6
"""Reports needed before the first move: a tenth of a second at 60 Hz."""

SPEED_CHANGE_MAX: Final = 0.05
"""lightyear and the design: 5 % more or fewer ticks are not seen."""
HURRY_CHANGE_MAX: Final = 0.25
"""While all commands come too late the player stands still on the server, which is seen (netfox stretches by up to 25 %)."""
LATE_IN_A_ROW_TO_HURRY: Final = 6
GROW_TIME_S: Final = 0.15
SHRINK_TIME_S: Final = 1.0
"""Time constants of the walk to a greater and to a smaller lead: too small loses commands, too great only costs a little."""

APART_TICKS_SHORT: Final = 0.25
"""Messages go further apart once no more than so much of the lead for it is missing: the walk's last steps are short ones."""

SNAP_TICKS: Final = 10
SNAP_AFTER_S: Final = 0.25
"""More than 10 ticks wrong (lightyear), for this long: the clock is set instead of walked."""
SATURATED_16THS: Final = 127
DEAF_AFTER_SNAP_S: Final = 0.1
"""Beyond a round trip: until then reports speak of commands from before the clock was set."""

REMEMBERED_TICKS: Final = 256


@dataclass(frozen=True, slots=True)
class ClockStatistics:
    """How the clock stands; durations in ticks."""

    tick: int
    ahead_ticks: float
    slack_p99_ticks: float | None
    """What the 99th percentile of slack would be with the present lead; None before the first reports."""
    speed: float
    reports: int
    late: int
    """Commands that the server called late, as reported (a report may be lost, then they are not counted here)."""
    missing: int
    """Ticks that the server had to compute without a command, as reported."""
    snaps: int
    ticks_skipped: int


class CommandClock:
    """Hands out the ticks to make commands for. Sans-IO: ``now`` is any monotonic clock in seconds."""

    def __init__(self, tick_rate_hz: int) -> None:
        if tick_rate_hz < 1:
            raise LocalProtocolError("the tick rate is at least 1")
        self._rate: Final = tick_rate_hz
        self._now = 0.0
        self._started = False
        self._position = 0.0
        self._tick = 0
        self._adjustment = 0.0
        self._goal = 0.0
        self._speed = 1.0
        self._made: list[tuple[int, float]] = [(-1, 0.0)] * REMEMBERED_TICKS
        self._reports: Final = Window()
        self._late_in_a_row = 0
        self._rare: Final = RareLateness(tick_rate_hz)
        self._margin = 0.0
        self._frame = 0.0
        self._apart_ticks = self._apart_ticks_wanted = 1
        self._is_going_apart = False
        """The clock walks because that has changed, which is not the network's doing."""
        self._deaf_until = 0.0
        self._wrong_since: float | None = None
        self._ahead = 0.0
        self._report_count = self._late = self._missing = self._snaps = self._skipped = 0

    @property
    def started(self) -> bool:
        """Whether :meth:`start` was called."""
        return self._started

    @property
    def tick(self) -> int:
        """The newest tick handed out."""
        return self._tick

    @property
    def ahead_ticks(self) -> float:
        """How far the clock is ahead of a snapshot's tick when that snapshot arrives: the depth of prediction, smoothed."""
        return self._ahead

    @property
    def frame_ticks(self) -> float:
        """How long a frame takes, in ticks, smoothed."""
        return self._frame

    @property
    def speed(self) -> float:
        """Ticks per tick of real time, within 5 % of 1 (25 % while everything is late)."""
        return self._speed

    @property
    def apart_ticks(self) -> int:
        """How many ticks messages of commands are apart now."""
        return self._apart_ticks

    @property
    def apart_ticks_wanted(self) -> int:
        """What :meth:`send_apart` was told last."""
        return self._apart_ticks_wanted

    def send_apart(self, ticks: int) -> None:
        """Messages of commands shall be so many ticks apart. The oldest command of one waits for the newest, so the clock walks that much
        further ahead first: until it is there, ``apart_ticks`` stays as it was, and no command comes late because of it.
        """
        if ticks < 1:
            raise LocalProtocolError("messages of commands are at least a tick apart")
        self._is_going_apart |= ticks != self._apart_ticks_wanted
        self._apart_ticks_wanted = ticks
        self._apart_ticks = min(self._apart_ticks, ticks)

    @property
    def _waited(self) -> int:
        """Ticks that the oldest command of a message has waited for the newest."""
        return self._apart_ticks - 1

    def start(self, snapshot_tick: int, rtt_s: float, now: float, jitter_s: float = 0.0) -> None:
        """Set the clock by a snapshot that has just arrived: a command made now must reach the server before its step.

        It sets out with room for one lost datagram and some jitter; what of that is not needed is given back within seconds.
        """
        margin_ticks = SLACK_TICKS_AIM + 1.0 + min(2.0, 2.0 * jitter_s * self._rate)
        self._now = now
        self._started = True
        self._set_position(snapshot_tick + rtt_s * self._rate + margin_ticks + self._apart_ticks_wanted - 1)
        self._deaf_until = now
        self._ahead = self._position - snapshot_tick

    def advance(self, now: float) -> range:
        """The ticks to make commands for, oldest first; usually none or one. Where time has jumped, ticks are left out, not made up for."""
        if not self._started:
            raise LocalProtocolError("the command clock has not been started")
        elapsed = max(0.0, now - self._now)
        self._frame += (min(FRAME_TICKS_MAX, elapsed * self._rate) - self._frame) / 16
        self._now = max(now, self._now)
        self._position += elapsed * self._rate + self._steer(elapsed)
        newest = math.floor(self._position + ROUNDING_TICKS)
        first = self._tick + 1
        if newest - self._tick > SNAP_TICKS:
            self._skipped += newest - first
            first = newest
        for tick in range(first, newest + 1):
            self._made[tick % REMEMBERED_TICKS] = (tick, self._adjustment - self._waited)
        self._tick = max(newest, self._tick)
        return range(first, newest + 1)

    def fraction_256ths(self, now: float) -> int:
        """How far real time has gone from the newest tick to the next, 0 to 256: where to draw between two predicted worlds."""
        ahead_s = max(0.0, now - self._now)
        return min(256, max(0, int((self._position + ahead_s * self._rate * self._speed - self._tick) * 256)))

    def feedback(self, slack_16ths: int | None, now: float, *, snapshot_tick: int, rtt_s: float, late: int = 0, missing: int = 0) -> None:
        """Take in what the newest snapshot says. ``slack_16ths`` is in 1/16 tick, None where no new command had come.

        Call it once per snapshot that is newer than those before, after :meth:`advance` of the same ``now`` or before it.
        """
        if not self._started:
            return
        self._late += late
        self._missing += missing
        lead = self._position - snapshot_tick
        self._ahead += (lead - self._ahead) / 16
        if now < self._deaf_until:
            return
        if self._snap_if_lost(slack_16ths, now, lead - rtt_s * self._rate):
            self._deaf_until = now + rtt_s + DEAF_AFTER_SNAP_S
            return
        if slack_16ths is None:
            return
        slack = slack_16ths / 16
        network = slack - self._adjustment_at(round(snapshot_tick + slack))
        self._report_count += 1
        self._late_in_a_row = self._late_in_a_row + 1 if network + self._adjustment < self._waited else 0
        self._reports.add(now, network, WINDOW_S)
        if not self._is_going_apart:
            self._rare.report(network, now)
        if self._report_count % MARGIN_EVERY_REPORTS == 0:
            self._margin = self._rare.margin_ticks(now)
        percentile = self._network_p99()
        if percentile is None:
            return
        aim = max(-percentile, self._margin + RARE_TICKS_SPARE - self._rare.usual - SLACK_TICKS_MIN)
        if not SLACK_TICKS_MIN <= self._goal - aim <= max(SLACK_TICKS_MAX, SLACK_TICKS_MIN + self._frame + 0.1):
            self._goal = aim + SLACK_TICKS_AIM

    def statistics(self) -> ClockStatistics:
        """Where the clock stands, and counters since it was made."""
        percentile = self._network_p99()
        return ClockStatistics(
            tick=self._tick,
            ahead_ticks=self._ahead,
            slack_p99_ticks=None if percentile is None else percentile + self._adjustment - self._waited,
            speed=self._speed,
            reports=self._report_count,
            late=self._late,
            missing=self._missing,
            snaps=self._snaps,
            ticks_skipped=self._skipped,
        )

    def _steer(self, elapsed_s: float) -> float:
        """Walk towards the goal for this long; returns the ticks won (or given back)."""
        if elapsed_s <= 0.0:
            return 0.0
        goal = self._goal + self._apart_ticks_wanted - 1
        error = goal - self._adjustment
        time_constant_s = GROW_TIME_S if error > 0 else SHRINK_TIME_S
        hurry = error > 0 and self._late_in_a_row >= LATE_IN_A_ROW_TO_HURRY
        most = (HURRY_CHANGE_MAX if hurry else SPEED_CHANGE_MAX) * elapsed_s * self._rate
        change = min(most, max(-most, error * -math.expm1(-elapsed_s / time_constant_s)))
        self._adjustment += change
        if self._adjustment >= goal - APART_TICKS_SHORT:
            self._apart_ticks = self._apart_ticks_wanted
        self._is_going_apart &= abs(goal - self._adjustment) > APART_TICKS_SHORT
        self._speed = 1.0 + change / (elapsed_s * self._rate)
        return change

    def _adjustment_at(self, tick: int) -> float:
        made, adjustment = self._made[tick % REMEMBERED_TICKS]
        return adjustment if made == tick else self._adjustment - self._waited

    def _network_p99(self) -> float | None:
        """The 99th percentile of the network's part of slack. A report is the worst of its commands, so what is passed over is
        counted in commands, not in reports: snapshots at 20 Hz give the same answer as at 60 Hz.
        """
        reports = self._reports
        if len(reports) < REPORTS_MIN:
            return None
        commands = (reports.taken[-1][0] - reports.taken[0][0]) * self._rate
        passed_over = min(max(1, int(commands * PASSED_OVER_PER_COMMAND)), len(reports) // 3)
        return reports.ascending[passed_over]

    def _snap_if_lost(self, slack_16ths: int | None, now: float, lead_beyond_rtt: float) -> bool:
        """Set the clock anew if it is far off. Slack is no help there (it saturates at 8 ticks): the snapshot's own tick tells."""
        readable = slack_16ths is not None and -SATURATED_16THS < slack_16ths < SATURATED_16THS
        error = lead_beyond_rtt - SLACK_TICKS_AIM - (self._apart_ticks_wanted - 1)
        if readable or abs(error) <= SNAP_TICKS:
            self._wrong_since = None
            return False
        if self._wrong_since is None:
            self._wrong_since = now
        if now - self._wrong_since < SNAP_AFTER_S:
            return False
        self._snaps += 1
        self._set_position(self._position - error + 1.0)
        return True

    def _set_position(self, position: float) -> None:
        self._position = position
        self._tick = math.floor(position)
        self._goal = self._adjustment - (self._apart_ticks_wanted - 1)
        self._reports.clear()
        self._rare.rebase()
        self._late_in_a_row = 0
        self._wrong_since = None
