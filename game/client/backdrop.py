"""What is behind the menus: the arena itself, with bots fighting in it, darkened so that text is easy to read.

It is the real game without a network: the same rules, the same bots, the same drawing, at about 1.6 ms a frame. Nothing of it is heard.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pygame

from engine.contract import Commands, PresentOnly
from engine.control.messages import Member, RoomState
from engine.ids import Seat
from game.arena import ARENA_COMMAND, Arena, make_arena
from game.bots import Bot
from game.client.arena_view import ArenaView
from game.client.feed import Roster
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.simulation import rules

MAP: Final = "reactor"
PLAYERS: Final = ("Nova", "Rook", "Ember", "Kite", "Vesper", "Onyx", "Juno", "Flint")
TICKS_PER_FRAME_MAX: Final = 3
"""After a pause nothing is made up for: nobody misses what happened in a backdrop."""

_SHADE_SIZE: Final = (LOGICAL_SIZE[0] // 4, LOGICAL_SIZE[1] // 4)
"""Shades change slowly from place to place: computed at a quarter of the size, the window opens 60 ms earlier."""

ROUND_TICKS: Final = 90 * rules.TICK_RATE_HZ
"""The camera follows somebody else, in a fresh fight, after so long."""


class Backdrop:
    """The fight. ``update`` once per frame, then ``draw``."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        settings: dict[str, int | str] = {"map": MAP, "warmup_s": 0, "frag_limit": 0, "time_limit_s": 3600}
        self._arena: Final[Arena] = make_arena(settings, len(PLAYERS))
        self._commands: Final = Commands(ARENA_COMMAND, len(PLAYERS))
        self._roster: Final = Roster()
        self._roster.update(_room_of(PLAYERS))
        self._shades: Final = {"left": _shade_left(), "all": _shade_all()}
        self._now = 0.0
        self._debt_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self._seed += 1
        self._world = self._arena.new_world(self._seed)
        for seat in range(len(PLAYERS)):
            self._arena.join(self._world, Seat(seat))
        self._bots = [Bot(self._arena, 2, self._seed * 100 + seat) for seat in range(len(PLAYERS))]
        self._view = ArenaView(self._arena.map, self._seed % len(PLAYERS), SoundPlayer(None), marks_own=False)
        self._view.mouse = (LOGICAL_SIZE[0] // 2, LOGICAL_SIZE[1] // 2)
        self._until = self._world.tick + ROUND_TICKS

    @property
    def tick(self) -> int:
        """Of the fight that is shown."""
        return self._world.tick

    def update(self, dt: float) -> None:
        """Let ``dt`` seconds pass."""
        self._now += dt
        self._debt_s = min(self._debt_s + dt, TICKS_PER_FRAME_MAX / rules.TICK_RATE_HZ)
        while self._debt_s >= 1 / rules.TICK_RATE_HZ:
            self._debt_s -= 1 / rules.TICK_RATE_HZ
            self._step()
        self._view.update(self._world, self._roster, self._now, dt)
        if self._world.tick >= self._until:
            self._begin()

    def _step(self) -> None:
        self._world.tick += 1
        self._commands.clear()
        for seat, bot in enumerate(self._bots):
            self._commands.set(seat, bot.command(self._world, Seat(seat)))
        self._arena.step(self._world, self._commands, PresentOnly())

    def draw(self, surface: pygame.Surface, shade: str = "all") -> None:
        """Draw it under a shade: ``left`` leaves the right side bright (the menu), ``all`` darkens everything."""
        self._view.draw(surface, self._world, self._roster, self._now)
        surface.blit(self._shades[shade], (0, 0), special_flags=pygame.BLEND_RGB_MULT)


def _room_of(names: tuple[str, ...]) -> RoomState:
    members = [Member(0, name, 0, ready=True, seat=seat, ping_ms=0, is_connected=True, is_bot=True) for seat, name in enumerate(names)]
    return RoomState(1, "", {}, len(names), 0, "playing", 0, False, members)


def _shade_left() -> pygame.Surface:
    """Dark on the left, where the menu stands, and towards the edges."""
    x, y = np.linspace(0, 1, _SHADE_SIZE[0])[:, None], np.linspace(-1, 1, _SHADE_SIZE[1])[None, :]
    light = 0.10 + 0.84 * np.clip((x - 0.16) / 0.5, 0, 1) ** 1.4
    light = light * (1 - 0.45 * np.abs(y) ** 3) * (1 - 0.35 * np.clip((x - 0.8) / 0.2, 0, 1) ** 2)
    return _surface_of(light)


def _shade_all() -> pygame.Surface:
    x, y = np.linspace(-1, 1, _SHADE_SIZE[0])[:, None], np.linspace(-1, 1, _SHADE_SIZE[1])[None, :]
    return _surface_of(0.26 * (1 - 0.55 * np.clip(np.sqrt(x**2 + y**2) / 1.42, 0, 1) ** 2))


def _surface_of(light: np.ndarray) -> pygame.Surface:
    """A picture to multiply with, a little bluish."""
    tint = np.array((235, 242, 255), dtype=np.float64)
    small = pygame.Surface(_SHADE_SIZE, 0, 32)
    pygame.surfarray.blit_array(small, np.clip(light[:, :, None] * tint, 0, 255).astype(np.uint8))
    return pygame.transform.smoothscale(small, LOGICAL_SIZE)
