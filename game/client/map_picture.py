"""The arena's floor and walls, drawn once per match into one large surface; a frame then is a single blit of what the camera sees.

Light does the work: neon along the walls' edges spills onto the floor (the wall mask, blurred), corners are darker, the
inside of thick walls sinks into black. Walls stand exactly on their tiles; the front face is drawn inside the tile, so that what looks
solid is solid.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pygame
from numpy.typing import NDArray

from game.client import theme
from game.client.theme import Colour, mix, scaled
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import TILE_PIXELS

TILE: Final = TILE_PIXELS
MARGIN: Final = 160
"""Pixels of nothing drawn round the map, so that the camera may look a little over the edge."""

_FRONT: Final = 10
"""Height of a wall's front face, pixels."""

_LIGHT_STEP: Final = 8
"""The light is computed in cells of this many pixels and scaled up smoothly."""

NEONS: Final[tuple[Colour, ...]] = ((46, 118, 255), (140, 78, 255), (0, 184, 160), (255, 92, 110))


def neon_of(name: str) -> Colour:
    """Each map has its own light, chosen by its name."""
    return NEONS[zlib.crc32(name[::-1].encode()) % len(NEONS)]


def draw_map(arena: ArenaMap, pads: Iterable[tuple[float, float, Colour]] = ()) -> pygame.Surface:
    """The whole map with :data:`MARGIN` round it. ``pads`` are places (map pixels) marked on the floor in a colour."""
    solid = np.asarray(arena.solid, dtype=bool)
    neon = neon_of(arena.name)
    width, height = arena.width * TILE, arena.height * TILE
    picture = pygame.Surface((width + 2 * MARGIN, height + 2 * MARGIN), 0, 32)
    picture.fill(theme.VOID)
    _draw_outside(picture, neon)
    area = picture.subsurface((MARGIN, MARGIN, width, height))
    _draw_floor(area, solid)
    _draw_hazards(area, np.asarray(arena.hazard, dtype=bool))
    for x, y, colour in pads:
        _draw_pad(area, x, y, colour)
    _shade(area, solid, neon)
    _light_hazards(area, np.asarray(arena.hazard, dtype=bool))
    _draw_walls(area, solid, neon)
    _draw_edges(area, solid, neon)
    return picture


def _draw_outside(picture: pygame.Surface, neon: Colour) -> None:
    """A glow that fades from the arena's outer edge into nothing."""
    inner = picture.get_rect().inflate(-2 * MARGIN, -2 * MARGIN)
    for distance in range(MARGIN, 0, -1):
        share = (1.0 - distance / MARGIN) ** 3
        pygame.draw.rect(picture, mix(theme.VOID, scaled(neon, 0.24), share), inner.inflate(2 * distance, 2 * distance), width=2)


def _draw_floor(area: pygame.Surface, solid: NDArray[np.bool_]) -> None:
    rows, columns = solid.shape
    grain = np.random.default_rng(7).random(solid.shape)
    for row, column in zip(*np.nonzero(~solid), strict=True):
        base = theme.FLOOR if (row // 2 + column // 2) % 2 else theme.FLOOR_ALTERNATE
        colour = scaled(base, 0.94 + 0.12 * float(grain[row, column]))
        x, y = int(column) * TILE, int(row) * TILE
        pygame.draw.rect(area, colour, (x, y, TILE, TILE))
        if grain[row, column] > 0.955:  # a few riveted plates
            pygame.draw.rect(area, scaled(base, 1.25), (x + 4, y + 4, TILE - 8, TILE - 8), width=1, border_radius=3)
            for dx, dy in ((8, 8), (TILE - 9, 8), (8, TILE - 9), (TILE - 9, TILE - 9)):
                pygame.draw.circle(area, scaled(base, 1.45), (x + dx, y + dy), 1)
    for column in range(0, columns + 1, 2):
        pygame.draw.line(area, theme.GRID, (column * TILE, 0), (column * TILE, rows * TILE))
    for row in range(0, rows + 1, 2):
        pygame.draw.line(area, theme.GRID, (0, row * TILE), (columns * TILE, row * TILE))
    for column in range(0, columns + 1, 4):
        for row in range(0, rows + 1, 4):
            cross = mix(theme.GRID, theme.WALL_EDGE, 0.45)
            pygame.draw.line(area, cross, (column * TILE - 4, row * TILE), (column * TILE + 4, row * TILE))
            pygame.draw.line(area, cross, (column * TILE, row * TILE - 4), (column * TILE, row * TILE + 4))


def _draw_hazards(area: pygame.Surface, hazard: NDArray[np.bool_]) -> None:
    """Floor that hurts: dark plates, hot cracks between them, a striped border where it begins."""
    grain = np.random.default_rng(3)
    for row, column in zip(*np.nonzero(hazard), strict=True):
        x, y = int(column) * TILE, int(row) * TILE
        pygame.draw.rect(area, (116, 40, 14), (x, y, TILE, TILE))
        for dx in range(0, TILE, 16):
            for dy in range(0, TILE, 16):
                glowing = float(grain.random())
                plate = mix((20, 12, 18), (44, 18, 20), glowing)
                pygame.draw.rect(area, plate, (x + dx + 1, y + dy + 1, 14, 14), border_radius=5)


def _light_hazards(area: pygame.Surface, hazard: NDArray[np.bool_]) -> None:
    if not hazard.any():
        return
    cells = TILE // _LIGHT_STEP
    heat = _blurred(np.kron(hazard.astype(np.float32), np.ones((cells, cells), dtype=np.float32)), 2)
    light = heat[:, :, None] * np.array((66, 20, 6), dtype=np.float32)
    surface = pygame.Surface((light.shape[1], light.shape[0]), 0, 32)
    pygame.surfarray.blit_array(surface, np.clip(light.swapaxes(0, 1), 0, 255).astype(np.uint8))
    area.blit(pygame.transform.smoothscale(surface, area.get_size()), (0, 0), special_flags=pygame.BLEND_RGB_ADD)


def _draw_pad(area: pygame.Surface, x: float, y: float, colour: Colour) -> None:
    centre = (round(x), round(y))
    pygame.draw.circle(area, scaled(colour, 0.16), centre, 19)
    pygame.draw.circle(area, scaled(colour, 0.42), centre, 19, width=2)
    pygame.draw.circle(area, scaled(colour, 0.24), centre, 13, width=1)


def _shade(area: pygame.Surface, solid: NDArray[np.bool_], neon: Colour) -> None:
    """Neon spilling from the walls, wide pools of ambient light, and darkness right at the walls' feet."""
    cells = TILE // _LIGHT_STEP
    walls = np.kron(solid.astype(np.float32), np.ones((cells, cells), dtype=np.float32))
    near, wide = _blurred(walls, 3), _blurred(walls, 14)
    rng = np.random.default_rng(zlib.crc32(solid.tobytes()))
    pools = _blurred((rng.random(walls.shape) > 0.9985).astype(np.float32), 12)
    pools /= max(1e-6, float(pools.max()))
    spill = near * 0.30 + wide * 0.16
    tint = np.array(neon, dtype=np.float32)
    ambient = np.array((70, 84, 130), dtype=np.float32)
    light = spill[:, :, None] * tint + pools[:, :, None] * ambient * 0.35
    surface = pygame.Surface((light.shape[1], light.shape[0]), 0, 32)
    pygame.surfarray.blit_array(surface, np.clip(light.swapaxes(0, 1), 0, 255).astype(np.uint8))
    area.blit(pygame.transform.smoothscale(surface, area.get_size()), (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    dark = np.clip(255 * (1.0 - 0.55 * _blurred(walls, 1)), 0, 255)
    pygame.surfarray.blit_array(surface, np.repeat(dark.swapaxes(0, 1)[:, :, None], 3, axis=2).astype(np.uint8))
    area.blit(pygame.transform.smoothscale(surface, area.get_size()), (0, 0), special_flags=pygame.BLEND_RGB_MULT)


def _blurred(values: NDArray[Any], radius: int) -> NDArray[np.float32]:
    """Three box blurs, nearly a Gaussian; the edge repeats outwards."""
    values = np.asarray(values, dtype=np.float32)
    for _ in range(3):
        for axis in (0, 1):
            width = [(0, 0), (0, 0)]
            width[axis] = (radius + 1, radius)
            total = np.cumsum(np.pad(values, width, mode="edge"), axis=axis, dtype=np.float64)
            window = 2 * radius + 1
            upper = np.take(total, range(window, total.shape[axis]), axis=axis)
            lower = np.take(total, range(total.shape[axis] - window), axis=axis)
            values = ((upper - lower) / window).astype(np.float32)
    return values


def _draw_walls(area: pygame.Surface, solid: NDArray[np.bool_], neon: Colour) -> None:
    rows, columns = solid.shape
    padded = np.pad(solid, 1, constant_values=True)
    depth = np.zeros(solid.shape, dtype=int)  # how many of the 8 neighbours are floor
    for dy in range(3):
        for dx in range(3):
            depth += ~padded[dy : dy + rows, dx : dx + columns]
    top = mix(theme.WALL, neon, 0.10)
    side = mix(theme.WALL_SIDE, neon, 0.10)
    deep = mix(theme.VOID, top, 0.5)
    for row, column in zip(*np.nonzero(solid), strict=True):
        x, y = int(column) * TILE, int(row) * TILE
        if depth[row, column] == 0:
            pygame.draw.rect(area, deep, (x, y, TILE, TILE))
            continue
        pygame.draw.rect(area, top, (x, y, TILE, TILE))
        pygame.draw.line(area, scaled(top, 0.86), (x + 6, y + TILE - 7), (x + TILE - 7, y + 6))
        if not padded[row + 2, column + 1]:
            pygame.draw.rect(area, side, (x, y + TILE - _FRONT, TILE, _FRONT))
            pygame.draw.line(area, scaled(side, 1.35), (x + 15, y + TILE - _FRONT + 3), (x + 15, y + TILE - 3))


def _draw_edges(area: pygame.Surface, solid: NDArray[np.bool_], neon: Colour) -> None:
    """Bright lines where wall meets floor, with a soft light under them."""
    rows, columns = solid.shape
    bright = mix(theme.WALL_EDGE, neon, 0.25)
    lines: list[tuple[Colour, tuple[int, int], tuple[int, int]]] = []
    for row in range(rows):
        for column in range(columns):
            if not solid[row, column]:
                continue
            x, y = column * TILE, row * TILE
            right, bottom = x + TILE - 1, y + TILE - 1
            if row > 0 and not solid[row - 1, column]:
                lines.append((bright, (x, y), (right, y)))
            if row + 1 < rows and not solid[row + 1, column]:
                lines.append((bright, (x, bottom - _FRONT), (right, bottom - _FRONT)))
                lines.append((scaled(neon, 0.55), (x, bottom), (right, bottom)))
            if column > 0 and not solid[row, column - 1]:
                lines.append((bright, (x, y), (x, bottom)))
            if column + 1 < columns and not solid[row, column + 1]:
                lines.append((bright, (right, y), (right, bottom)))
    small = pygame.Surface((area.get_width() // 4, area.get_height() // 4), 0, 32)
    for colour, start, end in lines:
        pygame.draw.line(small, mix(colour, neon, 0.6), (start[0] // 4, start[1] // 4), (end[0] // 4, end[1] // 4))
    light = pygame.surfarray.array3d(small).astype(np.float32)
    soft = np.stack([_blurred(light[:, :, channel], 2) for channel in range(3)], axis=2)
    pygame.surfarray.blit_array(small, np.clip(soft * 0.9, 0, 255).astype(np.uint8))
    area.blit(pygame.transform.smoothscale(small, area.get_size()), (0, 0), special_flags=pygame.BLEND_RGB_ADD)
    for colour, start, end in lines:
        pygame.draw.line(area, colour, start, end, 2 if start[0] == end[0] or colour is bright else 1)
