"""What is laid over the arena while it is played: health, weapons, dash, time, rank, the edge that flashes when we are hurt.

Corners hold what is looked up, the middle stays free for the fight. Numbers that are about to matter (low health, an empty weapon,
the last ten seconds) change colour, not place.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
import pygame

from engine.world import World
from game.client import sprites, theme
from game.client.arena_view import health_colour
from game.client.feed import Roster
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, mix, scaled, texts
from game.simulation import rules

WIDTH, HEIGHT = LOGICAL_SIZE
EDGE: Final = 22
"""Distance of the HUD from the window's edge, pixels."""

LAST_SECONDS: Final = 10
_CARD: Final = (126, 62)
_VIGNETTE_LEVELS: Final = 6
_VIGNETTE_DEPTH: Final = 110
_HURT_FLASH_S: Final = 0.45
_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}


def ranking(world: World) -> list[int]:
    """Seats, best first: by score, then fewer deaths, then seat."""
    player = world.player
    rows = player.rows()
    order = np.lexsort((rows, player.deaths[rows], -player.score[rows]))
    seats: list[int] = rows[order].tolist()
    return seats


def clock(ticks: int) -> str:
    """Ticks as minutes and seconds, rounded up: "0:00" is over."""
    seconds = -(-ticks // rules.TICK_RATE_HZ)
    return f"{seconds // 60}:{seconds % 60:02d}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    return f"{number}{'th' if 10 <= number % 100 <= 20 else _ORDINALS.get(number % 10, 'th')}"


class Hud:
    """Draws the HUD of one seat."""

    def __init__(self, own_seat: int) -> None:
        self._seat: Final = own_seat
        self._health_shown = float(rules.HEALTH_MAX)

    def update(self, world: World, dt: float) -> None:
        """Let the bar run after the number."""
        health = float(world.player.health[self._seat])
        self._health_shown += (health - self._health_shown) * (1.0 - math.exp(-9.0 * dt))

    def draw(self, surface: pygame.Surface, world: World, roster: Roster, now: float, hurt_at: float, plates: Plates) -> None:
        """Draw all of it."""
        player = world.player
        alive = bool(player.generation[self._seat]) and int(player.life[self._seat]) == rules.ALIVE
        self._draw_edge(surface, int(player.health[self._seat]) if alive else rules.HEALTH_MAX, now, hurt_at)
        self._draw_time(surface, world, plates)
        if not player.generation[self._seat]:
            return
        self._draw_rank(surface, world, roster, plates)
        if alive:
            self._draw_health(surface, int(player.health[self._seat]), plates)
            self._draw_weapons(surface, world, plates)

    def _draw_edge(self, surface: pygame.Surface, health: int, now: float, hurt_at: float) -> None:
        strength = max(0.0, 1.0 - (now - hurt_at) / _HURT_FLASH_S)
        if health <= 30:
            strength = max(strength, 0.35 + 0.2 * math.sin(now * 6.0))
        level = round(strength * _VIGNETTE_LEVELS)
        if level > 0:
            for picture, place in _edge_lights(min(level, _VIGNETTE_LEVELS)):
                surface.blit(picture, place, special_flags=pygame.BLEND_RGB_ADD)

    def _draw_time(self, surface: pygame.Surface, world: World, plates: Plates) -> None:
        match = world.match
        ticks, phase, limit = int(match.time_left[0]), int(match.phase[0]), int(match.frag_limit[0])
        plates.draw(surface, "time", (WIDTH // 2 - 84, 14, 168, 58), 165)
        urgent = phase == rules.PLAYING and ticks <= LAST_SECONDS * rules.TICK_RATE_HZ
        texts.draw(surface, clock(ticks), (WIDTH / 2, 34), 28, theme.BAD if urgent else theme.TEXT, align="centre")
        label = {rules.WARMUP: "WARM-UP", rules.RESULTS: "RESULTS"}.get(phase, f"FIRST TO {limit}" if limit else "MOST KILLS")
        texts.draw(surface, label, (WIDTH / 2, 58), 12, theme.DIM, align="centre")

    def _draw_rank(self, surface: pygame.Surface, world: World, roster: Roster, plates: Plates) -> None:
        player = world.player
        order = ranking(world)
        place = order.index(self._seat) + 1 if self._seat in order else 0
        plates.draw(surface, "rank", (EDGE, 14, 208, 58), 165)
        own = roster.person(self._seat)
        pygame.draw.rect(surface, own.colour, (EDGE, 24, 4, 38), border_radius=2)
        width = texts.draw(surface, str(int(player.score[self._seat])), (EDGE + 18, 42), 32, theme.TEXT)
        texts.draw(surface, "KILLS", (EDGE + 26 + width, 33), 11, theme.DIM)
        colour = theme.GOLD if place == 1 else theme.DIM
        texts.draw(surface, f"{ordinal(place)} of {len(order)}", (EDGE + 26 + width, 50), 14, colour)
        rival = next((seat for seat in order if seat != self._seat), None)
        if rival is not None:
            gap = int(player.score[self._seat]) - int(player.score[rival])
            tone = theme.GOOD if gap > 0 else theme.BAD if gap < 0 else theme.DIM
            texts.draw(surface, f"{gap:+d}" if gap else "=", (EDGE + 194, 33), 16, tone, align="right")
            word = "ahead" if gap > 0 else "behind" if gap < 0 else "level"
            texts.draw(surface, word, (EDGE + 194, 50), 12, theme.DIM, align="right")

    def _draw_health(self, surface: pygame.Surface, health: int, plates: Plates) -> None:
        top = HEIGHT - EDGE - 62
        share = health / rules.HEALTH_MAX
        colour = health_colour(share)
        plates.draw(surface, "health", (EDGE, top, 262, 62), 175)
        surface.blit(sprites.icon(0, 26, colour), (EDGE + 14, top + 18))
        texts.draw(surface, str(health), (EDGE + 86, top + 30), 34, theme.TEXT if health > 30 else theme.BAD, align="centre")
        left, width = EDGE + 124, 122
        theme.bar(surface, (left, top + 25, width, 12), self._health_shown / rules.HEALTH_MAX, mix(colour, theme.WHITE, 0.5))
        theme.bar(surface, (left, top + 25, width, 12), min(share, self._health_shown / rules.HEALTH_MAX), colour)
        for cut in range(1, 5):
            x = left + width * cut // 5
            pygame.draw.line(surface, theme.PANEL, (x, top + 25), (x, top + 36), 2)

    def _draw_weapons(self, surface: pygame.Surface, world: World, plates: Plates) -> None:
        player, seat = world.player, self._seat
        top = HEIGHT - EDGE - _CARD[1]
        selected = int(player.weapon[seat])
        right = WIDTH - EDGE
        rail = _Card(2, "RAIL", "2", int(player.ammo_rail[seat]), int(player.cooldown_rail[seat]), rules.RAIL_COOLDOWN_TICKS)
        blaster = _Card(1, "BLASTER", "1", int(player.ammo_blaster[seat]), int(player.cooldown_blaster[seat]), rules.BLASTER_COOLDOWN_TICKS)
        rail.draw(surface, right - _CARD[0], top, selected == rules.RAIL, plates)
        blaster.draw(surface, right - 2 * _CARD[0] - 8, top, selected == rules.BLASTER, plates)
        self._draw_dash(surface, right - 2 * _CARD[0] - 16 - 62, top, int(player.cooldown_dash[seat]), plates)

    @staticmethod
    def _draw_dash(surface: pygame.Surface, left: int, top: int, cooldown: int, plates: Plates) -> None:
        ready = cooldown == 0
        colour = theme.ACCENT if ready else theme.FAINT
        plates.draw(surface, "dash", (left, top, 62, 62), 175)
        surface.blit(sprites.icon(3, 24, colour), (left + 19, top + 12))
        texts.draw(surface, "SPACE", (left + 31, top + 48), 10, theme.DIM if ready else theme.FAINT, align="centre")
        if not ready:
            share = 1.0 - cooldown / rules.DASH_COOLDOWN_TICKS
            theme.bar(surface, (left + 9, top + 38, 44, 3), share, theme.ACCENT)


class _Card:
    """One weapon."""

    def __init__(self, symbol: int, name: str, key: str, ammo: int, cooldown: int, cooldown_max: int) -> None:
        self._symbol = symbol
        self._name = name
        self._key = key
        self._ammo = ammo
        self._share = 1.0 - min(1.0, cooldown / cooldown_max)
        self._slow = cooldown_max > 20  # a fast weapon's bar would only flicker

    def draw(self, surface: pygame.Surface, left: int, top: int, is_selected: bool, plates: Plates) -> None:
        """Draw the card; the one in the hand is lit."""
        tint: Colour = sprites.PICKUP_COLOURS[self._symbol]
        empty = self._ammo == 0
        edge = tint if is_selected else theme.PANEL_EDGE
        plates.draw(surface, self._name, (left, top, *_CARD), 185 if is_selected else 135, edge=edge)
        symbol = theme.BAD if empty else tint if is_selected else theme.FAINT
        surface.blit(sprites.icon(self._symbol, 26, symbol), (left + 13, top + 13))
        number = theme.BAD if empty else theme.TEXT if is_selected else theme.DIM
        texts.draw(surface, str(self._ammo), (left + 112, top + 25), 28, number, align="right")
        texts.draw(surface, self._name, (left + 13, top + 50), 10, theme.DIM if is_selected else theme.FAINT)
        texts.draw(surface, self._key, (left + 112, top + 50), 10, theme.FAINT, align="right")
        if self._slow and self._share < 1.0:
            theme.bar(surface, (left + 52, top + 48, 46, 4), self._share, tint)


@lru_cache(maxsize=_VIGNETTE_LEVELS)
def _edge_lights(level: int) -> list[tuple[pygame.Surface, tuple[int, int]]]:
    """Red light from the four edges, as four strips: the middle costs nothing."""
    colour = scaled(theme.BAD, 0.62 * level / _VIGNETTE_LEVELS)
    depth = _VIGNETTE_DEPTH
    falloff = (1.0 - np.arange(depth) / depth) ** 2.2
    strips = []
    for size, axis, flip, place in (
        ((WIDTH, depth), 1, False, (0, 0)),
        ((WIDTH, depth), 1, True, (0, HEIGHT - depth)),
        ((depth, HEIGHT), 0, False, (0, 0)),
        ((depth, HEIGHT), 0, True, (WIDTH - depth, 0)),
    ):
        line = falloff[::-1] if flip else falloff
        light = np.broadcast_to(line[None, :] if axis else line[:, None], size)
        picture = pygame.Surface(size, 0, 32)
        pygame.surfarray.blit_array(picture, (light[:, :, None] * np.array(colour)).astype(np.uint8))
        strips.append((picture, place))
    return strips
