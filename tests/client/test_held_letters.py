"""In a scaled window letters are held back and drawn last. What covers them must do so then too: at scale 1 the picture is the same."""

from __future__ import annotations

from collections.abc import Callable

import pygame
import pytest

from engine.errors import DisconnectReason
from engine.session.client_events import ChatReceived, ConnectionLost
from game.client.match_screen import MatchScreen
from game.client.sightings import Sight, Sighting
from game.client.sounds import SoundPlayer
from game.client.theme import texts
from game.simulation import rules
from tests.client.events import key
from tests.client.fake import FakeClient

Scene = Callable[[MatchScreen, FakeClient], None]


def numbers_on_the_bars_of_health(screen: MatchScreen, client: FakeClient) -> None:
    view, player = screen._view, client.world.player
    assert view is not None
    for seat in range(1, client.players):  # they stand beside us
        player.life[seat], player.health[seat] = rules.ALIVE, 60
        player.x[seat], player.y[seat] = int(player.x[client.seat]) + 64 * rules.UNITS_PER_PIXEL * seat, player.y[client.seat]
        place = int(player.x[seat]) / rules.UNITS_PER_PIXEL, int(player.y[seat]) / rules.UNITS_PER_PIXEL - 9
        hit = Sighting(Sight.HIT, client.seat, place, amount=12)
        view.effects.start(hit, client.seat, screen._roster, view.camera, place, 1.0)


def scoreboard_under_the_large_net_graph(screen: MatchScreen, client: FakeClient) -> None:
    del client
    for code in (pygame.K_F3, pygame.K_F3, pygame.K_TAB):
        screen.handle_event(key(code))


def crosshair_on_the_rank(screen: MatchScreen, client: FakeClient) -> None:
    del client
    screen.handle_event(pygame.event.Event(pygame.MOUSEMOTION, pos=(50, 42), rel=(0, 0), buttons=(0, 0, 0)))


def open_chat(screen: MatchScreen, client: FakeClient) -> None:
    client.tell(ChatReceived(101, "Quill", "hello"))
    screen.handle_event(key(pygame.K_RETURN))


def pause_menu(screen: MatchScreen, client: FakeClient) -> None:
    numbers_on_the_bars_of_health(screen, client)
    for code in (pygame.K_F3, pygame.K_ESCAPE):
        screen.handle_event(key(code))


def lost_connection(screen: MatchScreen, client: FakeClient) -> None:
    scoreboard_under_the_large_net_graph(screen, client)
    client.tell(ConnectionLost(DisconnectReason.TIMED_OUT))


SCENES = [
    numbers_on_the_bars_of_health,
    scoreboard_under_the_large_net_graph,
    crosshair_on_the_rank,
    open_chat,
    pause_menu,
    lost_connection,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_held_and_released_the_picture_is_the_same(scene: Scene, surface: pygame.Surface) -> None:
    client = FakeClient(players=4, plays_itself=True)
    screen = MatchScreen(client, SoundPlayer(None))
    for frame in range(30):
        client.step()
        screen.update(frame / 60, 1 / 60)
    scene(screen, client)
    for frame in range(30, 33):
        screen.update(frame / 60, 1 / 60)
    screen.draw(surface)
    directly = surface.copy()
    try:
        texts.hold_for(surface)
        screen.draw(surface)
        assert surface.get_buffer().raw != directly.get_buffer().raw, "nothing was held back"
        texts.release(surface, surface.get_rect(), 1.0)
    finally:
        texts.hold_for(None)
    other = pygame.mask.from_threshold(surface, (0, 0, 0), (1, 1, 1, 255), directly)
    other.invert()
    assert other.get_bounding_rects() == []
