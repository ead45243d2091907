"""The rollback self-check: every step is computed twice from the same world and must give the same cells.

Prediction, lag compensation and replays all rest on this. What breaks it is state outside the world (an attribute of the game, dice of a
module, a clock) and order that depends on hashing; each shows here at the first tick, with kind, row and field, and not as a rare jerk in
play. Cells outside their field's range and free rows that are not all zero are found on the way: neither can be sent.
"""

from __future__ import annotations

from typing import Final, TypeVar

from engine.contract import Commands, Game, GameFactory, Past, Settings
from engine.world import World

G = TypeVar("G", bound=Game)


HINT: Final = "step reads something besides its world and commands: state outside the world, dice of its own, or a clock"


class RollbackError(AssertionError):
    """A step is not a function of the world and the commands, or left the world in a state that cannot be sent."""


def check_rollbacks(game: G) -> G:
    """Make this game's ``step`` check itself, at somewhat more than twice the cost. Returns the same game."""
    step = game.step
    twin: World | None = None

    def checked_step(world: World, commands: Commands, past: Past) -> None:
        nonlocal twin
        if twin is None or twin.cells.size != world.cells.size:
            twin = world.copy()
        twin.copy_from(world)
        step(twin, commands, past)
        step(world, commands, past)  # the world of the match last, so that what the game keeps for its announcements belongs to it
        difference = first_cell_difference(world, twin)
        if difference is not None:
            raise RollbackError(f"tick {world.tick}: computed twice from the same world, {difference}; {HINT}")
        problem = world.out_of_range() or _dirty_row(world)
        if problem is not None:
            raise RollbackError(f"tick {world.tick}: {problem}")

    game.step = checked_step  # type: ignore[method-assign]
    return game


def checked_factory(factory: GameFactory) -> GameFactory:
    """A factory whose games check themselves: for the server and every client of a simulation."""

    def make(settings: Settings, seats: int) -> Game:
        return check_rollbacks(factory(settings, seats))

    return make


def first_cell_difference(ours: World, theirs: World) -> str | None:
    """The first cell in which two worlds of one schema differ, in words, or None."""
    for table, other in zip(ours.tables, theirs.tables, strict=True):
        if not (table.generation == other.generation).all():
            slot = int((table.generation != other.generation).argmax())
            return f"{table.kind.name}[{slot}] is generation {table.generation[slot]} and generation {other.generation[slot]}"
        for field in table.kind.fields:
            column, twin = table.__dict__[field.name], other.__dict__[field.name]
            if not (column == twin).all():
                slot = int((column != twin).argmax())
                return f"{table.kind.name}[{slot}].{field.name} is {column[slot]} and {twin[slot]}"
    return None


def _dirty_row(world: World) -> str | None:
    for table in world.tables:
        for field in table.kind.fields:
            dirty = (table.__dict__[field.name] != 0) & ~table.alive
            if dirty.any():
                return f"{table.kind.name}[{int(dirty.argmax())}] is free, but its {field.name} is not 0"
    return None
