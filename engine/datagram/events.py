"""What a connection tells its owner. Exactly one :class:`Disconnected` ends every connection, and nothing follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from engine.errors import DisconnectReason
from engine.ids import Address


@dataclass(frozen=True, slots=True)
class Connected:
    """The first validly sealed datagram has come; ``path`` is where it came from (client: where the server is)."""

    path: Address


class Received(NamedTuple):
    """One whole message. Messages come at most once each, but in any order, and some never do. A tuple: they are many."""

    message: bytes
    is_newest: bool = True
    """Whether its datagram was newer than all that came before it; False for one that was overtaken."""


@dataclass(frozen=True, slots=True)
class PathChanged:
    """The peer is now reached at ``path``: it has proven that it receives there, or the control connection vouches for it."""

    path: Address


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection has ended, and why; by our own ``disconnect`` too."""

    reason: DisconnectReason


ConnectionEvent: TypeAlias = Connected | Received | PathChanged | Disconnected
