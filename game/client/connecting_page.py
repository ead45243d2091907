# ruff: noqa: D102, ARG002 - the members are documented where Page has them
"""On the way to a server: says what is being waited for, and can be given up at any time."""

from __future__ import annotations

import math
from typing import Final

import pygame

from game.client import theme
from game.client.attempt import Attempt
from game.client.form import Form
from game.client.pages import HEIGHT, WIDTH, Page, Stage
from game.client.screen import Destination, StartOrder
from game.client.theme import texts
from game.client.widgets import Button


class ConnectingPage(Page):
    """Polls an :class:`Attempt`; the app takes its result over when the page asks for the lobby."""

    help = "ESC  give up"

    def __init__(self, stage: Stage, attempt: Attempt) -> None:
        super().__init__(stage)
        self.attempt: Final = attempt
        cancel = Button((WIDTH // 2 - 80, HEIGHT // 2 + 62, 160, 44), "Give up", self.back, look="quiet")
        self.form = Form([cancel], stage.sounds)

    def back(self) -> None:
        """Give up."""
        self.attempt.cancel()
        self.go(self._origin())

    def _origin(self) -> Destination:
        order = self.attempt.order
        if isinstance(order, StartOrder):
            return Destination.PRACTICE if order.is_practice else Destination.HOST
        return Destination.SERVERS

    def advance(self, now: float, dt: float) -> None:
        if self._change is not None:
            return
        self.attempt.poll()
        if self.attempt.online is not None:
            self.go(Destination.LOBBY)
        elif self.attempt.problem:
            self.go(self._origin(), self.attempt.problem, self.attempt.question)

    def draw_page(self, surface: pygame.Surface) -> None:
        box = pygame.Rect(0, 0, 560, 240)
        box.center = (WIDTH // 2, HEIGHT // 2 + 6)
        surface.blit(theme.panel(box.width, box.height, 232, 14), box)
        for index in range(12):
            angle = index * math.pi / 6
            age = (self.now * 12 - index) % 12
            tone = theme.mix(theme.ACCENT, theme.PANEL_EDGE, min(1.0, age / 9))
            centre = (WIDTH / 2 + 26 * math.cos(angle), HEIGHT / 2 - 52 + 26 * math.sin(angle))
            pygame.draw.circle(surface, tone, centre, 4)
        texts.draw(surface, self.attempt.status, (WIDTH / 2, HEIGHT / 2 + 14), 20, theme.TEXT, align="centre")
