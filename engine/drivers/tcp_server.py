"""The stream side of a server over asyncio: accepts, reads, writes, closes; ``pump`` is the one place where the server's verbs run.

A callback of asyncio only puts what happened into a queue. The queue is bounded by pausing: a peer with too much in it is not read from
until the next pump, so TCP itself slows him down. A peer who does not read is cut off when too much waits for him.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from engine.drivers import clock as clocks
from engine.drivers.addresses import address_of
from engine.ids import Address
from engine.verbs import StreamServer, StreamWrapper


@dataclass(frozen=True, slots=True)
class TcpServerLimits:
    """Bounds per connection and for all."""

    connections_max: int = 2048
    """Beyond this a new connection is closed at once."""
    unread_bytes_max: int = 256 * 1024
    """Queued from one peer between two pumps; then he waits."""
    unsent_bytes_max: int = 1024 * 1024
    """Queued for one peer; then he is cut off."""
    close_after_s: float = 2.0
    """A closed stream has this long to get its last bytes out."""


@dataclass(frozen=True, slots=True)
class TcpServerStatistics:
    """Counters since the start."""

    connections: int
    accepted: int
    refused_full: int
    slow_readers_cut: int
    insecure: int
    """Streams whose handshake or encryption failed."""
    bytes_in: int
    bytes_out: int


class _Connection(asyncio.Protocol):
    """One accepted stream; all it does is note what happened."""

    def __init__(self, owner: TcpServer, peer: int, wrapper: StreamWrapper | None) -> None:
        self.peer: Final = peer
        self.wrapper: Final = wrapper
        self.transport: asyncio.Transport | None = None
        self.address = Address("", 0)
        self.unread: Final = bytearray()
        self.is_opened = False
        """Whether the server was told of it."""
        self.is_lost = False
        self.is_closing = False
        self._owner: Final = owner
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._owner._accepted(self)

    def data_received(self, data: bytes) -> None:
        if self.is_closing:
            return
        self.unread.extend(data)
        if len(self.unread) > self._owner.limits.unread_bytes_max and self.transport is not None:
            self.transport.pause_reading()
            self._is_paused = True
        self._owner._happened(self, len(data))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature; a loss is a loss
        self.is_lost = True
        self._owner._happened(self)

    def take_unread(self, size: int) -> bytes:
        """The next bytes that have arrived; all of them where no more can. Reading goes on."""
        if self.is_lost:
            size = len(self.unread)
        data = bytes(self.unread[:size])
        del self.unread[:size]
        if not self.unread and self._is_paused and self.transport is not None and not self.is_lost:
            self.transport.resume_reading()
            self._is_paused = False
        return data


class TcpServer:
    """Drives any object with the stream verbs of a server. All of it runs in the thread of the event loop."""

    def __init__(
        self,
        server: StreamServer,
        listeners: Sequence[socket.socket],
        *,
        stream_wrapper: Callable[[], StreamWrapper] | None = None,
        limits: TcpServerLimits = TcpServerLimits(),
        clock: clocks.Clock = clocks.now,
    ) -> None:
        self.limits: Final = limits
        self.arrived: Final = asyncio.Event()
        """Set when there is something for :meth:`pump`."""
        self._server: Final = server
        self._listeners: Final = tuple(listeners)
        self._wrapper_factory: Final = stream_wrapper
        self._clock: Final = clock
        self._listening: list[asyncio.Server] = []
        self._connections: Final[dict[int, _Connection]] = {}
        self._happenings: Final[deque[tuple[_Connection, float, int]]] = deque()
        """To whom, when, and how many bytes came."""
        self._closing: Final[set[asyncio.TimerHandle]] = set()
        self._newest_peer = 0
        self._accepted_count = self._refused_full = self._slow_readers_cut = self._insecure = self._bytes_in = self._bytes_out = 0

    async def start(self) -> None:
        """Begin to accept on the listeners (bound and listening already)."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            self._listening.append(await loop.create_server(self._make_connection, sock=listener))

    async def run(self, period_s: float = 0.01) -> None:
        """Pump whenever something arrived, and every ``period_s``, until cancelled."""
        while True:
            await self.arrival(period_s)
            self.pump()

    def pump(self) -> None:
        """One round: tell the server what arrived, let time pass, send and close what it asks for."""
        now = self._clock()
        self.deliver(now)
        self._server.advance(now)
        self.flush(now)

    async def arrival(self, limit_s: float) -> None:
        """Until something has arrived, or the time is up. One waiter."""
        timer = asyncio.get_running_loop().call_later(limit_s, self.arrived.set)
        try:
            await self.arrived.wait()
        finally:
            timer.cancel()

    def deliver(self, now: float) -> None:
        """The first third of a round: what arrived, each with the time when it did (``now`` at the latest), so that no round trip is
        longer for a driver that rests between its rounds.
        """
        for _ in self.delivering(now, len(self._happenings) + 1):
            pass

    def delivering(self, now: float, part: int) -> Iterator[None]:
        """:meth:`deliver`, with a stop after every ``part`` arrivals, for a driver that has something better to do for a moment."""
        self.arrived.clear()
        for number in range(len(self._happenings)):
            if number and number % part == 0:
                yield
            connection, at, size = self._happenings.popleft()
            if connection.peer not in self._connections:
                continue
            at = min(now, at)
            if not connection.is_opened:
                connection.is_opened = True
                self._server.stream_opened(connection.peer, connection.address, at)
            data = connection.take_unread(size)
            if data and not connection.is_closing:
                self._received(connection, data, at)
            if connection.is_lost:
                self._forget(connection, at)

    def flush(self, now: float) -> None:
        """The last third: bytes out, streams closed."""
        to_send = self._server.streams_to_send(now)
        for _ in self._sending(to_send, len(to_send) + 1):
            pass

    def flushing(self, now: float, part: int) -> Iterator[None]:
        """:meth:`flush`, with a stop after the bytes of every ``part`` peers."""
        yield from self._sending(self._server.streams_to_send(now), part)  # asked when the first part is: a mistake there is a part's

    def _sending(self, to_send: Sequence[tuple[int, bytes]], part: int) -> Iterator[None]:
        for number, (peer, data) in enumerate(to_send):
            if number and number % part == 0:
                yield
            connection = self._connections.get(peer)
            if connection is None or connection.is_lost or connection.is_closing or not data:
                continue
            if connection.wrapper is None:
                self._write(connection, data)
            else:
                connection.wrapper.send(data)
                self._write(connection, connection.wrapper.bytes_to_send())
        for peer in self._server.streams_to_close():
            connection = self._connections.get(peer)
            if connection is not None:
                self._close(connection)

    async def close(self) -> None:
        """Stop accepting; send what is queued; close every stream, each within its deadline."""
        for listening in self._listening:
            listening.close()
        self.flush(self._clock())
        for connection in list(self._connections.values()):
            self._close(connection)
        deadline = self._clock() + self.limits.close_after_s
        while self._connections and self._clock() < deadline:
            self.arrived.clear()
            self.deliver(self._clock())
            if self._connections:
                await self.arrival(max(0.01, deadline - self._clock()))
        for connection in self._connections.values():
            if connection.transport is not None:
                connection.transport.abort()
        for timer in self._closing:
            timer.cancel()
        await asyncio.sleep(0)  # the transports' own last step: connection_lost

    def statistics(self) -> TcpServerStatistics:
        """Counters since the start."""
        return TcpServerStatistics(
            connections=len(self._connections),
            accepted=self._accepted_count,
            refused_full=self._refused_full,
            slow_readers_cut=self._slow_readers_cut,
            insecure=self._insecure,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
        )

    def _make_connection(self) -> _Connection:
        self._newest_peer += 1
        is_full = len(self._connections) >= self.limits.connections_max
        wrapper = self._wrapper_factory() if self._wrapper_factory is not None and not is_full else None
        return _Connection(self, self._newest_peer, wrapper)

    def _accepted(self, connection: _Connection) -> None:
        """From connection_made."""
        assert connection.transport is not None
        if len(self._connections) >= self.limits.connections_max:
            self._refused_full += 1
            connection.is_closing = True
            connection.transport.abort()
            return
        self._accepted_count += 1
        peername = connection.transport.get_extra_info("peername")
        if peername is not None:  # None: reset before we looked
            connection.address = address_of(peername)
        self._connections[connection.peer] = connection
        self._happened(connection)

    def _happened(self, connection: _Connection, size: int = 0) -> None:
        if connection.peer in self._connections:
            self._happenings.append((connection, self._clock(), size))
            self.arrived.set()

    def _received(self, connection: _Connection, data: bytes, now: float) -> None:
        self._bytes_in += len(data)
        wrapper = connection.wrapper
        if wrapper is not None:
            data = wrapper.receive(data)
            self._write(connection, wrapper.bytes_to_send())
        if data:
            self._server.receive_stream(connection.peer, data, now)
        if wrapper is not None and wrapper.failure is not None and not connection.is_closing:
            self._insecure += 1
            self._close(connection)

    def _write(self, connection: _Connection, data: bytes) -> None:
        transport = connection.transport
        if not data or transport is None or connection.is_lost:
            return
        transport.write(data)
        self._bytes_out += len(data)
        if transport.get_write_buffer_size() > self.limits.unsent_bytes_max:
            self._slow_readers_cut += 1
            connection.is_closing = True
            transport.abort()

    def _close(self, connection: _Connection) -> None:
        """Close once the bytes are out, or after the deadline without them."""
        if connection.is_closing or connection.transport is None:
            return
        if connection.wrapper is not None:
            connection.wrapper.close()
            self._write(connection, connection.wrapper.bytes_to_send())
        connection.is_closing = True
        transport = connection.transport
        transport.close()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.limits.close_after_s, transport.abort)
        self._closing.add(timer)
        loop.call_later(self.limits.close_after_s, self._closing.discard, timer)

    def _forget(self, connection: _Connection, now: float) -> None:
        del self._connections[connection.peer]
        self._server.stream_lost(connection.peer, now)
