"""Reliable events of the game, fast: each also travels beside the snapshots until the client has acknowledged it.

The control connection delivers every announcement that has not been acknowledged, once and in order, whatever happens. But it is TCP: at
30 % loss a lost segment comes again after 200 ms, or 600, or 1400, and everything behind it waits. So the server numbers a match's
announcements 1, 2, 3, ... and repeats them in datagrams (:mod:`engine.session.repetition`). The client takes the next number from whichever
way brings it first and drops what it has: once and in order as before, and at 30 % loss nearly always within 100 ms.

    message    type 2 | announcement ...
    announcement   number u32 | tick u32 | length u16 | body
"""

from __future__ import annotations

from collections import deque
from struct import Struct
from typing import Final, NamedTuple

from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE

FAST_BYTES_MAX: Final = 768
"""Of all announcements in one datagram: the largest one fits. What does not fit waits its turn or comes by the control connection."""

RECENT_MAX: Final = 256
"""Announcements that can still be repeated; the oldest give way."""

_HEAD: Final = Struct(">IIH")
_TYPE: Final = bytes([ANNOUNCEMENTS_MESSAGE])


class Announcement(NamedTuple):
    """One reliable event of a match."""

    number: int
    """From 1, without gaps."""
    tick: int
    body: bytes


class Written(NamedTuple):
    """A message of announcements, and the number of its last one."""

    message: bytes
    last: int


_NOTHING: Final = Written(b"", 0)


class AnnouncementLog:
    """Server: numbers the announcements of one match and lays them out for datagrams, once for all seats that get the same."""

    def __init__(self) -> None:
        self.newest = 0
        """Number of the newest announcement; 0 before the first."""
        self._recent: Final[deque[Announcement]] = deque(maxlen=RECENT_MAX)
        self._until = (-1, 0)
        """What :meth:`newest_until` was asked last and said: of a tick all seats ask the same."""
        self._written: Final[dict[int, Written]] = {}
        """By the number that they come behind, until there is a newer one: as many as are recent at most."""

    def add(self, tick: int, body: bytes) -> Announcement:
        """A new one, made in the step of ``tick``."""
        self.newest += 1
        announcement = Announcement(self.newest, tick, body)
        self._recent.append(announcement)
        self._written.clear()
        self._until = (-1, 0)
        return announcement

    @property
    def oldest(self) -> int:
        """Number of the oldest announcement that can still be sent; 0 where there is none."""
        return self._recent[0].number if self._recent else 0

    def newest_until(self, tick: int) -> int:
        """Number of the newest announcement made in ``tick`` or before it, as far as that is known still (0: none is)."""
        asked, number = self._until
        if asked != tick:
            number = next((number for number, made, _ in reversed(self._recent) if made <= tick), 0)
            self._until = (tick, number)
        return number

    def written(self, after: int) -> Written:
        """Those behind number ``after``, oldest first, as many as fit one message; an empty one where there are none."""
        if after >= self.newest or not self._recent:
            return _NOTHING
        after = max(after, self._recent[0].number - 1)
        if after not in self._written:
            self._written[after] = self._write(after)
        return self._written[after]

    def _write(self, after: int) -> Written:
        parts = [_TYPE]
        left = FAST_BYTES_MAX
        last = after
        for number, made, body in self._recent:
            if number <= after:
                continue
            left -= _HEAD.size + len(body)
            if left < 0:
                break  # the client takes them in order: a later one that fits would only wait there
            parts += (_HEAD.pack(number, made, len(body)), body)
            last = number
        return Written(b"".join(parts), last) if last > after else _NOTHING


class AnnouncementFeed:
    """Client: takes each announcement of a match once and in order, from both ways. ``newest``: what was announced before our seat."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self.by_datagram = 0
        """Taken from datagrams, that is before the control connection brought them."""

    def from_control(self, number: int) -> bool:
        """An announcement has come by the control connection, which leaves out none that we have not acknowledged; whether it is new."""
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
