"""What really happened: the server's side of a match, written down tick by tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.contract import Game, Settings
from engine.world import GENERATIONS, World
from game.arena import Arena
from game.simulation.rules import ALIVE, BLASTER, DASH_TICKS, RAIL
from server.arena_rules import ArenaRules

WEAPONS = {BLASTER: "blaster", RAIL: "rail"}


@dataclass(frozen=True)
class Players:
    """All seats at the end of one tick."""

    x: Any
    y: Any
    vx: Any
    vy: Any
    life: Any
    shield: Any
    dash: Any
    deaths: Any


@dataclass(frozen=True)
class Bolts:
    """All bolts at the end of one tick."""

    generation: Any
    x: Any
    y: Any


@dataclass(frozen=True)
class Judgement:
    """By which moment of the others the server judged a seat's command: a place on its ticks, and the one that was claimed."""

    view: float
    claimed: float


@dataclass(frozen=True)
class CreditedHit:
    """The server hurt somebody."""

    tick: int
    attacker: int
    victim: int
    weapon: str


@dataclass
class Truth:
    """Everything that the measurements compare the clients' screens with."""

    clock: Callable[[], float]
    players: dict[int, Players] = field(default_factory=dict)
    bolts: dict[int, Bolts] = field(default_factory=dict)
    judgements: dict[tuple[int, int], Judgement] = field(default_factory=dict)
    """By seat and tick; none where the command was not there."""
    stepped_at: dict[int, float] = field(default_factory=dict)
    hits: list[CreditedHit] = field(default_factory=list)
    effects: set[tuple[str, int, int]] = field(default_factory=set)
    """What there was to be seen ("muzzle", "beam", "dash"), slot (a dash's: the seat), tick."""

    def record(self, world: World) -> None:
        """A tick is done."""
        tick, player = world.tick, world.player
        self.stepped_at[tick] = self.clock()
        columns = (player.x, player.y, player.vx, player.vy, player.life, player.shield, player.dash, player.deaths)
        self.players[tick] = Players(*(column.copy() for column in columns))
        bolts = world.projectile
        self.bolts[tick] = Bolts(bolts.generation.copy(), bolts.x.copy(), bolts.y.copy())
        born = 1 + tick % GENERATIONS
        for what, shown in (
            ("muzzle", bolts.generation == born),
            ("beam", world.beam.generation == born),
            ("dash", player.dash == DASH_TICKS),
        ):
            self.effects |= {(what, slot, tick) for slot in np.flatnonzero(shown).tolist()}
        hit = world.hit
        for slot in np.flatnonzero(hit.generation == born).tolist():
            attacker, weapon = slot // (hit.kind.per_seat or 1), WEAPONS[int(hit.weapon[slot])]
            self.hits.append(CreditedHit(tick, attacker, int(hit.victim[slot]), weapon))

    def place_at(self, seat: int, view: float) -> tuple[float, float] | None:
        """Where a seat stood at a place between two ticks."""
        tick = int(view)
        earlier, later = self.players.get(tick), self.players.get(tick + 1)
        if earlier is None or later is None:
            return None
        share = view - tick
        x, y = (float(a[seat]) + share * (float(b[seat]) - float(a[seat])) for a, b in ((earlier.x, later.x), (earlier.y, later.y)))
        return x, y

    def speed_at(self, seat: int, view: float) -> tuple[float, float] | None:
        """A seat's speed at a place between two ticks: speeds are not blended."""
        players = self.players.get(int(view))
        return None if players is None else (float(players.vx[seat]), float(players.vy[seat]))

    def could_be_hurt(self, seat: int, tick: int) -> bool:
        """Whether this seat was alive and without protection just before the step of ``tick``."""
        before = self.players.get(tick - 1)
        return before is not None and bool(before.life[seat] == ALIVE) and int(before.shield[seat]) <= 1


class WatchedArena(Arena):
    """The arena, telling every authoritative step to a :class:`Truth`."""

    truth: Truth

    def announcements(self, world: World) -> Sequence[bytes]:
        self.truth.record(world)
        return super().announcements(world)


class WatchedRules(ArenaRules):
    """Rooms play the watched arena."""

    truth: Truth

    def make_game(self, settings: Settings, seats: int) -> Game:
        arena = WatchedArena(settings, seats)
        arena.truth = self.truth
        return arena
