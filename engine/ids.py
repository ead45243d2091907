"""Identifiers and small values that several layers share, so that no layer imports another "for a type".

Everything here is an integer, a string or a frozen group of those: it can be compared, hashed, logged and sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, NewType

Tick = NewType("Tick", int)
"""The number of one fixed simulation step; the world "at tick T" is the world after step T. Starts at 0, never wraps in memory."""

Seat = NewType("Seat", int)
"""A player's place in a match, 0 to seats - 1. A seat outlives a lost connection."""

ConnectionId = NewType("ConnectionId", int)
"""Names one datagram connection on the wire, u32. Not a secret: the keys are."""

SessionId = NewType("SessionId", int)
"""Names one player on a server's control side; survives a resume."""

MatchId = NewType("MatchId", int)
"""Names one match of a host process."""

RoomId = NewType("RoomId", int)
"""Names one room of a server; 0 means "any open room"."""

VERSION: Final = "0.1.0"
"""Of the program, for people; what fits together is told by PROTOCOL_VERSION and the game's digest. pyproject.toml reads it here."""

PROTOCOL_VERSION: Final = 1
"""Raised with every change of a byte on either wire; a golden vector changes in the same commit."""

DEFAULT_PORT: Final = 7777
"""First port that a server tries, TCP and UDP alike."""

PORTS_TRIED: Final = 8
"""A server takes the first free one of 7777 to 7784; LAN discovery asks all of them (DDNet's idea: 8303 to 8310)."""


class Address(NamedTuple):
    """Where a datagram comes from or goes to. ``host`` is a numeric IPv4 or IPv6 address, IPv6 with its scope (``fe80::1%eth0``).

    ``host == ""`` with port 0 is :data:`CARRIED`: the datagram travels inside a control frame because UDP does not get through. (A tuple,
    because it is compared or looked up several times per datagram: 0.05 microseconds each instead of 0.4.)
    """

    host: str
    port: int

    def __str__(self) -> str:
        if self == CARRIED:
            return "carried"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


CARRIED: Final = Address("", 0)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A seat's permission to open one datagram connection; handed over inside the control connection, used once.

    Both keys are 16 random bytes, fresh for every ticket (so a nonce never repeats under a key, whatever is restarted).
    """

    connection_id: ConnectionId
    key_to_server: bytes
    key_to_client: bytes
    lifetime_s: float
    """The first valid datagram must arrive within this time after the server issued the ticket."""

    def __repr__(self) -> str:
        return f"Ticket(connection_id={self.connection_id:#010x}, keys hidden, lifetime_s={self.lifetime_s})"
