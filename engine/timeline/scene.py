"""The one world that is drawn: everybody else from interpolation, the player himself from prediction.

The two are at different times on purpose: the others are shown as they were a moment ago (known), the player as he is (predicted).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.timeline.own_rows import OwnRows
from engine.world import FRACTIONS, Blender, Schema, World


class Scene:
    """Composes worlds to draw for one schema and seat. Make one per match."""

    def __init__(self, schema: Schema, seat: Seat | int) -> None:
        self._own: Final = OwnRows(schema, seat)
        self._blender: Final = Blender(schema, seat)

    def compose(
        self,
        out: World,
        others: World,
        predicted_before: World,
        predicted_now: World,
        fraction: int,
        offsets: NDArray[np.int64] | None = None,
    ) -> World:
        """Set ``out`` to ``others``, with the seat's own rows ``fraction`` / 256 of the way from one predicted world to the next.

        ``offsets`` are :meth:`Prediction.offsets`: the rest of a correction, added to the own rows' linear fields. ``others`` may be
        ``out``. ``out.tick`` is the tick of ``others``.

        What moves is blended as :class:`engine.world.Blender` does it. All else is as of ``predicted_now``, new rows too: a shot, its
        flash and its sound are there in the frame of the key press, and not when the tick is over.
        """
        if not 0 <= fraction <= FRACTIONS:
            raise LocalProtocolError(f"fraction {fraction} is not in 0 to {FRACTIONS}")
        own = self._own
        if out is not others:
            out.copy_from(others)
        before, now = (predicted_now, predicted_now) if fraction == FRACTIONS else (predicted_before, predicted_now)
        cells = out.cells
        cells[own.all] = now.cells[own.all]
        if before is not now:
            self._blender.move_cells(out, before, now, fraction)
        if offsets is not None and own.linear.size:
            shifted = cells[own.linear] + offsets
            np.maximum(shifted, own.linear_lows, out=shifted)  # a quarter of np.clip's price
            np.minimum(shifted, own.linear_highs, out=shifted)
            shifted[cells[own.linear_births] == 0] = 0
            cells[own.linear] = shifted
        return out


def compose(
    out: World,
    others: World,
    predicted_before: World,
    predicted_now: World,
    fraction: int,
    seat: Seat | int,
    offsets: NDArray[np.int64] | None = None,
) -> World:
    """As :meth:`Scene.compose`, for a single picture; whoever draws a match keeps a :class:`Scene`."""
    return Scene(out.schema, seat).compose(out, others, predicted_before, predicted_now, fraction, offsets)
