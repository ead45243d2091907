"""The loop of the proxy: one thread that waits for its sockets or for the next thing that is due, whichever comes first."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Final

from engine.conditions import NetConditions
from engine.drivers import clock as clocks
from engine.drivers.addresses import address_of
from engine.drivers.dialing import resolve
from engine.drivers.lan import join_discovery_groups
from engine.drivers.ports import open_server_sockets
from engine.drivers.udp import open_udp_socket
from engine.testing.proxy.datagrams import DatagramSide
from engine.testing.proxy.links import Links
from engine.testing.proxy.statistics import ProxyStatistics
from engine.testing.proxy.streams import StreamSide

WAIT_S_MAX: Final = 0.1
"""How soon ``stop`` is heard when nothing happens."""


class Proxy:
    """Listens at a port, TCP and UDP, and passes everything on to one server over a bad network."""

    def __init__(
        self,
        host: str,
        port: int,
        conditions: NetConditions,
        *,
        listen_port: int = 0,
        listen_hosts: Sequence[str] = ("0.0.0.0", "::"),  # noqa: S104 - it stands where the server would
        seed: int = 0,
        clock: clocks.Clock = clocks.now,
    ) -> None:
        """``listen_port`` 0 is any. Raises OSError, with a sentence, where it cannot listen, the server's name is unknown or the
        server would be the proxy itself.
        """
        candidates = resolve(host, port)
        if not candidates:
            raise OSError(f"{host} has no address")
        self._conditions: Final = conditions
        self._clock: Final = clock
        self._begun: Final = clock()
        self._selector: Final = selectors.DefaultSelector()
        self._sockets: Final = open_server_sockets(listen_port, ports_tried=1, hosts=listen_hosts)
        if any(sockaddr[1] == self._sockets.port and _is_heard(sockaddr[0], listen_hosts) for _, sockaddr in candidates):
            self._sockets.close()
            raise OSError(f"{host} port {port} is where the proxy itself listens: it would pass everything on to itself")
        self._links: Final = Links(address_of(candidates[0][1]))
        self._datagrams: Final = DatagramSide(self._sockets.udp, conditions, seed, self._links, watch=self._watch, unwatch=self._unwatch)
        self._streams: Final = StreamSide(
            self._sockets.listeners, host, port, conditions, seed, self._links, watch=self._watch, unwatch=self._unwatch
        )
        self._is_stopping = False

    @property
    def port(self) -> int:
        """TCP and UDP."""
        return self._sockets.port

    def join_lan(self) -> int:
        """Hear the questions of LAN lists too, as a server does; returns the number of groups joined."""
        return join_discovery_groups(self._sockets.udp)

    def run(self, seconds: float | None = None, each_second: Callable[[ProxyStatistics], None] | None = None) -> None:
        """Pass things on until :meth:`stop`, or for so many seconds."""
        next_second = self._begun + 1.0
        while not self._is_stopping and (seconds is None or self._clock() - self._begun < seconds):
            self.poll(WAIT_S_MAX)
            if each_second is not None and self._clock() >= next_second:
                next_second += 1.0
                each_second(self.statistics())

    def poll(self, wait_s: float = 0.0) -> None:
        """Wait, so long at most, for something to happen; do everything that can be done then."""
        now = self._clock()
        due = min((*self._datagrams.dues(), *self._streams.dues(now)), default=now + wait_s)
        ready = self._selector.select(max(0.0, min(wait_s, due - now)))
        now = self._clock()
        for key, _ in ready:
            if self._selector.get_map().get(key.fd) == key:  # what came before it may have closed it
                key.data(now)
        self._datagrams.advance(now)
        self._streams.advance(now)

    def stop(self) -> None:
        """Let :meth:`run` end; from a signal handler or any thread."""
        self._is_stopping = True

    def close(self) -> None:
        """Write what is held of streams, and close everything."""
        self._streams.close()
        self._datagrams.close()
        self._selector.close()
        self._sockets.close()

    def statistics(self) -> ProxyStatistics:
        """What it did to the traffic so far."""
        datagrams_up, datagrams_down = self._datagrams.totals()
        streams_up, streams_down = self._streams.totals()
        questions, answers = self._datagrams.discovery
        return ProxyStatistics(
            seconds=round(self._clock() - self._begun, 3),
            net=self._conditions.describe(),
            clients=self._datagrams.flows_opened,
            datagrams_up=datagrams_up,
            datagrams_down=datagrams_down,
            streams=self._streams.opened,
            streams_refused=self._streams.refused,
            streams_up=streams_up,
            streams_down=streams_down,
            discovery_questions=questions,
            discovery_answers=answers,
        )

    def _watch(self, sock: socket.socket, react: Callable[[float], None]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, react)

    def _unwatch(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and sock in self._selector.get_map():
            self._selector.unregister(sock)


def _is_heard(host: str, listen_hosts: Sequence[str]) -> bool:
    """Whether what is sent to this address comes to one who listens at those."""
    if host in listen_hosts:
        return True
    family, everywhere = (socket.AF_INET6, "::") if ":" in host else (socket.AF_INET, "0.0.0.0")  # noqa: S104 - compared, not listened at
    if everywhere not in listen_hosts:
        return False
    try:
        open_udp_socket(family, host, 0).close()
    except OSError:  # of another computer
        return False
    return True
