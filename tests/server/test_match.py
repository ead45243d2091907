"""A whole server with rooms in virtual time: real control connections, real datagrams, real matches of a toy game."""

from __future__ import annotations

from random import Random

import pytest

from engine.control import messages as m
from engine.errors import DisconnectReason
from engine.ids import Address
from engine.session import client_events as e
from engine.session.client import ClientState, MatchClient
from engine.testing import SimulatedClient, Simulation
from server.config import ServerConfig
from server.match import RoomServer
from tests.server.lobby_bench import TOY_COMMAND, TOY_SCHEMA, ToyGame, ToyPilot, ToyRules, config_with


class Party:
    """A server and its clients on a simulated network."""

    def __init__(self, config: ServerConfig | None = None, seed: int = 1) -> None:
        self.simulation = Simulation(seed)
        self.server = RoomServer(config or ServerConfig(), ToyRules(), entropy=Random(seed).randbytes)
        self.simulation.add_server(self.server)

    def client(self, name: str = "Ada", *, password: str = "") -> SimulatedClient:
        client = MatchClient(schema=TOY_SCHEMA, command=TOY_COMMAND, game_factory=ToyGame, name=name, password=password)
        client.pilot = ToyPilot()
        return self.simulation.add_client(client)

    def playing(self, name: str = "Ada") -> SimulatedClient:
        """Somebody who joins any room, is ready, and waits until his match has begun."""
        seat = self.client(name)
        self.until(lambda: seat.client.state is ClientState.LOBBY)
        seat.client.request(m.JoinRoom(0))
        seat.client.request(m.SetReady(True))
        self.until(lambda: seat.client.match is not None and seat.client.statistics().connected, 8)
        return seat

    def until(self, condition: object, limit_s: float = 3.0) -> float:
        assert callable(condition)
        return self.simulation.run_until(condition, limit_s)


def events(of: SimulatedClient, kind: type) -> list[object]:
    return [event for event in of.events if isinstance(event, kind)]


def test_two_players_join_play_and_see_each_other() -> None:
    party = Party()
    ada = party.playing("Ada")
    bob = party.playing("Ada")
    assert (ada.client.player_name, bob.client.player_name) == ("Ada", "Ada 2")
    assert [member.seat for member in bob.client.room.members] == [0, 1]
    party.simulation.run_for(2)
    match = party.server.host.match(ada.client.match.match_id)
    assert match.world.runner.x[:2].min() > 550, "both ran: their commands arrived"
    scene = bob.client.scene(bob.now)
    assert scene.runner.alive[:2].all()
    statistics = party.server.statistics()
    assert statistics.lobby.matches == 1
    assert statistics.host.checksum_mismatches == 0
    assert statistics.host.seats_connected == 2


def test_a_match_ends_with_results_and_the_next_begins_by_itself() -> None:
    party = Party()
    party.server.side.lobby.rooms[0].settings["ticks"] = 120
    ada = party.playing()
    first = ada.client.match.match_id
    party.until(lambda: events(ada, e.MatchFinished), 4)
    assert [line.name for line in events(ada, e.MatchFinished)[-1].standings] == ["Ada"]
    assert ada.client.room.phase == "results"
    party.until(lambda: ada.client.match is not None, 8)
    assert ada.client.match.match_id == first + 1
    assert ada.client.room.settings["map"] == "hall"


def test_a_cut_connection_resumes_into_the_same_seat() -> None:
    party = Party()
    ada = party.playing()
    bob = party.playing("Bob")
    before = ada.client.match
    ada.cut_stream()
    party.until(lambda: events(ada, e.ConnectionResumed), 5)
    party.simulation.run_for(1)
    assert ada.client.match is before
    assert ada.client.match.seat == 0
    assert [member.is_connected for member in bob.client.room.members] == [True, True]
    assert ada.client.statistics().connected


def test_who_crashes_is_away_for_a_minute_and_then_gone() -> None:
    party = Party()
    ada = party.playing()
    bob = party.playing("Bob")
    ada.stop()
    party.until(lambda: not bob.client.room.members[0].is_connected, 15)
    assert bob.client.room.members[0].seat == 0, "the seat is kept"
    party.simulation.run_for(62)
    assert [member.name for member in bob.client.room.members] == ["Bob"]
    match = party.server.host.match(bob.client.match.match_id)
    assert match.world.runner.alive.nonzero()[0].tolist() == [1]


def test_without_udp_the_match_plays_inside_the_control_connection() -> None:
    party = Party()
    ada = party.client()
    ada.block(streams=False)
    party.until(lambda: ada.client.state is ClientState.LOBBY)
    ada.client.request(m.JoinRoom(0))
    ada.client.request(m.SetReady(True))
    party.until(lambda: ada.client.match is not None and ada.client.statistics().carrier == "control", 12)
    party.simulation.run_for(2)
    match = party.server.host.match(ada.client.match.match_id)
    assert match.world.runner.x[0] > 550
    assert ada.client.statistics().snapshots > 60


def test_the_log_tells_whose_udp_does_not_get_through() -> None:
    party = Party()
    ada = party.playing()
    party.simulation.run_for(1)
    party.server.log_lines()
    ada.block(streams=False)
    party.until(lambda: ada.client.statistics().carrier == "control", 4)
    party.simulation.run_for(1)
    ada.unblock()
    party.until(lambda: ada.client.statistics().carrier == "udp", 4)
    party.simulation.run_for(1)
    told = ["Ada plays through the control connection: no UDP gets through", "Ada plays over UDP again"]
    assert party.server.log_lines() == told


def test_the_log_tells_who_is_silent_but_not_of_one_whose_loss_it_told() -> None:
    party = Party()
    ada, bob = party.playing("Ada"), party.playing("Bob")
    party.server.log_lines()
    ada.block()
    bob.cut_stream()
    bob.stop()
    party.simulation.run_for(9)
    lines = party.server.log_lines()
    assert "Ada is silent, the seat is kept" in lines
    assert "Bob lost the connection" in lines
    assert "Bob is silent, the seat is kept" not in lines


def test_how_long_a_seat_is_kept_is_a_setting() -> None:
    party = Party(config_with(server={"seat_kept_s": 5}))
    ada, bob = party.playing("Ada"), party.playing("Bob")
    ada.cut_stream()
    ada.stop()
    party.until(lambda: not bob.client.room.members[0].is_connected, 15)
    party.simulation.run_for(4)
    assert [member.name for member in bob.client.room.members] == ["Ada", "Bob"]
    party.simulation.run_for(2)
    assert [member.name for member in bob.client.room.members] == ["Bob"]


def test_chat_is_limited_and_the_speaker_is_told() -> None:
    party = Party(config_with(rooms={"chat_burst": 3, "chat_per_s": 0.5}))
    ada, bob = party.playing("Ada"), party.playing("Bob")
    for number in range(6):
        ada.client.request(m.SayChat(f"line {number}"))
    party.simulation.run_for(1)
    assert [event.text for event in events(bob, e.ChatReceived)] == ["line 0", "line 1", "line 2"]
    assert {event.request for event in events(ada, e.RequestDenied)} == {"SayChat"}
    assert not events(bob, e.RequestDenied)
    party.simulation.run_for(2)
    ada.client.request(m.SayChat("later"))
    party.simulation.run_for(1)
    assert events(bob, e.ChatReceived)[-1].text == "later"


def test_the_server_password() -> None:
    party = Party(config_with(server={"password": "hush"}))
    stranger, friend = party.client("Eve", password="hash"), party.client("Ada", password="hush")
    party.until(lambda: stranger.client.closed_because is not None)
    assert stranger.client.closed_because.reason is DisconnectReason.WRONG_PASSWORD
    party.until(lambda: friend.client.state is ClientState.LOBBY)
    assert any("turned away" in line for line in party.server.log_lines())


def test_drain_says_goodbye_to_everybody() -> None:
    party = Party()
    ada = party.playing()
    party.server.drain(party.simulation.now)
    party.until(lambda: ada.client.closed_because is not None)
    assert ada.client.closed_because.reason is DisconnectReason.SERVER_CLOSING
    late = party.client("Bob")
    party.until(lambda: late.client.closed_because is not None)
    assert late.client.closed_because.reason is DisconnectReason.SERVER_CLOSING


def test_nobody_carries_datagrams_for_others() -> None:
    party = Party()
    ada, bob = party.playing("Ada"), party.playing("Bob")
    side = party.server.side
    strange = ada.client.match.connection_id
    from engine.control.server_events import CarriedReceived

    side._tell_lobby(CarriedReceived(bob.client.session_id, strange, b"x" * 40), party.simulation.now)
    assert side.host_requests() == []
    side._tell_lobby(CarriedReceived(ada.client.session_id, strange, b"x" * 40), party.simulation.now)
    assert len(side.host_requests()) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_bytes_harm_nobody(seed: int) -> None:
    party = Party(seed=seed)
    ada = party.playing()
    dice = Random(seed)
    now = party.simulation.now
    for peer in range(1000, 1040):
        party.server.stream_opened(peer, Address("10.9.9.9", peer), now)
        party.server.receive_stream(peer, dice.randbytes(dice.randrange(1, 300)), now)
    for _ in range(300):
        party.server.receive_datagram(dice.randbytes(dice.randrange(0, 1300)), Address("10.9.9.9", 1), now)
    party.simulation.run_for(8)
    assert ada.client.statistics().connected
    statistics = party.server.statistics()
    assert statistics.lobby.players == 1
    assert statistics.control.pending == 0


def test_the_same_seed_gives_the_same_trace() -> None:
    traces = []
    for _ in range(2):
        party = Party(seed=5)
        party.playing("Ada")
        party.playing("Bob")
        party.simulation.run_for(1)
        traces.append(party.simulation.trace)
    assert traces[0] == traces[1]
