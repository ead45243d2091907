"""Every bound of the control connection in one place, with its unit in its name and what happens beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket's size: ``burst`` at once, ``per_s`` for good."""

    per_s: float
    burst: float

    def __post_init__(self) -> None:
        if self.per_s <= 0 or self.burst < 1:
            raise ValueError(f"Rate({self.per_s}, {self.burst}): needs per_s > 0 and burst >= 1")


VERB_RATES: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        "SayChat": Rate(1.0, 6),
        "CreateRoom": Rate(0.2, 3),
        "ListRooms": Rate(2.0, 10),
        "JoinRoom": Rate(1.0, 8),
        "RequestTicket": Rate(1.0, 6),
    }
)
"""Requests of one session. Beyond: answered with Denied ``too_fast`` and not carried out. A name that is missing here: ``verb_rate``."""


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """Bounds of one control connection and of a server's whole control side. The defaults suit a LAN party and a rented server alike."""

    frame_bytes_hello_max: int = 4096
    """A frame's length before its sender has joined. Beyond: closed as ``protocol_error`` at the length field, nothing is allocated."""
    frame_bytes_max: int = 65536
    """A frame's length after joining; from a server always (the client chose that server). Beyond: as above."""
    frame_deadline_s: float = 5.0
    """From a frame's first byte to its last, however the bytes trickle. Beyond: the stream is closed; a session may resume."""
    hello_deadline_s: float = 5.0
    """From the accepted connection, with its TLS handshake, to a whole Hello or Resume. Beyond: closed."""
    answer_deadline_s: float = 10.0
    """A client waits this long for the answer to its Hello or Resume."""
    ping_interval_s: float = 1.0
    """A server's: its pings measure the round trips that players are shown."""
    client_ping_interval_s: float = 4.0
    """A client's, whose pings only find out whether the stream still lives."""
    ping_spread_s: float = 0.0
    """Pings come up to so much earlier, as chance has it: for a server with so many players that their pings should not fall together."""
    silence_max_s: float = 10.0
    """A ping that is unanswered for this long: the stream is dead, or its reader never reads. Closed; a session may resume."""
    acknowledge_after_s: float = 0.1
    acknowledge_after_messages: int = 16
    """Reliable messages are acknowledged together, at the latest after this many or this long."""
    unacknowledged_messages_max: int = 512
    unacknowledged_bytes_max: int = 256 * 1024
    """What one side keeps for a resume. Beyond: the session ends as ``flooding`` (server); the request is not taken (client)."""
    send_queue_bytes_max: int = 256 * 1024
    """Bytes that the other side has not confirmed by answering a later ping, wherever they wait: here, in the socket, in the network.
    Beyond a half of it carried datagrams are dropped and reliable messages wait, beyond all of it the connection ends as ``flooding``."""
    resume_s: float = 60.0
    """How long a session without a stream is kept."""
    sessions_max: int = 512
    """Beyond: refused as ``server_full``. Lost sessions count while they are kept."""
    sessions_per_address_max: int = 256
    """As ``sessions_max``, per IPv4 address or IPv6 /64 network. Generous: a club behind one NAT, or a fleet of bots, is one address."""
    pending_max: int = 512
    """Connections that have not joined. Beyond: the oldest of the address that holds most of them is closed for the new one, so
    that somebody who opens thousands displaces only his own."""
    frame_rate: Rate = Rate(100.0, 1500)
    """Frames from one joined stream, carried datagrams apart. The burst lets a resume send its whole backlog. Beyond: ``flooding``."""
    carried_rate: Rate = Rate(300.0, 600)
    """Carried datagrams from one session. Beyond: dropped and counted, like any datagram that is too much."""
    password_rate: Rate = Rate(0.1, 5)
    """Wrong passwords per address. Beyond: refused as ``flooding`` without looking at the password."""
    addresses_max: int = 4096
    """Addresses whose wrong passwords are counted one by one; those beyond share one count."""
    verb_rate: Rate = Rate(2.0, 10)
    verb_rates: Mapping[str, Rate] = field(default_factory=lambda: VERB_RATES)

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, int | float) and (value < 0 or (value == 0 and name != "ping_spread_s")):
                raise ValueError(f"ControlLimits.{name}: {value} is not positive")
        if self.ping_spread_s >= min(self.ping_interval_s, self.client_ping_interval_s):
            raise ValueError("ControlLimits.ping_spread_s: must be less than both intervals, or a ping could be due again at once")
        if self.frame_bytes_hello_max > self.frame_bytes_max:
            raise ValueError("ControlLimits.frame_bytes_hello_max: larger than frame_bytes_max")
        if self.send_queue_bytes_max < 4 * self.frame_bytes_max:
            raise ValueError("ControlLimits.send_queue_bytes_max: must hold four frames of frame_bytes_max, or a large one could never go")
