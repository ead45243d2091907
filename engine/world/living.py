"""Which cells of a world belong to rows that live, and whatever goes with those cells.

Most slots are free, so every forecast picks out the living rows first: half a dozen look-ups of what follows from the generations alone.
Rows come and go far more rarely than worlds are moved on (in a fight of four in every third tick, elsewhere hardly ever), so what was
picked last is kept together with the generations that it was picked by.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


class LivingCells:
    """Picks, from columns with a value per cell, those of living rows. Make one per schema and keep it."""

    __slots__ = ("_births", "_columns", "_picked", "_rows", "picked_by")

    def __init__(self, births: NDArray[np.intp], *columns: Column) -> None:
        """``births``: where the generation of each cell's row stands in a world's cells."""
        self._births: Final = births
        self._rows: Final = np.unique(births)
        self._columns: Final = columns
        self._picked: tuple[Column, ...] = ()
        self.picked_by: bytes | None = None
        """The :meth:`generations` of the cells that were picked by last."""

    def generations(self, cells: Column) -> bytes:
        """Of all rows that have such cells: equal in two worlds exactly if the same rows live in both."""
        return cells[self._rows].tobytes()

    def pick(self, cells: Column) -> tuple[Column, ...]:
        """The columns' values for the cells whose row lives in these ``cells`` of a world: not to be written to."""
        generations = self.generations(cells)
        if generations != self.picked_by:
            living = cells[self._births].nonzero()[0]
            self._picked = tuple(column[living] for column in self._columns)
            self.picked_by = generations
        return self._picked
