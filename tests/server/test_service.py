"""The server's rounds: a mistake of ours in one of them ends neither the server nor what others are told."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from engine.contract import game_description, game_digest
from engine.control.client import ControlClient
from engine.drivers import now
from engine.ids import MatchId, Tick
from engine.session.values import AnnouncementMade
from engine.world import first_difference
from server.resting import BREATH_S, PART, PLAYERS_FEW
from server.service import Service, ServiceOptions
from tests.server.lobby_bench import TOY_COMMAND, TOY_SCHEMA, ToyRules, config_with

ROUNDS = 6
MANY = PLAYERS_FEW + PART // 2
STOPS = (2 * MANY - 1) // PART + (MANY - 1) // PART
"""In a round in which so many come and greet, two arrivals each, and all are answered."""


@pytest.fixture(autouse=True)
def _process_settings() -> Iterator[None]:
    """A server is a process of its own and sets it up as it likes."""
    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.setswitchinterval(interval_s)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def service(log: list[str]) -> Service:
    options = ServiceOptions(is_local=True)
    return Service(config_with(), ToyRules(), options, stream_wrapper=None, say=lambda line: None, log=log.append)


def mistakes(log: list[str]) -> list[str]:
    return [line for line in log if line.startswith("a mistake of the server")]


def raising_once(verb: Callable[..., object]) -> Callable[..., object]:
    calls: list[None] = []

    def raising(*arguments: object) -> object:
        calls.append(None)
        if len(calls) == 1:
            raise ValueError("our own mistake")
        return verb(*arguments)

    return raising


@pytest.mark.parametrize("verb", ["receive_stream", "advance", "host_requests", "streams_to_send", "streams_to_close"])
def test_a_mistake_in_a_round_is_logged_and_the_server_plays_on_and_ends_in_order(
    service: Service, log: list[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    rounds: list[float] = []
    advance = service._side.advance

    def counting(at: float) -> None:
        rounds.append(at)
        if len(rounds) == ROUNDS:
            service.stop()
        advance(at)

    monkeypatch.setattr(service._side, "advance", counting)
    monkeypatch.setattr(service._side, verb, raising_once(getattr(service._side, verb)))
    with socket.create_connection(("127.0.0.1", service.port)) as player:
        player.sendall(b"\0")
        assert asyncio.run(service.run()) == 0
        assert player.recv(1 << 16) != b""  # a farewell
    assert mistakes(log) == ["a mistake of the server, number 1:"]
    assert "ValueError: our own mistake" in log
    assert len(rounds) == ROUNDS
    assert not service._tick.is_running


class Player:
    """Somebody with a socket to the server."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.client = ControlClient(
            schema_digest=game_digest(TOY_SCHEMA, TOY_COMMAND),
            schema_description=game_description(TOY_SCHEMA, TOY_COMMAND),
            difference=first_difference,
            name="Somebody",
        )
        self.client.opened(now())
        self.send()

    def send(self) -> None:
        self.sock.sendall(self.client.bytes_to_send(now()))

    def receive(self) -> None:
        with suppress(BlockingIOError):
            self.client.receive(self.sock.recv(1 << 16), now())


class Crowd:
    """Many who greet the server in one round, and the breaths that it takes in rounds."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = service
        self.players = [Player(service.port) for _ in range(MANY)]
        self.breaths = 0
        self._sleep = asyncio.sleep
        monkeypatch.setattr(asyncio, "sleep", self._counting)

    async def _counting(self, delay_s: float) -> None:
        self.breaths += delay_s == BREATH_S
        await self._sleep(delay_s)

    async def play(self, rounds: int) -> None:
        """Rounds once everybody's greeting is there."""
        await self.service._tcp.start()
        while len(self.service._tcp._happenings) < 2 * MANY:
            await self._sleep(0.0)
        for _ in range(rounds):
            await self.service._round()
        for player in self.players:
            player.receive()

    async def leave(self) -> None:
        for player in self.players:
            player.sock.close()
        await self.service._tcp.close()
        self.service._sockets.close()

    @property
    def joined(self) -> int:
        return sum(player.client.session_id is not None for player in self.players)


def in_a_crowd(service: Service, monkeypatch: pytest.MonkeyPatch, rounds: int = 1) -> Crowd:
    async def play() -> Crowd:
        crowd = Crowd(service, monkeypatch)
        try:
            await crowd.play(rounds)
        finally:
            await crowd.leave()
        return crowd

    return asyncio.run(play())


def test_a_round_of_many_stops_on_its_way_and_reaches_everybody(service: Service, log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = in_a_crowd(service, monkeypatch)
    assert (crowd.joined, crowd.breaths, mistakes(log)) == (MANY, STOPS, [])


def test_a_mistake_in_the_middle_of_a_round_of_many_leaves_the_rest_to_the_next_one(
    service: Service, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = service._side.receive_stream
    heard: list[int] = []

    def raising(peer: int, data: bytes, at: float) -> None:
        heard.append(peer)
        if len(heard) == MANY // 2:
            raise ValueError("our own mistake")
        receive(peer, data, at)

    monkeypatch.setattr(service._side, "receive_stream", raising)
    crowd = in_a_crowd(service, monkeypatch, rounds=2)
    assert (crowd.joined, len(mistakes(log)), len(heard)) == (MANY - 1, 1, MANY)


def test_what_is_stamped_after_the_stops_of_what_came_is_stamped_with_the_time_after_them(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ping with the time before them would count them into everybody's round trip."""
    received: list[float] = []
    stamped: list[float] = []
    receive, advance = service._side.receive_stream, service._side.advance

    def receiving(peer: int, data: bytes, at: float) -> None:
        received.append(now())
        receive(peer, data, at)

    def advancing(at: float) -> None:
        stamped.append(at)
        advance(at)

    monkeypatch.setattr(service._side, "receive_stream", receiving)
    monkeypatch.setattr(service._side, "advance", advancing)
    in_a_crowd(service, monkeypatch)
    assert len(received) == MANY
    assert stamped[0] >= received[-1]


def test_a_mistake_about_one_announcement_costs_only_that_one(service: Service, log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    events = [AnnouncementMade(MatchId(1), Tick(1), b"", number) for number in range(4)]
    told: list[int] = []

    def tell(event: AnnouncementMade, at: float) -> None:
        if event.number == 1:
            raise ValueError("our own mistake")
        told.append(event.number)

    monkeypatch.setattr(service._tick, "take_events", lambda: events)
    monkeypatch.setattr(service._side.lobby, "host_event", tell)
    asyncio.run(service._round())
    service._sockets.close()
    assert (told, len(mistakes(log))) == ([0, 2, 3], 1)
