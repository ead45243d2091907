"""Messages exactly once and in order, across lost streams: one half of each side's session.

TCP keeps order and loses nothing while a stream lives; what it had taken but not delivered is lost with it. So each direction numbers its
messages 1, 2, 3, ..., keeps each until the other side says "I have all up to n", and after a resume sends again what the other side does
not have. The receiver takes exactly the next number: lower ones are repeats, a gap cannot happen and is a protocol error.

A message gets its number when it first goes out. Until then a newer one of the same ``replaces`` key takes its place: a client that was
away for a minute gets one list of rooms, not sixty.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class Arrival(Enum):
    """What a received message number is."""

    NEW = "new"
    REPEAT = "repeat"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class ReliableStatistics:
    """One direction pair of a session."""

    sent: int
    """Messages that have a number."""
    received: int
    waiting: int
    """Messages that have none yet."""
    unacknowledged: int
    unacknowledged_bytes: int
    """Of both."""
    replaced: int
    repeats: int


class Outgoing(NamedTuple):
    """A message, and of which kind it is the newest: the older ones of that kind need not go out any more."""

    body: bytes
    replaces: str | None = None


class ReliableChannel:
    """Both directions of one side. Bodies are opaque here."""

    def __init__(self, messages_max: int, bytes_max: int) -> None:
        self._messages_max: Final = messages_max
        self._bytes_max: Final = bytes_max
        self._waiting: deque[Outgoing] = deque()
        self._numbered: deque[bytes] = deque()
        """Bodies of the messages ``_acknowledged + 1`` and on; the first ``_transmitted`` have gone into this stream."""
        self._acknowledged = 0
        self._transmitted = 0
        self._bytes = 0
        self._received = 0
        self._replaced = 0
        self._repeats = 0

    # --- sending ---

    def send(self, body: bytes, replaces: str | None = None) -> bool:
        """Take a message; False where that would be more than is kept (nothing is taken then)."""
        return self.send_outgoing(Outgoing(body, replaces))

    def send_outgoing(self, outgoing: Outgoing) -> bool:
        """The same for a message that goes to several channels."""
        if outgoing.replaces is not None:
            self._withdraw(outgoing.replaces)
        size_bytes = len(outgoing.body)
        if len(self._numbered) + len(self._waiting) >= self._messages_max or self._bytes + size_bytes > self._bytes_max:
            return False
        self._waiting.append(outgoing)
        self._bytes += size_bytes
        return True

    def _withdraw(self, key: str) -> None:
        for index, waiting in enumerate(self._waiting):
            if waiting.replaces == key:
                self._bytes -= len(waiting.body)
                del self._waiting[index]
                self._replaced += 1
                return

    def next_to_send(self) -> tuple[int, bytes] | None:
        """The next message for the present stream with its number, or None. It counts as sent from here on."""
        if self._transmitted == len(self._numbered):
            if not self._waiting:
                return None
            self._numbered.append(self._waiting.popleft().body)
        body = self._numbered[self._transmitted]
        self._transmitted += 1
        return self._acknowledged + self._transmitted, body

    def acknowledge(self, received: int) -> bool:
        """The other side has all up to ``received``. False if it cannot: we never sent that much on this stream."""
        if received > self._acknowledged + self._transmitted:
            return False
        while self._acknowledged < received:
            self._bytes -= len(self._numbered.popleft())
            self._acknowledged += 1
            self._transmitted -= 1
        return True

    def restart(self, received: int) -> bool:
        """A new stream, and the other side has all up to ``received``: the rest goes out again. False if that cannot be true."""
        if not self.could_restart(received):
            return False
        self._transmitted = len(self._numbered)
        accepted = self.acknowledge(received)
        self._transmitted = 0
        return accepted

    def could_restart(self, received: int) -> bool:
        """Whether the other side can claim ``received``: not less than it acknowledged, not more than was ever sent."""
        return self._acknowledged <= received <= self._acknowledged + len(self._numbered)

    # --- receiving ---

    @property
    def received(self) -> int:
        """The newest message that arrived; all before it did, too."""
        return self._received

    def receive(self, number: int) -> Arrival:
        """Judge an arriving message by its number; NEW ones count as received."""
        if number <= self._received:
            self._repeats += 1
            return Arrival.REPEAT
        if number > self._received + 1:
            return Arrival.GAP
        self._received = number
        return Arrival.NEW

    def statistics(self) -> ReliableStatistics:
        """Counters since the session began."""
        return ReliableStatistics(
            sent=self._acknowledged + len(self._numbered),
            received=self._received,
            waiting=len(self._waiting),
            unacknowledged=len(self._numbered) + len(self._waiting),
            unacknowledged_bytes=self._bytes,
            replaced=self._replaced,
            repeats=self._repeats,
        )
