"""The smallest client and server with the harness's verbs: they note what comes and answer it."""

from typing import Any

from engine.ids import Address

SERVER = Address("10.0.0.1", 7777)


class EchoServer:
    """Answers every datagram and every stream chunk with the same bytes, upper case."""

    def __init__(self) -> None:
        self.peers: dict[int, Address] = {}
        self.lost: list[int] = []
        self.advanced_at: list[float] = []
        self.sources: set[Address] = set()
        self.to_close: list[int] = []
        self._datagrams: list[tuple[Address, bytes]] = []
        self._streams: list[tuple[int, bytes]] = []

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        self.peers[peer] = address

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        self._streams.append((peer, data.upper()))

    def stream_lost(self, peer: int, now: float) -> None:
        self.lost.append(peer)

    def streams_to_send(self, now: float) -> list[tuple[int, bytes]]:
        streams, self._streams = self._streams, []
        return streams

    def streams_to_close(self) -> list[int]:
        peers, self.to_close = self.to_close, []
        return peers

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        self.sources.add(address)
        self._datagrams.append((address, data.upper()))

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def advance(self, now: float) -> None:
        self.advanced_at.append(now)


class EchoClient:
    """Sends a numbered datagram each frame and, once, a line on the stream."""

    def __init__(self, *, server: Address = SERVER, chatters: bool = True) -> None:
        self.wants_stream = True
        self.wants_close = False
        self.server = server
        self.chatters = chatters
        self.stream = b""
        self.received: list[tuple[bytes, float]] = []
        self.advanced_at: list[float] = []
        self.retries = True
        self._events: list[str] = []
        self._out = b""
        self._frame = 0

    def stream_opened(self, server: Address, now: float) -> None:
        self.wants_stream = False
        self._events.append("opened")
        self._out += b"hello "

    def stream_failed(self, detail: str, now: float) -> None:
        self.wants_stream = self.retries
        self._events.append(f"failed: {detail}")

    def receive_stream(self, data: bytes, now: float) -> None:
        self.stream += data

    def stream_lost(self, now: float) -> None:
        self.wants_stream = self.retries
        self.wants_close = False
        self._events.append("lost")

    def stream_to_send(self, now: float) -> bytes:
        out, self._out = self._out, b""
        return out

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        self.received.append((data, now))

    def datagrams_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        self._frame += 1
        return [(self.server, b"frame %d" % self._frame)] if self.chatters else []

    def advance(self, now: float) -> None:
        self.advanced_at.append(now)

    def events(self) -> list[Any]:
        events, self._events = self._events, []
        return events
