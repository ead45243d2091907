"""Any bytes, in any order, cut anywhere, into either side: no exception, bounded memory, bounded answers, nobody else harmed."""

from __future__ import annotations

import itertools
import random
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from engine.control import messages, server_events
from engine.control.codec import read_hello_protocol, read_message, read_news, read_request, write_message, write_request
from engine.control.frames import write_frame
from engine.control.states import ClientState
from engine.world import digest_of
from tests.control.pair import OTHER_SCHEMA, Pair, Raw, frame, hello, make_client, make_server
from tests.control.test_states import every_message

REQUESTS: list[Any] = [
    messages.ListRooms(),
    messages.CreateRoom("mine", {"map": "yard", "frag_limit": 20}),
    messages.JoinRoom(3, "pw"),
    messages.LeaveRoom(),
    messages.SetReady(True),
    messages.ChangeRoom({"map": "yard"}),
    messages.StartMatch(),
    messages.KickMember(2),
    messages.SayChat("hi"),
    messages.RequestTicket(),
]
MEMBER = messages.Member(1, "Ann", 3, True, 0, 20, True)
SUMMARY = messages.RoomSummary(1, "Arena", {"map": "yard"}, 1, 16, False, True)
NEWS: list[Any] = [
    messages.Rooms([SUMMARY]),
    messages.RoomState(1, "Arena", {"map": "yard"}, 16, 1, "gathering", 0, False, [MEMBER]),
    messages.LeftRoom("kicked"),
    messages.Denied("JoinRoom", "room_full", "The room is full."),
    messages.ChatSaid(1, "Ann", "hi"),
    messages.Seated(1, 0, 16, {"map": "yard"}, 77, bytes(16), bytes(16), 10),
    messages.Announced(1, 900, b"kill"),
    messages.MatchEnded(1, [messages.Standing("Ann", 3, 20, 4)]),
    messages.ServerNotice("soon"),
]
PLAIN = [write_message(message) for message in every_message()]
BODIES = PLAIN + [msgspec.msgpack.encode(message) for message in REQUESTS + NEWS]
BOMBS = [
    b"\x82\xa4type\xadSchemaDiffers\xa6schema\x81\xa1x" + b"\x91" * 60000 + b"\x01",  # nesting
    b"\x83\xa4type\xa8Reliable\xa2id\x01\xa4body" + b"\x91" * 60000 + b"\xc0",
    b"\x91" * 60000,
    b"\x81\xa4name\xa2\xff\xff",  # not UTF-8
    b"\x82\xa4type\xa5Hello\xa4name\xdb\xff\xff\xff\xff",  # a string of 4 GiB, announced
    b"\x82\xa4type\xadSchemaDiffers\xa6schema\xdf\x7f\xff\xff\xff",
    b"\x82\xa4type\xadSchemaDiffers\xa6schema\x81\x91\x90\x01",  # keys that are no strings
    b"\x81\xa4type\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # a timestamp out of range
    b"\x83\xa4type\xa4Ping\xa6number\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1x\xc0",
    b"\x82\xa4type\xa4Ping\xa6number\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",  # not a number
]


def chopped(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


bodies = st.one_of(st.sampled_from(BODIES + BOMBS), st.binary(max_size=300))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(bodies))
    for _ in range(draw(st.integers(0, 3))):
        if body:
            body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body)


streams = st.lists(st.one_of(st.binary(max_size=40), damaged().map(lambda body: write_frame(body or b"\x00", 1 << 20))), max_size=8)
cuts = st.lists(st.integers(0, 10_000), max_size=8)


def test_what_comes_behind_a_mistake_is_not_kept() -> None:
    """In one piece with it: the stream is closed, but it may be there for a while until its last bytes are sent."""
    server = make_server()
    enemy = Raw(server, peer=2)
    server.receive(enemy.peer, frame(hello()) * 2 + b"\x00\x00\xff\x00" + bytes(200_000), 0.0)
    assert [entry.stream._reader.buffered_bytes for entry in server._peers.values()] == [0]


@settings(max_examples=150, deadline=None)
@given(streams, cuts, st.sampled_from(["waiting", "comparing", "joined"]))
def test_into_a_server(stream: list[bytes], cuts: list[int], state: str) -> None:
    server = make_server()
    friend = Raw(server, peer=1)
    friend.join(name="Friend")
    enemy = Raw(server, peer=2)
    if state == "comparing":
        enemy.send(hello(schema_digest=digest_of(OTHER_SCHEMA.describe())))
    elif state == "joined":
        enemy.join(name="Enemy")
    data = b"".join(stream)
    for piece in chopped(data, cuts):
        server.receive(2, piece, 0.0)
        server.advance(0.0)
    answered = sum(len(answer) for peer, answer in server.bytes_to_send(0.0) if peer == 2)
    assert answered <= 4096 + 8 * len(data)
    assert all(peer._reader.buffered_bytes <= 65540 for peer in (entry.stream for entry in server._peers.values()))
    server.closed(2, 0.0)
    for event in server.events():
        assert not (isinstance(event, server_events.Left) and event.session_id == 1)
    assert server.send(1, messages.ServerNotice("still here"))
    assert any(isinstance(message, messages.Reliable) for message in friend.read())


@settings(max_examples=150, deadline=None)
@given(streams, cuts, st.sampled_from([ClientState.GREETING, ClientState.JOINED, ClientState.RESUMING]))
def test_into_a_client(stream: list[bytes], cuts: list[int], state: ClientState) -> None:
    pair = Pair(make_client())
    pair.connect()
    if state is not ClientState.GREETING:
        pair.step(0.1)
    if state is ClientState.RESUMING:
        pair.cut()
        pair.connect()
    data = b"".join(stream)
    for piece in chopped(data, cuts):
        pair.client.receive(piece, pair.now)
        pair.client.advance(pair.now)
    assert len(pair.client.bytes_to_send(pair.now)) <= 4096 + 8 * len(data)
    pair.client.closed(pair.now)
    pair.client.events()


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: repr(bomb[:24]))
def test_bombs(bomb: bytes) -> None:
    for read in (read_message, read_request, read_news, read_hello_protocol):
        assert read(bomb) is None
    raw = Raw(make_server())
    raw.join()
    raw.send_bytes(write_frame(bomb, 1 << 20))
    if read_message(bomb) is None:
        assert raw.is_closed


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_every_truncation_and_every_flipped_bit_is_read_or_refused(body: bytes) -> None:
    readers = (read_message, read_request, read_news)
    assert sum(read(body) is not None for read in readers) == 1
    for length in range(len(body)):
        assert all(read(body[:length]) is None for read in readers)
    assert all(read(body + b"\x00") is None for read in readers), "trailing junk"
    for bit in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        for read in readers:
            read(bytes(flipped))


def test_a_hundred_enemies_leave_a_match_of_friends_alone() -> None:
    random_bytes = random.Random(7)
    pair = Pair().join()
    for peer in range(100, 200):
        pair.server.opened(peer, messages_address(peer), pair.now)
        for _ in range(random_bytes.randrange(1, 6)):
            body = random_bytes.choice(BODIES + BOMBS)
            pair.server.receive(peer, write_frame(body, 1 << 20)[: random_bytes.randrange(1, 5000)], pair.now)
        pair.client.request(messages.SetReady(peer % 2 == 0))
        pair.step(0.5)
    assert pair.client.state is ClientState.JOINED
    requests = [event.request for event in pair.heard_by_server(server_events.Requested) if event.session_id == 1]
    assert requests == [messages.SetReady(peer % 2 == 0) for peer in range(100, 200)]
    assert pair.server.statistics().peers == 1 + pair.server.statistics().pending


def messages_address(peer: int) -> Any:
    from engine.ids import Address

    return Address(f"10.0.{peer % 5}.{peer}", 4000)


@pytest.mark.parametrize(
    "news",
    [
        messages.ChatSaid(1, "Ann\x1b[2J", "hi"),
        messages.ChatSaid(1, "Ann", "two\nlines"),
        messages.ChatSaid(1, "Ann", "ends\n"),
        messages.ChatSaid(1, "Ann", "x\u202ey"),
        messages.ServerNotice("x\u200by"),
        messages.ServerNotice("y" * 201),
        messages.Denied("JoinRoom\x07", "no", "no"),
        messages.Rooms([messages.RoomSummary(1, "A\x9bB", {}, 1, 2, False, False)]),
        messages.Rooms([messages.RoomSummary(1, "AB", {"map": "\u2028"}, 1, 2, False, False)]),
        messages.Announced(1, 1, bytes(513)),
        messages.Seated(1, 0, 16, {}, 77, bytes(15), bytes(16), 10),
    ],
    ids=repr,
)
def test_a_hostile_server_cannot_write_to_the_players_terminal(news: Any) -> None:
    pair = Pair().join()
    pair.client.receive(frame(messages.Reliable(1, msgspec.Raw(msgspec.msgpack.encode(news)))), pair.now)
    assert pair.client.state is ClientState.CLOSED


def test_requests_are_read_back_as_written() -> None:
    for request in REQUESTS:
        assert read_request(write_request(request)) == request
