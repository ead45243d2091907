"""What is laid over a screen while the connection is lost: why, that it is being tried again, and for how long."""

from __future__ import annotations

import math
from typing import Final

import pygame

from game.client import theme
from game.client.screen import LOGICAL_SIZE
from game.client.theme import texts

WIDTH, HEIGHT = LOGICAL_SIZE
RESUME_S: Final = 60.0
"""How long a server keeps a seat, and a client tries."""

_BOX: Final = (560, 104)


def draw_lost(surface: pygame.Surface, because: str, left_s: float, now: float, top: int = 96) -> None:
    """A plate near the upper edge, so that what was last seen stays visible."""
    x = (WIDTH - _BOX[0]) // 2
    surface.blit(theme.panel(*_BOX, 244, 12, theme.WARNING), (x, top))
    for index in range(8):
        angle = index * math.pi / 4
        tone = theme.mix(theme.WARNING, theme.PANEL_EDGE, min(1.0, ((now * 9 - index) % 8) / 6))
        pygame.draw.circle(surface, tone, (x + 42 + 14 * math.cos(angle), top + 42 + 14 * math.sin(angle)), 3)
    texts.draw(surface, because, (x + 76, top + 31), 17, theme.WARNING)
    seconds = math.ceil(left_s)
    texts.draw(surface, f"Trying to come back; your seat is kept for {seconds} s", (x + 76, top + 57), 15, theme.DIM, weight="regular")
    theme.bar(surface, (x + 20, top + 82, _BOX[0] - 40, 6), left_s / RESUME_S, theme.WARNING)
