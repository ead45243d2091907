"""What the harness drives: any client and any server with these verbs (the same that the real drivers use)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from engine.ids import Address


class ClientUnderTest(Protocol):
    """One client; ``engine.session.MatchClient`` is one."""

    @property
    def wants_stream(self) -> bool:
        """Whether a (new) stream to the server is wanted now."""

    @property
    def wants_close(self) -> bool:
        """Whether the open stream should be closed once its bytes are out."""

    def stream_opened(self, server: Address, now: float) -> None:
        """A stream is up."""

    def stream_failed(self, detail: str, now: float) -> None:
        """No stream came up."""

    def receive_stream(self, data: bytes, now: float) -> None:
        """Stream bytes, in order."""

    def stream_lost(self, now: float) -> None:
        """The stream has ended."""

    def stream_to_send(self, now: float) -> bytes:
        """Drain."""

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """One datagram."""

    def datagrams_to_send(self, now: float) -> Sequence[tuple[Address, bytes]]:
        """Drain."""

    def advance(self, now: float) -> None:
        """Let time pass."""

    def events(self) -> Sequence[Any]:
        """Drain."""


class ServerUnderTest(Protocol):
    """One server; ``engine.session.MatchServer`` and ``server.match.RoomServer`` are."""

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        """Somebody connected."""

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        """Stream bytes of a peer, in order."""

    def stream_lost(self, peer: int, now: float) -> None:
        """A peer's stream has ended."""

    def streams_to_send(self, now: float) -> Sequence[tuple[int, bytes]]:
        """Drain."""

    def streams_to_close(self) -> Sequence[int]:
        """Drain."""

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """One datagram."""

    def datagrams_to_send(self, now: float) -> Sequence[tuple[Address, bytes]]:
        """Drain."""

    def advance(self, now: float) -> None:
        """Let time pass: run what is due."""
