"""What we sent, and which of it the peer has acknowledged: the ground of round-trip and loss statistics.

Each datagram carries the newest sequence number received and a bit for each of the 64 before it, so one acknowledgement that gets through
makes up for more than a second of lost ones at 60 Hz. Nothing is ever resent for an acknowledgement: the layers above repeat what
matters.

The same trick as in the replay window: one integer, bit ``i`` for ``newest_acknowledged - i``. Loss is not counted as it happens but read
off the bits when somebody asks, so a late acknowledgement corrects the figure by itself, and a datagram costs two shifts.
"""

from __future__ import annotations

from typing import Final

RECENT_DATAGRAMS: Final = 256
"""How far back send times and acknowledgements are kept; over 4 s at 60 Hz, the window of the loss figure."""

REORDER_DATAGRAMS: Final = 3
"""A datagram is not lost before so many later ones were acknowledged (RFC 9002's packet threshold)."""

SILENCE_S: Final = 1.0
"""Without any newer acknowledgement, one that asks for an acknowledgement is lost after the patience and this."""

_HALF: Final = 0x8000
_INDEX_MASK: Final = RECENT_DATAGRAMS - 1
_MASK: Final = (1 << RECENT_DATAGRAMS) - 1


class SentDatagrams:
    """The last 256 datagrams sent on one connection."""

    __slots__ = ("_bits", "_eliciting", "_left_acknowledged", "_times", "newest", "newest_acknowledged")

    def __init__(self) -> None:
        self.newest = 0
        """The sequence number sent last; numbers start at 1."""
        self.newest_acknowledged = 0
        """0: the peer has acknowledged nothing yet."""
        self._bits = 1
        self._left_acknowledged = -1
        """Acknowledged ones that have left the window. Number 0 will, and was never sent."""
        self._times = [0.0] * RECENT_DATAGRAMS
        self._eliciting = [False] * RECENT_DATAGRAMS

    def next_sequence(self, now: float, elicits: bool) -> int:
        """Number the datagram that goes out now; ``elicits``: the peer must acknowledge it by itself."""
        sequence = self.newest = self.newest + 1
        index = sequence & _INDEX_MASK
        self._times[index] = now
        self._eliciting[index] = elicits
        return sequence

    def acknowledge(self, ack: int, ack_bits: int, now: float) -> float | None:
        """Enter the peer's ``ack`` (u16) and bits. Returns the age in seconds of the newest datagram if that is newly acknowledged.

        An acknowledgement of something never sent is worth nothing and changes nothing.
        """
        sequence = self.newest + (ack - self.newest + _HALF & 0xFFFF) - _HALF  # the nearest number that ends so; below 0 is none
        if not 0 < sequence <= self.newest:
            return None
        advance = sequence - self.newest_acknowledged
        received = (ack_bits << 1 | 1) & _MASK
        if advance > 0:
            if advance < RECENT_DATAGRAMS:
                kept = self._bits << advance
                self._left_acknowledged += (kept >> RECENT_DATAGRAMS).bit_count()
            else:
                kept = 0
                self._left_acknowledged += self._bits.bit_count()
            self._bits = (kept | received) & _MASK
            self.newest_acknowledged = sequence
            if self.newest - sequence < RECENT_DATAGRAMS:
                return now - self._times[sequence & _INDEX_MASK]
        elif advance > -RECENT_DATAGRAMS:
            self._bits = (self._bits | received << -advance) & _MASK
        return None

    def is_acknowledged(self, sequence: int) -> bool:
        """Whether the peer has this datagram, as far as we know; False for one that left the window."""
        age = self.newest_acknowledged - sequence
        return 0 <= age < RECENT_DATAGRAMS and sequence > 0 and bool(self._bits >> age & 1)

    def acknowledged_between(self, after: int, until: int) -> tuple[int, int]:
        """(acknowledged, looked at) of the datagrams after ``after`` and up to ``until``, as far back as is known."""
        newest = self.newest_acknowledged
        first = max(after + 1, newest - RECENT_DATAGRAMS + 1, 1)
        count = until - first + 1
        if count <= 0:
            return 0, 0
        shift = newest - until
        bits = self._bits >> shift if shift >= 0 else self._bits << -shift
        return (bits & ((1 << count) - 1)).bit_count(), count

    def loss(self, now: float, patience_s: float) -> tuple[int, int]:
        """(lost, judged) among the last 256 datagrams; those that may still be acknowledged are not judged yet."""
        lost = judged = 0
        for sequence in range(max(1, self.newest - RECENT_DATAGRAMS + 1), self.newest + 1):
            age_s = now - self._times[sequence & _INDEX_MASK]
            if self.is_acknowledged(sequence):
                judged += 1
            elif sequence + REORDER_DATAGRAMS <= self.newest_acknowledged:
                if age_s > patience_s:
                    judged += 1
                    lost += 1
            elif age_s > patience_s + SILENCE_S and self._eliciting[sequence & _INDEX_MASK]:
                judged += 1
                lost += 1
        return lost, judged

    def loss_of_all(self) -> tuple[int, int]:
        """(lost, judged) of all that was ever sent, as far as acknowledgements reach, without the newest, which may merely be late.

        What was sent last into a line that never answered again is not judged.
        """
        judged = self.newest_acknowledged - REORDER_DATAGRAMS
        if judged <= 0:
            return 0, 0
        acknowledged = self._left_acknowledged + (self._bits >> REORDER_DATAGRAMS).bit_count()
        return max(0, judged - acknowledged), judged  # a peer that acknowledges numbers below 1 loses nothing

    def loss_runs(self) -> tuple[int, int]:
        """(lost, in how many runs) among the last 256 datagrams, without those that the threshold for reordering still excuses.

        Two of independent losses at 10 % are seldom neighbours (mean run 1.1); the losses of a radio that is busy or asleep are.
        """
        judged = min(self.newest_acknowledged, RECENT_DATAGRAMS) - REORDER_DATAGRAMS
        if judged <= 0:
            return 0, 0
        lost = ~(self._bits >> REORDER_DATAGRAMS) & ((1 << judged) - 1)
        return lost.bit_count(), (lost & ~(lost << 1)).bit_count()
