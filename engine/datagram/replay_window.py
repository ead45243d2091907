"""Which sequence numbers have been received: the replay window, and the source of the acknowledgements that we send.

One integer of 256 bits: bit ``i`` stands for sequence ``newest - i``. A number below the window counts as received, so a datagram is
accepted at most once for ever. ``is_fresh`` is asked *before* the seal is opened (a replay costs no cryptography), ``advance`` is called
only *after* it held (a forged number must not move the window): the order that netcode's STANDARD.md prescribes.
"""

from __future__ import annotations

from typing import Final

WINDOW_DATAGRAMS: Final = 256
"""netcode's width: over 4 s at 60 Hz, longer than any reordering worth waiting for."""

SEQUENCE_MAX: Final = 2**64 - 1
"""The nonce holds 64 bits; 0 is never sent, so that "newest received is 0" can say "nothing yet"."""

_MASK: Final = (1 << WINDOW_DATAGRAMS) - 1
_ACK_MASK: Final = (1 << 64) - 1
_MAY_BE_LATE: Final = 3
"""So many of the newest numbers are not called missing yet."""


class ReplayWindow:
    """The last 256 sequence numbers, received or not."""

    __slots__ = ("bits", "newest")

    def __init__(self) -> None:
        self.newest = 0
        """The highest sequence number received; 0 before the first."""
        self.bits = 1
        """Bit ``i``: ``newest - i`` was received. Number 0 counts as received: it is never sent."""

    def is_fresh(self, sequence: int) -> bool:
        """Whether this number is legal, inside or above the window, and not yet received."""
        age = self.newest - sequence
        if age < 0:
            return sequence <= SEQUENCE_MAX
        return age < WINDOW_DATAGRAMS and sequence > 0 and not self.bits >> age & 1

    def advance(self, sequence: int) -> bool:
        """Note a fresh number as received; True if it is the new newest."""
        age = self.newest - sequence
        if age < 0:
            # A jump beyond the window leaves nothing of it; shifting by so much would only build a large integer first.
            self.bits = (self.bits << -age | 1) & _MASK if age > -WINDOW_DATAGRAMS else 1
            self.newest = sequence
            return True
        self.bits |= 1 << age
        return False

    def ack_bits(self) -> int:
        """The 64 numbers before ``newest``, bit 0 the one right before it."""
        return self.bits >> 1 & _ACK_MASK

    def missing(self) -> tuple[int, int]:
        """(numbers missing, numbers looked at) among those in the window, without the 3 newest, which may merely be late."""
        looked_at = max(0, min(WINDOW_DATAGRAMS, self.newest) - _MAY_BE_LATE)
        return looked_at - (self.bits >> _MAY_BE_LATE & (1 << looked_at) - 1).bit_count(), looked_at

    def missing_of_all(self, received: int) -> tuple[int, int]:
        """The same of all numbers up to the newest; ``received``: how many have been noted in all."""
        looked_at = self.newest - _MAY_BE_LATE
        if looked_at <= 0:
            return 0, 0
        return looked_at - received + (self.bits & (1 << _MAY_BE_LATE) - 1).bit_count(), looked_at
