"""Reliable events of the game, fast: each also travels beside the snapshots until it has most likely arrived.

The control connection delivers every announcement once and in order, whatever happens. But it is TCP: at 30 % loss a lost segment comes
again after 200 ms, or 600, or 1400, and everything behind it waits. So the server numbers a match's announcements 1, 2, 3, ... and
repeats each in datagrams for a second: with every snapshot while it is young, then with one in four ticks, counted for each seat, as not
every seat gets a snapshot in every tick. The client takes the next number from whichever way brings it first and drops what it has: once
and in order as before, and at 30 % loss nearly always within 100 ms. A seat whose datagrams are carried gets each once, which is enough
there: it need not wait for what the control connections are told together.

    message    type 2 | announcement ...
    announcement   number u32 | tick u32 | length u16 | body

Nothing is acknowledged: what all repetitions fail to bring, the control connection brings.
"""

from __future__ import annotations

from collections import deque
from struct import Struct
from typing import Final, NamedTuple

from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE

EVERY_TICK_TICKS: Final = 12
"""While an announcement is this young, every snapshot repeats it: 200 ms at 60 Hz, a retransmission timeout of TCP."""

THEN_EVERY_TICKS: Final = 4
"""The older ones: to each seat so many ticks apart at the least."""
REPEATED_TICKS: Final = 60
"""A blackout of half a second and a burst of 20 lost datagrams end within it."""

FAST_BYTES_MAX: Final = 768
"""Of all announcements in one datagram: the largest one fits. What does not fit waits its turn or comes by the control connection."""

RECENT_MAX: Final = 256
"""Announcements repeated at once; the oldest give way."""

_HEAD: Final = Struct(">IIH")
_TYPE: Final = bytes([ANNOUNCEMENTS_MESSAGE])


class Announcement(NamedTuple):
    """One reliable event of a match."""

    number: int
    """From 1, without gaps."""
    tick: int
    body: bytes


class AnnouncementLog:
    """Server: numbers the announcements of one match, and says what goes beside the snapshots of a tick."""

    def __init__(self) -> None:
        self.newest = 0
        """Number of the newest announcement; 0 before the first."""
        self._recent: Final[deque[Announcement]] = deque(maxlen=RECENT_MAX)
        self._messages_tick = -1
        self._messages: Final[dict[int, bytes]] = {}
        """Of that tick, by the tick that they begin behind: written once for all seats that get the same."""

    def add(self, tick: int, body: bytes) -> Announcement:
        """A new one, made in the step of ``tick``."""
        self.newest += 1
        announcement = Announcement(self.newest, tick, body)
        self._recent.append(announcement)
        return announcement

    def message(self, tick: int, after_tick: int) -> bytes:
        """What to send with a snapshot of ``tick``: those made later than ``after_tick``; empty where there are none to repeat."""
        recent = self._recent
        while recent and tick - recent[0].tick > REPEATED_TICKS:
            recent.popleft()
        if not recent:
            return b""
        if tick != self._messages_tick:
            self._messages_tick = tick
            self._messages.clear()
        if after_tick not in self._messages:
            self._messages[after_tick] = self._written(after_tick)
        return self._messages[after_tick]

    def _written(self, after_tick: int) -> bytes:
        parts = [_TYPE]
        left = FAST_BYTES_MAX
        for number, made, body in self._recent:
            if made <= after_tick:
                continue
            left -= _HEAD.size + len(body)
            if left < 0:
                break  # the client takes them in order: a later one that fits would only wait there
            parts += (_HEAD.pack(number, made, len(body)), body)
        return b"".join(parts) if len(parts) > 1 else b""


class Repetition:
    """Server: what is repeated to one connection, and when."""

    __slots__ = ("_older_tick", "_tick")

    def __init__(self) -> None:
        self._tick = self._older_tick = -REPEATED_TICKS

    def message(self, log: AnnouncementLog, tick: int, *, is_carried: bool) -> bytes:
        """What goes beside this connection's snapshot of ``tick``; empty where it is nothing."""
        if is_carried:
            after_tick = self._tick
        elif tick - self._older_tick >= THEN_EVERY_TICKS:
            self._older_tick = tick
            after_tick = tick - REPEATED_TICKS - 1
        else:
            after_tick = tick - EVERY_TICK_TICKS
        self._tick = tick
        return log.message(tick, after_tick)


class AnnouncementFeed:
    """Client: takes each announcement of a match once and in order, from both ways. ``newest``: what was announced before our seat."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self.by_datagram = 0
        """Taken from datagrams, that is before the control connection brought them."""

    def from_control(self, number: int) -> bool:
        """An announcement has come by the control connection, which never leaves one out; whether it is new."""
        if number <= self.newest:
            return False
        self.newest = number
        return True

    def from_datagram(self, content: bytes) -> list[Announcement]:
        """The new ones of a message (without its type byte), as far as none before them is missing. Any bytes: junk gives none."""
        taken = []
        newest = self.newest
        for announcement in read_announcements(content):
            if announcement.number == newest + 1:
                newest += 1
                taken.append(announcement)
        self.newest = newest
        self.by_datagram += len(taken)
        return taken


def read_announcements(content: bytes) -> list[Announcement]:
    """The announcements of a message without its type byte; none where it is not exactly a list of them."""
    announcements = []
    at, end = 0, len(content)
    while at < end:
        start = at + _HEAD.size
        if start > end:
            return []
        number, tick, length = _HEAD.unpack_from(content, at)
        at = start + length
        if at > end:
            return []
        announcements.append(Announcement(number, tick, content[start:at]))
    return announcements
