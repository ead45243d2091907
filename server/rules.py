"""What the rooms must know of a game, and nothing more: whether settings work, who plays a bot's seat, who won.

The rooms name no map and no weapon; :mod:`server.arena_rules` is the arena behind this interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.contract import CommandSchema, Game, Pilot, Settings
from engine.world import Schema, World


class Rules(Protocol):
    """A game, as the rooms see it."""

    @property
    def schema(self) -> Schema:
        """Compared with every client's before it may come in."""

    @property
    def command(self) -> CommandSchema:
        """Part of the same comparison."""

    def maps(self) -> tuple[str, ...]:
        """The maps that there are, in the order of a rotation."""

    def complete(self, given: Settings, seats: int) -> dict[str, int | str]:
        """The settings with every default filled in. Raises ValueError, with a sentence for people, if they do not work."""

    def pilot(self, settings: Settings, seats: int, seed: int) -> Pilot:
        """A bot for a match with these (complete) settings."""

    def standings(self, settings: Settings, seats: int, world: World) -> Sequence[tuple[int, int, int]]:
        """Seat, score and deaths of everybody seated at the end of a match, best first."""

    def make_game(self, settings: Settings, seats: int) -> Game:
        """The :class:`~engine.contract.GameFactory`; called where the match runs, which may be another thread."""
