"""The UDP half: a socket towards the server for each client, with a delay line in either direction."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from engine.conditioners import DatagramConditioner
from engine.conditions import NetConditions
from engine.discovery.query import ANSWER_MAGIC, QUERY_MAGIC
from engine.drivers.addresses import family_of
from engine.drivers.udp import DATAGRAM_BYTES_MAX, UdpPort, open_udp
from engine.ids import Address
from engine.testing.proxy.links import Links
from engine.testing.proxy.statistics import DatagramTotals, added

FLOWS_MAX: Final = 256
"""Clients at once; the one that was silent longest makes room."""

IDLE_S: Final = 60.0
"""A flow that nobody used for so long is forgotten, as a NAT forgets it."""


@dataclass(slots=True)
class Flow:
    """One client's datagrams."""

    client: Address
    server: Address
    upstream: UdpPort
    up: DatagramConditioner
    down: DatagramConditioner
    heard_at: float


class DatagramSide:
    """All flows behind one listening port. ``watch`` and ``unwatch`` tell the loop which sockets to wait for."""

    def __init__(
        self,
        listening: UdpPort,
        conditions: NetConditions,
        seed: int,
        links: Links,
        *,
        watch: Callable[[socket.socket, Callable[[float], None]], None],
        unwatch: Callable[[socket.socket], None],
    ) -> None:
        self._listening: Final = listening
        self._conditions: Final = conditions
        self._seed: Final = seed
        self._links: Final = links
        self._watch: Final = watch
        self._unwatch: Final = unwatch
        self._flows: Final[dict[Address, Flow]] = {}
        self._opened = 0
        self._up, self._down = DatagramTotals(), DatagramTotals()
        self._ended_up, self._ended_down = DatagramTotals(), DatagramTotals()
        self._questions = self._answers = 0
        for sock in listening.sockets:
            watch(sock, self._receive_from_clients)

    @property
    def flows_opened(self) -> int:
        """Clients seen so far; one that comes back from another port counts again."""
        return self._opened

    @property
    def discovery(self) -> tuple[int, int]:
        """Questions and answers of LAN discovery among what came in."""
        return self._questions, self._answers

    def totals(self) -> tuple[DatagramTotals, DatagramTotals]:
        """What happened to the server, and to the clients."""
        flows = self._flows.values()
        up = added(self._up, self._ended_up, *(_counted(flow.up) for flow in flows))
        down = added(self._down, self._ended_down, *(_counted(flow.down) for flow in flows))
        return up, down

    def advance(self, now: float) -> None:
        """Pass on what has arrived by now; forget who has gone."""
        for flow in list(self._flows.values()):
            for data, target in flow.up.pop(now):
                flow.upstream.send([(target, data)])
                self._up = _delivered(self._up, data)
            arrived = flow.down.pop(now)
            for data, target in arrived:
                self._listening.send([(target, data)])
                self._down = _delivered(self._down, data)
            if now - flow.heard_at > IDLE_S:
                self._forget(flow)

    def dues(self) -> Iterator[float]:
        """When something is due next, per line."""
        for flow in self._flows.values():
            for line in (flow.up, flow.down):
                if line.next_due is not None:
                    yield line.next_due

    def close(self) -> None:
        """Forget everybody."""
        for flow in list(self._flows.values()):
            self._forget(flow)

    def _receive_from_clients(self, now: float) -> None:
        for data, client in self._listening.receive():
            if len(data) >= DATAGRAM_BYTES_MAX:  # the rest of it was cut off by the read: not ours to pass on
                self._up = replace(self._up, sent=self._up.sent + 1, lost=self._up.lost + 1, oversized=self._up.oversized + 1)
                continue
            self._questions += data.startswith(QUERY_MAGIC)
            flow = self._flows.get(client) or self._open(client, now)
            if flow is not None:
                flow.heard_at = now
                flow.up.push(data, flow.server, now)

    def _receive_from_server(self, flow: Flow, now: float) -> None:
        for data, source in flow.upstream.receive():
            if source != flow.server or len(data) >= DATAGRAM_BYTES_MAX:
                continue
            self._answers += data.startswith(ANSWER_MAGIC)
            flow.heard_at = now
            flow.down.push(data, flow.client, now)

    def _open(self, client: Address, now: float) -> Flow | None:
        if len(self._flows) >= FLOWS_MAX:
            self._forget(min(self._flows.values(), key=lambda flow: flow.heard_at))
        server = self._links.server
        try:
            upstream = open_udp(families=(family_of(server),))
        except OSError:  # no more sockets: the datagram is lost, the next one tries again
            self._up = replace(self._up, sent=self._up.sent + 1, lost=self._up.lost + 1)
            return None
        self._opened += 1
        link = self._links.of(client.host)
        flow = Flow(
            client,
            server,
            upstream,
            DatagramConditioner(self._conditions, Random(f"{self._seed}/datagrams up/{self._opened}"), link.up),
            DatagramConditioner(self._conditions, Random(f"{self._seed}/datagrams down/{self._opened}"), link.down),
            now,
        )
        self._flows[client] = flow
        for sock in upstream.sockets:
            self._watch(sock, lambda at, flow=flow: self._receive_from_server(flow, at))  # type: ignore[misc]
        return flow

    def _forget(self, flow: Flow) -> None:
        del self._flows[flow.client]
        self._ended_up = added(self._ended_up, _counted(flow.up))
        self._ended_down = added(self._ended_down, _counted(flow.down))
        for sock in flow.upstream.sockets:
            self._unwatch(sock)
        flow.upstream.close()


def _counted(line: DatagramConditioner) -> DatagramTotals:
    link = line.link.statistics()
    return DatagramTotals(
        sent=link.sent,
        lost=link.lost,
        duplicated=link.duplicated,
        reordered=link.reordered,
        corrupted=link.corrupted,
        truncated=link.truncated,
        overflowed=link.overflowed,
        oversized=link.oversized,
    )


def _delivered(totals: DatagramTotals, data: bytes) -> DatagramTotals:
    return replace(totals, delivered=totals.delivered + 1, bytes=totals.bytes + len(data))
