"""A whole small server in one thread: streams over asyncio, datagrams and ticks in between. For a game's first server and for tests.

    driver = ServerDriver(MatchServer(...), port=7777)
    driver.run()                       # until Ctrl-C

A large server gives the tick a thread of its own instead (:mod:`engine.drivers.tick_thread`, as ``python -m server`` does), so that a
slow lobby never delays it. Both drive the same verbs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from engine.drivers import clock as clocks
from engine.drivers.ports import open_server_sockets
from engine.drivers.tcp_server import TcpServer
from engine.ids import DEFAULT_PORT, PORTS_TRIED, Address
from engine.verbs import StreamServer, StreamWrapper

ROUNDS_PER_S: Final = 240
"""Four rounds per tick at 60 Hz: how early a command comes is measured at the rounds (see the tick thread)."""


class DrivenServer(StreamServer, Protocol):
    """Streams and datagrams behind one object."""

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """One datagram; any bytes."""

    def datagrams_to_send(self, now: float) -> Sequence[tuple[Address, bytes]]:
        """Datagrams with their targets; drains."""

    def drain(self, now: float) -> None:
        """Tell everybody that the server closes."""


class ServerDriver:
    """The sockets and the clock of one server."""

    def __init__(
        self,
        server: DrivenServer,
        *,
        port: int = DEFAULT_PORT,
        ports_tried: int = PORTS_TRIED,
        hosts: Sequence[str] = ("0.0.0.0", "::"),  # noqa: S104 - players come from every interface
        stream_wrapper: Callable[[], StreamWrapper] | None = None,
        clock: clocks.Clock = clocks.now,
    ) -> None:
        """Takes the first free port of ``port`` and the ones behind it; raises NoFreePortError, with a sentence."""
        self._server: Final = server
        self._clock: Final = clock
        self._sockets: Final = open_server_sockets(port, ports_tried=ports_tried, hosts=hosts)
        self._stream_wrapper: Final = stream_wrapper
        self._is_stopping = False

    @property
    def port(self) -> int:
        """TCP and UDP."""
        return self._sockets.port

    def run(self, seconds: float | None = None) -> None:
        """Serve until :meth:`stop`, Ctrl-C, or for so many seconds; then tell the players and close everything."""
        with suppress(KeyboardInterrupt):
            asyncio.run(self.serve(seconds))

    def stop(self) -> None:
        """Let :meth:`run` end; from any thread."""
        self._is_stopping = True

    async def serve(self, seconds: float | None = None) -> None:
        """:meth:`run` inside an event loop that is there already."""
        tcp = TcpServer(self._server, self._sockets.listeners, stream_wrapper=self._stream_wrapper, clock=self._clock)
        await tcp.start()
        until = None if seconds is None else self._clock() + seconds
        try:
            while not self._is_stopping and (until is None or self._clock() < until):
                await asyncio.sleep(1 / ROUNDS_PER_S)
                self._round(tcp)
        finally:
            self._server.drain(self._clock())
            self._sockets.udp.send(self._server.datagrams_to_send(self._clock()))
            await tcp.close()
            self._sockets.close()

    def _round(self, tcp: TcpServer) -> None:
        now = self._clock()
        for data, address in self._sockets.udp.receive():
            self._server.receive_datagram(data, address, now)
        tcp.pump()  # advances the server
        self._sockets.udp.send(self._server.datagrams_to_send(now))
