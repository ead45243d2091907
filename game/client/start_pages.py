# ruff: noqa: D102 - the members are documented where Page has them
"""The two pages that start a server: practice against bots, and hosting for the LAN."""

from __future__ import annotations

from typing import Final

import pygame

from engine.control.messages import PASSWORD_CHARACTERS_MAX, ROOM_NAME_CHARACTERS_MAX
from engine.drivers import lan_addresses
from engine.ids import DEFAULT_PORT, PORTS_TRIED
from game.client import theme
from game.client.form import Form
from game.client.map_card import ANY_MAP, draw_map_card, map_choices
from game.client.pages import Page, Stage, card
from game.client.preferences import default_name
from game.client.screen import Destination, StartOrder
from game.client.text_field import TextField
from game.client.theme import texts
from game.client.widgets import Button, Chooser

FRAG_CHOICES: Final = (
    (5, "5 kills"),
    (10, "10 kills"),
    (15, "15 kills"),
    (20, "20 kills"),
    (30, "30 kills"),
    (50, "50 kills"),
    (0, "No limit"),
)
TIME_CHOICES: Final = (
    (120, "2 minutes"),
    (180, "3 minutes"),
    (300, "5 minutes"),
    (480, "8 minutes"),
    (600, "10 minutes"),
    (900, "15 minutes"),
)
LEVEL_CHOICES: Final = ((0, "Easy"), (1, "Middling"), (2, "Hard"))
BOTS_MAX: Final = 15


def kills_in_words(kills: int | str) -> str:
    """Of a limit that is not among the choices: a server's own, whatever it is."""
    return "1 kill" if kills == 1 else f"{kills} kills"


def time_in_words(seconds: int | str) -> str:
    """The same of a time: in minutes where it is whole ones."""
    if not isinstance(seconds, int):
        return seconds
    count, unit = (seconds, "second") if seconds % 60 else (seconds // 60, "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def bot_choices(low: int = 0, high: int = BOTS_MAX) -> list[tuple[int, str]]:
    """Numbers of bots, for a chooser."""
    return [(count, "No bots" if count == 0 else "1 bot" if count == 1 else f"{count} bots") for count in range(low, high + 1)]


def map_options(*, with_any: bool) -> list[tuple[str, str]]:
    """The maps, for a chooser."""
    return ([(ANY_MAP, "All in turn")] if with_any else []) + list(map_choices())


class PracticePage(Page):
    """Bots to shoot at, on this computer."""

    title = "Play against bots"
    _BOX: Final = pygame.Rect(150, 120, 980, 480)
    _MAP: Final = pygame.Rect(186, 172, 480, 376)

    def __init__(self, stage: Stage, notice: str = "") -> None:
        super().__init__(stage, notice)
        x, width = 706, 388
        self.map: Final = Chooser((x, 190, width, 44), "Map", map_options(with_any=True), ANY_MAP)
        self.bots: Final = Chooser((x, 266, width, 44), "Opponents", bot_choices(1), 5)
        self.level: Final = Chooser((x, 342, width, 44), "They are", LEVEL_CHOICES, 1)
        self.frags: Final = Chooser((x, 418, 188, 44), "First to", FRAG_CHOICES, 20)
        self.time: Final = Chooser((x + 200, 418, 188, 44), "Time", TIME_CHOICES, 300)
        start = Button((x + 140, 504, 248, 50), "Fight", self.start, look="primary", size_px=20)
        back = Button((x, 504, 128, 50), "Back", self.back, look="quiet")
        widgets = [self.map, self.bots, self.level, self.frags, self.time, start, back]
        self.form = Form(widgets, stage.sounds, main=self.start, focus=start)

    def start(self) -> None:
        """Go."""
        order = StartOrder(
            is_practice=True,
            bots=self.bots.value,
            bot_level=self.level.value,
            map=self.map.value,
            frag_limit=self.frags.value,
            time_limit_s=self.time.value,
        )
        self.go(Destination.CONNECTING, order=order)

    def draw_page(self, surface: pygame.Surface) -> None:
        card(surface, self._BOX, "Practice")
        draw_map_card(surface, self.map.value, self._MAP)


class HostPage(Page):
    """A server for the LAN, started from here, played on from here."""

    title = "Host a game"
    _BOX: Final = pygame.Rect(110, 108, 1060, 520)
    _MAP: Final = pygame.Rect(146, 404, 440, 196)

    def __init__(self, stage: Stage, notice: str = "") -> None:
        super().__init__(stage, notice)
        x, width, right = 146, 440, 640
        name = f"{stage.files.preferences.name or default_name()}'s game"[:ROOM_NAME_CHARACTERS_MAX]
        self.name: Final = TextField((x, 178, width, 42), "Name in everybody's list", name, characters_max=ROOM_NAME_CHARACTERS_MAX)
        self.password: Final = TextField(
            (x, 254, 276, 42), "Password", characters_max=PASSWORD_CHARACTERS_MAX, placeholder="none: everybody may join", is_secret=True
        )
        self.port: Final = TextField((x + 292, 254, 148, 42), "Port", characters_max=5, placeholder="automatic", allowed="0123456789")
        self.map: Final = Chooser((x, 330, width, 44), "Map", map_options(with_any=True), ANY_MAP)
        self.bots: Final = Chooser((right, 178, 236, 44), "Bots play along", bot_choices(), 0)
        self.level: Final = Chooser((right + 252, 178, 236, 44), "They are", LEVEL_CHOICES, 1)
        self.frags: Final = Chooser((right, 254, 236, 44), "First to", FRAG_CHOICES, 20)
        self.time: Final = Chooser((right + 252, 254, 236, 44), "Time", TIME_CHOICES, 300)
        start = Button((right + 240, 550, 248, 50), "Open the server", self.start, look="primary", size_px=19)
        back = Button((right, 550, 128, 50), "Back", self.back, look="quiet")
        widgets = [self.name, self.password, self.port, self.map, self.bots, self.level, self.frags, self.time, start, back]
        self.form = Form(widgets, stage.sounds, main=self.start, focus=self.name)
        self._addresses: Final = lan_addresses()

    def start(self) -> None:
        """Check what was typed, and go."""
        port = int(self.port.text or 0)
        if port > 65535 or (self.port.text and port == 0):
            self.say("A port is a number from 1 to 65535; leave it empty to let the server choose.", theme.BAD)
            self.form.focus = self.port
            return
        order = StartOrder(
            is_practice=False,
            name=self.name.text.strip(),
            port=port,
            password=self.password.text,
            bots=self.bots.value,
            bot_level=self.level.value,
            map=self.map.value,
            frag_limit=self.frags.value,
            time_limit_s=self.time.value,
        )
        self.go(Destination.CONNECTING, order=order)

    def draw_page(self, surface: pygame.Surface) -> None:
        card(surface, self._BOX, "Your server")
        draw_map_card(surface, self.map.value, self._MAP)
        x, y = 640, 346
        texts.draw(surface, "Friends on this network see it in their list. If they do not:", (x, y), 15, theme.DIM, weight="regular")
        ports = self.port.text or f"{DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1}"
        shown = ", ".join(self._addresses[:3]) or "none: this computer is on no network"
        for index, (label, value) in enumerate((("Your address", shown), ("Open in the firewall", f"TCP and UDP {ports}"))):
            texts.draw(surface, label, (x, y + 34 + 50 * index), 13, theme.FAINT)
            texts.draw(surface, value, (x, y + 56 + 50 * index), 17, theme.TEXT)
