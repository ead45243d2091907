"""Who gets in and who does not; what both sides can tell about it; caps and deadlines."""

from __future__ import annotations

import tracemalloc

import msgspec
import pytest

from engine.control import client_events, messages, server_events
from engine.control.client import ControlClient
from engine.control.codec import write_message
from engine.control.frames import write_frame
from engine.control.limits import ControlLimits, Rate
from engine.errors import DisconnectReason
from engine.ids import Address
from engine.world import Field, Kind, Range, Schema, digest_of
from tests.control.pair import HOME, OTHER_SCHEMA, Pair, Raw, hello, make_client, make_server


def refused(client: ControlClient, **server: object) -> tuple[client_events.Disconnected, server_events.TurnedAway]:
    pair = Pair(client, make_server(**server))
    pair.connect()
    pair.step(0.2)
    assert not pair.is_open, "a refused stream is closed"
    (told,) = pair.client_events
    (noted,) = pair.server_events
    return told, noted


def test_version_mismatch_names_both_versions() -> None:
    told, noted = refused(make_client(protocol=2))
    assert told.reason is DisconnectReason.VERSION_MISMATCH
    assert told.detail == "the server speaks protocol 1, you speak 2"
    assert not told.can_resume
    assert noted.reason is DisconnectReason.VERSION_MISMATCH


def test_hello_of_another_version_is_understood_though_its_other_fields_are_not() -> None:
    raw = Raw(make_server())
    alien = msgspec.msgpack.encode({"type": "Hello", "protocol": 9, "pronouns": ["x"], "name": 5})
    (answer,) = raw.send_bytes(write_frame(alien, 4096))
    assert answer == messages.Refused("version_mismatch", "the server speaks protocol 1, you speak 9")
    assert raw.is_closed
    same_version = msgspec.msgpack.encode({"type": "Hello", "protocol": 1, "name": 5})
    (answer,) = Raw(make_server()).send_bytes(write_frame(same_version, 4096))
    assert answer == messages.Refused("protocol_error")


def test_schema_mismatch_is_named_on_both_sides() -> None:
    told, noted = refused(make_client(schema=OTHER_SCHEMA))
    assert told == client_events.Disconnected(DisconnectReason.SCHEMA_MISMATCH, "player.health: ours high 120, theirs high 100", False)
    assert noted == server_events.TurnedAway(HOME, DisconnectReason.SCHEMA_MISMATCH, "player.health: ours high 100, theirs high 120")


def test_schema_too_large_for_a_frame_is_refused_by_its_digest() -> None:
    kinds = [Kind(f"kind_{k}_{'x' * 40}", tuple(Field(f"f{f}_{'x' * 40}", Range(0, 9)) for f in range(60)), capacity=1) for k in range(20)]
    told, _ = refused(make_client(), schema=Schema(*kinds))
    assert told.reason is DisconnectReason.SCHEMA_MISMATCH


def test_schema_from_a_stranger_cannot_write_to_the_log() -> None:
    server = make_server()
    raw = Raw(server)
    raw.send(hello(schema_digest=digest_of(OTHER_SCHEMA.describe())))
    raw.send(messages.SchemaDiffers({"kinds": [{"name": "player", "fields": [{"name": "\x1b[2J\nx"}]}]}))
    (noted,) = server.events()
    assert noted.reason is DisconnectReason.SCHEMA_MISMATCH
    assert noted.detail.isprintable()


def test_password() -> None:
    assert refused(make_client(password="guess"), password="right")[0].reason is DisconnectReason.WRONG_PASSWORD
    pair = Pair(make_client(password="right"), make_server(password="right")).join()
    assert pair.end() is None
    Pair(make_client(password="any"), make_server()).join()  # none asked


def test_guessing_passwords_is_slow_per_address() -> None:
    server = make_server(password="right", limits=ControlLimits(password_rate=Rate(0.1, 5)))
    reasons = [Raw(server, peer=peer).send(hello(password=f"guess {peer}"))[0].reason for peer in range(1, 9)]
    assert reasons == ["wrong_password"] * 5 + ["flooding"] * 3
    assert Raw(server, peer=20).send(hello(password="right"))[0].reason == "flooding", "not even the right one is looked at"
    assert Raw(server, peer=21, address=Address("10.9.9.9", 1)).join(password="right")
    assert Raw(server, peer=22, now=60.0).join(password="right")


def test_server_full() -> None:
    server = make_server(limits=ControlLimits(sessions_max=2))
    Raw(server, peer=1).join()
    Raw(server, peer=2).join()
    server.closed(2, 0.0)  # lost, and kept
    assert Raw(server, peer=3).send(hello())[0] == messages.Refused("server_full")
    server.advance(61.0)
    assert Raw(server, peer=4, now=61.0).join()


def test_sessions_per_address_are_capped() -> None:
    server = make_server(limits=ControlLimits(sessions_per_address_max=2))
    for peer in (1, 2):
        Raw(server, peer=peer, address=Address("fd00::1:2", peer)).join()
    assert Raw(server, peer=3, address=Address("fd00::77", 1)).send(hello())[0].reason == "server_full", "the same /64"
    assert Raw(server, peer=4).join()


def test_names_are_unique_among_all_sessions() -> None:
    server = make_server()
    names = [Raw(server, peer=peer).join(name=name).name for peer, name in enumerate(["Ann", "ANN", "Ａｎｎ", "", "\u200b"], start=1)]
    assert names == ["Ann", "ANN 2", "Ａｎｎ 3", "Player", "Player 2"]


def test_flood_of_connections_displaces_only_its_own() -> None:
    server = make_server(limits=ControlLimits(pending_max=50))
    slow_friend = Raw(server, peer=1)
    for peer in range(100, 5100):
        server.opened(peer, Address("10.0.0.66", peer), 0.1)
        server.peers_to_close()
    statistics = server.statistics()
    assert statistics.pending == 50
    assert statistics.peers == 50
    assert slow_friend.join()


def test_half_a_hello_is_closed_at_the_deadline_however_it_trickles() -> None:
    server = make_server()
    data = write_frame(write_message(hello()), 4096)
    server.opened(1, HOME, 0.0)
    server.opened(2, HOME, 0.0)
    now, sent = 0.0, 0
    while server.statistics().peers == 2 and now < 20.0:
        server.receive(1, data[sent : sent + 1], now)
        sent, now = sent + 1, now + 0.5
        server.advance(now)
        if server.peers_to_close():
            break
    assert 5.0 < now <= 5.5
    assert sent < len(data)
    assert server.statistics().peers == 0
    assert server.statistics().pending == 0


def test_half_a_frame_after_joining_is_closed_but_may_resume() -> None:
    raw = Raw(make_server())
    raw.join()
    data = write_frame(write_message(messages.Carried(1, bytes(1000))), 4096)
    raw.send_bytes(data[:3])
    for at in range(3, 60):
        raw.now += 0.1
        raw.send_bytes(data[at : at + 1])
    assert raw.is_closed
    assert raw.server.events()[-1] == server_events.Lost(1)


def test_whole_frames_at_a_slow_pace_are_no_slowloris() -> None:
    raw = Raw(make_server())
    raw.join()
    for _ in range(100):
        heard = raw.read(after_s=1.0)
        raw.send(*[messages.Pong(message.number) for message in heard if isinstance(message, messages.Ping)])
    assert not raw.is_closed


@pytest.mark.parametrize("length", [0, 4097, 65537, 2**31, 2**32 - 1])
def test_announced_length_out_of_bounds_allocates_nothing(length: int) -> None:
    server = make_server()
    server.opened(1, HOME, 0.0)
    tracemalloc.start()
    try:
        server.receive(1, length.to_bytes(4, "big"), 0.0)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 64 * 1024
    assert server.statistics().turned_away == {"protocol_error": 1}


def test_large_frames_are_for_those_who_joined() -> None:
    raw = Raw(make_server())
    raw.join()
    large = msgspec.Raw(msgspec.msgpack.encode({"type": "SayChat", "text": "x", "more": "y" * 60000}))
    raw.send(messages.Reliable(1, large))
    assert raw.server.events()[-1].request == messages.SayChat("x")


def test_reader_that_never_reads_is_closed_by_its_unanswered_ping() -> None:
    raw = Raw(make_server())
    raw.join()
    for _ in range(15):
        raw.read(after_s=1.0)
        raw.send(messages.Pong(raw.peer))  # a guess: ping numbers are random
    assert raw.is_closed
    assert raw.server.events()[-1] == server_events.Lost(1)


def test_send_queue_is_bounded_and_carried_datagrams_go_first() -> None:
    limits = ControlLimits()
    raw = Raw(make_server(limits=limits))
    raw.join()
    sent = sum(raw.server.send_datagram(1, 7, bytes(1200)) for _ in range(1000))
    assert sent * 1200 < limits.send_queue_bytes_max // 2
    assert raw.server.statistics().dropped["carried_queue_full"] == 1000 - sent
    heard = raw.read()
    assert sum(isinstance(message, messages.Carried) for message in heard) == sent
    assert not raw.server.send_datagram(1, 7, bytes(1200)), "drained is not confirmed"
    heard += raw.read(after_s=1.1)
    raw.send(*[messages.Pong(message.number) for message in heard if isinstance(message, messages.Ping)])
    assert raw.server.send_datagram(1, 7, bytes(1200)), "confirmed by the pong"


def test_reliable_news_wait_for_a_slow_reader_and_then_end_it() -> None:
    limits = ControlLimits(unacknowledged_messages_max=10_000, unacknowledged_bytes_max=1 << 22)
    raw = Raw(make_server(limits=limits))
    raw.join()
    for _ in range(4000):
        assert raw.server.send(1, messages.Announced(1, 1, bytes(500)))
    written = sum(len(data) for _, data in raw.server.bytes_to_send(0.1))
    assert written <= limits.send_queue_bytes_max // 2 + 1000
    for _ in range(20_000):  # pings that we answer nobody reads: the bound itself ends it
        raw.server.receive(1, write_frame(write_message(messages.Ping(1)), 100), raw.now)
        raw.now += 0.01
    assert raw.server.events()[-1] == server_events.Left(1, DisconnectReason.FLOODING)


def test_requests_have_a_rate_per_verb() -> None:
    raw = Raw(make_server())
    raw.join()
    chat = msgspec.Raw(msgspec.msgpack.encode(messages.SayChat("buy!")))
    ready = msgspec.Raw(msgspec.msgpack.encode(messages.SetReady(True)))
    raw.send(*[messages.Reliable(number, chat) for number in range(1, 21)], messages.Reliable(21, ready))
    requests = [event.request for event in raw.server.events() if isinstance(event, server_events.Requested)]
    assert requests == [messages.SayChat("buy!")] * 6 + [messages.SetReady(True)]
    raw.now += 3.0
    raw.send(*[messages.Reliable(number, chat) for number in range(22, 30)])
    assert len(raw.server.events()) == 3
    assert raw.server.statistics().dropped["too_fast_SayChat"] == 19


def test_denied_requests_are_answered() -> None:
    pair = Pair(server=make_server(limits=ControlLimits(verb_rates={"ListRooms": Rate(1, 1)}))).join()
    for _ in range(3):
        pair.client.request(messages.ListRooms())
    pair.step(0.5)
    denied = [event.message for event in pair.heard_by_client(client_events.NewsReceived)]
    assert [(news.request, news.reason) for news in denied] == [("ListRooms", "too_fast")] * 2


def test_flooding_ends_the_session_and_resuming_does_not_refill() -> None:
    raw = Raw(make_server())
    token = raw.join().token
    assert raw.send(*[messages.Ping(1)] * 1501)[-1] == messages.Bye("flooding")
    assert raw.is_closed
    assert Raw(raw.server, peer=2).send(messages.Resume(1, 1, token, 0))[0] == messages.Refused("resume_refused")


def test_too_many_carried_datagrams_are_dropped_not_punished() -> None:
    raw = Raw(make_server())
    raw.join()
    raw.server.events()
    raw.send(*[messages.Carried(1, b"x")] * 3000)
    assert len(raw.server.events()) == 600
    assert not raw.is_closed
