"""What of a match's announcements goes to one seat by datagram, and how often: until its client says that it has them.

A client that gets any says with its next commands which is the newest that it has, whichever way brought it: Quake III's reliable
commands, which stand in every packet until they are acknowledged, with an acknowledgement that is sent only where one is wanted. On a LAN
an announcement goes three times.

A young one goes with every snapshot; one that is not acknowledged after 200 ms, with one in four ticks, counted for each seat, as not every
seat gets a snapshot in every tick; one that is a second old, only to a client that is heard, for a line that is dead gains nothing from
being filled. A seat whose datagrams are carried gets each once: what is carried is not lost. (Times are those at 60 Hz.)

What has been acknowledged need not go by the control connection any more: see :meth:`engine.session.match.Match.to_announce`.
"""

from __future__ import annotations

from typing import Final

from engine.session.announcements import AnnouncementLog

EVERY_TICK_TICKS: Final = 12
"""While an announcement is this young, every snapshot repeats it: 200 ms at 60 Hz, a retransmission timeout of TCP."""

THEN_EVERY_TICKS: Final = 4
"""The older ones: to each seat so many ticks apart at the least."""
REPEATED_TICKS: Final = 60
"""A blackout of half a second and a burst of 20 lost datagrams end within it. Beyond it only who is heard is told again."""
HEARD_S: Final = 0.25
"""A client has acknowledged any datagram this short a time ago: it is there."""


class Repetition:
    """One seat's, in one match. ``confirmed``: number of the announcement that its client begins behind."""

    __slots__ = ("_carried", "_older_tick", "confirmed")

    def __init__(self, confirmed: int = 0) -> None:
        self.confirmed = confirmed
        """This client has all announcements up to this number."""
        self._carried = 0
        """Up to this number they were sent since the datagrams began to be carried."""
        self._older_tick = -REPEATED_TICKS

    def heard(self, number: int, newest: int) -> None:
        """The client says that it has all up to ``number``. More than the ``newest`` there is cannot be, and older news change nothing."""
        if self.confirmed < number <= newest:
            self.confirmed = number

    def reconnected(self) -> None:
        """The seat has another connection from now on: what the old one carried may have been lost with it."""
        self._carried = 0

    def message(self, log: AnnouncementLog, tick: int, *, is_heard: bool, is_carried: bool) -> bytes:
        """What goes beside this seat's snapshot of ``tick``; empty where that is nothing."""
        if self.confirmed >= log.newest:
            return b""
        if is_carried:
            written = log.written(max(self.confirmed, self._carried))
            self._carried = max(self._carried, written.last)
        else:
            self._carried = 0
            written = log.written(self._after(log, tick, is_heard=is_heard))
        return written.message

    def _after(self, log: AnnouncementLog, tick: int, *, is_heard: bool) -> int:
        if tick - self._older_tick < THEN_EVERY_TICKS:
            return max(self.confirmed, log.newest_until(tick - EVERY_TICK_TICKS))
        self._older_tick = tick
        if is_heard and self.confirmed + 1 >= log.oldest:
            return self.confirmed
        # Behind a gap only the control connection helps, and it comes with it.
        return max(self.confirmed, log.newest_until(tick - REPEATED_TICKS - 1))
