"""Joining, talking, losing the stream, coming back, leaving: a client and a server over pipes."""

from __future__ import annotations

import itertools

import pytest

from engine.control import client_events, messages, server_events
from engine.control.limits import ControlLimits
from engine.control.states import ClientState
from engine.errors import DisconnectReason, LocalProtocolError
from engine.ids import ConnectionId, SessionId
from tests.control.pair import HOME, Pair, make_client, make_server, unframe

CHAT = messages.ChatSaid(1, "Ann", "hi")


def test_join_tells_both_sides() -> None:
    pair = Pair(make_client("  An\u202en\x1b[31m ", colour=7)).join()
    assert pair.server_events == [server_events.Joined(SessionId(1), "Ann[31m", 7, HOME)]
    assert pair.client_events == [client_events.Welcomed(SessionId(1), "Ann[31m", "Garage", 7777, 60)]


def test_requests_and_news_arrive_in_order() -> None:
    pair = Pair()
    assert pair.client.request(messages.SayChat("said before joining"))
    pair.join()
    assert pair.client.request(messages.SetReady(True))
    assert pair.server.send(SessionId(1), CHAT)
    assert pair.server.send(SessionId(1), messages.ServerNotice("soon"))
    pair.step()
    assert [event.request for event in pair.heard_by_server(server_events.Requested)] == [
        messages.SayChat("said before joining"),
        messages.SetReady(True),
    ]
    assert [event.message for event in pair.heard_by_client(client_events.NewsReceived)] == [CHAT, messages.ServerNotice("soon")]
    assert pair.client.statistics().reliable.unacknowledged == 0


def test_requests_are_cleaned_before_the_lobby_sees_them() -> None:
    pair = Pair().join()
    pair.client.request(messages.SayChat("a\nb\x1b[2J\u202e"))
    pair.client.request(messages.CreateRoom("\u200b", {"map": "yard"}))
    pair.step()
    chat, room = [event.request for event in pair.heard_by_server(server_events.Requested)]
    assert chat.text == "a b[2J"
    assert room.name == "Room"


def test_carried_datagrams_go_both_ways() -> None:
    pair = Pair().join()
    assert pair.client.send_datagram(ConnectionId(9), b"up")
    assert pair.server.send_datagram(SessionId(1), ConnectionId(9), b"down")
    pair.step(0.1)
    assert pair.heard_by_server(server_events.CarriedReceived) == [server_events.CarriedReceived(SessionId(1), ConnectionId(9), b"up")]
    assert pair.heard_by_client(client_events.CarriedReceived) == [client_events.CarriedReceived(ConnectionId(9), b"down")]
    with pytest.raises(LocalProtocolError):
        pair.client.send_datagram(ConnectionId(9), bytes(1201))


def test_pings_measure_the_round_trip() -> None:
    pair = Pair().join()
    pair.step(5.0)
    rtt_ms = pair.client.statistics().rtt_ms
    assert rtt_ms is not None
    assert 0.0 <= rtt_ms < 100.0
    ping_ms = pair.server.ping_ms(SessionId(1))
    assert ping_ms is not None
    assert 0 <= ping_ms < 100


def test_lost_stream_resumes_with_what_was_missed() -> None:
    pair = Pair().join()
    pair.cut()
    assert pair.client.wants_stream
    assert pair.heard_by_client(client_events.Disconnected) == [client_events.Disconnected(DisconnectReason.STREAM_LOST, "", True)]
    assert pair.server.send(SessionId(1), CHAT)
    assert pair.client.request(messages.SayChat("are you there?"))
    pair.step(30.0)
    assert pair.server_events[-1] == server_events.Lost(SessionId(1))
    pair.connect()
    pair.step()
    assert pair.heard_by_client(client_events.NewsReceived)[-1].message == CHAT
    assert pair.heard_by_server(server_events.Requested)[-1].request == messages.SayChat("are you there?")
    assert client_events.Resumed() in pair.client_events
    assert server_events.Resumed(SessionId(1), HOME) in pair.server_events
    assert pair.client.statistics().resumes == 1


def test_only_the_newest_whole_state_is_kept_for_an_absent_client() -> None:
    pair = Pair().join()
    pair.cut()
    for members in range(2000):  # far more than is kept
        room = messages.RoomSummary(1, "Arena", {}, members % 16, 16, False, False)
        assert pair.server.send(SessionId(1), messages.Rooms([room]))
    pair.connect()
    pair.step()
    (news,) = pair.heard_by_client(client_events.NewsReceived)
    assert news.message.rooms[0].members == 1999 % 16


def test_session_ends_for_both_when_nobody_comes_back() -> None:
    pair = Pair().join()
    pair.cut()
    pair.step(59.0)
    assert pair.end() is None
    assert not pair.heard_by_server(server_events.Left)
    pair.step(2.0)
    assert pair.end() is DisconnectReason.TIMED_OUT
    assert pair.heard_by_server(server_events.Left) == [server_events.Left(SessionId(1), DisconnectReason.TIMED_OUT)]
    assert pair.server.statistics().sessions == 0


def test_resume_while_the_server_still_holds_the_old_stream() -> None:
    pair = Pair().join()
    pair.cut(server_notices=False)
    old = pair.peer
    pair.connect()
    pair.step(0.1)
    assert pair.client.state is ClientState.JOINED
    assert not pair.heard_by_server(server_events.Lost)
    assert pair.server.statistics().peers == 1, "the old stream is closed"
    pair.server.closed(old, pair.now)  # its end is noticed at last
    pair.step(0.1)
    assert pair.server.send(SessionId(1), CHAT)
    pair.step(0.2)
    assert pair.heard_by_client(client_events.NewsReceived)


def test_silent_stream_counts_as_lost_on_both_sides() -> None:
    pair = Pair().join()
    pair.step(2.0)
    pair.is_open = False  # nothing moves any more, and nobody is told
    pair.step(13.0)
    assert pair.heard_by_client(client_events.Disconnected) == [client_events.Disconnected(DisconnectReason.TIMED_OUT, "", True)]
    assert pair.heard_by_server(server_events.Lost)
    pair.up.clear()
    pair.down.clear()
    pair.connect()
    pair.step(0.2)
    assert pair.client.state is ClientState.JOINED


def test_failed_attempts_to_reconnect_are_quiet() -> None:
    pair = Pair().join()
    pair.cut()
    pair.client_events.clear()
    pair.client.closed(pair.now)
    pair.client.reopened(pair.now)
    pair.client.closed(pair.now)
    pair.client.reopened(pair.now)
    pair.client.advance(pair.now + 11.0)  # no answer to Resume
    assert pair.client.events() == []
    assert pair.client.wants_stream


def test_leaving_says_what_was_said_before() -> None:
    pair = Pair().join()
    pair.client.request(messages.SayChat("bye all"))
    pair.client.leave()
    pair.step(0.1)
    assert pair.heard_by_server(server_events.Requested)[0].request == messages.SayChat("bye all")
    assert pair.server_events[-1] == server_events.Left(SessionId(1), DisconnectReason.CLOSED_BY_PEER)
    assert pair.end() is DisconnectReason.CLOSED_BY_US
    assert not pair.client.wants_stream
    assert pair.client.request(messages.SayChat("anybody?")) is False


def test_kick_tells_why_and_forgets() -> None:
    pair = Pair().join()
    pair.server.send(SessionId(1), messages.ServerNotice("you are out"))
    pair.server.close_session(SessionId(1), DisconnectReason.KICKED)
    pair.step(0.1)
    assert pair.heard_by_client(client_events.NewsReceived), "news given before the end still arrive"
    assert pair.end() is DisconnectReason.KICKED
    assert pair.server_events[-1] == server_events.Left(SessionId(1), DisconnectReason.KICKED)
    assert not pair.is_open
    assert pair.server.statistics().peers == 0
    assert pair.server.send(SessionId(1), CHAT) is False
    pair.server.close_session(SessionId(1), DisconnectReason.KICKED)


def test_drain_tells_everybody_and_lets_nobody_in() -> None:
    pair = Pair().join()
    pair.server.opened(50, HOME, pair.now)
    pair.server.drain()
    pair.step(0.1)
    assert pair.end() is DisconnectReason.SERVER_CLOSING
    assert pair.server.statistics().peers == 0
    late = Pair(make_client(), pair.server)
    late.peer = 60
    late.connect()
    late.step(0.1)
    assert late.end() is DisconnectReason.SERVER_CLOSING


def test_restarted_server_refuses_the_resume() -> None:
    pair = Pair().join()
    pair.cut()
    pair.server = make_server(seed=2)
    pair.connect()
    pair.step(0.1)
    assert pair.end() is DisconnectReason.RESUME_REFUSED


def test_server_that_never_answers() -> None:
    client = make_client()
    client.opened(0.0)
    client.advance(9.0)
    assert client.events() == []
    client.advance(10.5)
    assert client.events() == [client_events.Disconnected(DisconnectReason.UNREACHABLE, "", False)]
    unreachable = make_client()
    unreachable.closed(0.0)
    assert unreachable.events() == [client_events.Disconnected(DisconnectReason.UNREACHABLE, "", False)]


def test_backlog_of_requests_is_bounded() -> None:
    pair = Pair(make_client(limits=ControlLimits(unacknowledged_messages_max=5))).join()
    pair.cut()
    assert [pair.client.request(messages.SetReady(True)) for _ in range(7)] == [True] * 5 + [False] * 2


def test_backlog_of_news_ends_the_session() -> None:
    pair = Pair(server=make_server(limits=ControlLimits(unacknowledged_messages_max=5))).join()
    pair.cut()
    assert [pair.server.send(SessionId(1), CHAT) for _ in range(7)] == [True] * 5 + [False] * 2
    pair.step(0.1)
    assert pair.server_events[-1] == server_events.Left(SessionId(1), DisconnectReason.FLOODING)


def test_misuse_raises_at_once() -> None:
    pair = Pair().join()
    with pytest.raises(LocalProtocolError):
        pair.client.opened(1.0)
    with pytest.raises(LocalProtocolError):
        pair.client.reopened(1.0)
    with pytest.raises(LocalProtocolError):
        pair.server.opened(pair.peer, HOME, 1.0)
    with pytest.raises(LocalProtocolError):
        pair.client.request(CHAT)  # type: ignore[arg-type]
    with pytest.raises(LocalProtocolError):
        pair.client.request(messages.JoinRoom(password="x" * 65))
    with pytest.raises(LocalProtocolError):
        pair.server.send(SessionId(1), messages.ServerNotice("x" * 201))
    with pytest.raises(LocalProtocolError):
        pair.server.send(SessionId(1), messages.ServerNotice("two\nlines"))
    with pytest.raises(LocalProtocolError):
        make_client(password="x" * 65)


def test_pings_of_many_do_not_stay_together() -> None:
    limits = ControlLimits(ping_spread_s=0.25)
    server = make_server(limits=limits)
    pairs = [Pair(make_client(f"P{number}"), server) for number in range(8)]
    for number, pair in enumerate(pairs):
        pair.peer = number * 10
        pair.connect()
    pinged: dict[int, list[float]] = {}
    now = 0.0
    for _ in range(1000):
        now += 0.01
        for pair in pairs:
            pair.client.advance(now)
            if data := pair.client.bytes_to_send(now):
                server.receive(pair.peer, data, now)
        server.advance(now)
        for peer, data in server.bytes_to_send(now):
            if any(isinstance(message, messages.Ping) for message in unframe(data)):
                pinged.setdefault(peer, []).append(now)
            next(pair for pair in pairs if pair.peer == peer).client.receive(data, now)
    gaps = [after - before for times in pinged.values() for before, after in itertools.pairwise(times)]
    assert min(gaps) > 0.74
    assert max(gaps) < 1.02
    assert len({times[8] for times in pinged.values()}) > 4


def test_a_server_pings_every_second_and_a_client_every_fourth() -> None:
    server = make_server()
    pair = Pair(make_client("Ada"), server)
    pair.connect()
    pings = {"server": 0, "client": 0}
    now = 0.0
    for _ in range(4000):
        now += 0.01
        pair.client.advance(now)
        if data := pair.client.bytes_to_send(now):
            pings["client"] += sum(isinstance(message, messages.Ping) for message in unframe(data))
            server.receive(pair.peer, data, now)
        server.advance(now)
        for _, data in server.bytes_to_send(now):
            pings["server"] += sum(isinstance(message, messages.Ping) for message in unframe(data))
            pair.client.receive(data, now)
    assert pings == {"server": pytest.approx(40, abs=1), "client": pytest.approx(10, abs=1)}
