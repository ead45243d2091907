"""Whether somebody is so near that what he does moves us: then a prediction is worth computing anew with each snapshot.

Our own rows may agree with the authority and the pending ticks be wrong all the same, because somebody next to us went elsewhere. Waiting
until that shows in our own rows means one large correction a round trip later; computing the pending ticks again at once means several
small ones. It costs a replay per snapshot, so it is done only near others: where one of them surprised us, or where more ticks are pending
than the game predicts contact for, so that each snapshot lets us feel one more of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.ids import Seat
from engine.timeline.own_rows import Indices
from engine.world import Schema, World, column_offsets

PLACES: Final = 2
"""The fields that make a place: x and y."""

FEW_MAX: Final = 32
"""Up to so many others are looked at one by one in plain integers, beyond it all at once. Microseconds per snapshot, one by one and all at
once: 4 and 11 for 4 others, 7 and 11 for 16, 12 and 12 for 32, 21 and 11 for 64, 57 and 14 for 255."""


class Contact:
    """Index arrays for one schema and seat. ``units``, ``ticks``: see :class:`engine.contract.HasContact`."""

    def __init__(self, schema: Schema, seat: Seat | int, units: int, ticks: int) -> None:
        self._ticks: Final = ticks
        self._reach: Final = units + units // 2
        """Half a contact more, for turning towards each other."""
        self._others: Indices | None = None
        """[4, others]: where their places stand, and their speeds."""
        for layout in schema.layouts:
            fields = [field for field in layout.kind.fields if field.blend == "linear" and isinstance(field.motion, str)][:PLACES]
            if not layout.kind.is_owned or len(fields) < PLACES:
                continue
            columns, slots = column_offsets(layout), np.arange(layout.rows, dtype=np.intp)
            names = [field.name for field in fields] + [str(field.motion) for field in fields]
            cells = np.stack([columns[name] + slots for name in names])
            is_other = slots // (layout.kind.per_seat or 1) != seat
            self._others = cells[:, is_other]
            self._births = layout.public_offset + slots[is_other]
            self._own_places = cells[:PLACES, ~is_other]
            break

    def matters(self, predicted: World, authority: World, newest: World) -> bool:
        """Whether somebody near our way from ``authority`` (a snapshot) to ``newest`` (predicted) makes it worth computing again.

        ``predicted`` is what the prediction had for the snapshot's tick. Who is near is asked first: most often nobody is.
        """
        if self._others is None:
            return False
        ticks = newest.tick - authority.tick
        living = authority.cells[self._births].nonzero()[0]
        if not living.size:
            return False
        near = (self._near if living.size <= FEW_MAX else self._near_of_many)(living, authority, newest, ticks)
        if near and ticks <= self._ticks:
            cells = self._others[:, near]
            return bool((authority.cells[cells] != predicted.cells[cells]).any())
        return bool(near)

    def _near(self, living: Indices, authority: World, newest: World, ticks: int) -> list[int]:
        """Whose way comes near ours. Both ways as boxes: ours between where we were and are, the other's on at his speed."""
        assert self._others is not None  # asked by :meth:`matters`
        left, right, top, bottom = self._ours(authority, newest)
        xs, ys, speeds_x, speeds_y = authority.cells[self._others].tolist()
        near = []
        for other in living.tolist():
            x, way = xs[other], speeds_x[other] * ticks
            if x + max(way, 0) > left and x + min(way, 0) < right:
                y, way = ys[other], speeds_y[other] * ticks
                if y + max(way, 0) > top and y + min(way, 0) < bottom:
                    near.append(other)
        return near

    def _near_of_many(self, living: Indices, authority: World, newest: World, ticks: int) -> list[int]:
        """:meth:`_near`, all at once."""
        assert self._others is not None  # as there
        left, right, top, bottom = self._ours(authority, newest)
        told = authority.cells[self._others.take(living, axis=1)].astype(np.int64)
        places, ends = told[:PLACES], told[:PLACES] + told[PLACES:] * ticks
        near = (np.maximum(places, ends) > [[left], [top]]) & (np.minimum(places, ends) < [[right], [bottom]])
        which: list[int] = living[near[0] & near[1]].tolist()
        return which

    def _ours(self, authority: World, newest: World) -> tuple[int, int, int, int]:
        """(left, right, top, bottom) of the way from where the authority has us to where we are predicted, and a contact around it."""
        (told_x, told_y), (newest_x, newest_y) = (world.cells[self._own_places].tolist() for world in (authority, newest))
        xs, ys, reach = told_x + newest_x, told_y + newest_y, self._reach
        return min(xs) - reach, max(xs) + reach, min(ys) - reach, max(ys) + reach
