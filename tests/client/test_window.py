import pygame
import pytest

from game.client.pause_menu import PauseChoice, PauseMenu
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.theme import texts
from game.client.window import Window, letterbox


@pytest.fixture
def window():
    return Window()


@pytest.mark.parametrize(
    ("size", "rect"),
    [
        ((1280, 720), (0, 0, 1280, 720)),
        ((2560, 1440), (0, 0, 2560, 1440)),
        ((1280, 1024), (0, 152, 1280, 720)),
        ((1920, 720), (320, 0, 1280, 720)),
        ((640, 720), (0, 180, 640, 360)),
    ],
)
def test_the_picture_is_as_large_as_fits_and_centred(size, rect):
    assert tuple(letterbox(size)) == rect


def test_no_window_size_breaks_the_letterbox():
    for size in ((0, 0), (1, 5000), (5000, 1)):
        inner = letterbox(size)
        assert inner.width >= 1
        assert inner.height >= 1


def test_screens_draw_1280x720_whatever_the_window():
    for size in (LOGICAL_SIZE, (1920, 1080), (1000, 900)):
        window = Window(size=size)
        assert window.surface.get_size() == LOGICAL_SIZE
        window.surface.fill((200, 10, 10))
        window.present()
        middle = pygame.display.get_surface().get_at((size[0] // 2, size[1] // 2))
        assert tuple(middle)[:3] == pytest.approx((200, 10, 10), abs=4)


def test_bars_stay_black():
    window = Window(size=(1280, 1024))
    window.surface.fill((200, 10, 10))
    window.present()
    assert tuple(pygame.display.get_surface().get_at((640, 20)))[:3] == (0, 0, 0)


def test_mouse_positions_are_logical():
    window = Window(size=(2560, 1440))
    event = window.to_logical(pygame.event.Event(pygame.MOUSEMOTION, pos=(1280, 720), rel=(10, -4), buttons=(0, 0, 0)))
    assert event.pos == (640, 360)
    assert event.rel == (5, -2)
    outside = window.to_logical(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(9999, -50), button=1))
    assert outside.pos == (1279, 0)
    assert outside.button == 1


def test_events_pass_but_fullscreen_keys_are_the_windows_own(window):
    pygame.event.clear()
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F11, mod=0, unicode=""))
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a, mod=0, unicode="a"))
    keys = [event.key for event in window.events() if event.type == pygame.KEYDOWN]
    assert keys == [pygame.K_a]
    assert window.is_fullscreen
    window.set_fullscreen(False)
    assert not window.is_fullscreen
    assert window.surface.get_size() == LOGICAL_SIZE


def test_letters_are_drawn_at_the_windows_size():
    window = Window(size=(1920, 1080))
    window.surface.fill((0, 0, 0))
    texts.draw(window.surface, "Nova", (640, 360), 20, align="centre")
    window.present()
    shown = pygame.display.get_surface().copy()
    expected = pygame.Surface((1920, 1080), 0, 32)
    texts.draw(expected, "Nova", (960, 540), 30, align="centre")
    assert pygame.image.tobytes(shown, "RGB") == pygame.image.tobytes(expected, "RGB")


def test_menus_cover_the_letters_that_are_under_them():
    window = Window(size=(1920, 1080))
    menu = PauseMenu(SoundPlayer(None))
    menu.open()
    first = menu.item_rect(PauseChoice.RESUME)
    place = (first.x + 10, first.y - 34)  # beside the menu's title
    window.surface.fill((0, 0, 0))
    texts.draw(window.surface, "under", place, 14)
    menu.draw(window.surface)
    window.present()
    display = pygame.display.get_surface()
    area = pygame.Rect(place[0] * 1.5, place[1] * 1.5 - 10, 60, 20)
    assert max(max(display.get_at((x, y))[:3]) for x in range(area.left, area.right) for y in range(area.top, area.bottom)) < 60
