"""The pages of the menu, each by itself, with a keyboard and a mouse made of events."""

from __future__ import annotations

import pygame
import pytest

from game.client import theme
from game.client.backdrop import Backdrop
from game.client.lost_overlay import draw_silence
from game.client.menu_page import DELAY_HELP, DELAY_HELP_PX, MenuPage, SettingsPage
from game.client.pages import Page, Stage
from game.client.preferences import PlayerFiles
from game.client.screen import Destination, ScreenChange, StartOrder
from game.client.sounds import SoundPlayer
from game.client.start_pages import HostPage, PracticePage
from tests.client.events import click, key, letters


@pytest.fixture(scope="module")
def backdrop():
    return Backdrop()


@pytest.fixture
def stage(backdrop, tmp_path):
    return Stage(PlayerFiles(tmp_path / "state"), SoundPlayer(None), backdrop)


class Shown:
    """A page and its frames."""

    def __init__(self, page: Page, surface: pygame.Surface) -> None:
        self.page = page
        self.surface = surface
        self.now = 100.0

    def give(self, *events: pygame.event.Event) -> ScreenChange | None:
        for event in events:
            self.page.handle_event(event)
        return self.frame()

    def frame(self, dt: float = 1 / 60) -> ScreenChange | None:
        self.now += dt
        change = self.page.update(self.now, dt)
        self.page.draw(self.surface)
        return change


def test_the_backdrop_fights_on_and_never_makes_up_for_a_pause(backdrop, surface):
    before = backdrop.tick
    backdrop.update(1 / 60)
    assert backdrop.tick in (before + 1, before + 2)
    before = backdrop.tick
    backdrop.update(3600.0)
    assert backdrop.tick - before <= 4
    backdrop.draw(surface)
    dark = sum(surface.get_at((x, 360))[2] for x in range(0, 1280, 16))
    backdrop.draw(surface, "left")
    bright = sum(surface.get_at((x, 360))[2] for x in range(0, 1280, 16))
    assert bright > dark > 0


def test_a_silent_server_is_mentioned_after_a_while(surface):
    surface.fill((0, 0, 0))
    draw_silence(surface, 0.5)
    assert len(set(pygame.image.tobytes(surface, "RGB"))) == 1
    draw_silence(surface, 3.2)
    assert len(set(pygame.image.tobytes(surface, "RGB"))) > 1


@pytest.mark.parametrize(
    ("steps", "to"),
    [(0, Destination.PRACTICE), (1, Destination.SERVERS), (2, Destination.HOST), (3, Destination.SETTINGS), (4, Destination.QUIT)],
)
def test_the_menu_leads_everywhere(stage, surface, steps, to):
    shown = Shown(MenuPage(stage), surface)
    change = shown.give(*[key(pygame.K_DOWN)] * steps, key(pygame.K_RETURN))
    assert change is not None
    assert change.to is to


def test_the_menu_works_with_the_mouse_and_escape_asks_twice(stage, surface):
    shown = Shown(MenuPage(stage), surface)
    change = shown.give(*click(shown.page.form.widgets[2].rect.center))
    assert change is not None
    assert change.to is Destination.HOST
    assert shown.give(key(pygame.K_ESCAPE)) is None
    change = shown.give(key(pygame.K_ESCAPE))
    assert change is not None
    assert change.to is Destination.QUIT


def test_closing_the_window_quits_from_every_page(stage, surface):
    for page in (MenuPage(stage), PracticePage(stage), HostPage(stage)):
        change = Shown(page, surface).give(pygame.event.Event(pygame.QUIT))
        assert change is not None
        assert change.to is Destination.QUIT


def test_a_notice_is_shown_for_a_while(stage, surface):
    shown = Shown(MenuPage(stage, "The server is shutting down. " * 12), surface)
    shown.frame()
    assert shown.page.notice
    for _ in range(130):
        shown.frame(0.1)
    assert shown.page.notice == ""


def test_practice_orders_what_was_chosen(stage, surface):
    shown = Shown(PracticePage(stage), surface)
    page = shown.page
    page.form.focus = page.map
    change = shown.give(
        key(pygame.K_RIGHT), key(pygame.K_DOWN), key(pygame.K_RIGHT), key(pygame.K_DOWN), key(pygame.K_RIGHT), key(pygame.K_RETURN)
    )
    assert change is not None
    assert change.to is Destination.CONNECTING
    assert change.order == StartOrder(is_practice=True, map="courtyard", bots=6, bot_level=2, frag_limit=20, time_limit_s=300)


def test_hosting_takes_what_was_typed(stage, surface):
    shown = Shown(HostPage(stage), surface)
    change = shown.give(
        key(pygame.K_u, pygame.KMOD_CTRL),
        *letters("Cellar"),
        key(pygame.K_TAB),
        *letters("sesame"),
        key(pygame.K_TAB),
        *letters("7790x"),
        key(pygame.K_RETURN),
    )
    assert change is not None
    order = change.order
    assert isinstance(order, StartOrder)
    assert (order.name, order.password, order.port, order.is_practice, order.map) == ("Cellar", "sesame", 7790, False, "")


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_is_none_is_said_and_not_ordered(stage, surface, port):
    shown = Shown(HostPage(stage), surface)
    shown.page.form.focus = shown.page.port
    assert shown.give(*letters(port), key(pygame.K_RETURN)) is None
    assert "1 to 65535" in shown.page.notice


def test_settings_are_kept_in_the_players_folder(stage, surface, tmp_path):
    full = [False]
    page = SettingsPage(stage, is_fullscreen=lambda: full[0], set_fullscreen=lambda on: full.__setitem__(0, on))
    shown = Shown(page, surface)
    shown.give(*letters("Zoë"), key(pygame.K_TAB), key(pygame.K_RIGHT), key(pygame.K_RIGHT), key(pygame.K_TAB), key(pygame.K_LEFT))
    shown.give(key(pygame.K_TAB), key(pygame.K_SPACE))
    assert full == [True]
    change = shown.give(key(pygame.K_ESCAPE))
    assert change is not None
    assert change.to is Destination.MENU
    again = PlayerFiles(tmp_path / "state").preferences
    assert (again.name, again.colour, again.sound_volume_pct, again.is_fullscreen) == ("Zoë", 2, 65, True)


def test_input_delay_is_set_kept_and_explained_within_its_card(stage, surface, tmp_path):
    page = SettingsPage(stage, is_fullscreen=lambda: False, set_fullscreen=lambda on: None)
    shown = Shown(page, surface)
    shown.give(*[key(pygame.K_TAB)] * 5, key(pygame.K_RIGHT), key(pygame.K_RIGHT))
    assert stage.files.preferences.input_delay_ticks == 2
    shown.give(key(pygame.K_LEFT), key(pygame.K_ESCAPE))
    assert PlayerFiles(tmp_path / "state").preferences.input_delay_ticks == 1
    width = theme.font(DELAY_HELP_PX, "regular").size(DELAY_HELP)[0]
    assert all(widget.rect.right <= page._BOX.right - 20 for widget in page.form.widgets)
    assert page._BOX.x + 38 + width <= page._BOX.right - 30
    below = [widget.rect.bottom for widget in page.form.widgets]
    assert max(below) <= page._BOX.bottom - 20


def test_an_input_delay_that_cannot_be_is_not_read(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "preferences.json").write_text('{"input_delay_ticks": 4}')
    files = PlayerFiles(tmp_path / "state")
    assert files.preferences.input_delay_ticks == 0
    assert "cannot be read" in files.problem


def test_settings_that_cannot_be_written_are_said(backdrop, surface, tmp_path):
    (tmp_path / "state").write_text("a file where a folder should be")
    stage = Stage(PlayerFiles(tmp_path / "state"), SoundPlayer(None), backdrop)
    page = SettingsPage(stage, is_fullscreen=lambda: False, set_fullscreen=lambda on: None)
    change = Shown(page, surface).give(key(pygame.K_ESCAPE))
    assert change is not None
    assert "cannot be written" in change.notice
