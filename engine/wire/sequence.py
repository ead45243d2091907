"""Sequence numbers that wrap: compare, widen, and keep things by them.

On the wire a sequence number is 16 bits; in memory it is the whole number since the start (it is the nonce of the seal). The receiver
widens what it reads to the number nearest to the newest one it has, which is right as long as less than half the circle is in flight.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from engine.errors import LocalProtocolError

T = TypeVar("T")


def newer(a: int, b: int, bits: int = 16) -> bool:
    """Whether wrapping number ``a`` comes after ``b``; half a circle away counts as older."""
    half = 1 << (bits - 1)
    return 0 < ((a - b) & ((1 << bits) - 1)) < half


def expand(wire: int, newest: int, bits: int = 16) -> int:
    """The whole number nearest to ``newest`` whose low ``bits`` bits are ``wire``; never negative."""
    size = 1 << bits
    half = size >> 1
    distance = (wire - newest + half) % size - half
    number = newest + distance
    return number if number >= 0 else number + size


class SequenceBuffer(Generic[T]):
    """The last ``capacity`` numbers' things: a ring indexed by the number itself. Inserting moves it on; what falls out is forgotten."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise LocalProtocolError("a sequence buffer holds at least one thing")
        self.capacity: Final = capacity
        self._numbers: list[int] = [-1] * capacity
        self._things: list[T | None] = [None] * capacity
        self.newest = -1
        """The highest number inserted, -1 before the first."""

    def insert(self, number: int, thing: T) -> bool:
        """Keep ``thing`` under ``number``. False, and nothing is kept, where the number is too old for the ring."""
        if number < 0 or number <= self.newest - self.capacity:
            return False
        self.newest = max(self.newest, number)
        index = number % self.capacity
        self._numbers[index] = number
        self._things[index] = thing
        return True

    def get(self, number: int) -> T | None:
        """What is kept under ``number``, or None."""
        index = number % self.capacity
        if self._numbers[index] != number or number <= self.newest - self.capacity:
            return None
        return self._things[index]

    def remove(self, number: int) -> T | None:
        """Take out what is kept under ``number``."""
        thing = self.get(number)
        if thing is not None:
            index = number % self.capacity
            self._numbers[index] = -1
            self._things[index] = None
        return thing
