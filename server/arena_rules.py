"""The arena shooter, as the rooms see a game (:class:`server.rules.Rules`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.contract import CommandSchema, Game, Pilot, Settings
from engine.world import Schema, World
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, Arena, make_arena
from game.bots import Bot
from game.maps import map_names
from server.config import ServerConfig

ARENAS_KEPT: Final = 8
"""Arenas kept for checking settings and for making bots: reading a map costs milliseconds, and rooms come back to the same maps."""


class ArenaRules:
    """The arena shooter."""

    def __init__(self, defaults: Settings, bot_level: int) -> None:
        self._defaults: Final = dict(defaults)
        self._bot_level: Final = bot_level
        self._arenas: Final[dict[tuple[tuple[tuple[str, int | str], ...], int], Arena]] = {}

    @classmethod
    def of(cls, config: ServerConfig) -> ArenaRules:
        """With a server's settings as defaults."""
        match = config.match
        defaults: dict[str, int | str] = {
            "mode": match.mode,
            "frag_limit": match.frag_limit,
            "time_limit_s": match.time_limit_s,
            "warmup_s": match.warmup_s,
        }
        return cls(defaults, match.bot_level)

    @property
    def schema(self) -> Schema:
        """The arena's tables for the usual number of seats."""
        return ARENA_SCHEMA

    @property
    def command(self) -> CommandSchema:
        """The arena's command."""
        return ARENA_COMMAND

    def maps(self) -> tuple[str, ...]:
        """The maps of the assets folder."""
        return tuple(map_names())

    def complete(self, given: Settings, seats: int) -> dict[str, int | str]:
        """The given settings over the server's defaults, tried out on an arena."""
        return dict(self._arena({**self._defaults, **given}, seats).settings)

    def pilot(self, settings: Settings, seats: int, seed: int) -> Pilot:
        """A bot of the server's level."""
        return Bot(self._arena(settings, seats), self._bot_level, seed)

    def standings(self, settings: Settings, seats: int, world: World) -> Sequence[tuple[int, int, int]]:
        """As the arena counts them."""
        return self._arena(settings, seats).standings(world)

    def make_game(self, settings: Settings, seats: int) -> Game:
        """An arena of its own for every match."""
        return make_arena(settings, seats)

    def _arena(self, settings: Mapping[str, int | str], seats: int) -> Arena:
        key = (tuple(sorted(settings.items())), seats)
        arena = self._arenas.get(key)
        if arena is None:
            arena = make_arena(settings, seats)
            if len(self._arenas) >= ARENAS_KEPT:
                del self._arenas[next(iter(self._arenas))]
            self._arenas[key] = arena
        return arena
