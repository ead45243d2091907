"""What a simulated match is told of a game, and whether it is one.

A class that lacks a part of :mod:`engine.contract` would raise deep in the engine, ticks after the mistake; here it is told at once, in a
sentence, all that is missing together.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.contract import CommandSchema, Game, GameFactory, Settings
from engine.session.config import ClientConfig, HostConfig
from engine.testing.misuse import MisuseError
from engine.world import Schema

MEMBERS: Final = tuple(name for name in vars(Game) if not name.startswith("_"))
"""What a game must have, in the contract's order."""
TICK_RATE_HZ_MAX: Final = 240


@dataclass(frozen=True, slots=True)
class GameUnderTest:
    """What a match needs to know of a game. ``factory`` is an :class:`engine.contract.GameFactory`."""

    factory: GameFactory
    seats: int = 4
    settings: Settings = field(default_factory=dict)
    host_config: HostConfig | None = None
    client_config: ClientConfig | None = None

    def make(self) -> Game:
        """The game for these settings and seats. Raises :class:`MisuseError` for one that does not implement the contract."""
        __tracebackhide__ = True
        if not callable(self.factory):
            raise MisuseError(
                f"GameUnderTest wants what makes a game, its class or a function of (settings, seats), not {type(self.factory).__name__}"
            )
        name = getattr(self.factory, "__name__", type(self.factory).__name__)
        if not _takes(self.factory, 2):
            raise MisuseError(f"{name} cannot be called as {name}(settings, seats)")
        game = self.factory(self.settings, self.seats)
        problems = list(_problems(game, self.seats))
        if problems:
            raise MisuseError(f"{type(game).__name__} is no game yet: {'; '.join(problems)} (the contract is engine/contract.py)")
        return game


def _problems(game: Any, seats: int) -> Iterator[str]:
    missing = [name for name in MEMBERS if not hasattr(game, name)]
    if missing:
        yield f"it has no {', '.join(missing)}"
    for name in MEMBERS:
        wanted = inspect.signature(getattr(Game, name)).parameters if inspect.isfunction(getattr(Game, name)) else None
        if wanted is not None and name not in missing:
            arguments = list(wanted)[1:]
            if not _takes(getattr(game, name), len(arguments)):
                yield f"{name} cannot be called as {name}({', '.join(arguments)})"
    if "schema" not in missing:
        if not isinstance(game.schema, Schema):
            yield f"its schema is not an engine.world.Schema but {type(game.schema).__name__}"
        elif game.schema.seats < seats:
            yield f"its schema has {game.schema.seats} seats for a match of {seats}: SCHEMA.for_seats(seats) makes one that fits"
    if "command" not in missing and not isinstance(game.command, CommandSchema):
        yield f"its command is not an engine.contract.CommandSchema but {type(game.command).__name__}"
    if "tick_rate_hz" not in missing and not (isinstance(game.tick_rate_hz, int) and 1 <= game.tick_rate_hz <= TICK_RATE_HZ_MAX):
        yield f"its tick_rate_hz is {game.tick_rate_hz!r}, not 1 to {TICK_RATE_HZ_MAX}"


def _takes(function: Any, arguments: int) -> bool:
    """Whether it can be called with so many arguments by position; yes for what does not say."""
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except ValueError:  # some that are written in C
        return True
    try:
        signature.bind(*range(arguments))
    except TypeError:
        return False
    return True
