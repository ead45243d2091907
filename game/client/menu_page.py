# ruff: noqa: D102, ARG002 - the members are documented where Page has them
"""The first page, and the settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import pygame

from engine.session.config import INPUT_DELAY_TICKS_MAX
from game.client import sprites, theme
from game.client.form import Form
from game.client.pages import HEIGHT, WIDTH, Page, Stage, beam, card, logo
from game.client.preferences import default_name
from game.client.screen import Destination
from game.client.splash import NAME_AT, NAME_PIXELS
from game.client.text_field import TextField
from game.client.theme import texts
from game.client.widgets import Button, CheckBox, Chooser, Slider, Swatches, Widget
from game.simulation.rules import TICK_RATE_HZ

_ITEMS: Final = (
    ("Play against bots", "Practice on this computer", Destination.PRACTICE),
    ("Join a LAN game", "Servers on this network, or an address", Destination.SERVERS),
    ("Host a game", "Your friends find it by themselves", Destination.HOST),
    ("Settings", "Name, colour, sound, screen", Destination.SETTINGS),
    ("Quit", "", Destination.QUIT),
)
DELAY_CHOICES: Final = (
    (0, "None"),
    *((ticks, f"{ticks} tick{'s' * (ticks > 1)} ({1000 * ticks / TICK_RATE_HZ:.0f} ms)") for ticks in range(1, INPUT_DELAY_TICKS_MAX + 1)),
)
DELAY_HELP: Final = "For a bad line: your moves show later, but jump less. From the next match on."
DELAY_HELP_PX: Final = 14
_ITEM: Final = (70, 306, 400, 56)
_GAP: Final = 8


class MenuItem(Button):
    """A large line of the first page."""

    def __init__(self, rect: tuple[int, int, int, int], label: str, detail: str, action: Callable[[], None]) -> None:
        super().__init__(rect, label, action)
        self._detail: Final = detail
        self._glow = 0.0

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        lit = is_focused or is_hovered
        self._glow += ((1.0 if lit else 0.0) - self._glow) * 0.25
        rect = self.rect
        if self._glow > 0.03:
            plate = theme.panel(rect.width, rect.height, 16 * round(self._glow * 11), 10, None)
            surface.blit(plate, rect)
            pygame.draw.rect(surface, theme.ACCENT, (rect.x, rect.y + 8, round(5 * self._glow), rect.height - 16), border_radius=2)
        x = rect.x + 22 + round(8 * self._glow)
        tone = theme.mix(theme.DIM, theme.WHITE, 0.35 + 0.65 * round(self._glow * 8) / 8)
        middle = rect.centery - (9 if self._detail else 0)
        texts.draw(surface, self.label, (x, middle), 23, tone, shadow=True)
        if self._detail:
            detail = theme.mix(theme.DIM, theme.TEXT, 0.6 * round(self._glow * 8) / 8)
            texts.draw(surface, self._detail, (x + 1, rect.centery + 15), 13, detail, weight="regular", shadow=True)


class MenuPage(Page):
    """Where everything begins."""

    shade = "left"
    help = ""

    def __init__(self, stage: Stage, notice: str = "", focus: int = 0) -> None:
        super().__init__(stage, notice)
        x, y, width, height = _ITEM
        items: list[Widget] = [
            MenuItem((x, y + index * (height + _GAP), width, height), label, detail, self._opener(to))
            for index, (label, detail, to) in enumerate(_ITEMS)
        ]
        self.form = Form(items, stage.sounds, focus=items[focus])

    def _opener(self, to: Destination) -> Callable[[], None]:
        return lambda: self.go(to)

    def back(self) -> None:
        """Escape marks "Quit"; pressed there it quits."""
        quit_item = self.form.widgets[-1]
        if self.form.focus is quit_item:
            self.go(Destination.QUIT)
        self.form.focus = quit_item

    def draw_page(self, surface: pygame.Surface) -> None:
        name = logo()
        surface.blit(name, (NAME_AT[0] - NAME_PIXELS // 2, NAME_AT[1] - NAME_PIXELS // 2), special_flags=pygame.BLEND_RGB_ADD)
        light = beam(520 + round(24 * math.sin(self.now * 1.3)))
        surface.blit(light, (94, 216), special_flags=pygame.BLEND_RGB_ADD)
        texts.draw(surface, "The arena shooter for your LAN party", (96, 250), 19, theme.DIM, weight="regular", shadow=True)
        chosen = self.stage.files.preferences
        colour = theme.player_colour(chosen.colour, 0)
        body = sprites.player(colour, 0, sprites.turn_of(int(self.now * 90) % 1024))
        name_text = chosen.name or default_name()
        width = theme.font(17).size(name_text)[0]
        surface.blit(body, body.get_rect(center=(WIDTH - 70 - width - 40, HEIGHT - 44)))
        texts.draw(surface, name_text, (WIDTH - 70, HEIGHT - 44), 17, theme.TEXT, align="right", shadow=True)


class SettingsPage(Page):
    """Name, colour, sound, screen, input delay. All but the last counts at once, all is saved when the page is left."""

    title = "Settings"
    _BOX: Final = pygame.Rect(320, 104, 640, 540)

    def __init__(self, stage: Stage, *, is_fullscreen: Callable[[], bool], set_fullscreen: Callable[[bool], None]) -> None:
        super().__init__(stage, stage.files.problem)
        chosen = stage.files.preferences
        self._is_fullscreen: Final = is_fullscreen
        x, y = self._BOX.x + 36, self._BOX.y
        self._name: Final = TextField((x, y + 72, 300, 42), "Your name", chosen.name, characters_max=16, placeholder=default_name())
        self._swatches: Final = Swatches((x, y + 158), "Your colour", chosen.colour, self._set_colour)
        self._volume: Final = Slider((x, y + 240, 568, 36), "Sound", chosen.sound_volume_pct / 100, self._set_volume)
        self._fullscreen: Final = CheckBox((x, y + 300, 260, 36), "Fullscreen (F11)", is_fullscreen(), set_fullscreen)
        self._graph: Final = CheckBox((x + 280, y + 300, 300, 36), "Net graph in matches (F3)", chosen.has_net_graph, self._set_graph)
        self._delay: Final = Chooser((x, y + 384, 300, 42), "Input delay", DELAY_CHOICES, chosen.input_delay_ticks, self._set_delay)
        self._done: Final = Button((x + 418, y + 470, 150, 46), "Done", self.back, look="primary")
        widgets = [self._name, self._swatches, self._volume, self._fullscreen, self._graph, self._delay, self._done]
        self.form = Form(widgets, stage.sounds, main=self.back, focus=self._name)

    def _set_colour(self, colour: int) -> None:
        self.stage.files.preferences.colour = colour

    def _set_volume(self, volume: float) -> None:
        self.stage.files.preferences.sound_volume_pct = round(volume * 100)
        self.stage.sounds.set_volume(volume)
        self.stage.sounds.play("blaster", 0.8)

    def _set_graph(self, is_on: bool) -> None:
        self.stage.files.preferences.has_net_graph = is_on

    def _set_delay(self, ticks: int) -> None:
        self.stage.files.preferences.input_delay_ticks = ticks

    def advance(self, now: float, dt: float) -> None:
        """F11 changes it behind our back."""
        self._fullscreen.is_on = self._is_fullscreen()

    def back(self) -> None:
        """Save, and tell if that does not work."""
        self.keep()
        super().back()
        if self.stage.files.problem:
            self.go(Destination.MENU, self.stage.files.problem)

    def keep(self) -> None:
        """Write everything down."""
        files = self.stage.files
        files.preferences.name = " ".join(self._name.text.split())
        files.preferences.is_fullscreen = self._is_fullscreen()
        files.problem = ""
        files.save()

    def draw_page(self, surface: pygame.Surface) -> None:
        card(surface, self._BOX, "You")
        colour = theme.player_colour(self._swatches.value, int(self.now) % 12 if self._swatches.value == 0 else 0)
        centre = (self._BOX.right - 110, self._BOX.y + 92)
        light = sprites.glow(58, colour, 0.5)
        surface.blit(light, light.get_rect(center=centre), special_flags=pygame.BLEND_RGB_ADD)
        body = sprites.player(colour, 0, sprites.turn_of(int(self.now * 120) % 1024))
        body = pygame.transform.smoothscale_by(body, 1.6)
        surface.blit(body, body.get_rect(center=centre))
        texts.draw(surface, DELAY_HELP, (self._BOX.x + 38, self._BOX.y + 443), DELAY_HELP_PX, theme.DIM, weight="regular")
