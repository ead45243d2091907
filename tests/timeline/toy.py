"""A toy game for these tests: walkers that push each other, shots, coins to pick up, and a wound that only the authority gives."""

from __future__ import annotations

import numpy as np

from engine.contract import CommandField, Commands, CommandSchema, Past
from engine.ids import Seat
from engine.world import Field, Kind, Range, Schema, World

WIDTH = 40_000
SPEED = 40
COIN_WAIT_TICKS = 120

WALKER = Kind(
    "walker",
    per_seat=1,
    fields=(
        Field("x", Range(0, WIDTH), motion="vx", blend="linear"),
        Field("y", Range(0, WIDTH), motion="vy", blend="linear"),
        Field("vx", Range(-64, 64)),
        Field("vy", Range(-64, 64)),
        Field("aim", Range(0, 1023), blend="angle"),
        Field("health", Range(0, 100)),
        Field("money", Range(0, 999), visible_to="owner"),
        Field("cooldown", Range(0, 60), motion=-1, visible_to="owner"),
        Field("secret", Range(0, 9999), visible_to="server"),
    ),
)
SHOT = Kind(
    "shot",
    per_seat=4,
    fields=(
        Field("x", Range(0, WIDTH), motion="vx", blend="linear"),
        Field("vx", Range(-200, 200)),
        Field("ttl", Range(0, 60), motion=-1),
    ),
)
COIN = Kind("coin", capacity=4, fields=(Field("x", Range(0, WIDTH)), Field("wait", Range(0, 600), motion=-1)))
SCHEMA = Schema(WALKER, SHOT, COIN, seats=4)
COMMAND = CommandSchema(
    CommandField("dx", Range(-1, 1)),
    CommandField("dy", Range(-1, 1)),
    CommandField("aim", Range(0, 1023)),
    CommandField("fire", Range(0, 1)),
)


class Toy:
    """Implements engine.contract.Game. ``wound_every``: ticks between wounds that the authority gives to seat 0; 0 for none."""

    tick_rate_hz = 60
    command = COMMAND

    def __init__(self, schema: Schema = SCHEMA, wound_every: int = 0) -> None:
        self.schema = schema
        self.wound_every = wound_every
        self.steps = 0

    def new_world(self, seed: int) -> World:
        world = World(self.schema)
        for index in range(4):
            world.coin.spawn(0, x=2_000 + 4_000 * index)
        return world

    def join(self, world: World, seat: Seat) -> None:
        world.walker.spawn(world.tick, seat, x=1_000 + 200 * seat, y=5_000, health=100)

    def leave(self, world: World, seat: Seat) -> None:
        world.walker.free(seat)

    def step(self, world: World, commands: Commands, past: Past) -> None:
        self.steps += 1
        walker, shot, coin = world.walker, world.shot, world.coin
        present = commands.present & walker.alive
        walker.vx[present] = commands.dx[present] * SPEED
        walker.vy[present] = commands.dy[present] * SPEED
        walker.aim[present] = commands.aim[present]
        np.clip(walker.x + walker.vx, 0, WIDTH, out=walker.x)
        np.clip(walker.y + walker.vy, 0, WIDTH, out=walker.y)
        np.maximum(walker.cooldown - 1, 0, out=walker.cooldown)
        walker.secret[present] = (walker.secret[present] + 7) % 9999
        shot.x[:] = np.clip(shot.x + shot.vx, 0, WIDTH)
        shot.ttl[:] = np.maximum(shot.ttl - 1, 0)
        shot.free(shot.alive & (shot.ttl == 0))
        np.maximum(coin.wait - 1, 0, out=coin.wait)
        for seat in np.flatnonzero(present):
            if commands.fire[seat] and not walker.cooldown[seat]:
                walker.cooldown[seat] = 10
                shot.spawn(world.tick, int(seat), x=int(walker.x[seat]), vx=150, ttl=30)
            near = np.flatnonzero((coin.wait == 0) & coin.alive & (np.abs(coin.x - walker.x[seat]) < 200))
            if near.size:
                coin.wait[near[0]] = COIN_WAIT_TICKS
                walker.money[seat] += 10
        if past.predicting is None and self.wound_every and world.tick % self.wound_every == 0:
            walker.health[0] = max(0, int(walker.health[0]) - 1)


def client_view(world: World, seat: int) -> World:
    """What a client holds of an authoritative world: everybody's public cells, its own private ones, nothing of the server's."""
    view = World(world.schema, world.tick)
    public, private_end = world.schema.public_cells, world.schema.private_cells_end
    view.cells[:private_end] = world.cells[:private_end]
    for table, source in zip(view.tables, world.tables, strict=True):
        if table.private.size:
            keep = source.private[:, source.slots_of(seat)].copy()
            table.private[:] = 0
            table.private[:, table.slots_of(seat)] = keep
    assert view.cells[:public].tobytes() == world.cells[:public].tobytes()
    return view
