"""Every state x every message, on both sides: the table says what happens, and what has no entry is a protocol error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.control import messages
from engine.control.client import ControlClient
from engine.control.codec import write_request
from engine.control.server import ControlServer
from engine.control.states import CLIENT_TRANSITIONS, SERVER_TRANSITIONS, SIGNAL_OF, ClientState, PeerState, Signal
from engine.errors import DisconnectReason
from engine.world import digest_of
from tests.control.pair import OTHER_SCHEMA, Pair, Raw, frame, hello, make_client, make_server

REQUEST = msgspec.Raw(write_request(messages.SetReady(True)))
NEWS = msgspec.Raw(msgspec.msgpack.encode(messages.ServerNotice("soon")))


def every_message(token: bytes = bytes(16), body: msgspec.Raw = REQUEST) -> list[messages.ConnectionMessage]:
    return [
        hello(),
        messages.Welcome(5, bytes(16), "Ann", "Garage", 60, 7777),
        messages.SchemaDiffers(OTHER_SCHEMA.describe()),
        messages.Refused("server_full"),
        messages.Resume(1, 1, token, 0),
        messages.Resumed(0),
        messages.Reliable(1, body),
        messages.Acknowledge(0),
        messages.Carried(3, b"sealed"),
        messages.Ping(1),
        messages.Pong(1),
        messages.Bye("closed_by_us"),
    ]


MESSAGES = [type(message) for message in every_message()]


def test_every_message_is_a_signal() -> None:
    assert set(MESSAGES) == set(SIGNAL_OF)
    assert len(set(SIGNAL_OF.values())) == len(SIGNAL_OF)


def client_in(state: ClientState) -> ControlClient:
    pair = Pair(make_client())
    if state is ClientState.NEW:
        return pair.client
    if state is ClientState.GREETING:
        pair.connect()
        return pair.client
    pair.join()
    if state in (ClientState.LOST, ClientState.RESUMING):
        pair.cut()
    if state is ClientState.RESUMING:
        pair.connect()
    if state is ClientState.CLOSED:
        pair.client.leave()
    assert pair.client.state is state
    return pair.client


@pytest.mark.parametrize("index", range(len(MESSAGES)), ids=[kind.__name__ for kind in MESSAGES])
@pytest.mark.parametrize("state", ClientState)
def test_client(state: ClientState, index: int) -> None:
    client = client_in(state)
    client.events()
    message = every_message(body=NEWS)[index]
    client.receive(frame(message), 0.2)
    events = client.events()
    if state in (ClientState.NEW, ClientState.LOST, ClientState.CLOSED):  # no stream: bytes belong to nobody
        assert client.state is state
        assert events == []
        return
    expected = CLIENT_TRANSITIONS.get((state, SIGNAL_OF[type(message)]))
    assert client.state is (expected or ClientState.CLOSED)
    if expected is None:
        assert events[-1].reason is DisconnectReason.PROTOCOL_ERROR
        assert b"protocol_error" in client.bytes_to_send(0.2), "the other side is told"
    elif expected is ClientState.CLOSED:
        assert events[-1].reason is not DisconnectReason.PROTOCOL_ERROR
        assert not events[-1].can_resume


def server_in(state: PeerState) -> tuple[ControlServer, Raw, bytes]:
    server = make_server()
    raw = Raw(server)
    token = bytes(16)
    if state is PeerState.WAITING:  # a lost session exists, so that Resume can succeed
        old = Raw(server, peer=9)
        token = old.join().token
        server.closed(9, 0.0)
    elif state is PeerState.COMPARING:
        assert isinstance(raw.send(hello(schema_digest=digest_of(OTHER_SCHEMA.describe())))[0], messages.SchemaDiffers)
    elif state is PeerState.JOINED:
        token = raw.join().token
    else:
        server.receive(1, frame(messages.Bye("closed_by_us")), 0.0)
    assert server._peers[1].state is state
    server.events()
    return server, raw, token


@pytest.mark.parametrize("index", range(len(MESSAGES)), ids=[kind.__name__ for kind in MESSAGES])
@pytest.mark.parametrize("state", PeerState)
def test_server(state: PeerState, index: int) -> None:
    server, _, token = server_in(state)
    message = every_message(token)[index]
    server.receive(1, frame(message), 0.0)
    now_in = server._peers[1].state
    expected = SERVER_TRANSITIONS.get((state, SIGNAL_OF[type(message)]))
    if state is PeerState.CLOSING:
        assert now_in is PeerState.CLOSING
        assert server.events() == []
        return
    assert now_in is (expected or PeerState.CLOSING)
    if expected is None:
        told = dict(server.bytes_to_send(0.0))[1]
        assert b"protocol_error" in told
        assert server.statistics().sessions == (state is PeerState.WAITING), "the session of who breaks the protocol ends"


def test_decisions_of_our_own_lead_somewhere() -> None:
    ends = (Signal.STREAM_LOST, Signal.FAILED, Signal.END)
    for state in PeerState:
        for signal in ends:
            assert SERVER_TRANSITIONS.get((state, signal)) is (None if state is PeerState.CLOSING else PeerState.CLOSING)
    for state in ClientState:
        left = CLIENT_TRANSITIONS.get((state, Signal.LEAVE))
        assert left is (None if state is ClientState.CLOSED else ClientState.CLOSED)
    assert not [key for key in CLIENT_TRANSITIONS if key[0] is ClientState.CLOSED], "closed is for good"
    assert not [key for key in SERVER_TRANSITIONS if key[0] is PeerState.CLOSING]


@pytest.mark.parametrize(
    "body", [b"", b"\xc0", b"\x80", write_request(messages.ListRooms())[:-1], NEWS], ids=lambda body: bytes(body).hex()
)
def test_reliable_with_a_wrong_inside_ends_the_session(body: Any) -> None:
    raw = Raw(make_server())
    raw.join()
    inside = msgspec.Raw(bytes(body)) if body else msgspec.Raw(b"\xc0")
    raw.send(messages.Reliable(1, inside))
    assert raw.is_closed
    assert raw.server.statistics().sessions == 0


def test_gap_and_impossible_acknowledgement_end_the_session() -> None:
    for bad in (messages.Reliable(2, REQUEST), messages.Acknowledge(1)):
        raw = Raw(make_server())
        raw.join()
        assert raw.send(bad)[-1] == messages.Bye("protocol_error")
        assert raw.is_closed
        pair = Pair(make_client()).join()
        pair.client.receive(frame(messages.Reliable(2, NEWS) if isinstance(bad, messages.Reliable) else bad), pair.now)
        assert pair.client.state is ClientState.CLOSED


def test_resume_with_impossible_numbers_is_refused_and_harms_nothing() -> None:
    server = make_server()
    token = Raw(server).join().token
    for resume in (messages.Resume(1, 1, token, 1), messages.Resume(1, 1, bytes(16), 0), messages.Resume(1, 2, token, 0)):
        liar = Raw(server, peer=2)
        (refused,) = liar.send(resume)
        assert isinstance(refused, messages.Refused)
        assert refused.reason == "resume_refused"
    assert server.statistics().sessions == 1
    assert server.statistics().sessions_lost == 0, "the true stream goes on"
