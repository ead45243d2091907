"""What the harness drives: any client and any server with the verbs that the real drivers use, both sides of a server in one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from engine.verbs import DatagramPeer, DrivenClient, StreamServer


class ClientUnderTest(DrivenClient, Protocol):
    """One client; ``engine.session.MatchClient`` is one."""

    def events(self) -> Sequence[Any]:
        """What happened; drains."""


class ServerUnderTest(StreamServer, DatagramPeer, Protocol):
    """One server; ``engine.session.MatchServer`` and ``server.match.RoomServer`` are."""
