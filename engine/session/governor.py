"""What a host does when its ticks take longer than there is time: it sends less often, evenly, and says so.

Without it, every tick would be late, the late ones made up for, clients would wait and send the same again, and everybody's game would
stand still at the same moment. A step cannot be left out; a snapshot can. So the host is told how much of its time each tick took
(:meth:`LoadGovernor.note`), and while that is too much, only every second player gets a snapshot in a tick, then every third, and is asked
to send as seldom: at half the rate all still play, as they do at 30 Hz on purpose. How much of its work that is it cannot know beforehand,
so the way back is tried: where there is room to spare, the next faster pace, and after a wait that doubles each time that it proves too
fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOO_MUCH: Final = 0.68
"""Share of the time that a tick may take on average. What is left is for the spikes (a tick in a hundred takes 1.7 times as much, and what
is late comes together and makes the next one late) and for the thread of the control connections."""
TOO_MUCH_SLOWED: Final = 0.85
"""The same where the pace is slowed already: the next slower one saves little, so it is worth being late now and then."""
FITS: Final = 0.48
"""The faster pace is tried where a tick takes less than this: twice as many datagrams, in and out, cost up to 40 % more."""
FITS_SLOWED: Final = 0.70
"""The same where the faster pace is still a slowed one."""
CODINGS_LOAD: Final = 0.5
"""From here on; each coding of 256 players is a twentieth of a tick."""
SPREAD_TICKS_MAX: Final = 3
"""20 Hz at 60. Beyond it hardly anything is saved: the step and the commands cost the same, and a snapshot against an older baseline is
larger (256 players: 72 % of the time at 2, and the same at 3; with few players 3 saves more). A host whose normal pace is as slow never
slows down, and asks nobody to send less."""
SMOOTHING_TICKS: Final = 32
LOAD_MAX: Final = 6.0
"""A tick counts as no more: one stop of a second is no load. It counts as no less either, because five short ticks follow one that long,
which make up for what it missed: with a bound of 2 all of them together looked like a third of the time."""
SLOWER_EVERY_TICKS: Final = 32
"""Between two steps down: the effect of the last one must be seen first. Half a second at 60 Hz."""
FASTER_EVERY_TICKS: Final = 240
"""Between two steps up, while none has failed."""
FASTER_EVERY_TICKS_MAX: Final = 64 * FASTER_EVERY_TICKS
"""However often they fail: four minutes at 60 Hz, of which a pace that fails again takes half a second."""


@dataclass(frozen=True, slots=True)
class GovernorStatistics:
    """Since the start."""

    load_pct: float
    """Of the time between two ticks, what a tick takes of late."""
    spread_ticks: int
    """1: a snapshot for everybody in every tick; 2: for every second player; and so on."""
    slowed: int
    """Times that the pace was made slower."""


class LoadGovernor:
    """Decides for one host."""

    def __init__(self, spread_ticks_max: int, spread_ticks_min: int = 1) -> None:
        """The slowest pace and the normal one; where they are the same, nothing is ever left out."""
        self.spread_ticks = spread_ticks_min
        """A player's snapshots are this many ticks apart."""
        self._min: Final = spread_ticks_min
        self._max: Final = spread_ticks_max
        self._load = 0.0
        self._ticks_since = 0
        self._is_tried = False
        """The pace is faster than the last one, and has not lasted yet."""
        self._faster_every_ticks = FASTER_EVERY_TICKS
        self._slowed = 0

    @property
    def is_slowed(self) -> bool:
        """Whether snapshots are left out."""
        return self.spread_ticks > self._min

    @property
    def leaves_room(self) -> bool:
        """Whether there is time for more than a snapshot each: copies are the first to go."""
        return self._load <= TOO_MUCH and not self.is_slowed

    @property
    def wants_fewest_codings(self) -> bool:
        """Whether a large world is to be coded against as few baselines as can be: what more of them save are bytes."""
        return self._load >= CODINGS_LOAD

    def note(self, load: float) -> None:
        """A tick took ``load`` of the time that there is for one (1.0: all of it)."""
        self._load += (min(load, LOAD_MAX) - self._load) / SMOOTHING_TICKS
        self._ticks_since += 1
        if self._load > (TOO_MUCH_SLOWED if self.is_slowed else TOO_MUCH):
            if self.spread_ticks < self._max and self._ticks_since >= SLOWER_EVERY_TICKS:
                self._slower()
        elif self._ticks_since >= self._faster_every_ticks:
            if self._is_tried:  # it has lasted as long as was waited for it
                self._is_tried = False
                self._faster_every_ticks = FASTER_EVERY_TICKS
            if self.is_slowed and self._load < (FITS if self.spread_ticks - 1 == self._min else FITS_SLOWED):
                self._change(self.spread_ticks - 1, is_tried=True)

    def is_turn(self, player: int, tick: int, ticks: int = 1) -> bool:
        """Whether this player's snapshot is due at ``tick``, or was at one of the ``ticks`` up to it."""
        return (tick + player) % self.spread_ticks < ticks

    def statistics(self) -> GovernorStatistics:
        """As of now."""
        return GovernorStatistics(100.0 * self._load, self.spread_ticks, self._slowed)

    def _slower(self) -> None:
        if self._is_tried:
            self._faster_every_ticks = min(FASTER_EVERY_TICKS_MAX, 2 * self._faster_every_ticks)
        self._slowed += 1
        self._change(self.spread_ticks + 1, is_tried=False)

    def _change(self, spread_ticks: int, *, is_tried: bool) -> None:
        self.spread_ticks = spread_ticks
        self._is_tried = is_tried
        self._ticks_since = 0
