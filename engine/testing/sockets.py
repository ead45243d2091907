"""What a host holds of the simulated network: datagram ports and the ends of streams.

They share the network's books: a port or a stream is nothing without the :class:`~engine.testing.network.SimulatedNetwork` that made it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from engine.conditions import RETRANSMIT_AFTER_S, LinkModel
from engine.ids import Address

if TYPE_CHECKING:
    from engine.testing.network import SimulatedNetwork

PORT_QUEUE_DATAGRAMS_MAX: Final = 4096
"""Datagrams that wait at a port for a paused host; further ones are lost, as in a socket's buffer."""

STREAM_BYTES_MAX: Final = 4 * 1024 * 1024
"""Sent on one end of a stream and not read at the other; beyond it the stream breaks, as real drivers cut off who does not read."""


class Signal(Enum):
    """What travels in a stream besides bytes, in order with them."""

    OPEN = b"open"
    ACCEPTED = b"accepted"
    REFUSED = b"refused"
    END = b"end"


Payload: TypeAlias = bytes | Signal


@dataclass(frozen=True, slots=True)
class StreamRead:
    """What a read gave: bytes, and whether the other side has ended it (after them)."""

    data: bytes
    is_ended: bool


_NOTHING, _NOTHING_ENDED = StreamRead(b"", is_ended=False), StreamRead(b"", is_ended=True)


class SimulatedPort:
    """A UDP socket."""

    def __init__(self, network: SimulatedNetwork, address: Address) -> None:
        self.address = address
        self._network: Final = network
        self._arrived: deque[tuple[bytes, Address]] = deque()

    def send(self, target: Address, data: bytes, now: float) -> None:
        """Send one datagram; a target where nobody is loses it."""
        self._network._send_datagram(self.address, target, data, now)

    def take(self) -> list[tuple[bytes, Address]]:
        """What has arrived, with its source; drains."""
        if not self._arrived:
            return []
        arrived = list(self._arrived)
        self._arrived.clear()
        return arrived

    def close(self) -> None:
        """Nothing arrives here any more. A port that has been opened at this address since stays."""
        if self._network._ports.get(self.address) is self:
            del self._network._ports[self.address]

    def move(self, address: Address) -> None:
        """Have another address from now on, as after a NAT rebinding or from Wi-Fi to cable; what is on its way to the old one is lost."""
        self._network._ports.pop(self.address, None)
        self._network._bind(address, self)
        self.address = address


class SimulatedStream:
    """One end of a TCP connection."""

    def __init__(self, network: SimulatedNetwork, local: Address, remote: Address, link: LinkModel, number: int) -> None:
        self.local: Final = local
        self.remote: Final = remote
        self.other: SimulatedStream | None = None
        """The other end; None until the caller's wish has arrived."""
        self.is_open = False
        self.is_refused = False
        """Nobody listened there."""
        self.is_ended = False
        """The other side closed it, or it was cut: nothing more arrives."""
        self._is_closed = False
        self._network: Final = network
        self._link: Final = link
        self._number: Final = number
        self._arrived: list[bytes] = []
        self._unread_bytes = 0
        """Sent from here and not yet read at the other end."""
        self._held: list[Payload] = []
        """Sent while the link was blocked. TCP sends it again when the link is back."""

    def send(self, data: bytes, now: float) -> None:
        """Send bytes; after a close or a cut they go nowhere."""
        if data and self.is_open and not self._is_closed and not self.is_ended:
            self._unread_bytes += len(data)
            if self._unread_bytes > STREAM_BYTES_MAX:
                self._network._streams_overflowed += 1
                self.cut()
                return
            self._push(data, now)

    def read(self) -> StreamRead:
        """What has arrived; drains."""
        if not self._arrived:
            return _NOTHING_ENDED if self.is_ended else _NOTHING
        data = b"".join(self._arrived)
        self._arrived.clear()
        if self.other is not None:
            self.other._unread_bytes -= len(data)
        return StreamRead(data, self.is_ended)

    def close(self, now: float) -> None:
        """End it after what was sent."""
        if not self._is_closed:
            self._push(Signal.END, now)
            self._is_closed = True

    def cut(self) -> None:
        """Both ends find it broken at once; what is on its way is lost."""
        for end in (self, self.other):
            if end is not None:
                end.is_ended = end._is_closed = True
                end._held.clear()

    def abandon(self) -> None:
        """Be gone without a word, as when the power fails: what arrives for this end is lost, and the other end hears nothing."""
        self.is_ended = self._is_closed = True
        self._held.clear()
        self._arrived.clear()

    @property
    def _is_over(self) -> bool:
        return self.is_refused or (self.is_ended and self._is_closed)

    def _push(self, payload: Payload, now: float) -> None:
        network = self._network
        if (self.local.host, self.remote.host) in network._blocked_streams:
            self._held.append(payload)
            return
        if not isinstance(payload, bytes):
            network._push(self._link.stream_arrival(0, now), self._number, self, payload, self.local, self.remote)
            return
        arrivals = self._link.stream_arrivals(payload, now)
        if arrivals is None:
            self.cut()
            return
        for due, piece in arrivals:
            network._push(due, self._number, self, piece, self.local, self.remote)

    def _release(self, now: float) -> None:
        """The link is back: what was held goes after a retransmission timeout."""
        held, self._held = self._held, []
        for payload in held:
            self._push(payload, now + RETRANSMIT_AFTER_S)
