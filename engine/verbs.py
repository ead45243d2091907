"""What may be asked of what is driven, over sockets or in a simulation: structural types, so that no driver imports the thing it drives.

Times are seconds of one monotonic clock (:func:`engine.drivers.clock.now`); they are never compared between machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from engine.errors import DisconnectReason
from engine.ids import Address

ALWAYS: Final = float("-inf")
NEVER: Final = float("inf")
"""As the time before which nobody needs to ask: ask every time, or not before something else happens."""


class DatagramPeer(Protocol):
    """Whatever datagrams go in and out of."""

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """One datagram; any bytes."""

    def datagrams_to_send(self, now: float) -> Sequence[tuple[Address, bytes]]:
        """Datagrams with their targets; drains."""

    def advance(self, now: float) -> None:
        """Time has passed: do what is due."""


class DrivenClient(DatagramPeer, Protocol):
    """One client of one server: a stream and datagrams."""

    @property
    def wants_stream(self) -> bool:
        """Whether the driver should open a (new) stream to the server now: at the start, and after a loss that may be resumed.

        False from ``stream_opened`` on. True again while that stream is still open means that the client has given it up (nothing was
        heard for too long): the driver closes it, without a ``stream_lost``, and connects anew.
        """

    @property
    def wants_close(self) -> bool:
        """Whether the driver should close the open stream, once what is to send is sent."""

    def stream_opened(self, server: Address, now: float) -> None:
        """A stream to ``server`` is up, and secured where a wrapper was given."""

    def stream_failed(self, detail: str, now: float) -> None:
        """No stream could be opened; ``detail`` is a sentence for the player. The client decides whether and when it wants another try."""

    def receive_stream(self, data: bytes, now: float) -> None:
        """Bytes of the stream, in order."""

    def stream_lost(self, now: float) -> None:
        """The stream that was opened has ended, by either side."""

    def stream_to_send(self, now: float) -> bytes:
        """Bytes to send on the stream; drains."""


class StreamServer(Protocol):
    """The stream side of a server: many peers, each named by a number that the driver gives and never uses twice."""

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        """Somebody connected."""

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        """Bytes from a peer, in order."""

    def stream_lost(self, peer: int, now: float) -> None:
        """The peer's stream has ended, by whichever side: said once for each stream that was opened."""

    def streams_to_send(self, now: float) -> Sequence[tuple[int, bytes]]:
        """Bytes for peers; drains."""

    def streams_to_close(self) -> Sequence[int]:
        """Peers whose stream is to be closed once their bytes are out; drains."""

    def advance(self, now: float) -> None:
        """Time has passed."""


class DatagramHost(DatagramPeer, Protocol):
    """The datagram side of a server, in a thread of its own: frozen requests go in, frozen events come out."""

    def request(self, request: Any) -> None:
        """Something that the other side wants done."""

    @property
    def ticks(self) -> int:
        """Computed so far, at the rate of whoever drives it."""

    def note_load(self, load: float) -> None:
        """How much of the time between two ticks the last one took, 1.0 being all of it: a host may do less where it is too much."""

    def events(self) -> Sequence[Any]:
        """What happened; drains."""


class Responder(Protocol):
    """Answers questions from strangers, at most one answer each."""

    def receive(self, data: bytes, address: Address, now: float) -> bytes | None:
        """The answer, never longer than the question, or None."""


class Asker(Protocol):
    """Asks the LAN who is there."""

    def queries_to_send(self, now: float) -> Sequence[tuple[Address | None, bytes]]:
        """Questions with their target; None means every interface, every discovery port. Drains."""

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """One answer, or anything else."""


class StreamWrapper(Protocol):
    """Security around one stream, in memory: ciphertext in, plaintext out, and back (``engine.control.tls.TlsStream`` is one).

    One object per connection; its handshake starts by itself.
    """

    @property
    def is_ready(self) -> bool:
        """The handshake is done, and the other side is who it should be."""

    @property
    def failure(self) -> DisconnectReason | None:
        """Why this stream cannot go on; None while it can."""

    @property
    def detail(self) -> str:
        """More about the failure."""

    def receive(self, data: bytes) -> bytes:
        """Ciphertext in; the plaintext that it completes."""

    def send(self, plain: bytes) -> None:
        """Plaintext to encrypt, also before the handshake is done."""

    def close(self) -> None:
        """Tell the other side that nothing follows."""

    def bytes_to_send(self) -> bytes:
        """Ciphertext for the network; drains."""
