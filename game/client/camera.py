"""Which part of the map is on the screen: the own player in the middle, a little towards where the mouse points, shaken when it hits."""

from __future__ import annotations

import math
from typing import Final

from game.client.map_picture import MARGIN
from game.client.screen import LOGICAL_SIZE

LOOK_AHEAD: Final = 0.20
"""Share of the mouse's distance from the middle that the view moves along."""

LOOK_AHEAD_MAX_PIXELS: Final = 120.0
JUMP_PIXELS: Final = 140.0
"""A focus that moves further than this in one frame has been put elsewhere (respawn): the view glides there."""

SHAKE_MAX_PIXELS: Final = 9.0
_LOOK_RATE: Final = 7.0
_GLIDE_RATE: Final = 9.0
_SHAKE_FADE_PER_S: Final = 2.6


class Camera:
    """Turns map pixels into screen pixels: ``screen = map - (left, top)``."""

    def __init__(self, map_width: int, map_height: int) -> None:
        self._map_size: Final = (map_width, map_height)
        self._focus: tuple[float, float] | None = None
        self._look = (0.0, 0.0)
        self._glide = (0.0, 0.0)
        self._trauma = 0.0
        self.left = 0
        self.top = 0

    def shake(self, strength: float) -> None:
        """Add a shock of 0..1; it fades within half a second."""
        self._trauma = min(1.0, self._trauma + strength)

    def update(self, focus: tuple[float, float], mouse: tuple[float, float], now: float, dt: float) -> None:
        """Follow ``focus`` (map pixels), looking towards ``mouse`` (screen pixels)."""
        if self._focus is not None and math.dist(self._focus, focus) > JUMP_PIXELS:
            self._glide = (self._glide[0] + self._focus[0] - focus[0], self._glide[1] + self._focus[1] - focus[1])
        self._focus = focus
        keep = math.exp(-_GLIDE_RATE * dt)
        self._glide = (self._glide[0] * keep, self._glide[1] * keep)
        wanted_x, wanted_y = (mouse[0] - LOGICAL_SIZE[0] / 2) * LOOK_AHEAD, (mouse[1] - LOGICAL_SIZE[1] / 2) * LOOK_AHEAD
        length = math.hypot(wanted_x, wanted_y)
        if length > LOOK_AHEAD_MAX_PIXELS:
            wanted_x, wanted_y = wanted_x * LOOK_AHEAD_MAX_PIXELS / length, wanted_y * LOOK_AHEAD_MAX_PIXELS / length
        blend = 1.0 - math.exp(-_LOOK_RATE * dt)
        self._look = (self._look[0] + (wanted_x - self._look[0]) * blend, self._look[1] + (wanted_y - self._look[1]) * blend)
        self._trauma = max(0.0, self._trauma - _SHAKE_FADE_PER_S * dt)
        amount = self._trauma * self._trauma * SHAKE_MAX_PIXELS
        shake_x, shake_y = amount * math.sin(now * 71.0 + 1.3), amount * math.sin(now * 87.0)
        x = self._axis(focus[0] + self._look[0] + self._glide[0], 0) + shake_x
        y = self._axis(focus[1] + self._look[1] + self._glide[1], 1) + shake_y
        self.left, self.top = round(x), round(y)

    def _axis(self, centre: float, axis: int) -> float:
        """The view's left or top edge: inside the map and its margin, or centred where the map is smaller than the screen."""
        view, whole = LOGICAL_SIZE[axis], self._map_size[axis]
        over = MARGIN - 40
        if whole + 2 * over <= view:
            return (whole - view) / 2
        return min(max(centre - view / 2, -over), whole + over - view)

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Map pixels to screen pixels."""
        return x - self.left, y - self.top

    def sees(self, x: float, y: float, reach: float) -> bool:
        """Whether something of this radius at (x, y) in map pixels may be on the screen."""
        return -reach <= x - self.left <= LOGICAL_SIZE[0] + reach and -reach <= y - self.top <= LOGICAL_SIZE[1] + reach
