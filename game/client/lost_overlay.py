"""What is laid over a screen while the connection is lost: why, that it is being tried again, and for how long."""

from __future__ import annotations

import math
from typing import Final

import pygame

from game.client import theme
from game.client.screen import LOGICAL_SIZE
from game.client.theme import texts

WIDTH, HEIGHT = LOGICAL_SIZE
SILENCE_FROM_S: Final = 1.0
"""A hole in the Wi-Fi that is shorter is not worth a word."""

_BOX: Final = (560, 104)


def draw_lost(surface: pygame.Surface, because: str, left_s: float, of_s: float, now: float, top: int = 96) -> None:
    """A plate near the upper edge, so that what was last seen stays visible. The seat is kept for ``left_s`` more of ``of_s`` seconds."""
    x = (WIDTH - _BOX[0]) // 2
    theme.draw_panel(surface, pygame.Rect(x, top, *_BOX), 244, 12, theme.WARNING)
    for index in range(8):
        angle = index * math.pi / 4
        tone = theme.mix(theme.WARNING, theme.PANEL_EDGE, min(1.0, ((now * 9 - index) % 8) / 6))
        pygame.draw.circle(surface, tone, (x + 42 + 14 * math.cos(angle), top + 42 + 14 * math.sin(angle)), 3)
    texts.draw(surface, because, (x + 76, top + 31), 17, theme.WARNING)
    seconds = math.ceil(left_s)
    texts.draw(surface, f"Trying to come back; your seat is kept for {seconds} s", (x + 76, top + 57), 15, theme.DIM, weight="regular")
    theme.bar(surface, (x + 20, top + 82, _BOX[0] - 40, 6), left_s / max(of_s, 1.0), theme.WARNING)


def draw_silence(surface: pygame.Surface, silent_s: float) -> None:
    """Nothing comes from the server, but the connection still stands: a cable is out, or the server is busy."""
    if silent_s < SILENCE_FROM_S:
        return
    text = f"No word from the server for {silent_s:.0f} s"
    width = theme.font(15).size(text)[0] + 48
    x, y = (WIDTH - width) // 2, 118
    theme.draw_panel(surface, pygame.Rect(x, y, width, 34), 232, 10, theme.WARNING)
    pygame.draw.circle(surface, theme.WARNING, (x + 20, y + 17), 5)
    texts.draw(surface, text, (x + 34, y + 17), 15, theme.WARNING)
