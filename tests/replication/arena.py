"""A schema of the arena's size and worlds that move like one: what the codec is measured and tried on."""

from __future__ import annotations

import random

import numpy as np

from engine.world import Field, Kind, Range, Schema, World

SPAN = Range(0, 32767)
SPEED = Range(-512, 511)

PLAYER = Kind(
    "player",
    (
        Field("x", SPAN, motion="vx", blend="linear"),
        Field("y", SPAN, motion="vy", blend="linear"),
        Field("vx", SPEED),
        Field("vy", SPEED),
        Field("aim", Range(0, 1023), blend="angle"),
        Field("health", Range(0, 100)),
        Field("life", Range(0, 2)),
        Field("weapon", Range(0, 1)),
        Field("dash", Range(0, 60), motion=-1),
        Field("shield", Range(0, 120), motion=-1),
        Field("score", Range(-99, 999)),
        Field("deaths", Range(0, 999)),
        Field("streak", Range(0, 99)),
        Field("ammo_blaster", Range(0, 99), visible_to="owner"),
        Field("ammo_rail", Range(0, 20), visible_to="owner"),
        Field("cooldown_blaster", Range(0, 60), motion=-1, visible_to="owner"),
        Field("cooldown_rail", Range(0, 120), motion=-1, visible_to="owner"),
        Field("cooldown_dash", Range(0, 240), motion=-1, visible_to="owner"),
        Field("respawn", Range(0, 240), motion=-1, visible_to="owner"),
        Field("luck", Range(0, 2**30), visible_to="server"),
    ),
    per_seat=1,
)
PROJECTILE = Kind(
    "projectile",
    (
        Field("x", SPAN, motion="vx", blend="linear"),
        Field("y", SPAN, motion="vy", blend="linear"),
        Field("vx", SPEED),
        Field("vy", SPEED),
        Field("ttl", Range(0, 127), motion=-1),
    ),
    per_seat=8,
)
PICKUP = Kind(
    "pickup", (Field("type", Range(0, 2)), Field("x", SPAN), Field("y", SPAN), Field("wait", Range(0, 1800), motion=-1)), capacity=32
)
EFFECT = Kind(
    "effect",
    (
        Field("type", Range(0, 8)),
        Field("x", SPAN),
        Field("y", SPAN),
        Field("x2", SPAN),
        Field("y2", SPAN),
        Field("amount", Range(0, 100)),
        Field("ttl", Range(0, 15), motion=-1),
    ),
    per_seat=8,
)
MATCH = Kind(
    "match",
    (
        Field("phase", Range(0, 2)),
        Field("time_left", Range(0, 36000), motion=-1),
        Field("frag_limit", Range(0, 100)),
        Field("leader", Range(0, 256)),
        Field("round", Range(0, 15)),
    ),
    capacity=1,
)
ARENA = Schema(PLAYER, PROJECTILE, PICKUP, EFFECT, MATCH, seats=16)


class ArenaLike:
    """Players who steer a bit and turn their aim, projectiles that fly straight, now and then a shot, a hit and a pick-up."""

    def __init__(self, seats: int, projectiles: int, seed: int = 1, shots_per_tick: float = 0.5) -> None:
        self.schema = ARENA.for_seats(seats)
        self.world = World(self.schema, 0)
        self.random = random.Random(seed)
        self.shots_per_tick = shots_per_tick
        for seat in range(seats):
            self.world.player.spawn(0, seat, x=self.random.randrange(4000, 28000), y=self.random.randrange(4000, 28000), health=100, life=1)
        for index in range(projectiles):
            self._shoot(index % seats)
        for _ in range(20):
            self.world.pickup.spawn(0, type=1, x=self.random.randrange(32767), y=self.random.randrange(32767))
        self.world.match.spawn(0, phase=1, time_left=36000, frag_limit=20)

    def _shoot(self, seat: int) -> None:
        roll = self.random.randrange
        self.world.projectile.spawn(
            self.world.tick, seat, x=roll(8000, 24000), y=roll(8000, 24000), vx=roll(-200, 200), vy=roll(-200, 200), ttl=roll(60, 127)
        )

    def step(self) -> World:
        world, roll = self.world, self.random.randrange
        world.tick += 1
        player, projectile, effect = world.player, world.projectile, world.effect
        for seat in player.rows().tolist():
            if roll(100) < 40:  # accelerates or brakes
                player.vx[seat] = np.clip(player.vx[seat] + roll(-9, 10), -128, 128)
                player.vy[seat] = np.clip(player.vy[seat] + roll(-9, 10), -128, 128)
            player.aim[seat] = (player.aim[seat] + roll(-12, 13)) % 1024
        player.x[:] = np.clip(player.x + player.vx, 0, 32767) * player.alive
        player.y[:] = np.clip(player.y + player.vy, 0, 32767) * player.alive
        projectile.x[:] = np.clip(projectile.x + projectile.vx, 0, 32767)
        projectile.y[:] = np.clip(projectile.y + projectile.vy, 0, 32767)
        for table, column in ((projectile, projectile.ttl), (effect, effect.ttl)):
            column -= table.alive
            table.free(table.alive & (column <= 0))
        for column in (player.cooldown_blaster, player.cooldown_dash, world.pickup.wait, world.match.time_left):
            np.maximum(column - 1, 0, out=column)
        if self.random.random() < self.shots_per_tick:
            seat = roll(self.schema.seats)
            self._shoot(seat)
            player.ammo_blaster[seat] = max(0, int(player.ammo_blaster[seat]) - 1)
            player.cooldown_blaster[seat] = 12
            effect.spawn(world.tick, seat, type=1, x=int(player.x[seat]), y=int(player.y[seat]), ttl=12)
            victim = roll(self.schema.seats)
            player.health[victim] = roll(1, 101)
        player.luck[:] = roll(2**30)
        return world
