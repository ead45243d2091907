"""What a wrong prediction was, and how its visible part fades.

The simulation takes a correction at once; the picture must not jump. So the difference between where the own rows were drawn and where they
belong is kept as an offset, added when drawing, halved every 60 to 200 ms: quickly where it is large (a player should not be shown far from
the truth for long), slowly where it is small (then nobody sees it go). A teleport is no error and is shown at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.timeline.own_rows import OwnRows
from engine.world import World

HALF_LIFE_S_SMALL: Final = 0.200
HALF_LIFE_S_LARGE: Final = 0.060
"""lightyear halves every 200 ms; Gaffer fades large errors faster than small ones."""

LARGE_TICKS: Final = 4.0
"""An error of this many ticks of travel at full speed fades with the short half-life; below, in proportion."""

TELEPORT_TICKS: Final = 15.0
"""An error of more than this much travel (a quarter of a second at 60 Hz) is shown at once: sliding across the map looks worse."""

JUMP_TOLERANCE: Final = 1.25
"""The authority's own row moved further than this times what its motion field allows: it was put there (a respawn), it did not walk."""

GONE_UNITS: Final = 0.5


class Cause(Enum):
    """Why a prediction was wrong. The value is the name in logs and statistics."""

    LATE_COMMAND = "late_command"
    """The server had to compute a tick without our command, which came afterwards."""
    MISSING_COMMAND = "missing_command"
    """The server had to compute a tick without our command, which has not come (yet)."""
    OTHER_PLAYER = "other_player"
    """With what is known of the others by now our step gives the true result: they did otherwise than we had guessed."""
    SERVER_EVENT = "server_event"
    """Something that only the authority decides and no command explains: having hit and being hurt, a death, coming back, a round."""
    NONDETERMINISM = "nondeterminism"
    """The same step from the same world gave two results: a fault in the game."""


@dataclass(frozen=True, slots=True)
class Misprediction:
    """One cell that the prediction got wrong."""

    tick: int
    kind: str
    slot: int
    field: str
    predicted: int
    authoritative: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Correction:
    """A snapshot that did not agree with the prediction, and what was done about it."""

    tick: int
    cause: Cause
    """Of the cells that name it: see :mod:`engine.timeline.causes`."""
    mispredictions: tuple[Misprediction, ...]
    """The first few cells that differed; none where only what is pending had to be computed anew."""
    cells_wrong: int
    replayed_ticks: int
    coasted_ticks: int
    """Ticks that were too many to replay: the world was moved on by its motion fields instead. Not 0 only after an outage."""
    size_units: float
    """How far the player's newest predicted place moved (first pair of linear fields; world units)."""

    def called_late(self) -> Correction:
        """The same, now that the missing command has come."""
        late = {Cause.MISSING_COMMAND: Cause.LATE_COMMAND}
        cells = tuple(replace(cell, cause=late.get(cell.cause, cell.cause)) for cell in self.mispredictions)
        return replace(self, cause=late.get(self.cause, self.cause), mispredictions=cells)


class Smoother:
    """The offsets of own linear cells, in the order of :attr:`OwnRows.linear`."""

    def __init__(self, own: OwnRows, reach_units_per_tick: float | None = None) -> None:
        self._own: Final = own
        reach = own.reach_per_tick if reach_units_per_tick is None else np.full(own.linear.size, reach_units_per_tick)
        self._reach: Final = np.maximum(reach, 1.0)
        self._row_reach: Final = np.ones(max(own.row_count, 1))
        np.maximum.at(self._row_reach, own.linear_rows, self._reach)
        self._values: NDArray[np.float64] = np.zeros(own.linear.size)
        self._births: Final = np.zeros(own.linear.size, dtype=np.int32)
        self._at = 0.0
        self._active = False

    def clear(self) -> None:
        """Show everything where it is."""
        self._values[:] = 0.0
        self._active = False

    def add(self, before: World, after: World, teleported: NDArray[np.bool_], now: float) -> None:
        """The newest predicted world was ``before`` and is now ``after``. ``teleported``: own rows [row_count] to show at once."""
        own = self._own
        self._decay(now)
        births = after.cells[own.linear_births]
        same = (births != 0) & (births == before.cells[own.linear_births])
        error = before.cells[own.linear].astype(np.float64) - after.cells[own.linear]
        self._values += error
        self._values *= same & ~teleported[own.linear_rows]
        far = self._row_sizes() > TELEPORT_TICKS * self._row_reach
        self._values *= ~far[own.linear_rows]
        self._births[:] = births
        self._active = bool(self._values.any())

    def offsets(self, newest: World, now: float) -> NDArray[np.int64] | None:
        """What to add to the own linear fields when drawing; None where there is nothing to add (nearly always)."""
        if not self._active:
            return None
        self._decay(now)
        self._values *= newest.cells[self._own.linear_births] == self._births
        if not self._values.any():
            self._active = False
            return None
        return np.rint(self._values).astype(np.int64)

    def teleports(self, earlier: World, later: World) -> NDArray[np.bool_]:
        """Own rows [row_count] that the authority moved further between two of its worlds than they can travel."""
        own = self._own
        found = np.zeros(max(own.row_count, 1), dtype=np.bool_)
        ticks = max(1, later.tick - earlier.tick)
        moved = np.abs(later.cells[own.linear].astype(np.int64) - earlier.cells[own.linear])
        found[own.linear_rows[moved > JUMP_TOLERANCE * ticks * self._reach + 1]] = True
        return found

    def _row_sizes(self) -> NDArray[np.float64]:
        squares = np.bincount(self._own.linear_rows, weights=self._values**2, minlength=self._row_reach.size)
        return np.asarray(np.sqrt(squares), dtype=np.float64)

    def _decay(self, now: float) -> None:
        elapsed = max(0.0, now - self._at)
        self._at = max(now, self._at)
        if not self._active or elapsed == 0.0:
            return
        largeness = np.minimum(1.0, self._row_sizes() / (LARGE_TICKS * self._row_reach))
        half_life = HALF_LIFE_S_SMALL + (HALF_LIFE_S_LARGE - HALF_LIFE_S_SMALL) * largeness
        self._values *= np.exp2(-elapsed / half_life)[self._own.linear_rows]
        self._values[np.abs(self._values) < GONE_UNITS] = 0.0
