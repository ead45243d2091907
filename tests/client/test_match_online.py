"""The match screen on the real client, against the real server, over a simulated bad network."""

from __future__ import annotations

from random import Random

import pygame

from engine.conditions import NetConditions
from engine.control.messages import JoinRoom, LeaveRoom, SayChat, SetReady
from engine.errors import DisconnectReason
from engine.session.client import ClientState, MatchClient
from engine.session.client_events import RoomLeft
from engine.testing import SimulatedClient, Simulation
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from game.client.chat import ChatLog
from game.client.match_screen import MatchScreen
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from server.arena_rules import ArenaRules
from server.config import ServerConfig
from server.match import RoomServer


class Screened:
    """A simulated player who looks at a match screen, frame by frame."""

    def __init__(self, simulation: Simulation, name: str) -> None:
        self.surface = pygame.Surface(LOGICAL_SIZE, 0, 32)
        self.client = MatchClient(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name=name)
        self.screen: MatchScreen | None = None
        self.chat = ChatLog()
        self.frames = 0
        self.seat: SimulatedClient = simulation.add_client(self.client, script=self._frame)

    def _frame(self, client: MatchClient, now: float) -> None:
        if self.screen is None:
            return
        self.screen.update(now, 1 / 60)
        if self.frames % 20 == 0:
            self.screen.draw(self.surface)
        self.frames += 1

    def watch(self) -> None:
        """From now on every frame is a frame of the screen. The simulation takes the client's events, so they are handed on from there."""
        client = self.client

        class Feed:
            def __getattr__(self, name: str) -> object:
                return getattr(client, name)

        feed = Feed()
        feed.events = self._fresh_events  # type: ignore[attr-defined]
        self.screen = MatchScreen(feed, SoundPlayer(None), self.chat)  # type: ignore[arg-type]

    def _fresh_events(self) -> list[object]:
        fresh = list(self.seat.events)
        self.seat.events.clear()
        return fresh

    def key(self, key: int, down: bool = True) -> None:
        assert self.screen is not None
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        self.screen.handle_event(pygame.event.Event(kind, key=key, mod=0, unicode=""))


def test_a_person_at_the_keyboard_plays_over_a_bad_network() -> None:
    simulation = Simulation(5, NetConditions.parse("latency=80,jitter=10,loss=3"))
    config = ServerConfig()
    server = RoomServer(config, ArenaRules.of(config), entropy=Random(5).randbytes)
    simulation.add_server(server)
    players = [Screened(simulation, name) for name in ("Ada", "Bob")]
    for player in players:
        simulation.run_until(lambda player=player: player.client.state is ClientState.LOBBY, 3)
        player.client.request(JoinRoom(0))
        player.client.request(SetReady(True))
    for player in players:
        simulation.run_until(lambda player=player: player.client.scene(simulation.now) is not None, 10)
        player.watch()
    ada, bob = players
    simulation.run_for(1)
    seat = ada.client.match.seat
    before = int(ada.client.scene(simulation.now).player.x[seat]), int(ada.client.scene(simulation.now).player.y[seat])
    ada.key(pygame.K_d)
    simulation.run_for(0.5)
    ada.key(pygame.K_d, down=False)
    ada.key(pygame.K_s)
    simulation.run_for(0.5)
    after = int(ada.client.scene(simulation.now).player.x[seat]), int(ada.client.scene(simulation.now).player.y[seat])
    assert abs(after[0] - before[0]) + abs(after[1] - before[1]) > 500, "the keys moved our player"
    seen_by_bob = int(bob.client.scene(simulation.now).player.x[seat])
    assert abs(seen_by_bob - before[0]) > 200 or abs(int(bob.client.scene(simulation.now).player.y[seat]) - before[1]) > 200
    bob.client.request(SayChat("hello from Bob"))
    simulation.run_for(1)
    assert [line.text for line in ada.chat.lines] == ["hello from Bob"]
    assert [line.name for line in ada.chat.lines] == ["Bob"]
    assert ada.frames > 150
    assert len(set(pygame.image.tobytes(ada.surface, "RGB"))) > 100, "a picture was drawn"
    assert server.statistics().host.checksum_mismatches == 0


def test_a_room_left_on_purpose_is_left_by_us() -> None:
    simulation = Simulation(6)
    config = ServerConfig()
    simulation.add_server(RoomServer(config, ArenaRules.of(config), entropy=Random(6).randbytes))
    ada = Screened(simulation, "Ada")
    simulation.run_until(lambda: ada.client.state is ClientState.LOBBY, 3)
    ada.client.request(JoinRoom(0))
    simulation.run_until(lambda: ada.client.room is not None, 3)
    ada.client.request(LeaveRoom())
    simulation.run_until(lambda: ada.client.room is None, 3)
    assert [event.reason for event in ada.seat.events if isinstance(event, RoomLeft)] == [DisconnectReason.CLOSED_BY_US]
