"""The least that is still a game: a walker per seat and a ball that bounces. What is left of a match with it is the engine itself."""

from __future__ import annotations

from random import Random
from typing import Final

import numpy as np

from engine.contract import Command, CommandField, Commands, CommandSchema, Past, Settings
from engine.ids import Seat
from engine.world import Field, Kind, Range, Schema, World

WIDTH: Final = 20_000
SPEED: Final = 40
TURN_TICKS: Final = 20
_ZERO, _SPEED, _WIDTH = (np.array(number, dtype=np.int32) for number in (0, SPEED, WIDTH))
"""As numpy wants them: a Python integer costs as much again as the operation."""

WALKER: Final = Kind(
    "walker",
    per_seat=1,
    fields=(
        Field("x", Range(0, WIDTH), motion="vx", blend="linear"),
        Field("y", Range(0, WIDTH), motion="vy", blend="linear"),
        Field("vx", Range(-SPEED, SPEED)),
        Field("vy", Range(-SPEED, SPEED)),
    ),
)
BALL: Final = Kind("ball", capacity=1, fields=(Field("x", Range(0, WIDTH), motion="vx", blend="linear"), Field("vx", Range(-90, 90))))
TOY_SCHEMA: Final = Schema(WALKER, BALL, seats=4)
TOY_COMMAND: Final = CommandSchema(CommandField("dx", Range(-1, 1)), CommandField("dy", Range(-1, 1)))


class Toy:
    """Implements engine.contract.Game."""

    tick_rate_hz = 60
    command = TOY_COMMAND

    def __init__(self, seats: int) -> None:
        self.schema: Final = TOY_SCHEMA.for_seats(seats)

    def new_world(self, seed: int) -> World:
        """A ball on its way."""
        world = World(self.schema)
        world.ball.spawn(0, x=seed % WIDTH, vx=90)
        return world

    def join(self, world: World, seat: Seat) -> None:
        """In the middle."""
        world.walker.spawn(world.tick, seat, x=WIDTH // 2, y=WIDTH // 2)

    def leave(self, world: World, seat: Seat) -> None:
        """Gone."""
        world.walker.free(seat)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        """Who commands walks; in a prediction the others and the ball coast as well: they move as their velocity says."""
        walker, ball = world.walker, world.ball
        place, velocity = walker.public[1:3], walker.public[3:5]
        np.multiply(commands.cells, _SPEED, out=velocity, where=commands.present)
        place += velocity
        np.maximum(place, _ZERO, out=place)
        np.minimum(place, _WIDTH, out=place)
        x = int(ball.x[0]) + int(ball.vx[0])
        if not 0 <= x <= WIDTH:
            ball.vx[0] = -ball.vx[0]
            x = min(max(x, 0), WIDTH)
        ball.x[0] = x


def make_toy(settings: Settings, seats: int) -> Toy:
    """The contract's GameFactory."""
    return Toy(seats)


class Wanderer:
    """A pilot that turns every third of a second, somewhere."""

    def __init__(self, seed: int) -> None:
        self._random: Final = Random(seed)
        self._command: Command = TOY_COMMAND.neutral
        self._until = 0

    def command(self, world: World, seat: Seat) -> Command:
        """What ``seat`` does next."""
        if world.tick >= self._until:
            self._until = world.tick + TURN_TICKS
            self._command = (self._random.randint(-1, 1), self._random.randint(-1, 1))
        return self._command
