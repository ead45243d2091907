"""Whether somebody is so near that what he does moves us: then a prediction is worth computing anew with each snapshot.

Our own rows may agree with the authority and the pending ticks be wrong all the same, because somebody next to us went elsewhere. Waiting
until that shows in our own rows means one large correction a round trip later; computing the pending ticks again at once means several
small ones. It costs a replay per snapshot, so it is done only near others: where one of them surprised us, or where more ticks are pending
than the game predicts contact for, so that each snapshot lets us feel one more of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.ids import Seat
from engine.world import Schema, World, column_offsets

PLACES: Final = 2
"""The fields that make a place: x and y."""


class Contact:
    """Index arrays for one schema and seat. ``units``, ``ticks``: see :class:`engine.contract.HasContact`."""

    def __init__(self, schema: Schema, seat: Seat | int, units: int, ticks: int) -> None:
        self._ticks: Final = ticks
        self._reach: Final = units + units // 2
        """Half a contact more, for turning towards each other."""
        self._cells: NDArray[np.intp] | None = None
        """[4, players]: where their places stand, and their speeds."""
        for layout in schema.layouts:
            fields = [field for field in layout.kind.fields if field.blend == "linear" and isinstance(field.motion, str)][:PLACES]
            if not layout.kind.is_owned or len(fields) < PLACES:
                continue
            columns, slots = column_offsets(layout), np.arange(layout.rows, dtype=np.intp)
            names = [field.name for field in fields] + [str(field.motion) for field in fields]
            self._cells = np.stack([columns[name] + slots for name in names])
            self._births = layout.public_offset + slots
            self._is_other = slots // (layout.kind.per_seat or 1) != seat
            self._own_places = self._cells[:PLACES, ~self._is_other]
            break

    def matters(self, predicted: World, authority: World, newest: World) -> bool:
        """Whether somebody near our way from ``authority`` (a snapshot) to ``newest`` (predicted) makes it worth computing again.

        ``predicted`` is what the prediction had for the snapshot's tick.
        """
        if self._cells is None:
            return False
        ticks = newest.tick - authority.tick
        told = authority.cells[self._cells]
        who = self._is_other & (authority.cells[self._births] != 0)
        if ticks <= self._ticks:
            who &= np.logical_or.reduce(told != predicted.cells[self._cells], axis=0)
        which = who.nonzero()[0]
        if not which.size:
            return False
        own = np.concatenate([authority.cells[self._own_places], newest.cells[self._own_places]], axis=1).tolist()
        return any(self._is_near(own, told[:, one].tolist(), ticks) for one in which.tolist())

    def _is_near(self, own: list[list[int]], other: list[int], ticks: int) -> bool:
        """Both ways as boxes: ours between where we were and are, the other's from ``other`` (places, then speeds) on at its speed."""
        for axis in range(PLACES):
            place = other[axis]
            end = place + ticks * other[PLACES + axis]
            if max(place, end) <= min(own[axis]) - self._reach or min(place, end) >= max(own[axis]) + self._reach:
                return False
        return True
