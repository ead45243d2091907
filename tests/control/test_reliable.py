"""Exactly once and in order, whatever is cut where: the model is a plain list."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.control import client_events, messages, server_events
from engine.control.limits import ControlLimits
from engine.control.reliable import Arrival, ReliableChannel
from engine.control.states import ClientState
from engine.ids import SessionId
from tests.control.pair import UNLIMITED, Pair, make_client, make_server

LIMITS = ControlLimits(verb_rate=UNLIMITED, verb_rates={}, frame_rate=UNLIMITED, resume_s=1e6, silence_max_s=1e6, frame_deadline_s=1e6)


class CutAnywhere(RuleBasedStateMachine):
    """Both sides talk; bytes move in pieces; the stream is cut with whatever is on the way, noticed by either side or both."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(make_client(limits=LIMITS), make_server(limits=LIMITS)).join()
        self.requested: list[str] = []
        self.told: list[str] = []

    @rule(count=st.integers(1, 20))
    def request(self, count: int) -> None:
        for _ in range(count):
            text = f"request {len(self.requested)}"
            if self.pair.client.request(messages.SayChat(text)):
                self.requested.append(text)

    @rule(count=st.integers(1, 20))
    def tell(self, count: int) -> None:
        for _ in range(count):
            text = f"news {len(self.told)}"
            if self.pair.server.send(SessionId(1), messages.ChatSaid(1, "Ann", text)):
                self.told.append(text)

    @rule()
    def write(self) -> None:
        self.pair.now += 0.05
        self.pair.write()

    @rule(up_bytes=st.integers(0, 200), down_bytes=st.integers(0, 200))
    def move(self, up_bytes: int, down_bytes: int) -> None:
        self.pair.move(up_bytes, down_bytes)

    @rule(seconds=st.floats(0.05, 2.0))
    def run(self, seconds: float) -> None:
        self.pair.step(seconds)

    @precondition(lambda self: self.pair.is_open)
    @rule(server_notices=st.booleans())
    def cut(self, server_notices: bool) -> None:
        self.pair.cut(server_notices=server_notices)

    @precondition(lambda self: not self.pair.is_open)
    @rule()
    def reconnect(self) -> None:
        self.pair.connect()

    def heard(self) -> tuple[list[str], list[str]]:
        requests = [event.request.text for event in self.pair.heard_by_server(server_events.Requested)]
        news = [event.message.text for event in self.pair.heard_by_client(client_events.NewsReceived)]
        return requests, news

    @invariant()
    def what_came_is_the_beginning_of_what_was_sent(self) -> None:
        requests, news = self.heard()
        assert requests == self.requested[: len(requests)]
        assert news == self.told[: len(news)]
        assert self.pair.end() is None

    def teardown(self) -> None:
        if not self.pair.is_open:
            self.pair.connect()
        self.pair.step(2.0)
        assert self.pair.client.state is ClientState.JOINED
        assert self.heard() == (self.requested, self.told)


CutAnywhere.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestCutAnywhere = CutAnywhere.TestCase


def test_bounds() -> None:
    channel = ReliableChannel(messages_max=3, bytes_max=100)
    assert [channel.send(bytes(10)) for _ in range(4)] == [True, True, True, False]
    assert channel.next_to_send() == (1, bytes(10))
    assert channel.acknowledge(1)
    assert channel.send(bytes(80))
    assert not channel.send(bytes(1)), "the message limit"
    assert not ReliableChannel(3, 100).send(bytes(101))
    assert channel.statistics().unacknowledged_bytes == 100


def test_replacing_only_touches_what_has_not_gone_out() -> None:
    channel = ReliableChannel(10, 1000)
    channel.send(b"room 1", "room")
    assert channel.next_to_send() == (1, b"room 1")
    channel.send(b"room 2", "room")
    channel.send(b"chat")
    channel.send(b"room 3", "room")
    assert channel.next_to_send() == (2, b"chat")
    assert channel.next_to_send() == (3, b"room 3")
    assert channel.next_to_send() is None
    assert channel.statistics().replaced == 1
    assert channel.restart(0)
    assert [channel.next_to_send() for _ in range(3)] == [(1, b"room 1"), (2, b"chat"), (3, b"room 3")]


def test_numbers_that_cannot_be() -> None:
    channel = ReliableChannel(10, 1000)
    channel.send(b"a")
    assert not channel.acknowledge(1), "not sent yet"
    channel.next_to_send()
    assert channel.acknowledge(1)
    assert channel.acknowledge(0), "an old one is no news"
    assert not channel.restart(0), "it had that one already"
    assert not channel.restart(2)
    assert channel.restart(1)
    assert [channel.receive(number) for number in (1, 1, 3, 2, 1)] == [
        Arrival.NEW,
        Arrival.REPEAT,
        Arrival.GAP,
        Arrival.NEW,
        Arrival.REPEAT,
    ]


@given(st.lists(st.integers(0, 5), max_size=60))
def test_acknowledgement_after_a_resume_counts_for_this_stream_only(moves: list[int]) -> None:
    """Sender against a receiver that is a plain list, with acknowledgements and resumes at arbitrary times."""
    channel = ReliableChannel(1000, 100_000)
    received: list[bytes] = []
    sent = 0
    for move in moves:
        if move <= 1:
            channel.send(str(sent).encode())
            sent += 1
        elif move <= 3:
            following = channel.next_to_send()
            if following is not None and following[0] == len(received) + 1:
                received.append(following[1])
        elif move == 4:
            assert channel.acknowledge(len(received)) or channel.restart(len(received))
        else:
            assert channel.restart(len(received))
    channel.restart(len(received))
    while (following := channel.next_to_send()) is not None:
        assert following[0] == len(received) + 1
        received.append(following[1])
    assert received == [str(number).encode() for number in range(sent)]
