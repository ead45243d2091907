"""Small windows that ask something, over whatever page is there: for a password, for a yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pygame

from engine.control.messages import PASSWORD_CHARACTERS_MAX
from game.client import theme
from game.client.chat import wrapped
from game.client.form import Form
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.text_field import TextField
from game.client.theme import Colour, texts
from game.client.widgets import Button

WIDTH, HEIGHT = LOGICAL_SIZE


class Prompt:
    """While open it takes all events. Escape drops it."""

    def __init__(self, title: str, size: tuple[int, int], edge: Colour) -> None:
        self.is_open = True
        self.form: Form
        self.box: Final = pygame.Rect((WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2, *size)
        self._title: Final = title
        self._edge: Final = edge

    def close(self) -> None:
        """Without an answer."""
        self.is_open = False

    def handle_event(self, event: pygame.event.Event) -> None:
        """Take an event while open."""
        if not self.form.handle_event(event) and event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            self.close()

    def draw(self, surface: pygame.Surface, now: float) -> None:
        """Draw it over a darkened page."""
        texts.settle()
        surface.fill((90, 94, 110), special_flags=pygame.BLEND_RGB_MULT)
        surface.blit(theme.panel(*self.box.size, 250, 14, self._edge), self.box)
        texts.draw(surface, self._title, (self.box.x + 30, self.box.y + 34), 18, theme.TEXT)
        self.draw_inside(surface)
        self.form.draw(surface, now)

    def draw_inside(self, surface: pygame.Surface) -> None:
        """What is under the form."""


class PasswordPrompt(Prompt):
    """Enter gives the password on. ``problem`` says what was wrong with the last one."""

    def __init__(self, title: str, sounds: SoundPlayer, given: Callable[[str], None], problem: str = "") -> None:
        super().__init__(title, (460, 220), theme.ACCENT)
        self._problem: Final = problem
        self._given: Final = given
        x, y = self.box.x + 30, self.box.y
        self.field: Final = TextField((x, y + 80, 400, 44), "Password", characters_max=PASSWORD_CHARACTERS_MAX, is_secret=True)
        ok = Button((x + 260, y + 150, 140, 44), "Join", self._accept, look="primary")
        cancel = Button((x, y + 150, 140, 44), "Cancel", self.close, look="quiet")
        self.form = Form([self.field, ok, cancel], sounds, main=self._accept, focus=self.field)

    def _accept(self) -> None:
        self.is_open = False
        self._given(self.field.text)

    def draw_inside(self, surface: pygame.Surface) -> None:
        """The problem, beside the field's name."""
        if self._problem:
            texts.draw(surface, self._problem, (self.box.right - 30, self.box.y + 68), 13, theme.BAD, align="right")


class QuestionPrompt(Prompt):
    """A question of some lines. The focus is on "no": nobody says yes by leaning on Enter."""

    def __init__(self, title: str, question: str, yes: str, sounds: SoundPlayer, accepted: Callable[[], None]) -> None:
        lines = wrapped(question, 560, 560)
        super().__init__(title, (620, 150 + 24 * len(lines)), theme.WARNING)
        self._lines: Final = lines
        self._accepted: Final = accepted
        bottom = self.box.bottom - 68
        refuse = Button((self.box.x + 30, bottom, 160, 44), "Cancel", self.close, look="quiet")
        accept = Button((self.box.right - 230, bottom, 200, 44), yes, self._accept, look="danger")
        self.form = Form([refuse, accept], sounds, focus=refuse)

    def _accept(self) -> None:
        self.is_open = False
        self._accepted()

    def draw_inside(self, surface: pygame.Surface) -> None:
        """The question."""
        for index, line in enumerate(self._lines):
            texts.draw(surface, line, (self.box.x + 30, self.box.y + 70 + 24 * index), 15, theme.DIM, weight="regular")
