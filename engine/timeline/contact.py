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
        self._others: NDArray[np.intp] | None = None
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
        living = authority.cells[self._births].nonzero()[0].tolist()
        if not living:
            return False
        near = self._near(living, authority, newest, ticks)
        if near and ticks <= self._ticks:
            cells = self._others[:, near]
            return bool((authority.cells[cells] != predicted.cells[cells]).any())
        return bool(near)

    def _near(self, living: list[int], authority: World, newest: World, ticks: int) -> list[int]:
        """Whose way comes near ours. Both ways as boxes: ours between where we were and are, the other's on at his speed.

        In plain integers: half the time of fifteen array operations, for the handful of others that most matches have.
        """
        assert self._others is not None  # asked by :meth:`matters`
        (ours_x, ours_y), (newest_x, newest_y) = (world.cells[self._own_places].tolist() for world in (authority, newest))
        reach = self._reach
        left, right = min(*ours_x, *newest_x) - reach, max(*ours_x, *newest_x) + reach
        top, bottom = min(*ours_y, *newest_y) - reach, max(*ours_y, *newest_y) + reach
        xs, ys, speeds_x, speeds_y = authority.cells[self._others].tolist()
        near = []
        for other in living:
            x, way = xs[other], speeds_x[other] * ticks
            if x + max(way, 0) > left and x + min(way, 0) < right:
                y, way = ys[other], speeds_y[other] * ticks
                if y + max(way, 0) > top and y + min(way, 0) < bottom:
                    near.append(other)
        return near
