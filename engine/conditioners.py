"""Delay lines for real sockets: the network that :mod:`engine.conditions` describes, one direction of one socket each.

Push what was sent, pop what has arrived by now. Time is the caller's, so a client polls them once per frame and a proxy whenever the next
thing is due (``next_due``). Left to the caller: sockets, clocks, and which line belongs to which peer.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from random import Random
from typing import Final

from engine.conditions import Bottleneck, LinkModel, NetConditions
from engine.ids import Address

DELAYED_MAX: Final = 8192
"""Datagrams that a conditioner holds back at most; further ones are lost."""


class DatagramConditioner:
    """A delay line for one direction of a real socket: push what was sent, pop what has arrived by now."""

    def __init__(self, conditions: NetConditions, random: Random, bottleneck: Bottleneck | None = None) -> None:
        self.link: Final = LinkModel(conditions, random, bottleneck)
        self._waiting: list[tuple[float, int, bytes, Address]] = []
        self._serial = 0

    def push(self, data: bytes, address: Address, now: float) -> None:
        """Send; ``address`` (of the sender or the receiver) comes out with the datagram."""
        for due in self.link.arrivals(len(data), now):
            if len(self._waiting) >= DELAYED_MAX:
                self.link.lost += 1
                self.link.overflowed += 1
                continue
            self._serial += 1
            heappush(self._waiting, (due, self._serial, self.link.damaged(data), address))

    def pop(self, now: float) -> list[tuple[bytes, Address]]:
        """What has arrived, in order of arrival."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            _, _, data, address = heappop(self._waiting)
            arrived.append((data, address))
        return arrived

    @property
    def next_due(self) -> float | None:
        """When the next one arrives; None while nothing is on its way."""
        return self._waiting[0][0] if self._waiting else None


class StreamConditioner:
    """The same for one direction of a byte stream: nothing is lost, all of it waits."""

    def __init__(self, conditions: NetConditions, random: Random, bottleneck: Bottleneck | None = None) -> None:
        self.link: Final = LinkModel(conditions, random, bottleneck)
        self.waiting_bytes = 0
        """On its way. The caller stops reading from the sender while this is more than he wants to hold."""
        self.is_reset = False
        """The conditions broke the stream: what was sent before still arrives, nothing after it, and both ends should be told."""
        self._waiting: deque[tuple[float, bytes]] = deque()

    def push(self, data: bytes, now: float) -> None:
        """Send these bytes."""
        if not data or self.is_reset:
            return
        arrivals = self.link.stream_arrivals(data, now)
        if arrivals is None:
            self.is_reset = True
            return
        self._waiting.extend(arrivals)
        self.waiting_bytes += len(data)

    def pop(self, now: float) -> bytes:
        """The bytes that have arrived."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            arrived.append(self._waiting.popleft()[1])
        data = b"".join(arrived)
        self.waiting_bytes -= len(data)
        return data

    def pop_all(self) -> bytes:
        """Everything, arrived or not: a stream that is closed delivers what was sent before."""
        return self.pop(float("inf"))

    @property
    def next_due(self) -> float | None:
        """When the next bytes arrive; None while none are on their way."""
        return self._waiting[0][0] if self._waiting else None
