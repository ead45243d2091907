"""Why a snapshot did not agree with the prediction: worked out cell by cell, by computing the ticks since the last snapshot again.

A client's step knows everything but two things: what the others did meanwhile, and whether its own commands were there. So the step is
run again from the authority's last world, with one doubt put right at a time:

- *guessed*: from that true world on, the others guessed as in any prediction;
- *known*: and before each tick the others put where they were by then: on the straight way between the two snapshots, everything else about
  them as of the newer one;
- *unheard*: as *known*, with our commands filled in as the server does it where it has none.

A cell is **other_player** where *guessed* or *known* takes its error away, by half at least: of a way between two snapshots only the ends
are certain. For the same reason, where a snapshot in between was lost, also if the two differ by no less than the error. Of the other cells
one is **late_command** or **missing_command** where *unheard* differs from *known*, if the server has told of a missing command; that word
may be lost with its snapshot, and then *unheard* must mend all of them so. What no player's command explains is **server_event**.
Before all: a step that gives two results is **nondeterminism**.

**Which cell names a correction**: the player's place, where that was wrong, for that is what he sees, and of it the cell that was furthest
off; otherwise of all cells' causes the first in the order of :class:`Cause`, nondeterminism before all. If no cell of the place was wrong,
and the newest predicted place moved all the same, as it would have with nothing of ours wrong, it was **other_player** that moved it
(:meth:`Prediction._moved_anyway`).

It is run for a correction only. The three doubts, the first of them twice, take four steps per tick between the two snapshots at most, and
that for :data:`RESTEP_TICKS_MAX` ticks at most. What moved the place takes all pending ticks once more, in a frame that has just rebuilt
them: thirty steps at most, where no cell of the place was wrong and nothing else explains the cells that were. Measured with four bots in
the arena (round trip 200 ms, jitter 30 ms, 10 % loss): 4 of 123 corrections, 16 steps and 1.1 ms each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.timeline.correction import Cause
from engine.timeline.own_rows import Indices, OwnRows
from engine.world import Schema, World, column_offsets

RESTEP_TICKS_MAX: Final = 8
"""The step is repeated from the last snapshot, if that is not longer ago."""

Step: TypeAlias = Callable[[World, int, int, int], None]
"""Computes a tick in place: the world, the tick, until which tick the others are known, and of which tick our newest command is."""

Values: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the server said of our commands with the snapshots since the last one that was compared."""

    late: int = 0
    missing: int = 0
    last_used_tick: int | None = None
    """Of the newest command that a step had; None: not told."""

    def blames_timing(self, tick: int) -> bool:
        """Whether a step up to ``tick`` is known to have had no command of ours."""
        return self.missing > 0 or (self.last_used_tick is not None and self.last_used_tick < tick)

    @property
    def timing(self) -> Cause:
        """What a missing command is called so far."""
        return Cause.LATE_COMMAND if self.late else Cause.MISSING_COMMAND


class Inquiry:
    """Finds causes for one schema and seat."""

    def __init__(self, schema: Schema, own: OwnRows, step: Step) -> None:
        self._own: Final = own.all
        self._step: Final = step
        self._is_place: Final[NDArray[np.bool_]] = np.isin(own.all, own.linear[own.pair])
        self._others: Final[Indices] = np.setdiff1d(np.arange(schema.public_cells, dtype=np.intp), own.all)
        moving, births = _moving(schema)
        theirs = np.isin(moving, own.all, invert=True)
        self._moving: Final[Indices] = moving[theirs]
        self._births: Final[Indices] = births[theirs]
        self._world: Final = World(schema)

    def causes(self, wrong: Indices, predicted: World, before: World, now: World, told: Feedback) -> list[Cause]:
        """Of each cell of ``wrong`` (positions within ``own.all``). ``before`` and ``now`` are the authority's last two worlds."""
        is_told = told.blames_timing(now.tick)
        if before.tick < 0 or now.tick - before.tick > RESTEP_TICKS_MAX:
            return [told.timing if is_told else Cause.SERVER_EVENT] * wrong.size
        guessed = self._again(before, now)
        if (guessed != self._again(before, now)).any():
            return [Cause.NONDETERMINISM] * wrong.size
        truth = now.cells[self._own].astype(np.int64)[wrong]
        error = np.abs(predicted.cells[self._own].astype(np.int64)[wrong] - truth)

        def explained(given: Values) -> NDArray[np.bool_]:
            mended: NDArray[np.bool_] = 2 * np.abs(given[wrong] - truth) <= error
            return mended

        by_others, has_gap = explained(guessed), now.tick - before.tick > 1
        by_timing = np.zeros(wrong.size, dtype=np.bool_)
        if not by_others.all():
            known = self._again(before, now, is_known=True)
            by_others |= explained(known)
            if has_gap:
                by_others |= np.abs(known - guessed)[wrong] >= error
            if not by_others.all() and (is_told or has_gap):
                unheard = self._again(before, now, is_known=True, told=told)
                by_timing = unheard[wrong] != known[wrong]
                if not is_told:
                    by_timing &= bool((by_others | explained(unheard)).all())
        return [
            Cause.OTHER_PLAYER if other else told.timing if timing else Cause.SERVER_EVENT
            for other, timing in zip(by_others.tolist(), by_timing.tolist(), strict=True)
        ]

    def named(self, wrong: Indices, causes: Sequence[Cause], error: NDArray[np.int32]) -> Cause:
        """The cause of the whole correction. ``error`` [wrong]: predicted minus true."""
        if self.is_of_place(wrong):
            return causes[int(np.argmax(np.abs(error) * self._is_place[wrong]))]
        return min(causes, key=_ORDER.index)

    def is_of_place(self, wrong: Indices) -> bool:
        """Whether the player's place is among the wrong cells."""
        return bool(self._is_place[wrong].any())

    def _again(self, before: World, now: World, *, is_known: bool = False, told: Feedback | None = None) -> Values:
        """Our own cells of ``now``'s tick, computed from ``before``. ``told``: as if no other command than that had come since."""
        world, ticks = self._world, now.tick - before.tick
        world.copy_from(before)
        for number in range(ticks):
            tick = before.tick + number + 1
            if is_known:
                self._put_others(world, before, now, number, ticks)
            self._step(world, tick, tick - 1 if is_known else before.tick, tick if told is None else _heard(told, before.tick, tick))
        return world.cells[self._own].astype(np.int64)

    def _put_others(self, world: World, before: World, now: World, share: int, whole: int) -> None:
        """Everything that is not ours as it was ``share`` / ``whole`` of the way from one snapshot to the next."""
        world.cells[self._others] = now.cells[self._others]
        lives_on = before.cells[self._births] == now.cells[self._births]
        moving = self._moving[lives_on]
        start = before.cells[moving].astype(np.int64)
        world.cells[moving] = start + (now.cells[moving] - start) * share // whole


_ORDER: Final = (Cause.NONDETERMINISM, Cause.LATE_COMMAND, Cause.MISSING_COMMAND, Cause.OTHER_PLAYER, Cause.SERVER_EVENT)


def _heard(told: Feedback, before_tick: int, tick: int) -> int:
    """Of which tick the newest command was that the step of ``tick`` can have had, if none came but those that are known to have."""
    used = before_tick if told.last_used_tick is None else told.last_used_tick
    return used if used <= tick else before_tick


def _moving(schema: Schema) -> tuple[Indices, Indices]:
    """Everybody's public cells that move evenly between two ticks, and where their rows' births stand."""
    cells, births = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    for layout in schema.layouts:
        columns, rows = column_offsets(layout), np.arange(layout.rows, dtype=np.intp)
        for field in layout.kind.fields_visible_to("everyone"):
            if field.blend == "linear":
                cells.append(columns[field.name] + rows)
                births.append(layout.public_offset + rows)
    return np.concatenate(cells), np.concatenate(births)
