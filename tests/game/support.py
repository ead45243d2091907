"""What the arena's tests share: matches with chosen or random commands, on maps of the game or drawn in the test."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.contract import Command, Commands, PresentOnly
from engine.ids import Seat
from engine.world import World
from game.arena import ARENA_COMMAND, Arena
from game.maps import load_map
from game.simulation.arena_map import ArenaMap
from game.simulation.rules import ALIVE, PLAYER_RADIUS, TILE_UNITS

QUIET = {"warmup_s": 0, "time_limit_s": 600, "frag_limit": 0}

HALL = """
################
#..............#
#.S..........S.#
#..............#
#......##......#
#.S....##....S.#
#..............#
#..............#
################
"""


def drawn_map(text: str = HALL, pickups: Iterable[tuple[int, int, int]] = ()) -> ArenaMap:
    """A map from text: ``#`` wall, ``~`` hazard, ``S`` spawn; pick-ups as type, tile x, tile y."""
    rows = np.array([list(row) for row in text.split()])
    spawns = tuple(middle(int(x), int(y)) for y, x in np.argwhere(rows == "S"))
    return ArenaMap("drawn", rows == "#", rows == "~", spawns, tuple((kind, *middle(x, y)) for kind, x, y in pickups))


def middle(tile_x: float, tile_y: float) -> tuple[int, int]:
    """The middle of a tile, in units."""
    return int((tile_x + 0.5) * TILE_UNITS), int((tile_y + 0.5) * TILE_UNITS)


class Play:
    """A match without a network: seats, commands, steps."""

    def __init__(
        self, seats: int = 4, arena_map: ArenaMap | str = "crossfire", seed: int = 1, seated: int | None = None, **settings: int | str
    ):
        self.arena = Arena({**QUIET, **settings}, seats)
        self.arena.map = load_map(arena_map) if isinstance(arena_map, str) else arena_map  # type: ignore[misc]
        self.world = self.arena.new_world(seed)
        self.commands = Commands(ARENA_COMMAND, seats)
        self.past = PresentOnly()
        for seat in range(seats if seated is None else seated):
            self.arena.join(self.world, Seat(seat))
        self.told: list[object] = []

    def step(self, given: dict[int, Command] | None = None, ticks: int = 1, past: object = None) -> World:
        """Everybody seated is present; those not in ``given`` do nothing."""
        for _ in range(ticks):
            self.commands.clear()
            for seat in self.world.player.rows().tolist():
                self.commands.set(seat, (given or {}).get(seat, ARENA_COMMAND.neutral))
            self.world.tick += 1
            self.arena.step(self.world, self.commands, past or self.past)  # type: ignore[arg-type]
            self.told += self.arena._happenings
        return self.world

    def stand(self, seat: int, x: int, y: int, **values: int) -> None:
        """Put a living player somewhere, unprotected."""
        player = self.world.player
        for name, value in {"x": x, "y": y, "vx": 0, "vy": 0, "shield": 0, "dash": 0, "life": ALIVE, "health": 100, **values}.items():
            player.__dict__[name][seat] = value


def order(**values: int) -> Command:
    return ARENA_COMMAND.make(**values)


class RandomCommands:
    """Players who hold what they do for some ticks, as people do; every value of every field comes up."""

    def __init__(self, seats: int, seed: int, hold_ticks: int = 12) -> None:
        self._random = np.random.default_rng(seed)
        self._hold = hold_ticks
        self._low = np.array([field.range.low for field in ARENA_COMMAND.fields])[:, None]
        self._high = np.array([field.range.high for field in ARENA_COMMAND.fields])[:, None]
        self.cells = self._draw(seats)

    def _draw(self, seats: int) -> np.ndarray:
        cells = self._random.integers(self._low, self._high + 1, size=(len(ARENA_COMMAND.fields), seats))
        edge = self._random.random(cells[:2].shape) < 0.7
        cells[:2] = np.where(edge, np.sign(cells[:2]) * 127, cells[:2])
        return cells

    def next_into(self, commands: Commands, seated: np.ndarray) -> None:
        """A new whim for a few of them, then everybody's command."""
        fresh = self._random.random(self.cells.shape[1]) < 1 / self._hold
        self.cells = np.where(fresh, self._draw(self.cells.shape[1]), self.cells)
        commands.clear()
        commands.cells[:] = self.cells * seated
        commands.present[:] = seated


def penetration(arena_map: ArenaMap, world: World) -> str | None:
    """The first living player that overlaps a wall, in words, or None. Straight from the definition: circle against every tile."""
    player = world.player
    tiles = np.argwhere(arena_map.solid) * TILE_UNITS
    living = np.flatnonzero(player.life == ALIVE)
    gap_x = player.x[living][:, None] - np.clip(player.x[living][:, None], tiles[:, 1], tiles[:, 1] + TILE_UNITS)
    gap_y = player.y[living][:, None] - np.clip(player.y[living][:, None], tiles[:, 0], tiles[:, 0] + TILE_UNITS)
    nearest = (gap_x.astype(np.int64) ** 2 + gap_y.astype(np.int64) ** 2).min(axis=1)
    wrong = np.flatnonzero(nearest < PLAYER_RADIUS**2)
    if not wrong.size:
        return None
    seat = living[wrong[0]]
    return f"tick {world.tick}: seat {seat} at {player.x[seat]}, {player.y[seat]} is {nearest[wrong[0]] ** 0.5:.1f} units from a wall"
