"""What one client may see of the public cells: hidden rows do not exist for it.

A seat's own rows are never hidden from it: prediction compares them and its private cells belong to them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.contract import Mask
from engine.errors import LocalProtocolError
from engine.world import World


def public_view(world: World, mask: Mask | None, seat: int | None) -> NDArray[np.int32]:
    """The public cells as ``seat`` may see them: a view of the world without a mask, otherwise a copy with zeros in hidden rows."""
    if mask is None:
        return world.public_cells()
    cells = world.public_cells().copy()
    unknown = set(mask) - {kind.name for kind in world.schema.kinds}
    if unknown:
        raise LocalProtocolError(f"mask names no kind of the schema: {sorted(unknown)}")
    for layout, table in zip(world.schema.layouts, world.tables, strict=True):
        seen = mask.get(layout.kind.name)
        if seen is None:
            continue
        if seen.shape != (layout.rows,):
            raise LocalProtocolError(f"mask of {layout.kind.name}: {seen.shape} where {layout.rows} rows are")
        hidden = ~seen
        if seat is not None and layout.kind.is_owned:
            hidden[table.slots_of(seat)] = False
        end = layout.public_offset + layout.public_columns * layout.rows
        cells[layout.public_offset : end].reshape(layout.public_columns, layout.rows)[:, hidden] = 0
    return cells
