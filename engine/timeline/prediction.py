"""The player's own rows, run ahead of the server by the game's own step.

Each tick one world is copied and stepped, with our command alone; all worlds since the newest snapshot are kept. A snapshot of tick S is
compared with our world of tick S, own rows only, with ``==``: everything is integers, so right is exactly right. Nearly always they
are equal, and all that is left to do is to put the newest truth about everybody else, moved on by their motion, under our own rows of the
newest predicted world. If not, the world is rebuilt from the snapshot and the pending commands are stepped again.

Where others can push us, the pending ticks may be wrong although we were right so far: see :mod:`engine.timeline.contact`.

Two things keep this cheap: nothing is replayed while we are right, and a replay is bounded (beyond 30 ticks the world coasts on its
motion first). And two keep it honest: the reason for every correction is worked out and counted, and rows that belong to nobody but that we
touched (something picked up) stay as predicted until the authority has computed that tick as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract import Command, Commands, Game, HasContact
from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.timeline.causes import Feedback, Inquiry
from engine.timeline.contact import Contact
from engine.timeline.correction import Cause, Correction, Misprediction, Smoother
from engine.timeline.own_rows import Indices, OwnRows, SharedRows
from engine.timeline.predicted_past import RING_TICKS, PredictedPast
from engine.world import Motion, World

TICKS_MAX: Final = 30
"""Replayed at most: half a second at 60 Hz (lightyear 20, netfox 64, DDNet 1 s)."""

REPEAT_TICKS_MAX: Final = 3
"""As the server fills in a missing command: the last one for three ticks, then the neutral one."""

REPORTED_CELLS_MAX: Final = 16
RECENT_CORRECTIONS_MAX: Final = 64
LATE_AFTER_TICKS_MAX: Final = 12
"""A command that is reported late this soon after a tick that missed one is taken to be that one."""


@dataclass(frozen=True, slots=True)
class PredictionStatistics:
    """Counters since the start; sizes in world units."""

    ticks: int
    ticks_replayed: int
    ticks_held: int
    """Ticks that were not predicted, because the newest snapshot was too old."""
    snapshots: int
    snapshots_stale: int
    corrections: int
    corrections_by_cause: Mapping[str, int]
    corrections_visible: int
    """Corrections that moved the player's place on the screen."""
    refined: int
    """Snapshots that agreed and led to a replay all the same, because somebody near us moved otherwise than guessed."""
    outages: int
    """Times that more ticks were pending than are replayed: the world coasted over some, or stood still."""
    correction_p95_units: float
    correction_max_units: float
    ahead_ticks: int


class Prediction:
    """Predicts one seat of a match. Give it snapshots and a command per tick; draw :attr:`previous` and :attr:`world`."""

    def __init__(self, game: Game, seat: Seat, ticks_max: int = TICKS_MAX, *, reach_units_per_tick: float | None = None) -> None:
        if not 1 <= ticks_max < RING_TICKS:
            raise LocalProtocolError(f"ticks_max: {ticks_max} is not in 1 to {RING_TICKS - 1}")
        schema = game.schema
        self._game: Final = game
        self._seat: Final = seat
        self._ticks_max: Final = ticks_max
        self._past: Final = PredictedPast(schema, seat)
        self._commands: Final = Commands(game.command, schema.seats)
        self._latches: Final = tuple(field.latch for field in game.command.fields)
        self._own: Final = OwnRows(schema, seat)
        self._shared: Final = SharedRows(schema)
        self._touched: Final = np.full(self._shared.row_count, -1, dtype=np.int64)
        self._touched_newest = -1
        self._motion: Final = Motion(schema)
        self._contact: Final = Contact(schema, seat, game.contact_units, game.contact_ticks) if isinstance(game, HasContact) else None
        self._hidden_from: Final = schema.private_cells_end
        self._hides: Final = schema.cells > schema.private_cells_end
        self._ring: Final = [World(schema, tick=-1) for _ in range(RING_TICKS)]
        self._given: Final[list[tuple[int, Command]]] = [(-1, game.command.neutral)] * RING_TICKS
        self._authority = World(schema, tick=-1)
        self._authority_before = World(schema, tick=-1)
        self._spare = World(schema)
        self._old: Final = World(schema)
        self._tick = -1
        self._smoother: Final = Smoother(self._own, reach_units_per_tick)
        self._inquiry: Final = Inquiry(schema, self._own, self._step)
        self._recent: deque[Correction] = deque(maxlen=RECENT_CORRECTIONS_MAX)
        self._sizes: deque[float] = deque(maxlen=256)
        self._causes: Final = dict.fromkeys(Cause, 0)
        self._steps = self._replayed = self._held = self._snapshots = self._stale = self._visible = self._outages = self._refined = 0
        self._is_held = False

    @property
    def ready(self) -> bool:
        """Whether a snapshot has been taken, so that there is a world to predict from."""
        return self._authority.tick >= 0

    @property
    def tick(self) -> int:
        """The newest predicted tick; -1 before the first snapshot."""
        return self._tick

    @property
    def world(self) -> World:
        """The newest predicted world: read-only, valid until the next call."""
        return self._ring[self._tick % RING_TICKS]

    @property
    def previous(self) -> World:
        """The predicted world one tick before (the newest one where there is none): what to draw the way from."""
        return self._at(self._tick - 1) or self.world

    def world_at(self, tick: int) -> World | None:
        """The predicted world of ``tick`` while it is kept: read-only, valid until the next call."""
        return self._at(tick)

    def recent_corrections(self) -> tuple[Correction, ...]:
        """The last corrections, oldest first; a missing command that came after all has become a late one here."""
        return tuple(self._recent)

    def offsets(self, now: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None:
        """What is left of past corrections, for :meth:`Scene.compose`."""
        return self._smoother.offsets(self.world, now) if self.ready else None

    def step(self, tick: int, command: Command, screen: World | None = None) -> None:
        """Predict ``tick`` with our ``command`` for it. Ticks left out, or a clock set back, start again from the newest snapshot.

        ``screen`` is what the others looked like to the player when he gave the command (see :class:`engine.contract.Past`).
        """
        self.give(tick, command, screen)
        self.predict(tick)

    def give(self, tick: int, command: Command, screen: World | None = None) -> None:
        """Note our ``command`` for a ``tick`` that is to be predicted now or a few ticks later (:meth:`predict`)."""
        self._given[tick % RING_TICKS] = (tick, command)
        self._past.show(tick, screen)

    def predict(self, tick: int) -> None:
        """Predict up to ``tick`` with the commands given for it and those before it."""
        if not self.ready:
            raise LocalProtocolError("prediction needs a snapshot to start from")
        if tick != self._tick + 1 or tick <= self._authority.tick:
            self._rebuild(max(tick - 1, self._authority.tick))
            self._smoother.clear()
            if tick <= self._authority.tick:
                return
        self._tick = tick
        if tick - self._authority.tick >= RING_TICKS:
            held = self._ring[tick % RING_TICKS]
            held.copy_from(self._ring[(tick - 1) % RING_TICKS])
            held.tick = tick
            self._held += 1
            self._is_held = True
            return
        self._compute(tick)

    def snapshot(
        self, world: World, now: float, *, late: int = 0, missing: int = 0, last_used_tick: int | None = None
    ) -> Correction | None:
        """Take in the authority's world of ``world.tick`` (copied); returns what had to be corrected, None where we were right.

        ``late``, ``missing`` and ``last_used_tick`` are the snapshot's command feedback; they tell whose fault an error is. Where several
        snapshots have come since the last frame, give only the newest, with the sums of the others' ``late`` and ``missing``: one
        replay then, instead of one each.
        """
        if world.tick <= self._authority.tick:
            self._stale += 1
            return None
        self._snapshots += 1
        if late:
            self._call_late(world.tick, late)
        self._authority, self._authority_before = self._authority_before, self._authority
        self._authority.copy_from(world)
        if self._hides:
            self._authority.cells[self._hidden_from :] = 0
        predicted = self._at(world.tick)
        if predicted is None or self._is_held:
            self._smoother.clear()
            self._rebuild(max(self._tick, world.tick))
            return None
        own, expected = self._authority.cells[self._own.all], predicted.cells[self._own.all]
        if own.tobytes() == expected.tobytes():  # a quarter of the price of comparing arrays
            if self._contact is not None and self._contact.matters(predicted, self._authority, self.world):
                return self._refine(now)
            self._adopt_others()
            return None
        wrong = (own != expected).nonzero()[0]
        told = Feedback(late, missing, last_used_tick)
        causes = self._inquiry.causes(wrong, predicted, self._authority_before, self._authority, told)
        return self._correct(predicted, wrong, causes, now)

    def statistics(self) -> PredictionStatistics:
        """Counters since the start."""
        sizes = sorted(self._sizes)
        return PredictionStatistics(
            ticks=self._steps - self._replayed,
            ticks_replayed=self._replayed,
            ticks_held=self._held,
            snapshots=self._snapshots,
            snapshots_stale=self._stale,
            corrections=sum(self._causes.values()),
            corrections_by_cause={cause.value: count for cause, count in self._causes.items()},
            corrections_visible=self._visible,
            refined=self._refined,
            outages=self._outages,
            correction_p95_units=sizes[int(len(sizes) * 0.95)] if sizes else 0.0,
            correction_max_units=sizes[-1] if sizes else 0.0,
            ahead_ticks=self._tick - self._authority.tick,
        )

    # One tick

    def _at(self, tick: int) -> World | None:
        world = self._ring[tick % RING_TICKS]
        return world if world.tick == tick and tick >= 0 else None

    def _compute(self, tick: int) -> None:
        earlier, world = self._ring[(tick - 1) % RING_TICKS], self._ring[tick % RING_TICKS]
        world.copy_from(earlier)
        self._step(world, tick, self._authority.tick, tick)
        if self._shared.row_count:
            touched = self._shared.touched(earlier.cells, world.cells)
            if touched.size:
                self._touched[touched] = self._touched_newest = tick
        self._steps += 1

    def _step(self, world: World, tick: int, known_tick: int, command_tick: int) -> None:
        """Compute ``tick``: the others are known up to ``known_tick``, no command later than that of ``command_tick`` is there."""
        world.tick = tick
        self._past.begin(tick, known_tick)
        self._commands.set(self._seat, self._command_for(tick, command_tick))
        self._game.step(world, self._commands, self._past)
        if self._hides:
            world.cells[self._hidden_from :] = 0  # never told to a client: a prediction must not depend on what it made up itself

    def _command_for(self, tick: int, newest: int) -> Command:
        """Our command for ``tick``, or what the server makes of the last one up to ``newest``: held down, but not pressed again."""
        for earlier in range(newest, tick - REPEAT_TICKS_MAX - 1, -1):
            given, command = self._given[earlier % RING_TICKS]
            if given == earlier:
                return command if earlier == tick else self._held_down(command)
        return self._game.command.neutral

    def _held_down(self, command: Command) -> Command:
        neutral = self._game.command.neutral
        return tuple(neutral[index] if latch else command[index] for index, latch in enumerate(self._latches))

    # A snapshot that agrees

    def _adopt_others(self) -> None:
        """Everything but our own rows (and what we touched since) becomes the authority's, moved on to our tick."""
        newest, merged, own = self.world, self._spare, self._own.all
        merged.copy_from(self._authority)
        self._motion.advance(merged, self._tick - self._authority.tick)
        merged.cells[own] = newest.cells[own]
        if self._touched_newest > self._authority.tick:
            kept = self._shared.cells[self._touched[self._shared.rows] > self._authority.tick]
            merged.cells[kept] = newest.cells[kept]
        self._ring[self._tick % RING_TICKS], self._spare = merged, newest

    def _refine(self, now: float) -> Correction | None:
        """We were right so far, but somebody near us moves otherwise than we had guessed: see whether that changes what is pending."""
        tick, newest = self._authority.tick, self._tick
        self._old.copy_from(self.world)
        coasted = self._rebuild(newest)
        self._refined += 1
        size = self._visible_size(self._old, self.world)
        if not size:
            return None
        self._smoother.add(self._old, self.world, self._smoother.teleports(self._authority_before, self._authority), now)
        correction = Correction(tick, Cause.OTHER_PLAYER, (), 0, newest - tick - coasted, coasted, size)
        self._note(correction)
        return correction

    # A snapshot that does not

    def _rebuild(self, newest: int) -> int:
        """Start from the authority and predict up to ``newest`` again; returns the ticks that had to be coasted over."""
        start = self._authority.tick
        pending = newest - start
        coasted = max(0, pending - self._ticks_max)
        for world in self._ring:  # they belong to another course of events
            world.tick = -1
        self._touched[:] = self._touched_newest = -1
        self._outages += coasted > 0 or self._is_held
        self._is_held = False
        world = self._ring[(start + coasted) % RING_TICKS]
        world.copy_from(self._authority)
        self._motion.advance(world, min(coasted, self._ticks_max))  # after a longer silence: stand, rather than glide away
        world.tick = start + coasted
        for tick in range(start + coasted + 1, newest + 1):
            self._compute(tick)
        self._replayed += pending - coasted
        self._tick = newest
        return coasted

    def _correct(self, predicted: World, wrong: Indices, causes: list[Cause], now: float) -> Correction:
        tick, newest, cells = self._authority.tick, self._tick, self._own.all
        truth, expected = self._authority.cells[cells], predicted.cells[cells]
        mispredictions = tuple(
            Misprediction(tick, *self._own.place(index), int(expected[index]), int(truth[index]), cause)
            for index, cause in zip(wrong[:REPORTED_CELLS_MAX].tolist(), causes, strict=False)
        )
        self._old.copy_from(self.world)
        coasted = self._rebuild(newest)
        teleported = self._smoother.teleports(self._authority_before, self._authority)
        self._smoother.add(self._old, self.world, teleported, now)
        size = 0.0 if teleported.any() else self._visible_size(self._old, self.world)
        cause = self._inquiry.named(wrong, causes, expected[wrong] - truth[wrong])
        if size and not coasted and cause is Cause.SERVER_EVENT and self._moved_anyway(wrong, expected):
            cause = Cause.OTHER_PLAYER
        correction = Correction(tick, cause, mispredictions, int(wrong.size), newest - tick - coasted, coasted, size)
        self._note(correction)
        return correction

    def _moved_anyway(self, wrong: Indices, expected: NDArray[np.int32]) -> bool:
        """Whether the newest place would be what it is now if our own rows had been right: then the news of the others moved it.

        Steps all pending ticks again, which the frame has rebuilt already: the dearest question about a correction, so it is asked last.
        """
        if self._inquiry.is_of_place(wrong):
            return False
        world = self._spare
        world.copy_from(self._authority)
        world.cells[self._own.all] = expected
        for tick in range(self._authority.tick + 1, self._tick + 1):
            self._step(world, tick, self._authority.tick, tick)
        return not self._visible_size(world, self.world)

    def _note(self, correction: Correction) -> None:
        self._recent.append(correction)
        self._causes[correction.cause] += 1
        if correction.size_units:
            self._sizes.append(correction.size_units)
            self._visible += 1

    def _visible_size(self, before: World, after: World) -> float:
        pair = self._own.linear[self._own.pair]
        births = self._own.linear_births[self._own.pair]
        if not pair.size or (before.cells[births] != after.cells[births]).any():
            return 0.0
        return float(np.hypot.reduce(before.cells[pair].astype(np.float64) - after.cells[pair]))

    def _call_late(self, now_tick: int, late: int) -> None:
        """Commands that were missing a moment ago have come: what they caused was lateness, not loss."""
        for index in reversed(range(len(self._recent))):
            correction = self._recent[index]
            if late <= 0 or correction.tick < now_tick - LATE_AFTER_TICKS_MAX:
                return
            if correction.cause is not Cause.MISSING_COMMAND:
                continue
            self._recent[index] = correction.called_late()
            self._causes[Cause.MISSING_COMMAND] -= 1
            self._causes[Cause.LATE_COMMAND] += 1
            late -= 1
