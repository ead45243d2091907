"""What happens to a session when the network breaks: silence, blocked UDP, cut streams, restarts, strangers."""

from __future__ import annotations

from random import Random

import pytest

from engine.conditions import NetConditions
from engine.control.messages import Seated
from engine.errors import DisconnectReason
from engine.ids import Address
from engine.session import ClientState
from engine.session import client_events as e
from engine.session.carrier import SILENCE_S, CarrierKind
from tests.session.support import ToyMatch, plays


def test_where_udp_is_blocked_the_match_plays_inside_the_control_connection() -> None:
    match = ToyMatch(0)
    client = match.add_client(0)
    match.hosts[0].block(streams=False)
    match.simulation.run_until(lambda: plays(client), 10, "it plays without UDP")
    match.simulation.run_for(3)
    statistics = client.statistics()
    assert statistics.carrier == "control"
    assert statistics.snapshots > 120
    assert statistics.late_commands_pct < 1


def test_udp_that_comes_back_is_used_again() -> None:
    match = ToyMatch(2)
    match.start()
    match.hosts[0].block(streams=False)
    match.simulation.run_until(lambda: match.clients[0].statistics().carrier == "control", SILENCE_S + 1, "carried")
    match.simulation.run_for(2)
    assert plays(match.clients[0])
    match.hosts[0].unblock()
    match.simulation.run_until(lambda: match.clients[0].statistics().carrier == "udp", 3, "back on UDP")
    before = match.clients[0].statistics().snapshots
    match.simulation.run_for(2)
    assert match.clients[0].statistics().snapshots - before > 110
    assert not match.events(0, e.ConnectionLost)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_udp_blocked_one_way_in_the_middle_of_a_match_is_carried_too(direction: str) -> None:
    match = ToyMatch(1)
    match.start()
    match.simulation.run_for(2)
    client = match.clients[0]
    match.hosts[0].block(streams=False, up=direction == "up", down=direction == "down")
    match.simulation.run_until(lambda: client.statistics().carrier == "control", SILENCE_S + 0.5, "carried")
    match.simulation.run_for(1)
    before = client.match.missing_commands, client.statistics().snapshots  # type: ignore[union-attr]
    match.simulation.run_for(3)
    assert client.match.missing_commands == before[0], "the server has all our commands"  # type: ignore[union-attr]
    assert client.statistics().snapshots - before[1] > 170
    assert [event.carrier for event in match.events(0, e.CarrierChanged)] == [CarrierKind.CONTROL]
    match.hosts[0].unblock()
    match.simulation.run_until(lambda: client.statistics().carrier == "udp", 2, "back on UDP")
    match.simulation.run_for(SILENCE_S + 1)
    assert [event.carrier for event in match.events(0, e.CarrierChanged)] == [CarrierKind.CONTROL, CarrierKind.UDP]
    assert not match.events(0, e.ConnectionLost)


def test_a_stream_cut_while_datagrams_are_carried_loses_neither_seat_nor_match() -> None:
    match = ToyMatch(1)
    match.start()
    client = match.clients[0]
    match.hosts[0].block(streams=False)
    match.simulation.run_until(lambda: client.statistics().carrier == "control", SILENCE_S + 1, "carried")
    match.hosts[0].cut_stream()
    match.simulation.run_until(lambda: match.events(0, e.ConnectionResumed), 5, "resumed")
    match.simulation.run_for(SILENCE_S + 1)
    before = client.statistics().snapshots
    match.simulation.run_for(2)
    assert client.statistics().snapshots - before > 110
    assert len(match.events(0, e.MatchStarted)) == 1
    assert [event.carrier for event in match.events(0, e.CarrierChanged)] == [CarrierKind.CONTROL], "it did not begin to work meanwhile"


def test_after_a_blackout_udp_does_not_wait_for_the_stream_to_recover() -> None:
    match = ToyMatch(1)
    match.start()
    client = match.clients[0]
    match.simulation.run_for(1)
    match.hosts[0].block()
    match.simulation.run_for(4)
    assert client.statistics().carrier == "control"
    match.hosts[0].unblock()
    match.hosts[0].block(datagrams=False)
    match.simulation.run_until(lambda: client.statistics().carrier == "udp", 1.5, "back on UDP with the first probe")
    before = client.statistics().snapshots
    match.simulation.run_for(2)
    assert client.statistics().snapshots - before > 110


def test_what_worked_in_the_last_match_is_what_the_next_begins_with() -> None:
    match = ToyMatch(1)
    match.start()
    client = match.clients[0]
    match.hosts[0].block(streams=False)
    match.simulation.run_until(lambda: client.statistics().carrier == "control", SILENCE_S + 1, "carried")
    match.host.stop()
    again = match.make_server(seed=99)
    match.simulation.run_for(1)
    match.simulation.add_server(again)
    match.simulation.run_until(lambda: again.players and plays(client), 6, "it plays on the new server")
    assert client.match is not None
    assert client.match.carrier.kind is CarrierKind.CONTROL
    assert client.match.carrier.switches == 0


def test_a_cut_stream_is_resumed_and_nothing_is_lost() -> None:
    match = ToyMatch(2)
    match.start()
    seat = match.clients[0].match.seat  # type: ignore[union-attr]
    match.hosts[0].cut_stream()
    match.simulation.run_until(lambda: match.events(0, e.ConnectionResumed), 5, "resumed")
    match.simulation.run_for(1)
    assert len(match.events(0, e.ConnectionLost)) == 1
    assert match.clients[0].match is not None
    assert match.clients[0].match.seat == seat
    assert len(match.events(0, e.MatchStarted)) == 1, "the same match goes on"
    assert match.truth().walker.alive[:2].all()


def test_a_blackout_of_five_seconds_keeps_seat_and_session() -> None:
    match = ToyMatch(2, conditions=NetConditions.parse("latency=40"))
    match.start()
    session = match.clients[0].session_id
    match.hosts[0].block()
    match.simulation.run_for(5)
    assert match.truth().walker.alive[:2].all(), "the seat is kept"
    match.hosts[0].unblock()
    before = match.clients[0].statistics().snapshots
    match.simulation.run_until(lambda: match.clients[0].statistics().snapshots > before + 60, 4, "snapshots flow again")
    assert match.clients[0].session_id == session
    assert len(match.events(0, e.MatchStarted)) == 1


def test_a_blackout_longer_than_the_timeout_gets_a_new_ticket() -> None:
    match = ToyMatch(2)
    match.start()
    match.hosts[0].block()
    match.simulation.run_for(20)
    match.hosts[0].unblock()
    before = match.clients[0].statistics()
    match.simulation.run_until(lambda: match.clients[0].statistics().snapshots > before.snapshots + 60, 15, "snapshots flow again")
    assert len(match.events(0, e.MatchStarted)) == 1
    assert match.clients[0].state is ClientState.MATCH


def test_a_new_ticket_does_not_make_the_match_forget_its_bytes() -> None:
    match = ToyMatch(2)
    match.start()
    match.hosts[0].block()
    match.simulation.run_for(1)
    match.hosts[0].unblock()
    match.simulation.run_for(20)
    connection, before = match.clients[0].match.connection.id, match.clients[0].statistics()  # type: ignore[union-attr]
    match.hosts[0].block()
    match.simulation.run_for(20)
    match.hosts[0].unblock()
    match.simulation.run_until(lambda: match.clients[0].statistics().snapshots > before.snapshots + 60, 15, "snapshots flow again")
    after = match.clients[0].statistics()
    assert match.clients[0].match.connection.id != connection  # type: ignore[union-attr]
    assert after.bytes_in > before.bytes_in
    assert after.bytes_out > before.bytes_out
    assert before.datagrams_lost_out == after.datagrams_lost_out == pytest.approx(60, abs=4), "what nobody acknowledged later is not judged"
    assert 20 < before.datagrams_lost_in == after.datagrams_lost_in < 64, "the server sends less often into nothing"
    assert before.match_loss_out_pct == pytest.approx(100 * 60 / (21 * 60), rel=0.1)
    assert 0 < after.match_loss_in_pct < before.match_loss_in_pct
    per_snapshot = (after.bytes_in / after.snapshots, before.bytes_in / before.snapshots)
    assert per_snapshot[0] == pytest.approx(per_snapshot[1], rel=0.2)
    assert after.bytes_in_per_s / after.snapshots_per_s == pytest.approx(per_snapshot[0], rel=0.05), "both are of the whole match"


def test_a_seat_is_freed_when_nobody_comes_back() -> None:
    match = ToyMatch(2)
    match.start()
    seat = match.clients[0].match.seat  # type: ignore[union-attr]
    match.hosts[0].stop()
    match.simulation.run_for(30)
    assert match.truth().walker.alive[seat]
    match.simulation.run_for(60)
    assert not match.truth().walker.alive[seat]
    assert plays(match.clients[1])


def test_a_client_gives_up_after_its_time_and_says_why() -> None:
    match = ToyMatch(1)
    match.start()
    match.host.stop()
    match.simulation.run_until(lambda: match.clients[0].state is ClientState.RESUMING, 15, "it notices")
    match.simulation.run_until(lambda: match.clients[0].state is ClientState.CLOSED, 75, "it gives up")
    assert match.clients[0].closed_because is not None
    assert match.clients[0].closed_because.reason is DisconnectReason.TIMED_OUT


def test_a_server_that_was_started_again_is_joined_anew() -> None:
    match = ToyMatch(1)
    match.start()
    match.host.stop()
    match.simulation.run_for(3)
    again = match.make_server(seed=99)
    match.simulation.add_server(again)
    match.simulation.run_until(lambda: again.players and plays(match.clients[0]), 10, "it plays on the new server")
    assert len(match.events(0, e.MatchStarted)) == 2
    assert len(match.events(0, e.LobbyEntered)) == 2


def test_a_draining_server_tells_its_players() -> None:
    match = ToyMatch(2)
    match.start()
    match.server.drain(match.simulation.now)
    match.simulation.run_for(1)
    for client in match.clients:
        assert client.closed_because is not None
        assert client.closed_because.reason is DisconnectReason.SERVER_CLOSING


def test_a_new_address_is_followed_after_a_challenge() -> None:
    match = ToyMatch(2, conditions=NetConditions.parse("latency=40,loss=5"))
    match.start()
    for _ in range(10):
        match.hosts[0].rebind()
        before = match.clients[0].statistics().snapshots
        match.simulation.run_until(lambda at=before: match.clients[0].statistics().snapshots > at + 10, 2, "snapshots at the new address")
    assert match.clients[0].statistics().carrier == "udp"
    assert not match.events(0, e.ConnectionLost)


def test_strangers_get_no_answer_and_disturb_nobody() -> None:
    match = ToyMatch(2)
    match.start()
    random = Random(5)
    stranger = Address("10.9.9.9", 1234)
    real = []
    for _ in range(300):
        size = random.choice((0, 1, 7, 35, 40, 200, 1200, 1500))
        match.server.receive_datagram(random.randbytes(size), stranger, match.simulation.now)
        match.simulation.run_for(0.01)
        real += [address for address, _ in match.server.datagrams_to_send(match.simulation.now)]
    assert stranger not in real
    assert sum(match.server.host.statistics().endpoint.dropped.values()) >= 300
    match.simulation.run_for(1)
    for client in match.clients:
        assert client.statistics().connected
        assert client.statistics().checksum_mismatches == 0


def test_a_command_message_that_does_not_decode_is_counted() -> None:
    match = ToyMatch(1)
    match.start()
    client = match.clients[0].match
    assert client is not None
    for junk in (b"\x01", b"\x01\xff\xff", b"\x02abc", b"", b"\x01" + bytes(900)):
        client.connection.send(junk)
    match.simulation.run_for(1)
    assert match.server.host.statistics().malformed_commands == 3
    assert match.clients[0].statistics().connected


@pytest.mark.parametrize(("seat", "seats"), [(16, 16), (20, 16), (0, 0), (0, 65535), (3, 3)])
def test_a_seat_that_cannot_be_ends_the_session_and_raises_nothing(seat: int, seats: int) -> None:
    match = ToyMatch(1)
    match.start()
    session = next(iter(match.server.players))
    key = bytes(16)
    match.server.control.send(
        session,
        Seated(
            match_id=99,
            seat=seat,
            seats=seats,
            settings={},
            connection_id=7,
            key_to_server=key,
            key_to_client=key,
            lifetime_s=10,
        ),
    )
    match.simulation.run_for(1)
    closed = match.clients[0].closed_because
    assert closed is not None
    assert closed.reason is DisconnectReason.PROTOCOL_ERROR


def test_a_stream_that_opens_and_does_not_last_is_not_hammered() -> None:
    match = ToyMatch(1)
    match.start()
    client, now, opened = match.clients[0], match.simulation.now, 0
    client.stream_lost(now)
    for _ in range(600):
        now += 1 / 60
        client.advance(now)
        if client.wants_stream:
            opened += 1
            client.stream_opened(Address("10.0.0.1", 7777), now)
            client.stream_lost(now)
    assert 5 <= opened <= 9, "0.25, 0.5, 1, 2, 2, ... s apart"


def test_a_closed_client_says_farewell_and_falls_silent() -> None:
    match = ToyMatch(1)
    match.start()
    match.server.drain(match.simulation.now)
    match.simulation.run_for(10)
    client = match.clients[0]
    assert client.closed_because is not None
    assert client.datagrams_to_send(match.simulation.now) == []


@pytest.mark.parametrize("seconds", [0.5, 2, 5])
def test_a_server_that_stood_still_finds_its_players_where_they_were(seconds: float) -> None:
    """The clients' clocks ran on and are set back: no exception, and soon commands are in time and predictions right."""
    match = ToyMatch(2, conditions=NetConditions.parse("latency=60"))
    match.start()
    match.simulation.run_for(1)
    match.host.pause(seconds)
    match.simulation.run_for(seconds + 1.5)
    before = [(client.match.missing_commands, client.match.late_commands) for client in match.clients if client.match]
    corrections = [client.statistics().mispredictions for client in match.clients]
    match.simulation.run_for(2)
    after = [(client.match.missing_commands, client.match.late_commands) for client in match.clients if client.match]
    assert after == before
    assert [client.statistics().mispredictions for client in match.clients] == corrections
    for number in (0, 1):
        assert not match.events(number, e.ConnectionLost)
