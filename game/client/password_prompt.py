"""A small window that asks for a password, over whatever page is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pygame

from engine.control.messages import PASSWORD_CHARACTERS_MAX
from game.client import theme
from game.client.form import Form
from game.client.pages import HEIGHT, WIDTH
from game.client.sounds import SoundPlayer
from game.client.theme import texts
from game.client.widgets import Button, TextField


class PasswordPrompt:
    """While open it takes all events. Enter gives the password on, Escape drops it."""

    _BOX: Final = pygame.Rect(WIDTH // 2 - 230, HEIGHT // 2 - 110, 460, 220)

    def __init__(self, title: str, sounds: SoundPlayer, given: Callable[[str], None], problem: str = "") -> None:
        self._title: Final = title
        self._problem: Final = problem
        self._given: Final = given
        self.is_open = True
        x, y = self._BOX.x + 30, self._BOX.y
        self._field: Final = TextField((x, y + 80, 400, 44), "Password", characters_max=PASSWORD_CHARACTERS_MAX, is_secret=True)
        ok = Button((x + 260, y + 150, 140, 44), "Join", self._accept, look="primary")
        cancel = Button((x, y + 150, 140, 44), "Cancel", self.close, look="quiet")
        self._form: Final = Form([self._field, ok, cancel], sounds, main=self._accept, focus=self._field)

    def close(self) -> None:
        """Without a password."""
        self.is_open = False

    def _accept(self) -> None:
        self.is_open = False
        self._given(self._field.text)

    def handle_event(self, event: pygame.event.Event) -> None:
        """Take an event while open."""
        if not self._form.handle_event(event) and event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            self.close()

    def draw(self, surface: pygame.Surface, now: float) -> None:
        """Draw it over a darkened page."""
        surface.fill((90, 94, 110), special_flags=pygame.BLEND_RGB_MULT)
        surface.blit(theme.panel(self._BOX.width, self._BOX.height, 250, 14, theme.ACCENT), self._BOX)
        texts.draw(surface, self._title, (self._BOX.x + 30, self._BOX.y + 34), 18, theme.TEXT)
        if self._problem:
            texts.draw(surface, self._problem, (self._BOX.right - 30, self._BOX.y + 68), 13, theme.BAD, align="right")
        self._form.draw(surface, now)
