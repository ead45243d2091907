"""The plates that figures stand on, over the arena. A plate becomes nearly clear while somebody is behind it: nobody hides there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pygame

from game.client import theme
from game.client.theme import Colour

BODY_PIXELS: Final = (44, 64)
"""Room that a player with his name takes on the screen."""

CLEARED_BY: Final = 0.7
"""Share of a plate's darkness that goes while somebody is behind it."""

NAMES_MAX: Final = 64
_STEPS: Final = 5
_RATE_PER_S: Final = 12.0


class Plates:
    """Draws plates by name. What is behind them is told once per frame."""

    def __init__(self) -> None:
        self._rects: Final[dict[str, pygame.Rect]] = {}
        self._cleared: Final[dict[str, float]] = {}

    def update(self, crowd: Sequence[tuple[float, float]], dt: float) -> None:
        """``crowd``: where living players stand, screen pixels. Looks at the plates that were drawn last."""
        blend = 1.0 - math.exp(-_RATE_PER_S * dt)
        for name, rect in self._rects.items():
            near = rect.inflate(*BODY_PIXELS)
            target = 1.0 if any(near.collidepoint(place) for place in crowd) else 0.0
            before = self._cleared.get(name, 0.0)
            self._cleared[name] = before + (target - before) * blend

    def cleared(self, name: str) -> float:
        """How clear a plate is now: 0 as usual, 1 as clear as it gets."""
        return round(self._cleared.get(name, 0.0) * _STEPS) / _STEPS

    def draw(
        self,
        surface: pygame.Surface,
        name: str,
        rect: tuple[int, int, int, int] | pygame.Rect,
        alpha: int,
        *,
        radius: int = 8,
        edge: Colour | None = theme.PANEL_EDGE,
        cleared_by: float = CLEARED_BY,
    ) -> None:
        """Draw one. ``name`` tells it apart from frame to frame; ``alpha`` is its darkness while nobody is behind it."""
        box = pygame.Rect(rect)
        if len(self._rects) < NAMES_MAX or name in self._rects:
            self._rects[name] = box
        theme.draw_panel(surface, box, round(alpha * (1.0 - cleared_by * self.cleared(name))), radius, edge)
