"""The arena as the engine sees it: the contract's game, made from a match's settings."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.contract import CommandField, Commands, CommandSchema, Past, Relevance, Settings, game_digest
from engine.ids import Seat
from engine.world import Range, Schema, World
from game.maps import load_map, map_names
from game.simulation.arena_map import ArenaMap
from game.simulation.happenings import Happening, Kill, RoundOver, RoundStarted
from game.simulation.phases import new_match, standings, update_leader
from game.simulation.pickups import lay_out_pickups
from game.simulation.rules import (
    ANGLES,
    ARENA_SCHEMA,
    CONTACT_TICKS,
    FRAG_LIMIT_MAX,
    MOVE_MAX,
    PLAYER_RADIUS,
    RESULTS,
    TICK_RATE_HZ,
    TILE_PIXELS,
    TILE_UNITS,
    TIME_LIMIT_S_MAX,
    UNITS_PER_PIXEL,
)
from game.simulation.spawning import seat_player, unseat_player
from game.simulation.step import step
from game.simulation.verdicts import note_shots_of_the_dead

__all__ = [
    "ANGLES",
    "ARENA_COMMAND",
    "ARENA_DIGEST",
    "ARENA_SCHEMA",
    "DEFAULT_SETTINGS",
    "TILE_PIXELS",
    "TILE_UNITS",
    "UNITS_PER_PIXEL",
    "Arena",
    "Kill",
    "RoundOver",
    "RoundStarted",
    "make_arena",
    "read_announcement",
]

ARENA_COMMAND: Final = CommandSchema(
    CommandField("move_x", Range(-MOVE_MAX, MOVE_MAX)),
    CommandField("move_y", Range(-MOVE_MAX, MOVE_MAX)),
    CommandField("aim", Range(0, ANGLES - 1)),
    CommandField("fire", Range(0, 1), latch=True),
    CommandField("weapon", Range(0, 1)),
    CommandField("dash", Range(0, 1), latch=True),
)
"""A move's length counts up to 127 (shorter walks slower). The simulation takes a tick's commands as rows in this order."""

ARENA_DIGEST: Final = game_digest(ARENA_SCHEMA, ARENA_COMMAND)
"""What servers in a LAN list are compared by."""

DEFAULT_SETTINGS: Final[dict[str, int | str]] = {
    "map": "crossfire",
    "mode": "deathmatch",
    "frag_limit": 20,
    "time_limit_s": 300,
    "warmup_s": 5,
}
MODES: Final = ("deathmatch",)
WARMUP_S_MAX: Final = 120
TIME_LIMIT_S_MIN: Final = 10
ANNOUNCEMENTS_MAX: Final = 64
"""Per tick, as the contract allows."""
NEAR_UNITS: Final = 8 * TILE_UNITS
"""Who is so far away matters half as much as who is right here, and beyond it less with the square of the distance."""


class Arena:
    """The arena for one match: the contract's Game, HasAnnouncements, HasContact, HasEnd and HasRelevance. All state is in the world."""

    def __init__(self, settings: Settings, seats: int) -> None:
        checked = check_settings(settings)
        self.settings: Final[Settings] = checked
        self.map: Final[ArenaMap] = load_map(str(checked["map"]))
        self.tick_rate_hz: Final = TICK_RATE_HZ
        self.schema: Final[Schema] = ARENA_SCHEMA.for_seats(seats)
        self.command: Final = ARENA_COMMAND
        self.contact_units: Final = 2 * PLAYER_RADIUS
        self.contact_ticks: Final = CONTACT_TICKS
        self._time_limit_s: Final = int(checked["time_limit_s"])
        self._happenings: list[Happening] = []
        """Of the authority's latest step: an output of it, never read by a step."""

    def new_world(self, seed: int) -> World:
        """The world at tick 0: pick-ups lie there, nobody is seated, warm-up begins."""
        world = World(self.schema)
        new_match(world, seed, *(int(self.settings[name]) for name in ("frag_limit", "time_limit_s", "warmup_s")))
        lay_out_pickups(self.map, world)
        return world

    def join(self, world: World, seat: Seat) -> None:
        """Seat a player; he appears with the next step."""
        seat_player(world, seat)

    def leave(self, world: World, seat: Seat) -> None:
        """Take away a player and everything of his."""
        unseat_player(world, seat)
        update_leader(world)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        """One tick."""
        predicting = past.predicting
        # A prediction reads the commands of its own seat alone, which is present.
        orders = commands.cells * commands.present if predicting is None else commands.cells
        if predicting is None:
            note_shots_of_the_dead(world, orders, past.shown_to, past.judged)
        happenings = step(self.map, world, orders, predicting, past.seen_by, past.judged, self._time_limit_s, past.guessed_ticks)
        if predicting is None:
            self._happenings = happenings

    def announcements(self, world: World) -> Sequence[bytes]:  # noqa: ARG002 - the contract's; events are the step's output
        """Kills, and the start and end of the round, of the latest step; read them with :func:`read_announcement`."""
        return [_write_announcement(happening) for happening in self._happenings[:ANNOUNCEMENTS_MAX]]

    def relevance(self, world: World, seat: Seat) -> Relevance:
        """The contract's: players matter by how near they are; of everything else there is little, and it does not wait."""
        x, y = world.player.x.astype(np.int64), world.player.y.astype(np.int64)
        apart = (x - x[seat]) ** 2 + (y - y[seat]) ** 2
        return {"player": 255 * NEAR_UNITS**2 // (NEAR_UNITS**2 + apart)}

    def is_over(self, world: World) -> bool:
        """Whether the results have been shown for long enough."""
        return bool(world.match.phase[0] == RESULTS and world.match.time_left[0] == 0)

    def standings(self, world: World) -> list[tuple[int, int, int]]:
        """Seat, score, deaths of everybody, best first."""
        return standings(world)


def make_arena(settings: Settings, seats: int) -> Arena:
    """The contract's GameFactory. ValueError, with a sentence, for settings that do not work."""
    return Arena(settings, seats)


def check_settings(settings: Settings) -> dict[str, int | str]:
    """The settings with defaults for what is not given. ValueError, with a sentence, for anything unknown or out of its limits."""
    unknown = sorted(set(settings) - set(DEFAULT_SETTINGS))
    if unknown:
        raise ValueError(f"The arena has no setting {unknown[0][:40]!r}; it has {', '.join(DEFAULT_SETTINGS)}.")
    checked = {**DEFAULT_SETTINGS, **settings}
    if checked["map"] not in map_names():
        raise ValueError(f"There is no map {str(checked['map'])[:40]!r}; there are {', '.join(map_names())}.")
    if checked["mode"] not in MODES:
        raise ValueError(f"There is no mode {str(checked['mode'])[:40]!r}; there are {', '.join(MODES)}.")
    limits = {"frag_limit": (0, FRAG_LIMIT_MAX), "time_limit_s": (TIME_LIMIT_S_MIN, TIME_LIMIT_S_MAX), "warmup_s": (0, WARMUP_S_MAX)}
    for name, (low, high) in limits.items():
        value = checked[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{name} must be a whole number from {low} to {high}, not {str(value)[:40]!r}.")
    return checked


# An announcement is a letter and numbers, big-endian: K killer u16 victim u16 weapon u8; S round u16; O winner + 1 u16 (0 draw) by_time u8.
_KILL, _STARTED, _OVER = struct.Struct(">cHHB"), struct.Struct(">cH"), struct.Struct(">cHB")


def _write_announcement(happening: Happening) -> bytes:
    if isinstance(happening, Kill):
        return _KILL.pack(b"K", happening.killer, happening.victim, happening.weapon)
    if isinstance(happening, RoundStarted):
        return _STARTED.pack(b"S", happening.number)
    return _OVER.pack(b"O", 0 if happening.winner is None else happening.winner + 1, happening.by_time)


def read_announcement(body: bytes) -> Happening | None:
    """What an announcement says, or None for bytes that are none of ours."""
    if len(body) == _KILL.size and body[:1] == b"K":
        _, killer, victim, weapon = _KILL.unpack(body)
        return Kill(killer, victim, weapon)
    if len(body) == _STARTED.size and body[:1] == b"S":
        return RoundStarted(_STARTED.unpack(body)[1])
    if len(body) == _OVER.size and body[:1] == b"O":
        _, winner, by_time = _OVER.unpack(body)
        return RoundOver(winner - 1 if winner else None, bool(by_time))
    return None
