"""The smallest game: each seat has a runner on a line; a command says which way."""

from __future__ import annotations

import numpy as np

from engine.contract import CommandField, Commands, CommandSchema, Past, Settings
from engine.ids import Seat
from engine.testing import GameUnderTest
from engine.world import Field, Kind, Range, Schema, World

LINE = 10_000
SCHEMA = Schema(
    Kind("runner", per_seat=1, fields=(Field("x", Range(0, LINE), motion="vx", blend="linear"), Field("vx", Range(-8, 8)))), seats=4
)
COMMAND = CommandSchema(CommandField("dx", Range(-1, 1)))


class Runners:
    tick_rate_hz = 60
    command = COMMAND

    def __init__(self, seats: int = 4) -> None:
        self.schema = SCHEMA.for_seats(seats)

    def new_world(self, seed: int) -> World:
        return World(self.schema)

    def join(self, world: World, seat: Seat) -> None:
        world.runner.spawn(world.tick, seat, x=1000 * (seat + 1))

    def leave(self, world: World, seat: Seat) -> None:
        world.runner.free(seat)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        runner = world.runner
        moved = commands.present & runner.alive
        runner.vx[moved] = 8 * commands.dx[moved]
        np.clip(runner.x + runner.vx, 0, LINE, out=runner.x)


def make_runners(settings: Settings, seats: int) -> Runners:
    return Runners(seats)


RUNNERS = GameUnderTest(make_runners)
