"""A pair of connections in the hands of hypothesis: any order of sending, losing, duplicating, reordering, waiting, moving and ending."""

from __future__ import annotations

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.datagram import Connected, Connection, ConnectionEvent, DatagramLimits, Disconnected, Received, State
from engine.errors import DisconnectReason
from engine.ids import CARRIED, Address
from tests.datagram.support import CLIENT, MOVED, SERVER, make_client, make_server

LIMITS = DatagramLimits()
IN_FLIGHT_MAX = 300


class Pair(RuleBasedStateMachine):
    """The model is two lists of what was sent; the promise is "at most once, whole, and nothing after the end"."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.client, self.server = make_client(), make_server()
        self.address = CLIENT
        self.sent: dict[str, list[bytes]] = {"client": [], "server": []}
        self.heard: dict[str, list[ConnectionEvent]] = {"client": [], "server": []}
        self.in_flight: list[tuple[Connection, Address, bytes]] = []
        self.random = Random(1)

    def _sides(self) -> tuple[tuple[str, Connection], ...]:
        return ("client", self.client), ("server", self.server)

    @rule(who=st.sampled_from(["client", "server"]), size=st.sampled_from([0, 1, 40, 1164, 1165, 3000]))
    def send(self, who: str, size: int) -> None:
        side = self.client if who == "client" else self.server
        if side.state in (State.OPENING, State.CONNECTED):
            message = len(self.sent[who]).to_bytes(4) + bytes(size)
            self.sent[who].append(message)
            side.send(message)

    @rule(steps=st.integers(1, 40))
    def wait(self, steps: int) -> None:
        self.now += steps / 60
        for who, side in self._sides():
            side.advance(self.now)
            self.heard[who] += side.events()

    @rule()
    def drain(self) -> None:
        for path, datagram in self.client.datagrams_to_send(self.now):
            self.in_flight.append((self.server, CARRIED if path == CARRIED else self.address, datagram))
        for path, datagram in self.server.datagrams_to_send(self.now):
            if path in (self.address, CARRIED):
                self.in_flight.append((self.client, CARRIED if path == CARRIED else SERVER, datagram))
        del self.in_flight[:-IN_FLIGHT_MAX]

    @precondition(lambda self: self.in_flight)
    @rule(count=st.integers(1, 20), order=st.sampled_from(["first", "any"]), keep=st.booleans())
    def deliver(self, count: int, order: str, keep: bool) -> None:
        for _ in range(min(count, len(self.in_flight))):
            index = 0 if order == "first" else self.random.randrange(len(self.in_flight))
            side, source, datagram = self.in_flight[index] if keep else self.in_flight.pop(index)
            side.receive(datagram, source, self.now)
        for who, side in self._sides():
            self.heard[who] += side.events()

    @precondition(lambda self: self.in_flight)
    @rule()
    def lose_everything_in_flight(self) -> None:
        self.in_flight.clear()

    @rule(address=st.sampled_from([CLIENT, MOVED]))
    def rebind(self, address: Address) -> None:
        self.address = address

    @rule(path=st.sampled_from([SERVER, CARRIED]))
    def choose_path(self, path: Address) -> None:
        self.client.set_path(path)

    @rule()
    def probe(self) -> None:
        self.client.probe(SERVER, self.now)

    @rule(who=st.sampled_from(["client", "server"]), sure=st.integers(0, 9))
    def end(self, who: str, sure: int) -> None:
        if sure == 0:
            (self.client if who == "client" else self.server).disconnect(DisconnectReason.CLOSED_BY_US, self.now)

    @invariant()
    def what_arrives_was_sent_and_arrives_once(self) -> None:
        for who, other in (("client", "server"), ("server", "client")):
            messages = [event.message for event in self.heard[who] if isinstance(event, Received)]
            assert len(messages) == len(set(messages))
            assert set(messages) <= set(self.sent[other])

    @invariant()
    def one_beginning_one_end_and_nothing_after_it(self) -> None:
        for who, side in self._sides():
            kinds = [type(event) for event in self.heard[who]]
            assert kinds.count(Connected) <= 1
            assert kinds.count(Disconnected) <= 1
            if Disconnected in kinds:
                assert kinds[-1] is Disconnected
                assert side.state in (State.CLOSING, State.CLOSED)
            if Received in kinds:
                assert kinds[0] is Connected

    @invariant()
    def everything_is_bounded(self) -> None:
        for _, side in self._sides():
            assert side._reassembly.held_bytes <= LIMITS.reassembly_bytes_max
            assert side._watch is None or len(side._watch.candidates) <= LIMITS.candidates_max


Pair.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestPair = Pair.TestCase
