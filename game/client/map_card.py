"""A map in small: its walls, hazards, spawn points and pick-ups, with the name; drawn once per map and size."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import pygame

from game.client import sprites, theme
from game.client.map_picture import neon_of
from game.client.theme import mix, scaled, texts
from game.maps import load_map, map_names
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import TILE_PIXELS, UNITS_PER_PIXEL

_TILE: Final = 12
"""Pixels of a tile before it is scaled to the size that is asked for."""

_TITLE_FROM_PX: Final = 120
"""A smaller card has no room for a title."""

_TITLE_PX: Final = 30
ANY_MAP: Final = ""


@lru_cache(maxsize=1)
def map_choices() -> tuple[tuple[str, str], ...]:
    """Every map that can be read: its name, and the title that people see."""
    choices = []
    for name in map_names():
        try:
            choices.append((name, load_map(name).title or name))
        except ValueError:  # somebody is drawing it: the other maps can be played meanwhile
            continue
    return tuple(choices)


def map_title(name: str) -> str:
    """The title of a map, as far as we have it here."""
    return dict(map_choices()).get(name, name) if name != ANY_MAP else "All maps in turn"


@lru_cache(maxsize=32)
def thumbnail(name: str, size: tuple[int, int]) -> pygame.Surface:
    """The map as large as fits into ``size``; an empty plate for a map that is not here."""
    try:
        arena = load_map(name)
    except ValueError:
        empty = pygame.Surface(size, 0, 32)
        empty.fill(theme.VOID)
        texts.draw(empty, "?", (size[0] / 2, size[1] / 2), 40, theme.FAINT, align="centre")
        return empty
    picture = _drawn(arena)
    factor = min(size[0] / picture.get_width(), size[1] / picture.get_height())
    fitted = pygame.transform.smoothscale(picture, (round(picture.get_width() * factor), round(picture.get_height() * factor)))
    whole = pygame.Surface(size, 0, 32)
    whole.fill(theme.VOID)
    whole.blit(fitted, fitted.get_rect(center=(size[0] // 2, size[1] // 2)))
    return whole


def _drawn(arena: ArenaMap) -> pygame.Surface:
    neon = neon_of(arena.name)
    solid = np.asarray(arena.solid, dtype=bool)
    hazard = np.asarray(arena.hazard, dtype=bool)
    picture = pygame.Surface((arena.width * _TILE, arena.height * _TILE), 0, 32)
    picture.fill(theme.VOID)
    for row in range(arena.height):
        for column in range(arena.width):
            box = pygame.Rect(column * _TILE, row * _TILE, _TILE, _TILE)
            if solid[row, column]:
                picture.fill(mix(theme.WALL, neon, 0.15), box)
            else:
                picture.fill((116, 42, 18) if hazard[row, column] else theme.FLOOR, box)
    for row in range(1, arena.height - 1):
        for column in range(1, arena.width - 1):
            if solid[row, column]:
                _draw_edges(picture, solid, row, column, mix(theme.WALL_EDGE, neon, 0.4))
    to_pixels = _TILE / (TILE_PIXELS * UNITS_PER_PIXEL)
    for x, y in arena.spawns:
        pygame.draw.circle(picture, scaled(theme.DIM, 0.7), (x * to_pixels, y * to_pixels), 3, 1)
    for kind, x, y in arena.pickups:
        colour = sprites.PICKUP_COLOURS[kind % 3]
        light = sprites.glow(14, colour, 0.5)
        picture.blit(light, light.get_rect(center=(x * to_pixels, y * to_pixels)), special_flags=pygame.BLEND_RGB_ADD)
        pygame.draw.circle(picture, colour, (x * to_pixels, y * to_pixels), 3)
    return picture


def _draw_edges(picture: pygame.Surface, solid: np.ndarray, row: int, column: int, colour: theme.Colour) -> None:
    box = pygame.Rect(column * _TILE, row * _TILE, _TILE - 1, _TILE - 1)
    if not solid[row - 1, column]:
        pygame.draw.line(picture, colour, box.topleft, box.topright)
    if not solid[row + 1, column]:
        pygame.draw.line(picture, colour, box.bottomleft, box.bottomright)
    if not solid[row, column - 1]:
        pygame.draw.line(picture, colour, box.topleft, box.bottomleft)
    if not solid[row, column + 1]:
        pygame.draw.line(picture, colour, box.topright, box.bottomright)


def draw_map_card(surface: pygame.Surface, name: str, rect: pygame.Rect) -> None:
    """The thumbnail in a frame with the title across its lower edge; for "any map", all of them side by side."""
    if name == ANY_MAP:
        names = [known for known, _ in map_choices()][:4] or [""]
        columns = len(names) if rect.width > 2 * rect.height else 2
        room = rect.height - (_TITLE_PX if rect.height >= _TITLE_FROM_PX else 0)
        width, height = rect.width // columns, room // -(-len(names) // columns)
        surface.fill(theme.VOID, rect)
        for index, known in enumerate(names):
            in_row = min(columns, len(names) - index // columns * columns)
            left = rect.x + (rect.width - in_row * width) // 2 + index % columns * width
            surface.blit(thumbnail(known, (width - 8, height - 8)), (left + 4, rect.y + index // columns * height + 4))
    else:
        surface.blit(thumbnail(name, rect.size), rect)
    if rect.height >= _TITLE_FROM_PX:
        surface.blit(theme.panel(rect.width, _TITLE_PX, 190, 0, None), (rect.x, rect.bottom - _TITLE_PX))
        texts.draw(surface, map_title(name), (rect.x + 14, rect.bottom - _TITLE_PX // 2), 15, theme.TEXT)
    pygame.draw.rect(surface, theme.PANEL_EDGE, rect, width=1, border_radius=4)
