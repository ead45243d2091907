"""Whether somebody is so near that what he does moves us: then a prediction is worth computing anew with each snapshot.

Our own rows may agree with the authority and the pending ticks be wrong all the same, because somebody next to us went elsewhere. Waiting
until that shows in our own rows means one large correction a round trip later; computing the pending ticks again at once means several
small ones. It costs a replay per snapshot, so it is done only near others.
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
    """Index arrays for one schema and seat. ``units``: see :class:`engine.contract.HasContact`."""

    def __init__(self, schema: Schema, seat: Seat | int, units: int) -> None:
        self._units: Final = units
        self._places: NDArray[np.intp] | None = None
        """[2 or more, players]: the cells of their places; the speeds' and the births' alike."""
        for layout in schema.layouts:
            fields = [field for field in layout.kind.fields if field.blend == "linear" and isinstance(field.motion, str)][:PLACES]
            if not layout.kind.is_owned or len(fields) < PLACES:
                continue
            columns, slots = column_offsets(layout), np.arange(layout.rows, dtype=np.intp)
            self._places = np.stack([columns[field.name] + slots for field in fields])
            self._speeds = np.stack([columns[str(field.motion)] + slots for field in fields])
            self._births = layout.public_offset + slots
            self._is_own = slots // (layout.kind.per_seat or 1) == seat
            break

    def surprises(self, predicted: World, authority: World, newest: World) -> bool:
        """Whether somebody near our way from ``authority`` (a snapshot) to ``newest`` (the predicted present) is not where, or does not
        move as, the prediction for the snapshot's tick (``predicted``) had it.
        """
        if self._places is None:
            return False
        ticks = newest.tick - authority.tick
        places = authority.cells[self._places]
        speeds = authority.cells[self._speeds]
        ends = places + ticks * speeds
        own = np.concatenate([places[:, self._is_own], newest.cells[self._places[:, self._is_own]]], axis=1)
        # Both ways as boxes, ours between where we were and are; half a contact more, for turning towards each other.
        reach = self._units + self._units // 2
        near = np.maximum(places, ends) > own.min(axis=1, keepdims=True) - reach
        near &= np.minimum(places, ends) < own.max(axis=1, keepdims=True) + reach
        candidates = near.all(axis=0) & ~self._is_own & (authority.cells[self._births] != 0)
        if not np.count_nonzero(candidates):
            return False
        moved = predicted.cells[self._places] != places
        moved |= predicted.cells[self._speeds] != speeds
        return bool((moved.any(axis=0) & candidates).any())
