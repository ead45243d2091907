"""A short remark under the clock: something changed that a player may wonder about, and need do nothing about."""

from __future__ import annotations

import math
from typing import Final

import pygame

from game.client import theme
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, texts

TOAST_LIFE_S: Final = 7.0
_TOP: Final = 158
_HEIGHT: Final = 34


class Toast:
    """One remark at a time; a newer one replaces it."""

    def __init__(self) -> None:
        self._text = ""
        self._colour: Colour = theme.TEXT
        self._at = -math.inf

    @property
    def text(self) -> str:
        """The latest remark."""
        return self._text

    def show(self, text: str, colour: Colour, now: float) -> None:
        """Say this."""
        self._text, self._colour, self._at = text, colour, now

    def draw(self, surface: pygame.Surface, now: float, plates: Plates) -> None:
        """Draw it while it lasts."""
        if now - self._at >= TOAST_LIFE_S:
            return
        width = theme.font(14).size(self._text)[0] + 50
        x = (LOGICAL_SIZE[0] - width) // 2
        plates.draw(surface, "toast", (x, _TOP, width, _HEIGHT), 225, radius=10, edge=self._colour)
        pygame.draw.circle(surface, self._colour, (x + 20, _TOP + _HEIGHT // 2), 4)
        texts.draw(surface, self._text, (x + 34, _TOP + _HEIGHT // 2), 14, theme.TEXT)
