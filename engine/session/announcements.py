"""Reliable events of the game, fast: each also travels beside the snapshots until it has most likely arrived.

The control connection delivers every announcement once and in order, whatever happens. But it is TCP: at 30 % loss a lost segment comes
again after 200 ms, or 600, or 1400, and everything behind it waits. So the server numbers a match's announcements 1, 2, 3, ... and
repeats each in datagrams for a second: in every tick while it is young, then in every fourth. The client takes the next number from
whichever way brings it first and drops what it has: once and in order as before, and at 30 % loss nearly always within 100 ms.

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
"""While an announcement is this young, every tick repeats it: 200 ms at 60 Hz, a retransmission timeout of TCP."""

THEN_EVERY_TICKS: Final = 4
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
        self._message_tick = -1
        self._message = b""

    def add(self, tick: int, body: bytes) -> Announcement:
        """A new one, made in the step of ``tick``."""
        self.newest += 1
        announcement = Announcement(self.newest, tick, body)
        self._recent.append(announcement)
        return announcement

    def message(self, tick: int) -> bytes:
        """What to send with the snapshots of ``tick``, the same for every seat; empty where there is nothing to repeat."""
        recent = self._recent
        while recent and tick - recent[0].tick > REPEATED_TICKS:
            recent.popleft()
        if not recent:
            return b""
        if tick != self._message_tick:
            self._message_tick = tick
            self._message = self._written(tick)
        return self._message

    def _written(self, tick: int) -> bytes:
        is_turn_of_older = tick % THEN_EVERY_TICKS == 0
        parts = [_TYPE]
        left = FAST_BYTES_MAX
        for number, made, body in self._recent:
            if tick - made >= EVERY_TICK_TICKS and not is_turn_of_older:
                continue
            left -= _HEAD.size + len(body)
            if left < 0:
                break  # the client takes them in order: a later one that fits would only wait there
            parts += (_HEAD.pack(number, made, len(body)), body)
        return b"".join(parts) if len(parts) > 1 else b""


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
