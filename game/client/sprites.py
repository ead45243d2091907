"""Pictures drawn by code, once: glows, players, bolts, pick-ups, icons.

Shapes are drawn four times too large and scaled down, which gives clean edges. Glows are light on black, made for
``BLEND_RGB_ADD``: where they overlap they get brighter, as light does. What turns is kept per angle (:data:`TURNS` of them), made when
first needed: 0.03 ms each, so no frame notices and no colour that nobody wears is ever drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pygame
from numpy.typing import NDArray

from game.client.theme import ACCENT, BAD, GOLD, GOOD, TEXT, VOID, WHITE, Colour, mix, scaled

TURNS: Final = 96
"""Rotations kept per sprite: 3.75 degrees apart, 1 pixel at the end of a barrel."""

ANGLES: Final = 1024
"""Steps of a full turn in the simulation."""

PLAYER_PIXELS: Final = 58
"""Size of a player's sprite; the body in it has a radius of 14 pixels, the rest is barrel."""

OVERSAMPLE: Final = 4
GLOW_LEVELS: Final = 8
PULSE_PIXELS: Final = 126
"""The ring that runs together on the own player when he appears begins with this radius."""


def turn_of(angle: int) -> int:
    """The index of the kept rotation nearest to an angle of 0..1023."""
    return ((angle * TURNS + ANGLES // 2) // ANGLES) % TURNS


def smooth(size: tuple[int, int], draw: Callable[[pygame.Surface, int], None]) -> pygame.Surface:
    """A surface with alpha whose content ``draw(large surface, factor)`` drew too large."""
    large = pygame.Surface((size[0] * OVERSAMPLE, size[1] * OVERSAMPLE), pygame.SRCALPHA)
    draw(large, OVERSAMPLE)
    return pygame.transform.smoothscale(large, size)


@lru_cache(maxsize=1024)
def glow(radius: int, colour: Colour, strength: float = 1.0, power: float = 2.0) -> pygame.Surface:
    """A round light for additive blits, brightest in the middle. ``power`` 1 is wide, 3 is narrow."""
    return _tinted(_white_glow(radius, power), colour, strength)


@lru_cache(maxsize=128)
def _white_glow(radius: int, power: float) -> pygame.Surface:
    size = 2 * radius
    axis = (np.arange(size) + 0.5 - radius) / radius
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    return _from_light(np.clip(1.0 - distance, 0.0, 1.0) ** power, WHITE)


def _tinted(white: pygame.Surface, colour: Colour, strength: float) -> pygame.Surface:
    """A white light in a colour: ten times cheaper than computing it again."""
    tinted = white.copy()
    tinted.fill(scaled(colour, min(1.0, strength)), special_flags=pygame.BLEND_RGB_MULT)
    return tinted


@lru_cache(maxsize=2048)
def spark(radius: int, colour: Colour, level: int) -> pygame.Surface:
    """A particle: a white-hot middle in a coloured light. ``level`` runs from 0 (new) to ``GLOW_LEVELS - 1`` (nearly gone)."""
    fade = 1.0 - level / GLOW_LEVELS
    shrunk = max(2, round(radius * (0.45 + 0.55 * fade)))
    surface = glow(shrunk, colour, 0.25 + 0.75 * fade, 1.6).copy()
    core = glow(max(1, shrunk // 2), mix(colour, WHITE, 0.6), 0.9 * fade, 1.4)
    surface.blit(core, core.get_rect(center=(shrunk, shrunk)), special_flags=pygame.BLEND_RGB_ADD)
    return surface


@lru_cache(maxsize=256)
def ring(radius: int, width: float, colour: Colour, strength: float) -> pygame.Surface:
    """A soft circle of light for additive blits."""
    return _tinted(_white_ring(radius, width), colour, strength)


@lru_cache(maxsize=128)
def _white_ring(radius: int, width: float) -> pygame.Surface:
    size = 2 * radius
    axis = np.arange(size) + 0.5 - radius
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    return _from_light(np.clip(1.0 - np.abs(distance - (radius - width - 1)) / width, 0.0, 1.0) ** 1.4, WHITE)


def _from_light(light: NDArray[Any], colour: Colour) -> pygame.Surface:
    surface = pygame.Surface(light.shape, 0, 32)
    pixels = np.clip(light[:, :, None] * np.array(colour, dtype=np.float64), 0, 255).astype(np.uint8)
    pygame.surfarray.blit_array(surface, pixels)
    return surface


@lru_cache(maxsize=4096)
def player(colour: Colour, weapon: int, turn: int) -> pygame.Surface:
    """A player's body with its barrel, turned."""
    return pygame.transform.rotozoom(_player_large(colour, weapon), -turn * 360.0 / TURNS, 0.5)


@lru_cache(maxsize=64)
def _player_large(colour: Colour, weapon: int) -> pygame.Surface:
    """Twice the final size, facing right: rotating halves it, which smooths it once more."""
    half = PLAYER_PIXELS

    def draw(surface: pygame.Surface, factor: int) -> None:
        unit = 2 * factor  # one final pixel
        centre = half * factor
        edge, steel, light = scaled(colour, 0.28), (196, 208, 232), mix(colour, WHITE, 0.55)

        def box(x: float, y: float, width: float, height: float, fill: Colour, radius: float = 0.0) -> None:
            rect = (centre + x * unit, centre + y * unit, width * unit, height * unit)
            pygame.draw.rect(surface, fill, rect, border_radius=round(radius * unit))

        def disc(x: float, y: float, radius: float, fill: Colour) -> None:
            pygame.draw.circle(surface, fill, (centre + x * unit, centre + y * unit), radius * unit)

        for side in (-1, 1):  # thrusters
            box(-15.5, side * 7.5 - 3.5, 9, 7, edge, 2)
            box(-14, side * 7.5 - 2, 6, 4, scaled(colour, 0.6), 1)
        if weapon == 0:
            box(6, -5.2, 17, 10.4, VOID, 2.5)
            box(7, -3.8, 14.6, 7.6, steel, 1.8)
            box(18, -3.8, 3.6, 7.6, light, 1.2)
        else:
            box(4, -5.8, 24, 4.8, VOID, 1.5)
            box(4, 1.0, 24, 4.8, VOID, 1.5)
            box(5, -4.6, 21.8, 2.4, steel, 1)
            box(5, 2.2, 21.8, 2.4, steel, 1)
            box(6, -1.4, 16, 2.8, light, 1)
        disc(0, 0, 14.6, VOID)
        disc(0, 0, 13.6, scaled(colour, 0.62))
        disc(0, -0.6, 12.2, colour)
        disc(-1.2, -2.6, 8.6, mix(colour, WHITE, 0.22))
        disc(0.6, 0, 6.6, edge)
        disc(0.6, 0, 5.2, scaled(colour, 0.42))
        disc(2.0, 0, 2.8, light)

    large = pygame.Surface((2 * half * OVERSAMPLE // 2 * 2, 2 * half * OVERSAMPLE // 2 * 2), pygame.SRCALPHA)
    draw(large, OVERSAMPLE)
    return pygame.transform.smoothscale(large, (2 * half, 2 * half))


@lru_cache(maxsize=4096)
def bolt(colour: Colour, turn: int) -> pygame.Surface:
    """A blaster's projectile with its light, turned, for additive blits."""
    return _turned_light(_bolt_large(colour), turn)


@lru_cache(maxsize=64)
def _bolt_large(colour: Colour) -> pygame.Surface:
    width, height = 52, 26
    x = np.arange(width)[:, None] - 33.0
    y = np.arange(height)[None, :] - height / 2 + 0.5
    behind = np.where(x < 0, x / 26.0, x / 12.0)
    halo = np.clip(1.0 - np.sqrt(behind**2 + (y / 12.0) ** 2), 0, 1) ** 1.8
    core = np.clip(1.0 - np.sqrt((np.where(x < 0, x / 18.0, x / 6.0)) ** 2 + (y / 3.6) ** 2), 0, 1) ** 0.7
    surface = _from_light(halo * 0.75, colour)
    surface.blit(_from_light(core, mix(colour, WHITE, 0.72)), (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    return surface


def _turned_light(surface: pygame.Surface, turn: int) -> pygame.Surface:
    turned = pygame.transform.rotate(surface, -turn * 360.0 / TURNS)  # corners come out black: nothing, for light
    opaque = pygame.Surface(turned.get_size(), 0, 32)
    opaque.blit(turned, (0, 0))
    return opaque


@lru_cache(maxsize=512)
def shield(colour: Colour, turn: int) -> pygame.Surface:
    """The ring of dashes round a player who cannot be hurt yet, one of 24 rotations, for additive blits."""
    return _tinted(_white_shield(turn), mix(colour, WHITE, 0.35), 1.0)


@lru_cache(maxsize=24)
def _white_shield(turn: int) -> pygame.Surface:
    radius = 24
    size = 2 * radius + 2
    axis = np.arange(size) + 0.5 - size / 2
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    angle = np.arctan2(axis[None, :], axis[:, None]) + turn * (2 * math.pi / 6) / 24
    line = np.clip(1.0 - np.abs(distance - 20.5) / 2.0, 0, 1)
    dashes = np.clip(np.cos(angle * 6) * 2.5 + 0.9, 0, 1)
    haze = np.clip(1.0 - np.abs(distance - 19) / 6.0, 0, 1) ** 2 * 0.25 + (distance < 20) * 0.06
    return _from_light(line * dashes * 0.9 + haze, WHITE)


@lru_cache(maxsize=8)
def shadow(radius: int) -> pygame.Surface:
    """A soft dark disc under things that stand above the floor."""
    size = 2 * radius
    axis = (np.arange(size) + 0.5 - radius) / radius
    distance = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    surface = pygame.Surface((size, size), pygame.SRCALPHA)
    alpha = pygame.surfarray.pixels_alpha(surface)
    alpha[:] = (np.clip(1.25 - distance * 1.25, 0, 1) * 150).astype(np.uint8)
    del alpha
    return surface


PICKUP_COLOURS: Final[tuple[Colour, ...]] = (GOOD, ACCENT, (214, 132, 255))
"""Health, blaster ammunition, rail ammunition."""


@lru_cache(maxsize=8)
def pickup(kind: int) -> pygame.Surface:
    """A pick-up: a small tile with what is in it."""
    colour = PICKUP_COLOURS[kind % len(PICKUP_COLOURS)]

    def draw(surface: pygame.Surface, factor: int) -> None:
        size = 26 * factor
        pygame.draw.rect(surface, VOID, (0, 0, size, size), border_radius=7 * factor)
        inner = (factor * 1.5, factor * 1.5, size - 3 * factor, size - 3 * factor)
        pygame.draw.rect(surface, scaled(colour, 0.32), inner, border_radius=6 * factor)
        pygame.draw.rect(surface, colour, inner, width=factor * 2, border_radius=6 * factor)
        _draw_symbol(surface, kind, 13 * factor, 13 * factor, factor * 0.78, mix(colour, WHITE, 0.5))

    return smooth((26, 26), draw)


@lru_cache(maxsize=32)
def icon(kind: int, size: int, colour: Colour = TEXT) -> pygame.Surface:
    """A symbol for the HUD: 0 health, 1 blaster, 2 rail, 3 dash, 4 skull."""

    def draw(surface: pygame.Surface, factor: int) -> None:
        _draw_symbol(surface, kind, size * factor / 2, size * factor / 2, factor * size / 24, colour)

    return smooth((size, size), draw)


def _draw_symbol(surface: pygame.Surface, kind: int, x: float, y: float, unit: float, colour: Colour) -> None:
    """Symbols are designed on 24x24 units around (x, y)."""

    def box(left: float, top: float, width: float, height: float, radius: float = 1.5) -> None:
        rect = (x + left * unit, y + top * unit, width * unit, height * unit)
        pygame.draw.rect(surface, colour, rect, border_radius=round(radius * unit))

    def shape(*points: tuple[float, float]) -> None:
        pygame.draw.polygon(surface, colour, [(x + px * unit, y + py * unit) for px, py in points])

    if kind == 0:
        box(-3, -9, 6, 18)
        box(-9, -3, 18, 6)
    elif kind == 1:
        for left in (-9, -2.5, 4):
            box(left, -4, 5, 12, 1)
            pygame.draw.circle(surface, colour, (x + (left + 2.5) * unit, y - 4 * unit), 2.5 * unit)
    elif kind == 2:
        shape((2, -11), (-8, 2), (-1, 2), (-3, 11), (8, -3), (1, -3))
    elif kind == 3:
        for left in (-10, -1):
            shape((left, -8), (left + 4, -8), (left + 11, 0), (left + 4, 8), (left, 8), (left + 7, 0))
    else:
        pygame.draw.circle(surface, colour, (x, y - 2 * unit), 9 * unit)
        box(-5, 3, 10, 7, 1)
        for side in (-1, 1):
            pygame.draw.circle(surface, (0, 0, 0, 0), (x + side * 3.8 * unit, y - 1.5 * unit), 2.6 * unit)
        for left in (-2.2, 1.0):
            pygame.draw.rect(surface, (0, 0, 0, 0), (x + left * unit, y + 6 * unit, 1.2 * unit, 5 * unit))


@lru_cache(maxsize=4)
def crosshair(with_mark: bool) -> pygame.Surface:
    """Four ticks and a dot; ``with_mark`` adds the red cross of "you hit somebody"."""

    def draw(surface: pygame.Surface, factor: int) -> None:
        centre = 16 * factor

        def strokes(colour: Colour, width: float, reach: float) -> None:
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                start = (centre + dx * (6 - reach) * factor, centre + dy * (6 - reach) * factor)
                end = (centre + dx * (12 + reach) * factor, centre + dy * (12 + reach) * factor)
                pygame.draw.line(surface, colour, start, end, round(width * factor))
            pygame.draw.circle(surface, colour, (centre, centre), (width * 0.75) * factor)

        strokes(VOID, 3.6, 0.8)
        strokes(WHITE, 1.8, 0)
        if with_mark:
            for dx, dy in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
                start, end = 4 * factor, 11 * factor
                line = (centre + dx * start, centre + dy * start), (centre + dx * end, centre + dy * end)
                pygame.draw.line(surface, VOID, *line, 4 * factor)
                pygame.draw.line(surface, BAD, *line, round(2.2 * factor))

    return smooth((33, 33), draw)


@lru_cache(maxsize=16)
def chevron(colour: Colour) -> pygame.Surface:
    """The mark over the own player."""

    def draw(surface: pygame.Surface, factor: int) -> None:
        for points, fill in (
            ([(0, 0), (22, 0), (11, 16)], VOID),
            ([(3, 1.8), (19, 1.8), (11, 13.2)], mix(colour, WHITE, 0.75)),
        ):
            pygame.draw.polygon(surface, fill, [(px * factor, py * factor) for px, py in points])

    return smooth((22, 16), draw)


@lru_cache(maxsize=2)
def crown() -> pygame.Surface:
    """The leader's mark."""

    def draw(surface: pygame.Surface, factor: int) -> None:
        points = [(1, 4), (5, 8), (9, 1), (13, 8), (17, 4), (15.5, 13), (2.5, 13)]
        pygame.draw.polygon(surface, GOLD, [(px * factor, py * factor) for px, py in points])

    return smooth((18, 14), draw)


def warm_up() -> None:
    """Compute the large lights before the first explosion needs them in the middle of a frame."""
    for radius in (13, 22, 26, 34, 40, 46, 60, 110):
        _white_glow(radius, 2.0)
    for turn in range(24):
        _white_shield(turn)
    for radius in range(3, PULSE_PIXELS + 1, 3):
        _white_ring(max(4, radius), 3.5)
