"""One client's side of a match, written down frame by frame: what it commanded, what was on its screen, what had to be corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from engine.contract import Command
from engine.session import ClientConfig, MatchClient
from engine.session.client_match import ClientMatch
from engine.timeline import Correction
from engine.world import World
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, Arena, make_arena
from game.client.autopilot import Autopilot
from game.simulation.integers import COSINES, SINE_ONE, SINE_SHIFT, SINES
from game.simulation.navigation import ray_end
from game.simulation.projectiles import HIT_REACH
from game.simulation.rules import ALIVE, BLASTER_TICKS, DASH_TICKS
from game.simulation.walls import fly
from game.simulation.weapons import RAIL_REACH

GENERATIONS: Final = 1024
ROUNDING_UNITS: Final = 4.0
"""Where a bolt ends is told in 1024ths of its way of a tick, 220 units."""


@dataclass(frozen=True)
class SeenHit:
    """On this player's screen a shot of his hit somebody, in the tick of a command of his."""

    tick: int
    attacker: int
    victim: int
    weapon: str
    born: int
    """The tick of the command that fired it."""
    slot: int
    """Of the bolt; the beam's, of the rail."""
    is_guess: bool
    """The others were drawn past the newest snapshot."""
    own: tuple[int, int]
    """Where the shooter predicted himself (rail) or his bolt's flight of this tick to begin."""
    other: tuple[int, int]
    """Where the victim was drawn."""
    speed: tuple[int, int]
    """Of the victim, as drawn: what the rule takes for his way of the last tick."""


@dataclass(frozen=True)
class Frame:
    """What was drawn, and when."""

    now: float
    view: float
    """The place on the server's ticks at which the others were shown."""
    is_starved: bool
    tick: int
    """The newest predicted tick."""
    own_x: int
    own_y: int
    """Where that tick has the player."""
    x: Any
    y: Any
    """All seats as drawn."""
    life: Any
    shift: tuple[float, float]
    """How far from where he is predicted the player was drawn: what is left of corrections."""


@dataclass
class Diary:
    """Everything noted about one client."""

    made_at: dict[int, float] = field(default_factory=dict)
    """When the command for a tick was given."""
    views: dict[int, float] = field(default_factory=dict)
    commands: dict[int, Command] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    corrections: list[tuple[float, Correction]] = field(default_factory=list)
    hits: list[SeenHit] = field(default_factory=list)
    touches: set[tuple[int, int]] = field(default_factory=set)
    """Own bolts (slot, generation) that by the pictures met somebody and flew on to the end."""
    effects: dict[tuple[str, int, int], float] = field(default_factory=dict)
    """What our own command brings about on the screen (as in ``Truth.effects``), and when it was first seen."""

    def call_late(self, recent: Iterable[Correction]) -> None:
        """What was put down to missing commands was theirs that are only late."""
        known = {correction.tick: correction for correction in recent}
        newest = range(max(0, len(self.corrections) - len(known)), len(self.corrections))
        for index in newest:
            at, correction = self.corrections[index]
            self.corrections[index] = at, known.get(correction.tick, correction)


class WatchedClient(MatchClient):
    """A bot's client that draws after every advance, as a window does, and keeps a diary."""

    def __init__(self, name: str, seed: int, clock: Callable[[], float], config: ClientConfig | None = None) -> None:
        super().__init__(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name=name, config=config)
        self.autopilot: Final = Autopilot(self, level=1, seed=seed)
        self.diary: Final = Diary()
        self._clock: Final = clock
        self._watched: ClientMatch | None = None
        self._shown_before: tuple[Any, Any] | None = None
        self._is_guess = False

    def advance(self, now: float) -> None:
        super().advance(now)
        self.autopilot.update()
        match = self.match
        if match is None or not match.prediction.ready:
            return
        if match is not self._watched:
            self._watch(match)
        scene = self.scene(now)
        assert scene is not None
        self._note_commands(match)
        self._note_frame(match, scene)

    def _watch(self, match: ClientMatch) -> None:
        self._watched = match
        compare = match.prediction.snapshot

        def snapshot(*arguments: Any, **options: Any) -> Correction | None:
            correction = compare(*arguments, **options)
            if correction is not None:
                self.diary.corrections.append((self._clock(), correction))
            if options.get("late"):
                self.diary.call_late(match.prediction.recent_corrections())
            return correction

        match.prediction.snapshot = snapshot  # type: ignore[method-assign]

    def _note_commands(self, match: ClientMatch) -> None:
        self._is_guess = match.interpolation.is_starved
        shown = match.interpolation.shown
        before = self._shown_before
        for entry in match.pending:
            if entry.tick in self.diary.made_at:
                continue
            self.diary.made_at[entry.tick] = self._clock()
            self.diary.views[entry.tick] = entry.view_tick + entry.view_fraction / 256
            self.diary.commands[entry.tick] = entry.command
            predicted, earlier = match.prediction.world_at(entry.tick), match.prediction.world_at(entry.tick - 1)
            if predicted is None or earlier is None or predicted.player.life[match.seat] != ALIVE:
                continue
            self._note_rail(entry.tick, match.seat, predicted, shown)
            if before is not None:
                self._note_bolts(entry.tick, match.seat, earlier, predicted, shown, before)
            before = (shown.player.x.copy(), shown.player.y.copy())
        self._shown_before = (shown.player.x.copy(), shown.player.y.copy())

    def _note_rail(self, tick: int, seat: int, predicted: World, shown: World) -> None:
        beam, player, then = predicted.beam, predicted.player, shown.player
        assert self.match is not None
        assert isinstance(self.match.game, Arena)
        own = range(*beam.slots_of(seat).indices(beam.capacity))
        for slot in own:
            if beam.generation[slot] != 1 + tick % GENERATIONS:
                continue
            x, y, aim, half = int(player.x[seat]), int(player.y[seat]), int(player.aim[seat]), SINE_ONE >> 1
            gap_x, gap_y = then.x.astype(np.int64) - x, then.y.astype(np.int64) - y
            along = (gap_x * COSINES[aim] + gap_y * SINES[aim] + half) >> SINE_SHIFT
            aside = (gap_y * COSINES[aim] - gap_x * SINES[aim] + half) >> SINE_SHIFT
            end_x, end_y = ray_end(self.match.game.map, x, y, COSINES[aim], SINES[aim])
            length = ((end_x - x) * COSINES[aim] + (end_y - y) * SINES[aim]) >> SINE_SHIFT
            struck = (along > 0) & (along < length) & (np.abs(aside) < RAIL_REACH) & hurtable(shown)
            struck[seat] = False
            for victim in np.flatnonzero(struck).tolist():
                place, speed = (int(then.x[victim]), int(then.y[victim])), (int(then.vx[victim]), int(then.vy[victim]))
                self.diary.hits.append(SeenHit(tick, seat, victim, "rail", tick, slot, self._is_guess, (x, y), place, speed))

    def _note_bolts(self, tick: int, seat: int, earlier: World, predicted: World, shown: World, before: tuple[Any, Any]) -> None:
        """Own bolts against the others as drawn, both over the way from the last tick to this one.

        What a player sees of a hit is that his bolt ends on somebody. One that touches somebody and flies on is counted too: the rule
        computes whom it meets by the drawn places and speeds, the eye by the last two pictures.
        """
        bolts, old, then = predicted.projectile, earlier.projectile, shown.player
        own = range(*bolts.slots_of(seat).indices(bolts.capacity))
        place = (then.x, then.y)
        for slot in own:
            birth = int(old.generation[slot])
            if not birth:
                continue
            start, way = (int(old.x[slot]), int(old.y[slot])), (int(old.vx[slot]), int(old.vy[slot]))
            end = (start[0] + way[0], start[1] + way[1])
            if bolts.generation[slot] == birth:
                near = (_nearest(start, end, before, place) < HIT_REACH) & hurtable(shown)
                near[seat] = False
                if near.any():
                    self.diary.touches.add((slot, birth))
                continue
            came_from = (then.x - then.vx, then.y - then.vy)
            reached, is_over = self._end_of_flight(start, way)
            is_over |= (tick + 1 - birth) % GENERATIONS >= BLASTER_TICKS
            # At a wall, or at the end of its time: only if it met somebody before. Otherwise it did meet somebody.
            near = (_nearest(start, reached, came_from, place) < HIT_REACH + (0.0 if is_over else ROUNDING_UNITS)) & hurtable(shown)
            near[seat] = False
            if near.any():
                _, along = _meeting(start, end, came_from, place)
                victim = int(np.where(near, along, 2.0).argmin())  # of two who stand together it hits whom it comes near to first
                born, drawn = tick - (tick + 1 - birth) % GENERATIONS, (int(then.x[victim]), int(then.y[victim]))
                speed = (int(then.vx[victim]), int(then.vy[victim]))
                self.diary.hits.append(SeenHit(tick, seat, victim, "blaster", born, slot, self._is_guess, start, drawn, speed))
                self.diary.touches.discard((slot, birth))

    def _end_of_flight(self, start: tuple[int, int], way: tuple[int, int]) -> tuple[tuple[int, int], bool]:
        """Where a bolt is after a tick if it meets nobody, and whether that is at a wall."""
        assert self.match is not None
        assert isinstance(self.match.game, Arena)
        places, walls = fly(self.match.game.map, np.array(start)[:, None], np.array(way)[:, None])
        return (int(places[0, 0]), int(places[1, 0])), bool(walls[0])

    def _note_frame(self, match: ClientMatch, scene: World) -> None:
        now, seat, tick = self._clock(), match.seat, match.prediction.tick
        place, fraction = match.interpolation.view
        own, player = match.prediction.world.player, scene.player
        view = place + fraction / 256
        self.diary.frames.append(
            Frame(
                now,
                view,
                match.interpolation.is_starved,
                tick,
                int(own.x[seat]),
                int(own.y[seat]),
                player.x.copy(),
                player.y.copy(),
                player.life.copy(),
                _shift(match, now),
            )
        )
        for what, table in (("muzzle", scene.projectile), ("beam", scene.beam)):
            for slot in np.flatnonzero(table.generation[table.slots_of(seat)]) + table.slots_of(seat).start:
                birth = tick + 1 - (tick + 2 - int(table.generation[slot])) % GENERATIONS
                self.diary.effects.setdefault((what, int(slot), birth), now)
        if player.dash[seat]:
            self.diary.effects.setdefault(("dash", int(seat), tick - (DASH_TICKS - int(player.dash[seat]))), now)


def _shift(match: ClientMatch, now: float) -> tuple[float, float]:
    offsets, pair = match.prediction.offsets(now), match.prediction._own.pair
    return (0.0, 0.0) if offsets is None else (float(offsets[pair[0]]), float(offsets[pair[1]]))


def hurtable(world: World) -> Any:
    """Seats that a shot could hurt, as this world has them."""
    return (world.player.life == ALIVE) & (world.player.shield == 0)


def _nearest(start: tuple[int, int], end: tuple[int, int], before: tuple[Any, Any], after: tuple[Any, Any]) -> Any:
    """The smallest distance between a bolt and each player while both move evenly through a tick."""
    return _meeting(start, end, before, after)[0]


def _meeting(start: tuple[int, int], end: tuple[int, int], before: tuple[Any, Any], after: tuple[Any, Any]) -> tuple[Any, Any]:
    """That, and at which share of the tick it is."""
    gap_x, gap_y = start[0] - before[0].astype(np.float64), start[1] - before[1].astype(np.float64)
    way_x, way_y = end[0] - after[0] - gap_x, end[1] - after[1] - gap_y
    length2 = np.maximum(way_x**2 + way_y**2, 1.0)
    along = np.clip(-(gap_x * way_x + gap_y * way_y) / length2, 0.0, 1.0)
    return np.hypot(gap_x + along * way_x, gap_y + along * way_y), along
