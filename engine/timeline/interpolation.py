"""What the screen shows of everybody else: snapshots played back a little late, so that there are nearly always two to blend between.

Display time is a place on the server's ticks. It follows::

    target(now) = now in ticks  -  transit  -  delay

``transit`` is the running mean of how far behind real time snapshots arrive; ``delay`` is chosen from what the last seconds
would have needed. Per arrival the deepest need is kept: how far real time was from the newest snapshot at the last frame before a newer
one came. That holds everything that can go wrong (jitter, loss, reordering, slow frames) in one number. The delay is what would have
covered the deepest of them, within 1.5 to 5 snapshot intervals: it grows as soon as something comes late and shrinks when seconds have
passed without. What no permitted delay would have covered is an outage; a rare outage does not count.

Display time walks to the target at 0.9 to 1.1 times real time and never backwards. Past the newest snapshot it goes on by the rows' own
motion for at most 0.2 s and then stands; when snapshots come again after an outage it jumps forward to where it belongs.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass
from typing import Final

from engine.errors import LocalProtocolError
from engine.timeline.window import Window
from engine.world import FRACTIONS, Blender, Motion, Schema, World

SNAPSHOTS_MAX: Final = 64
DELAY_INTERVALS_MIN: Final = 1.5
DELAY_INTERVALS_MAX: Final = 5.0
DELAY_INTERVALS_AT_START: Final = 3.0
"""Too long at first is not seen, too short stutters."""

EXTRAPOLATION_S_MAX: Final = 0.2
"""Source stops at 0.25 s; Gaffer finds 50 to 250 ms bearable."""

WINDOW_S: Final = 4.0
"""How long a need counts: a picture that has become longer behind is back within 5 s of the last reason."""
MARGIN_TICKS: Final = 0.15
"""Kept beyond the deepest need of the window. The deepest of n is passed once in n by chance (0.4 % of 240); 2.5 ms more, hardly ever."""
OUTAGES_PASSED_OVER: Final = 2
"""Needs beyond the greatest delay that the window forgives: no delay would have covered them, so an outage must not raise it."""

SPEED_CHANGE_MAX: Final = 0.10
GROW_TIME_S: Final = 0.10
SHRINK_TIME_S: Final = 1.0
JUMP_TICKS: Final = 6.0
"""Further behind than this, display time jumps; further ahead, it stands until the target has come."""

TRANSIT_WEIGHT: Final = 1 / 64
STRANGE_TICKS: Final = 10.0
STRANGE_S: Final = 0.25
"""Snapshots that for this long come this much earlier or later than they used to: the server's clock has jumped, the mean starts anew."""

SPACINGS: Final = 16


@dataclass(frozen=True, slots=True)
class InterpolationStatistics:
    """How the others are shown; counters since the start."""

    frames: int
    frames_starved: int
    """Frames drawn past the newest snapshot (by extrapolation, or standing still)."""
    frames_still: int
    """Of those, frames beyond the extrapolation limit."""
    snapshots: int
    snapshots_unused: int
    """Older than what was shown already, or held already."""
    delay_ticks: float
    delay_ms: float
    interval_ticks: int
    speed: float
    jumps: int

    @property
    def starved_pct(self) -> float:
        """Starved frames per hundred."""
        return 100.0 * self.frames_starved / self.frames if self.frames else 0.0


class Interpolation:
    """Snapshots in, the world to show out."""

    def __init__(self, schema: Schema, tick_rate_hz: int) -> None:
        if tick_rate_hz < 1:
            raise LocalProtocolError("the tick rate is at least 1")
        self._rate: Final = tick_rate_hz
        self._blender: Final = Blender(schema)
        self._motion: Final = Motion(schema)
        self._shown: Final = World(schema)
        self._guess: Final = (World(schema), World(schema))
        self._spare: Final = [World(schema) for _ in range(8)]
        self._schema: Final = schema
        self._held: dict[int, World] = {}
        self._ticks: list[int] = []
        self._newest = -1
        self._spacings: deque[int] = deque(maxlen=SPACINGS)
        self._interval = 1
        self._transit = 0.0
        self._arrivals = 0
        self._strange_since: float | None = None
        self._needs: Final = Window()
        self._need_now: float | None = None
        self._fresh = False
        self._has_news = False
        self._delay = DELAY_INTERVALS_AT_START
        self._now: float | None = None
        self._time = 0.0
        self._speed = 1.0
        self._frames = self._starved = self._still = self._unused = self._jumps = 0

    @property
    def ready(self) -> bool:
        """Whether there is anything to show."""
        return self._newest >= 0

    @property
    def view(self) -> tuple[int, int]:
        """Which place between two ticks is on the screen, as (tick, 256ths): every command carries it, for lag compensation."""
        tick = math.floor(self._time)
        return tick, int((self._time - tick) * FRACTIONS)

    @property
    def shown(self) -> World:
        """The others as they were drawn last; valid until the next :meth:`advance`."""
        return self._shown

    @property
    def is_starved(self) -> bool:
        """Whether what is drawn lies past the newest snapshot: a guess."""
        return self._time > self._newest

    @property
    def delay_ticks(self) -> float:
        """How far the display aims to be behind the mean arrival of snapshots."""
        return self._delay

    def snapshot(self, world: World, now: float) -> None:
        """Take a copy of a snapshot that has arrived at ``now`` (its place in the order of arrival does not matter)."""
        tick = world.tick
        self._measure_transit(now * self._rate - tick, now)
        if tick in self._held or (self._ticks and tick < self._ticks[0]):
            self._unused += 1
            return
        if tick > self._newest:
            if self._newest >= 0:
                self._spacings.append(tick - self._newest)
                self._interval = min(self._spacings)
            self._newest = tick
            self._fresh = True
        if len(self._ticks) >= SNAPSHOTS_MAX:
            self._drop_oldest()
        copy = self._spare.pop() if self._spare else World(self._schema)
        copy.copy_from(world)
        self._has_news = True
        self._held[tick] = copy
        insort(self._ticks, tick)

    def advance(self, now: float) -> World:
        """The others as they are to be drawn at ``now``: call it once per frame. The world returned is the same object each time.

        Asked twice for the same moment, with no snapshot in between, it gives what it gave: that is one frame and not two.
        """
        if not self._ticks:
            raise LocalProtocolError("no snapshot has arrived yet")
        if now == self._now and not self._has_news:
            return self._shown
        self._has_news = False
        self._measure_need(now)
        self._move_time(now)
        self._frames += 1
        while len(self._ticks) > 1 and self._ticks[1] <= self._time:
            self._drop_oldest()
        if self._time > self._newest:
            self._starved += 1
            self._extrapolate()
        else:
            self._blend()
        return self._shown

    def statistics(self) -> InterpolationStatistics:
        """Where the display stands, and counters since the start."""
        return InterpolationStatistics(
            frames=self._frames,
            frames_starved=self._starved,
            frames_still=self._still,
            snapshots=self._arrivals,
            snapshots_unused=self._unused,
            delay_ticks=self._delay,
            delay_ms=1000.0 * self._delay / self._rate,
            interval_ticks=self._interval,
            speed=self._speed,
            jumps=self._jumps,
        )

    # How late snapshots are

    def _measure_transit(self, transit: float, now: float) -> None:
        self._arrivals += 1
        if abs(transit - self._transit) <= STRANGE_TICKS or self._arrivals == 1:
            self._strange_since = None
        elif self._strange_since is None:
            self._strange_since = now
            return
        elif now - self._strange_since < STRANGE_S:
            return
        else:
            self._strange_since = None
            self._arrivals = 1
            self._needs.clear()
            self._need_now = None
        self._transit += (transit - self._transit) * max(TRANSIT_WEIGHT, 1 / self._arrivals)

    def _measure_need(self, now: float) -> None:
        """Need only grows until a newer snapshot comes, so the last value before that is the deepest: one number per arrival."""
        need = now * self._rate - self._newest
        if self._fresh:
            self._fresh = False
            if self._need_now is not None:
                self._needs.add(now, self._need_now, WINDOW_S)
                if self._need_now - self._transit > self._delay or len(self._needs) % 8 == 0:
                    self._choose_delay()
        self._need_now = need

    def _choose_delay(self) -> None:
        """As much as the deepest need of the window, outages left out."""
        most = DELAY_INTERVALS_MAX * self._interval
        deepest = [need - self._transit for need in self._needs.ascending[: -OUTAGES_PASSED_OVER - 2 : -1]]
        delay = next((need + MARGIN_TICKS for need in deepest if need <= most), most)
        self._delay = min(most, max(DELAY_INTERVALS_MIN * self._interval, delay))

    # What is shown

    def _move_time(self, now: float) -> None:
        target = now * self._rate - self._transit - self._delay
        if self._now is None:
            self._now = now
            self._time = max(target, float(self._ticks[0]))
            return
        elapsed = max(0.0, now - self._now)
        self._now = max(now, self._now)
        plain = elapsed * self._rate
        error = target - (self._time + plain)
        if error > JUMP_TICKS:
            self._jumps += 1
            moved = plain + error
        elif error < -JUMP_TICKS:
            moved = 0.0
        else:
            most = SPEED_CHANGE_MAX * plain
            # A target ahead of us means that the delay may shrink: no haste. Behind us: we are about to run dry.
            time_constant_s = SHRINK_TIME_S if error > 0 else GROW_TIME_S
            moved = plain + min(most, max(-most, error * -math.expm1(-elapsed / time_constant_s)))
        before = self._time
        limit = self._newest + EXTRAPOLATION_S_MAX * self._rate
        self._time = max(before, min(before + moved, limit))
        if plain > 0.0:
            self._speed = moved / plain

    def _blend(self) -> None:
        place = self._time
        index = bisect_right(self._ticks, place) - 1
        earlier = self._held[self._ticks[max(index, 0)]]
        if index < 0 or index + 1 >= len(self._ticks):
            self._shown.copy_from(earlier)
            return
        later = self._held[self._ticks[index + 1]]
        fraction = int((place - earlier.tick) * FRACTIONS / (later.tick - earlier.tick))
        self._blender.blend_into(self._shown, earlier, later, fraction)
        self._shown.tick = math.floor(place)

    def _extrapolate(self) -> None:
        past = self._time - self._newest
        if past >= EXTRAPOLATION_S_MAX * self._rate:
            self._still += 1
        earlier, later = self._guess
        earlier.copy_from(self._held[self._newest])
        whole = math.floor(past)
        self._motion.advance(earlier, whole)
        later.copy_from(earlier)
        self._motion.advance(later, 1)
        self._blender.blend_into(self._shown, earlier, later, int((past - whole) * FRACTIONS))

    def _drop_oldest(self) -> None:
        self._spare.append(self._held.pop(self._ticks.pop(0)))
