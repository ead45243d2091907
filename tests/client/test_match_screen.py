import dataclasses

import pygame
import pytest

from engine.control.messages import LeaveRoom, SayChat
from engine.errors import DisconnectReason
from engine.ids import MatchId, Tick
from engine.session.carrier import CarrierKind
from engine.session.client_events import (
    CarrierChanged,
    ChatReceived,
    Closed,
    ConnectionLost,
    ConnectionResumed,
    GameAnnounced,
    MatchStarted,
    Noticed,
    RequestDenied,
    RoomLeft,
)
from game.arena import ARENA_COMMAND
from game.client.chat import ChatLog
from game.client.match_screen import RESULTS_STAY_S, MatchScreen
from game.client.pause_menu import PauseChoice, PauseMenu
from game.client.screen import Destination, Screen, ScreenChange
from game.client.sounds import SoundPlayer
from game.simulation import rules

from .fake import FakeClient, FakeMatch


class Play:
    """A screen and its client, run frame by frame."""

    def __init__(self, surface, **how):
        self.surface = surface
        self.client = FakeClient(**how)
        self.chat = ChatLog()
        self.screen: Screen = MatchScreen(self.client, SoundPlayer(None), self.chat)
        self.now = 0.0

    def frames(self, count: int = 1, ticks: int = 1) -> ScreenChange | None:
        for _ in range(count):
            self.now += 1 / 60
            if self.client.match is not None:
                self.client.step(ticks)
            change = self.screen.update(self.now, 1 / 60)
            if change is not None:
                return change
        self.screen.draw(self.surface)
        return None

    def key(self, key, down=True):
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        self.screen.handle_event(pygame.event.Event(kind, key=key, mod=0, unicode=""))

    def type(self, text):
        self.screen.handle_event(pygame.event.Event(pygame.TEXTINPUT, text=text))

    def click(self, place):
        self.screen.handle_event(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=place, button=1))

    def picture(self) -> bytes:
        self.screen.draw(self.surface)
        return pygame.image.tobytes(self.surface, "RGB")


@pytest.fixture
def play(surface):
    return Play(surface)


def test_a_whole_fight_is_drawn_and_what_is_held_reaches_the_client(surface):
    play = Play(surface, players=12, plays_itself=True)
    play.key(pygame.K_d)
    assert play.frames(300) is None
    assert play.client.wanted["move_x"] == 127
    assert play.client.world.player.score.sum() != 0, "nobody hit anybody: this fight shows nothing"


def test_we_move_the_way_we_press(play):
    play.frames(5)
    before = int(play.client.world.player.x[0])
    play.key(pygame.K_a)
    play.frames(20)
    assert int(play.client.world.player.x[0]) < before


def test_every_map_and_the_other_end_of_the_seats(surface):
    for name in ("courtyard", "reactor"):
        play = Play(surface, players=16, seat=15, settings={"map": name})
        assert play.frames(5) is None


def test_chat_takes_the_keys_and_the_player_stands_still(play):
    play.key(pygame.K_d)
    play.frames(2)
    play.key(pygame.K_RETURN)
    play.type("wasd gg")
    play.key(pygame.K_w)
    play.frames(2)
    assert (play.client.wanted["move_x"], play.client.wanted["move_y"]) == (0, 0)
    play.key(pygame.K_RETURN)
    assert play.client.requests == [SayChat("wasd gg")]
    play.key(pygame.K_w)
    play.frames(2)
    assert play.client.wanted["move_y"] == -127


def test_what_others_say_and_what_the_server_says_is_in_the_log(play):
    play.client.tell(ChatReceived(101, "Quill", "hello"), Noticed("restart at noon"), RequestDenied("SayChat", "flooding", "Slowly!"))
    play.frames()
    assert [(line.name, line.text) for line in play.chat.lines] == [("Quill", "hello"), ("", "restart at noon"), ("", "Slowly!")]


def test_the_scoreboard_is_there_while_tab_is_held(play):
    play.frames(3)
    without = play.picture()
    play.key(pygame.K_TAB)
    with_table = play.picture()
    play.key(pygame.K_TAB, down=False)
    assert with_table != without
    assert play.picture() == without


def test_tab_let_go_behind_the_menu_closes_the_scoreboard(play):
    play.frames(3)
    without = play.picture()
    play.key(pygame.K_TAB)
    play.key(pygame.K_ESCAPE)
    play.key(pygame.K_TAB, down=False)
    play.key(pygame.K_ESCAPE)
    assert play.picture() == without


def test_f3_shows_the_net_graph_small_then_large_then_not(play):
    play.frames(30)
    without = play.picture()
    pictures = []
    for _ in range(3):
        play.key(pygame.K_F3)
        pictures.append(play.picture())
    assert len(set(pictures)) == 3
    assert pictures[-1] == without


def test_the_menu_leaves_the_match_the_server_or_the_game(surface):
    for choice, destination in (
        (PauseChoice.LOBBY, Destination.LOBBY),
        (PauseChoice.MENU, Destination.MENU),
        (PauseChoice.QUIT, Destination.QUIT),
    ):
        play = Play(surface)
        play.frames(2)
        play.key(pygame.K_ESCAPE)
        play.frames(2)
        play.click(PauseMenu(SoundPlayer(None)).item_rect(choice).center)
        assert play.frames() == ScreenChange(destination)
        assert play.client.left == (choice is not PauseChoice.LOBBY)
        assert (LeaveRoom() in play.client.requests) == (choice is PauseChoice.LOBBY)


def test_escape_opens_and_closes_the_menu_and_nothing_moves_meanwhile(play):
    play.key(pygame.K_d)
    play.key(pygame.K_ESCAPE)
    play.frames(2)
    assert play.client.wanted["move_x"] == 0
    play.key(pygame.K_ESCAPE)
    play.key(pygame.K_d)
    play.frames(2)
    assert play.client.wanted["move_x"] == 127


def test_the_menu_by_keyboard():
    sounds = SoundPlayer(None, volume=0.5)
    menu = PauseMenu(sounds)
    menu.open()

    def press(key):
        return menu.handle_event(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))

    press(pygame.K_DOWN)
    assert press(pygame.K_RETURN) is None
    press(pygame.K_RIGHT)
    assert sounds.volume == pytest.approx(0.6)
    press(pygame.K_UP)
    press(pygame.K_UP)
    assert press(pygame.K_RETURN) is PauseChoice.QUIT


def test_closing_the_window_quits(play):
    play.screen.handle_event(pygame.event.Event(pygame.QUIT))
    assert play.frames() == ScreenChange(Destination.QUIT)
    assert play.client.left


def test_a_closed_session_goes_to_the_menu_and_says_why(play):
    play.frames(2)
    play.client.tell(Closed(DisconnectReason.KICKED, "Bye."))
    change = play.frames()
    assert change == ScreenChange(Destination.MENU, f"{DisconnectReason.KICKED.sentence} Bye.")


def test_a_lost_room_goes_to_the_lobby(play):
    play.client.tell(RoomLeft(DisconnectReason.KICKED))
    assert play.frames() == ScreenChange(Destination.LOBBY, DisconnectReason.KICKED.sentence)


def test_a_room_left_on_purpose_is_nothing_to_tell(play):
    play.client.tell(RoomLeft(DisconnectReason.CLOSED_BY_US))
    assert play.frames() == ScreenChange(Destination.LOBBY)


def test_another_carrier_is_told(play):
    play.frames(30)
    before = play.picture()
    play.client.tell(CarrierChanged(CarrierKind.CONTROL))
    play.screen.update(play.now, 0.0)
    assert play.picture() != before


def test_a_lost_connection_says_so_until_it_is_back(play):
    play.frames(3)
    before = play.picture()
    play.client.tell(ConnectionLost(DisconnectReason.STREAM_LOST))
    assert play.frames(3) is None
    assert play.picture() != before
    play.client.tell(ConnectionResumed())
    assert play.frames(3) is None


def test_before_the_first_scene_it_waits(surface):
    play = Play(surface)
    play.client.shows_world = False
    assert play.frames(5) is None
    assert play.client.wanted, "commands flow before the first snapshot"
    match, play.client.match = play.client.match, None
    assert play.frames(5) is None
    play.client.match, play.client.shows_world = match, True
    assert play.frames(5) is None


def test_without_a_new_scene_the_last_picture_stays(play):
    play.frames(3)
    play.client.shows_world = False
    assert play.frames(3) is None


def test_results_stay_a_while_then_the_lobby_comes(play):
    play.frames(5)
    play.client.finish()
    assert play.frames(round(RESULTS_STAY_S * 60) - 10) is None
    assert play.frames(30) == ScreenChange(Destination.LOBBY)


def test_a_key_ends_the_results(play):
    play.frames(5)
    play.client.finish()
    play.frames(5)
    play.key(pygame.K_RETURN)
    assert play.frames() == ScreenChange(Destination.LOBBY)


def test_the_next_match_starts_without_leaving_the_screen(play):
    play.frames(5)
    play.client.finish()
    play.frames(5)
    fresh = FakeClient(players=5, settings={"map": "reactor"}, seat=3)
    play.client.match = FakeMatch(fresh.game, 3, 16, match_id=2)
    play.client.world, play.client.game = fresh.world, fresh.game
    play.client.tell(MatchStarted(MatchId(2)))
    assert play.frames(round(RESULTS_STAY_S * 60) + 60) is None


def test_death_and_the_wait_are_shown(surface):
    play = Play(surface, players=2)
    play.frames(10)
    world = play.client.world
    world.player.life[0], world.player.respawn[0], world.player.health[0] = rules.DEAD, 90, 0
    body = b"K" + (1).to_bytes(2, "big") + (0).to_bytes(2, "big") + b"\1"
    play.client.tell(GameAnnounced(Tick(9), body))
    play.screen.update(play.now, 1 / 60)
    dead = play.picture()
    world.player.life[0], world.player.health[0] = rules.ALIVE, 100
    assert play.picture() != dead


@pytest.mark.parametrize("body", [b"", b"K", b"K\xff\xff\xff\xff\xff", b"O\xff\xff\xff", b"S\0\1", b"\0" * 512])
def test_no_announcement_breaks_it(play, body):
    play.frames(2)
    play.client.tell(GameAnnounced(Tick(1), body))
    assert play.frames(3) is None


@pytest.mark.parametrize("phase", [rules.WARMUP, rules.PLAYING, rules.RESULTS])
def test_every_phase_is_drawn_even_with_nobody_seated(play, phase):
    play.frames(2)
    play.client.world.match.phase[0] = phase
    play.client.world.match.time_left[0] = 100
    play.client.world.player.free(slice(None))
    play.screen.update(play.now, 1 / 60)
    play.screen.draw(play.surface)


def test_the_command_is_always_one_of_the_arena(play):
    for place in ((0, 0), (1279, 719), (640, 360)):
        play.screen.handle_event(pygame.event.Event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(0, 0, 0)))
        play.frames(3)
        ARENA_COMMAND.make(**play.client.wanted)


def test_bad_figures_do_not_break_the_net_graph(play):
    play.key(pygame.K_F3)
    for rtt in (0.0, 1e9, 0.5):
        play.client.figures = dataclasses.replace(play.client.figures, rtt_ms=rtt)
        assert play.frames(12) is None
