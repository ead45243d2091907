import random

import pytest

from engine.contract import Command, CommandField, Commands, CommandSchema, Game, HasEnd, Past, PresentOnly, Settings
from engine.ids import Seat
from engine.testing import RollbackError, check_rollbacks, checked_factory, first_cell_difference
from engine.world import Field, Kind, Range, Schema, World

SCHEMA = Schema(Kind("ball", (Field("x", Range(0, 1000)), Field("spin", Range(-9, 9))), capacity=4), seats=2)
COMMAND = CommandSchema(CommandField("push", Range(0, 1)))
NOTHING: Command = COMMAND.neutral


class Rolling:
    """A ball that rolls one unit a tick."""

    tick_rate_hz = 60
    schema = SCHEMA
    command = COMMAND

    def new_world(self, seed: int) -> World:
        world = World(SCHEMA)
        world.ball.spawn(0, x=seed)
        return world

    def join(self, world: World, seat: Seat) -> None:
        pass

    def leave(self, world: World, seat: Seat) -> None:
        pass

    def is_over(self, world: World) -> bool:
        return world.tick > 10

    def step(self, world: World, commands: Commands, past: Past) -> None:
        world.ball.x[world.ball.alive] += 1


def run(game: Game, ticks: int = 5) -> World:
    world = game.new_world(7)
    for tick in range(1, ticks + 1):
        world.tick = tick
        game.step(world, Commands(COMMAND, 2), PresentOnly())
    return world


def test_a_pure_step_passes_and_is_run_once_as_far_as_anybody_sees() -> None:
    game = check_rollbacks(Rolling())
    assert run(game).ball.x[0] == 12
    assert isinstance(game, HasEnd)


class Remembering(Rolling):
    """Keeps state outside the world."""

    count = 0

    def step(self, world: World, commands: Commands, past: Past) -> None:
        self.count += 1
        world.ball.x[0] += self.count


class Dicing(Rolling):
    """Has dice of its own."""

    dice = random.Random(1)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        world.ball.spin[0] = self.dice.randrange(-9, 9)


class Spawning(Rolling):
    """Spawns a row where another step would not."""

    spawned = False

    def step(self, world: World, commands: Commands, past: Past) -> None:
        if not self.spawned:
            world.ball.spawn(world.tick, x=1)
        self.spawned = True


class Overflowing(Rolling):
    """Leaves the range."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        world.ball.x[0] += 999


class Littering(Rolling):
    """Writes into a free row."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        world.ball.spin[3] = 1


@pytest.mark.parametrize(
    ("game", "words"),
    [
        (Remembering(), r"tick 1: .*ball\[0\]\.x is 9 and 8"),
        (Dicing(), r"ball\[0\]\.spin is "),
        (Spawning(), r"ball\[1\] is generation 0 and generation "),
        (Overflowing(), r"ball\[0\]\.x = 1006, not in 0 to 1000"),
        (Littering(), r"ball\[3\] is free, but its spin is not 0"),
    ],
)
def test_what_breaks_a_rollback_is_named(game: Rolling, words: str) -> None:
    with pytest.raises(RollbackError, match=words):
        run(check_rollbacks(game))


def test_a_checked_factory_checks_every_game_it_makes() -> None:
    def factory(settings: Settings, seats: int) -> Game:
        return Remembering()

    with pytest.raises(RollbackError):
        run(checked_factory(factory)({}, 2))


def test_equal_worlds_have_no_difference() -> None:
    assert first_cell_difference(run(Rolling()), run(Rolling())) is None
