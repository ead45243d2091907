"""What of a match's announcements goes to one seat by datagram, and how often: until it is known to have come.

Nothing new travels for that. A datagram is acknowledged anyway, and what it brought was taken before it was acknowledged; so when the
datagrams of a message are acknowledged that began right behind what this client was known to have, it has what the message ended with.
It is the way of Quake III's reliable commands, which stand in every packet until they are acknowledged. On a LAN an announcement goes
three times.

A young one goes with every snapshot; one that is not known to have come after 200 ms, with one in four ticks, counted for each seat, as not
every seat gets a snapshot in every tick; one that is a second old, only to a client that is heard, for a line that is dead gains nothing
from being filled. A seat whose datagrams are carried gets each once, which is enough there.

What has been acknowledged need not go by the control connection any more: see :meth:`engine.session.match.Match.to_announce`.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from engine.session.announcements import AnnouncementLog

EVERY_TICK_TICKS: Final = 12
"""While an announcement is this young, every snapshot repeats it: 200 ms at 60 Hz, a retransmission timeout of TCP."""

THEN_EVERY_TICKS: Final = 4
"""The older ones: to each seat so many ticks apart at the least."""
REPEATED_TICKS: Final = 60
"""A blackout of half a second and a burst of 20 lost datagrams end within it. Beyond it only who is heard is told again."""
HEARD_S: Final = 0.25
"""A client has acknowledged something this short a time ago: it is there."""
FLIGHTS_MAX: Final = 64
"""Messages on their way that may still be acknowledged: one a tick and a round trip of a second. The oldest give way."""


class Way(Protocol):
    """What a datagram connection says of the messages that it sends."""

    @property
    def acknowledged_at(self) -> float:
        """When the peer last acknowledged something new, in seconds."""

    @property
    def messages_queued(self) -> int:
        """Messages taken by :meth:`send` since the start."""

    def flight_of(self, messages: int) -> tuple[int, int] | None:
        """First and last datagram in which the messages up to this count went, where that is known."""

    def send(self, message: bytes) -> bool:
        """Queue a message for the next drain; False where it is dropped."""

    def has_arrived(self, first: int, last: int) -> bool:
        """Whether all these datagrams have been acknowledged."""


class _Flight(NamedTuple):
    """The datagrams of a message that began right behind what the client had already."""

    first: int
    last: int
    until: int
    """Number of its last announcement."""


class Repetition:
    """One seat's, in one match. ``confirmed``: number of the announcement that its client begins behind."""

    __slots__ = ("_carried", "_flights", "_older_tick", "_queued", "_sent_until", "confirmed")

    def __init__(self, confirmed: int = 0) -> None:
        self.confirmed = confirmed
        """This client has all announcements up to this number."""
        self._flights: list[_Flight] = []
        self._sent_until = 0
        """The last announcement in the newest message that may become a flight; 0: there is none."""
        self._queued = 0
        """The connection's ``messages_queued`` with it."""
        self._carried = 0
        """Up to this number they were sent since the datagrams began to be carried."""
        self._older_tick = -REPEATED_TICKS

    def reconnected(self, told: int) -> None:
        """The seat has another connection from now on: what was on its way in the old one will not be acknowledged. ``told``: up to this
        number the control connection brings what the client may lack, and before the ticket without which it is not heard again.
        """
        self.confirmed = max(self.confirmed, told)
        self._flights.clear()
        self._sent_until = 0
        self._carried = 0

    def send(self, log: AnnouncementLog, tick: int, way: Way, now: float, *, is_carried: bool) -> None:
        """Queue what goes beside this seat's snapshot of ``tick``; mostly that is nothing."""
        newest = log.newest
        if self.confirmed >= newest:
            return
        self._look_at_flights(way)
        if self.confirmed >= newest:
            return
        written = log.written(self._after(log, tick, is_heard=now - way.acknowledged_at <= HEARD_S, is_carried=is_carried))
        if written.message and way.send(written.message):
            if written.first <= self.confirmed + 1:  # behind a gap it may come, and be dropped because what fills the gap came later
                self._sent_until, self._queued = written.last, way.messages_queued
            if is_carried:
                self._carried = written.last

    def _after(self, log: AnnouncementLog, tick: int, *, is_heard: bool, is_carried: bool) -> int:
        if is_carried:
            return max(self.confirmed, self._carried)
        self._carried = 0
        if tick - self._older_tick < THEN_EVERY_TICKS:
            return max(self.confirmed, log.newest_until(tick - EVERY_TICK_TICKS))
        self._older_tick = tick
        if is_heard and self.confirmed + 1 >= log.oldest:
            return self.confirmed
        return max(self.confirmed, log.newest_until(tick - REPEATED_TICKS - 1))  # behind a gap, datagrams are a chance and no more

    def _look_at_flights(self, way: Way) -> None:
        """What has been acknowledged since the last time."""
        until, self._sent_until = self._sent_until, 0
        if until and (datagrams := way.flight_of(self._queued)) is not None:
            self._flights.append(_Flight(*datagrams, until))
            del self._flights[:-FLIGHTS_MAX]
        for flight in self._flights:
            if flight.until > self.confirmed and way.has_arrived(flight.first, flight.last):
                self.confirmed = flight.until
        self._flights = [flight for flight in self._flights if flight.until > self.confirmed]
