"""Who killed whom, in the corner; and what concerns ourselves, in the middle: banners, and the wait for the respawn."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import pygame

from engine.world import World
from game.client import sprites, theme
from game.client.feed import Person, Roster
from game.client.plates import Plates
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, mix, texts
from game.simulation import rules
from game.simulation.happenings import Kill

WIDTH, HEIGHT = LOGICAL_SIZE
FEED_LINES_MAX: Final = 5
FEED_LIFE_S: Final = 6.0
BANNER_LIFE_S: Final = 2.0
_ROW_HEIGHT: Final = 30
_FADE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Line:
    killer: Person | None
    victim: Person
    weapon: int
    concerns_us: bool
    at: float


class KillFeed:
    """The latest kills, newest below."""

    def __init__(self) -> None:
        self._lines: Final[deque[_Line]] = deque(maxlen=FEED_LINES_MAX)

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, kill: Kill, roster: Roster, own_seat: int, now: float) -> None:
        """One more."""
        killer = None if kill.killer == kill.victim else roster.person(kill.killer)
        self._lines.append(_Line(killer, roster.person(kill.victim), kill.weapon, own_seat in (kill.killer, kill.victim), now))

    def draw(self, surface: pygame.Surface, now: float, plates: Plates) -> None:
        """Draw what is still new enough."""
        while self._lines and now - self._lines[0].at > FEED_LIFE_S:
            self._lines.popleft()
        for index, line in enumerate(self._lines):
            age = now - line.at
            alpha = min(1.0, (FEED_LIFE_S - age) / _FADE_S)
            slide = max(0.0, 1.0 - age / 0.15) * 40
            self._draw_line(surface, line, index, round(255 * alpha), slide, plates)

    @staticmethod
    def _draw_line(surface: pygame.Surface, line: _Line, index: int, alpha: int, slide: float, plates: Plates) -> None:
        top = 14 + index * _ROW_HEIGHT
        names = [(person.name, mix(person.colour, theme.WHITE, 0.2)) for person in (line.victim, line.killer) if person is not None]
        widths = [texts.render(name, 14, colour).get_width() for name, colour in names]
        symbol = sprites.icon({rules.BLASTER: 1, rules.RAIL: 2}.get(line.weapon, 4), 16, theme.TEXT)
        width = sum(widths) + 16 + 24 + 10 * len(names)
        width = -(-width // 8) * 8
        right = WIDTH - 22 + slide
        middle = top + 13
        edge = theme.TEXT if line.concerns_us else theme.PANEL_EDGE
        plates.draw(surface, f"kill {index}", (round(right) - width, top, width, 26), 160 * alpha // 255 // 16 * 16, radius=6, edge=edge)
        x = right - 12
        for (name, colour), name_width in zip(names, widths, strict=True):
            texts.draw(surface, name, (x, middle), 14, colour, align="right", alpha=alpha)
            x -= name_width + 10 + 16 + 10
        if alpha < 255:
            symbol = symbol.copy()
            symbol.set_alpha(alpha)
        surface.blit(symbol, (right - 12 - widths[0] - 10 - 16, middle - 8))


class Banner:
    """One line of large text that comes, stays, and goes; a newer one replaces it."""

    def __init__(self) -> None:
        self._title = self._detail = ""
        self._colour: Colour = theme.TEXT
        self._at = -math.inf

    @property
    def title(self) -> str:
        """The latest line."""
        return self._title

    def show(self, title: str, detail: str, colour: Colour, now: float) -> None:
        """Say this."""
        self._title, self._detail, self._colour, self._at = title, detail, colour, now

    def draw(self, surface: pygame.Surface, now: float) -> None:
        """Draw it while it lasts."""
        age = now - self._at
        if age >= BANNER_LIFE_S:
            return
        alpha = round(255 * min(1.0, age / 0.1, (BANNER_LIFE_S - age) / 0.4))
        rise = 14 * max(0.0, 1.0 - age / 0.18)
        top = 164 if self._title else 207
        theme.draw_band(surface, (WIDTH / 2, (top + 246) / 2 + rise), (460, 246 - top), alpha / 255)
        texts.draw(surface, self._title, (WIDTH / 2, 190 + rise), 38, self._colour, align="centre", shadow=True, alpha=alpha)
        if self._detail:
            texts.draw(surface, self._detail, (WIDTH / 2, 228 + rise), 18, theme.TEXT, align="centre", shadow=True, alpha=alpha)


class DeathScreen:
    """While we are dead: who did it, and how long until we are back."""

    def __init__(self, own_seat: int) -> None:
        self._seat: Final = own_seat
        self._killer: Person | None = None
        self._weapon = rules.BLASTER

    def killed(self, kill: Kill, roster: Roster) -> None:
        """Remember who did it."""
        self._killer = None if kill.killer == kill.victim else roster.person(kill.killer)
        self._weapon = kill.weapon

    def draw(self, surface: pygame.Surface, world: World) -> None:
        """Darken the arena and count down. Does nothing while we live."""
        player, seat = world.player, self._seat
        if not player.generation[seat] or int(player.life[seat]) != rules.DEAD or int(world.match.phase[0]) == rules.RESULTS:
            return
        texts.settle()
        surface.fill((158, 136, 150), special_flags=pygame.BLEND_RGB_MULT)
        theme.draw_band(surface, (WIDTH / 2, 254), (620, 108))
        texts.draw(surface, "ELIMINATED", (WIDTH / 2, 236), 46, theme.BAD, align="centre", shadow=True)
        if self._killer is not None:
            by = texts.render("by", 20, theme.DIM, shadow=True).get_width()
            name = texts.render(self._killer.name, 22, self._killer.colour, shadow=True).get_width()
            left = (WIDTH - by - 8 - name) / 2
            texts.draw(surface, "by", (left, 282), 20, theme.DIM, shadow=True)
            texts.draw(surface, self._killer.name, (left + by + 8, 282), 22, self._killer.colour, shadow=True)
        elif self._weapon > rules.RAIL:
            texts.draw(surface, "by the arena itself", (WIDTH / 2, 282), 20, theme.DIM, align="centre", shadow=True)
        ticks = int(player.respawn[seat])
        share = 1.0 - ticks / rules.RESPAWN_TICKS
        centre = (WIDTH // 2, 372)
        pygame.draw.circle(surface, theme.PANEL, centre, 40)
        pygame.draw.circle(surface, theme.PANEL_EDGE, centre, 40, width=5)
        box = (centre[0] - 40, centre[1] - 40, 81, 81)
        pygame.draw.arc(surface, theme.ACCENT, box, math.pi / 2, math.pi / 2 + max(0.02, share) * 2 * math.pi, 5)
        texts.draw(surface, str(max(1, -(-ticks // rules.TICK_RATE_HZ))), (WIDTH / 2, 371), 34, theme.TEXT, align="centre")
        texts.draw(surface, "RESPAWN", (WIDTH / 2, 430), 12, theme.DIM, align="centre", shadow=True)
