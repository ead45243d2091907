"""Small pictures of the menus, drawn by code once per size and colour: a lock, a star, a tick, a mark of presence, bars of a connection."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pygame

from game.client import sprites, theme
from game.client.theme import Colour

PING_GOOD_MS: Final = 60
PING_FAIR_MS: Final = 130


def ping_colour(ping_ms: float) -> Colour:
    """Green, amber, red."""
    return theme.GOOD if ping_ms < PING_GOOD_MS else theme.WARNING if ping_ms < PING_FAIR_MS else theme.BAD


@lru_cache(maxsize=128)
def icon(name: str, colour: Colour, size: int = 16) -> pygame.Surface:
    """A symbol by name; shared, never draw on it. Raises KeyError for a name that there is not."""
    draw = _SYMBOLS[name]
    return sprites.smooth((size, size), lambda surface, factor: draw(surface, size * factor / 16, colour))


@lru_cache(maxsize=16)
def bars(count: int, colour: Colour) -> pygame.Surface:
    """Four bars, ``count`` of them lit."""
    surface = pygame.Surface((18, 14), pygame.SRCALPHA)
    for index in range(4):
        height = 4 + index * 3
        pygame.draw.rect(surface, colour if index < count else (52, 60, 86), (index * 5, 14 - height, 3, height), border_radius=1)
    return surface


def ping_bars(ping_ms: float) -> pygame.Surface:
    """How good a connection is, at a glance."""
    return bars(4 if ping_ms < 30 else 3 if ping_ms < PING_GOOD_MS else 2 if ping_ms < PING_FAIR_MS else 1, ping_colour(ping_ms))


def _lock(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.rect(surface, colour, (3 * unit, 7 * unit, 10 * unit, 8 * unit), border_radius=round(1.5 * unit))
    pygame.draw.arc(surface, colour, (4.6 * unit, 1 * unit, 6.8 * unit, 11 * unit), 0, 3.1416, round(1.7 * unit))


def _star(surface: pygame.Surface, unit: float, colour: Colour, hollow: bool = False) -> None:
    points = [(8, 1), (10, 6), (15.2, 6.2), (11.1, 9.4), (12.6, 14.6), (8, 11.5), (3.4, 14.6), (4.9, 9.4), (0.8, 6.2), (6, 6)]
    scaled = [(x * unit, y * unit) for x, y in points]
    pygame.draw.polygon(surface, colour, scaled, round(1.3 * unit) if hollow else 0)


def _star_hollow(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    _star(surface, unit, colour, hollow=True)


def _tick(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    for start, end in (((2.5, 8.5), (6.5, 12.5)), ((6.5, 12.5), (13.5, 4))):
        pygame.draw.line(surface, colour, (start[0] * unit, start[1] * unit), (end[0] * unit, end[1] * unit), round(2.2 * unit))


def _dot(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.circle(surface, colour, (8 * unit, 8 * unit), 4.2 * unit)


def _ring(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.circle(surface, colour, (8 * unit, 8 * unit), 5 * unit, round(1.6 * unit))


def _cross(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    for start, end in (((4, 4), (12, 12)), ((12, 4), (4, 12))):
        pygame.draw.line(surface, colour, (start[0] * unit, start[1] * unit), (end[0] * unit, end[1] * unit), round(2 * unit))


def _bot(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.rect(surface, colour, (3 * unit, 5 * unit, 10 * unit, 8 * unit), border_radius=round(2 * unit))
    pygame.draw.line(surface, colour, (8 * unit, 5 * unit), (8 * unit, 2 * unit), round(1.4 * unit))
    pygame.draw.circle(surface, colour, (8 * unit, 2 * unit), 1.3 * unit)
    for x in (6, 10):
        pygame.draw.circle(surface, (0, 0, 0, 0), (x * unit, 9 * unit), 1.3 * unit)


def _left(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.polygon(surface, colour, [(11 * unit, 3 * unit), (11 * unit, 13 * unit), (4.5 * unit, 8 * unit)])


def _right(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.polygon(surface, colour, [(5 * unit, 3 * unit), (5 * unit, 13 * unit), (11.5 * unit, 8 * unit)])


def _up(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.polygon(surface, colour, [(3 * unit, 11 * unit), (13 * unit, 11 * unit), (8 * unit, 5 * unit)])


def _down(surface: pygame.Surface, unit: float, colour: Colour) -> None:
    pygame.draw.polygon(surface, colour, [(3 * unit, 5 * unit), (13 * unit, 5 * unit), (8 * unit, 11 * unit)])


_SYMBOLS: Final = {
    "lock": _lock,
    "star": _star,
    "star hollow": _star_hollow,
    "tick": _tick,
    "dot": _dot,
    "ring": _ring,
    "cross": _cross,
    "bot": _bot,
    "left": _left,
    "right": _right,
    "up": _up,
    "down": _down,
}
