"""Sparks: a fixed number of rows in numpy columns, moved all at once, drawn as additive glows in one ``fblits``.

When all rows are taken, the oldest are overwritten: a fight can never cost more than a full pool.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pygame

from game.client import sprites
from game.client.camera import Camera
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour

PARTICLES_MAX: Final = 900
"""Rows of the pool."""


class Particles:
    """The pool. Positions are map pixels, times seconds."""

    def __init__(self, capacity: int = PARTICLES_MAX, seed: int = 1) -> None:
        self.capacity: Final = capacity
        self._rng: Final = np.random.default_rng(seed)  # looks only: nothing that matters is decided here
        self._place: Final = np.zeros((2, capacity))
        self._speed: Final = np.zeros((2, capacity))
        self._age: Final = np.ones(capacity)
        self._life: Final = np.ones(capacity)
        self._drag: Final = np.zeros(capacity)
        self._radius: Final = np.zeros(capacity, dtype=np.int32)
        self._colour: Final = np.zeros(capacity, dtype=np.int32)
        self._colours: Final[list[Colour]] = []
        self._colour_index: Final[dict[Colour, int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return int(np.count_nonzero(self._age < self._life))

    def burst(
        self,
        x: float,
        y: float,
        count: int,
        colour: Colour,
        *,
        speed: float = 160.0,
        direction: float | None = None,
        spread: float = 0.5,
        life_s: float = 0.45,
        radius: int = 5,
        drag: float = 4.0,
        scatter: float = 0.0,
    ) -> None:
        """``count`` sparks from one place, all round or within ``spread`` radians either side of ``direction`` (radians)."""
        count = min(count, self.capacity)
        rows = (np.arange(count) + self._next) % self.capacity
        self._next = (self._next + count) % self.capacity
        rng = self._rng
        angles = rng.uniform(0, 2 * np.pi, count) if direction is None else direction + rng.uniform(-spread, spread, count)
        speeds = speed * rng.uniform(0.25, 1.0, count)
        self._speed[:, rows] = np.cos(angles) * speeds, np.sin(angles) * speeds
        self._place[:, rows] = np.array([[x], [y]]) + rng.normal(0.0, scatter + 1e-9, (2, count))
        self._age[rows] = 0.0
        self._life[rows] = life_s * rng.uniform(0.5, 1.0, count)
        self._drag[rows] = drag
        self._radius[rows] = np.maximum(2, np.rint(radius * rng.uniform(0.6, 1.15, count)))
        self._colour[rows] = self._index_of(colour)

    def update(self, dt: float) -> None:
        """Move and age them."""
        self._age[:] += dt
        self._speed[:] *= np.exp(-self._drag * dt)
        self._place[:] += self._speed * dt

    def draw(self, surface: pygame.Surface, camera: Camera) -> None:
        """Add their light."""
        x, y = self._place[0] - camera.left, self._place[1] - camera.top
        rows = np.flatnonzero((self._age < self._life) & (x > -20) & (y > -20) & (x < LOGICAL_SIZE[0] + 20) & (y < LOGICAL_SIZE[1] + 20))
        if not rows.size:
            return
        levels = (self._age[rows] / self._life[rows] * sprites.GLOW_LEVELS).astype(np.int32)
        colours, spark = self._colours, sprites.spark
        blits = []
        lists = (x[rows].tolist(), y[rows].tolist(), levels.tolist(), self._radius[rows].tolist(), self._colour[rows].tolist())
        for left, top, level, radius, colour in zip(*lists, strict=True):
            picture = spark(radius, colours[colour], level)
            half = picture.get_width() // 2
            blits.append((picture, (left - half, top - half)))
        surface.fblits(blits, pygame.BLEND_RGB_ADD)

    def _index_of(self, colour: Colour) -> int:
        index = self._colour_index.get(colour)
        if index is None:
            index = self._colour_index[colour] = len(self._colours)
            self._colours.append(colour)
        return index
