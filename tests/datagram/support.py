"""A client, an endpoint and a little network between them, in virtual time from a seed."""

from __future__ import annotations

import heapq
from random import Random

from engine.datagram import Connection, ConnectionEvent, DatagramLimits, Endpoint, Received
from engine.datagram.messages import HEADER
from engine.ids import CARRIED, Address, ConnectionId, Ticket

SERVER = Address("192.0.2.1", 7777)
CLIENT = Address("198.51.100.7", 50000)
MOVED = Address("198.51.100.7", 50001)
ATTACKER = Address("203.0.113.66", 666)
STEP_S = 1 / 60

TICKET = Ticket(ConnectionId(0x01020304), bytes(range(16)), bytes(range(16, 32)), 10.0)


def make_client(ticket: Ticket = TICKET, limits: DatagramLimits | None = None, path: Address | None = SERVER) -> Connection:
    return Connection(ticket, is_server=False, now=0.0, path=path, limits=limits)


def make_server(ticket: Ticket = TICKET, limits: DatagramLimits | None = None) -> Connection:
    return Connection(ticket, is_server=True, now=0.0, entropy=Random(7).randbytes, limits=limits)


def exchange(client: Connection, server: Connection, now: float, address: Address = CLIENT) -> None:
    """One drain each way over a perfect network."""
    for _, datagram in client.datagrams_to_send(now):
        server.receive(datagram, address, now)
    for path, datagram in server.datagrams_to_send(now):
        if path == address:
            client.receive(datagram, SERVER, now)


def connected_pair(limits: DatagramLimits | None = None) -> tuple[Connection, Connection]:
    """Both sides CONNECTED, the server's path proven, events drained; the time is 0.2."""
    client, server = make_client(limits=limits), make_server(limits=limits)
    exchange(client, server, 0.0)
    server.send(b"hello")
    exchange(client, server, 0.1)
    exchange(client, server, 0.2)
    client.events()
    server.events()
    return client, server


def drained(endpoint: Endpoint, now: float) -> list[tuple[int, Address, bytes]]:
    """(connection id, where, datagram) of all that an endpoint sends; CARRIED is where a control connection takes it."""
    by_udp = [(HEADER.unpack_from(datagram)[1], path, datagram) for path, datagram in endpoint.datagrams_to_send(now)]
    return by_udp + [(connection_id, CARRIED, datagram) for connection_id, datagram in endpoint.carried_to_send()]


class Net:
    """Steps both sides at 60 Hz. Each link has a latency, a jitter (uniform, either way) and a loss; carried datagrams arrive, unless
    ``is_carried_blocked``.
    """

    def __init__(
        self, *, seed: int = 1, latency_s: float = 0.0, jitter_s: float = 0.0, loss: float = 0.0, limits: DatagramLimits | None = None
    ) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.latency_s, self.jitter_s, self.loss = latency_s, jitter_s, loss
        self.is_up_blocked = self.is_down_blocked = self.is_carried_blocked = False
        self.client_address = CLIENT
        self.endpoint = Endpoint(self.random.randbytes, limits)
        self.ticket = self.endpoint.issue_ticket(0.0)
        self.client = make_client(self.ticket, limits)
        server = self.endpoint.connection(self.ticket.connection_id)
        assert server is not None
        self.server = server
        self.client_events: list[ConnectionEvent] = []
        self.server_events: list[ConnectionEvent] = []
        self.sent_up: list[bytes] = []
        self.sent_down: list[tuple[Address, bytes]] = []
        self._in_flight: list[tuple[float, int, bool, bytes, Address]] = []
        self._order = 0

    def run(self, seconds: float, *, up: bytes | None = None, down: bytes | None = None) -> None:
        """Let time pass; ``up`` and ``down`` are sent every step by the client and the (connected) server."""
        for _ in range(round(seconds / STEP_S)):
            self.step(up, down)

    def step(self, up: bytes | None = None, down: bytes | None = None) -> None:
        self.now += STEP_S
        while self._in_flight and self._in_flight[0][0] <= self.now:
            due, _, is_up, datagram, source = heapq.heappop(self._in_flight)
            if is_up:
                self.endpoint.receive(datagram, source, due)
            else:
                self.client.receive(datagram, source, due)
        self.client.advance(self.now)
        self.endpoint.advance(self.now)
        self.client_events += self.client.events()
        self.server_events += [event for _, event in self.endpoint.events()]
        if up is not None:
            self.client.send(up)
        if down is not None:
            self.server.send(down)
        for path, datagram in self.client.datagrams_to_send(self.now):
            self.sent_up.append(datagram)
            if path == CARRIED:
                self._push(True, datagram, CARRIED, carried=True)
            elif not self.is_up_blocked:
                self._push(True, datagram, self.client_address)
        for _, path, datagram in drained(self.endpoint, self.now):
            self.sent_down.append((path, datagram))
            if path == CARRIED:
                self._push(False, datagram, CARRIED, carried=True)
            elif path == self.client_address and not self.is_down_blocked:
                self._push(False, datagram, SERVER)

    def _push(self, is_up: bool, datagram: bytes, source: Address, *, carried: bool = False) -> None:
        if self.is_carried_blocked if carried else self.random.random() < self.loss:
            return
        delay_s = max(0.0, self.latency_s + self.random.uniform(-self.jitter_s, self.jitter_s))
        self._order += 1
        heapq.heappush(self._in_flight, (self.now + delay_s, self._order, is_up, datagram, source))

    def heard_up(self) -> list[bytes]:
        return [event.message for event in self.server_events if isinstance(event, Received)]

    def heard_down(self) -> list[bytes]:
        return [event.message for event in self.client_events if isinstance(event, Received)]
