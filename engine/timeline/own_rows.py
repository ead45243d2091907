"""Where in a world's cells one seat's own rows stand: index arrays, made once per match, for prediction and for the picture.

"Own" are the seat's slots of every kind with ``per_seat``: generation, fields for everyone, fields for the owner. Fields for the server
alone are not among them: the client never learns those, and its prediction holds them at zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.world import Field, KindLayout, Schema, column_offsets

Indices = NDArray[np.intp]
Values = NDArray[np.int64]

_STILL: Final = np.array(0, dtype=np.int32)


class OwnRows:
    """Index arrays into ``world.cells`` for one schema and seat."""

    def __init__(self, schema: Schema, seat: Seat | int) -> None:
        if not 0 <= seat < schema.seats:
            raise LocalProtocolError(f"seat {seat} is not in 0 to {schema.seats - 1}")
        self._places: Final[list[tuple[str, int, str]]] = []
        own: list[Indices] = []
        linear: list[Indices] = []
        births: list[Indices] = []
        fields: list[Field] = []
        rows: list[Indices] = []
        reaches: list[float] = []
        self._row_count = 0
        self._pair_kind = ""
        self.pair: Final[list[int]] = []
        """Positions within :attr:`linear` of the first two linear fields (if there are so many) of the seat's first row that has any."""
        for layout in schema.layouts:
            per_seat = layout.kind.per_seat
            if per_seat is None:
                continue
            slots = np.arange(seat * per_seat, (seat + 1) * per_seat, dtype=np.intp)
            birth = layout.public_offset + slots
            own.append(birth)
            self._places.extend((layout.kind.name, int(slot), "generation") for slot in slots)
            columns = column_offsets(layout)
            for field in layout.kind.fields:
                if field.visible_to == "server":
                    continue
                cells = columns[field.name] + slots
                own.append(cells)
                self._places.extend((layout.kind.name, int(slot), field.name) for slot in slots)
                if field.blend != "linear":
                    continue
                self._note_pair(layout, sum(part.size for part in linear))
                rows.append(self._row_count + np.arange(per_seat, dtype=np.intp))
                reaches.extend([_reach(layout, field)] * per_seat)
                linear.append(cells)
                births.append(birth)
                fields.extend([field] * per_seat)
            self._row_count += per_seat
        self.all: Final = _joined(own)
        self.linear: Final = _joined(linear)
        self.linear_births: Final = _joined(births)
        self.linear_rows: Final = _joined(rows)
        """Which own row a linear cell belongs to, 0 to :attr:`row_count` - 1."""
        self.linear_lows: Final[Values] = np.array([field.range.low for field in fields], dtype=np.int64)
        self.linear_highs: Final[Values] = np.array([field.range.high for field in fields], dtype=np.int64)
        self.reach_per_tick: Final[NDArray[np.float64]] = np.array(reaches, dtype=np.float64)
        """How far a linear cell can move in one tick by its motion field's range; an eighth of its own range where it has none."""

    @property
    def row_count(self) -> int:
        """Own rows of all kinds together, living or not."""
        return self._row_count

    def place(self, index: int) -> tuple[str, int, str]:
        """Kind, slot and field of a position within :attr:`all`."""
        return self._places[index]

    def _note_pair(self, layout: KindLayout, position: int) -> None:
        if not self.pair:
            self.pair.append(position)
            self._pair_kind = layout.kind.name
        elif len(self.pair) == 1 and layout.kind.name == self._pair_kind:
            self.pair.append(position)


class SharedRows:
    """Public cells of the kinds that belong to nobody, and what their motion would change in one tick.

    A prediction may touch such a row (pick something up). The row must then stay as predicted until the authority has computed that
    tick too: if it came back in between, the player would pick it up a second time.
    """

    def __init__(self, schema: Schema) -> None:
        cells: list[Indices] = []
        rows: list[Indices] = []
        sources: list[Indices] = []
        named: list[Values] = []
        constants: list[Values] = []
        self.row_count = 0
        for layout in schema.layouts:
            if layout.kind.is_owned:
                continue
            slots = np.arange(layout.rows, dtype=np.intp)
            columns = {"generation": layout.public_offset, **column_offsets(layout)}
            motions = {"generation": None, **{field.name: field.motion for field in layout.kind.fields_visible_to("everyone")}}
            for name, motion in motions.items():
                cells.append(columns[name] + slots)
                rows.append(self.row_count + slots)
                sources.append(columns[motion if isinstance(motion, str) else name] + slots)
                named.append(np.full(layout.rows, int(isinstance(motion, str)), dtype=np.int64))
                constants.append(np.full(layout.rows, motion if isinstance(motion, int) else 0, dtype=np.int64))
            self.row_count += layout.rows
        self.cells: Final = _joined(cells)
        self.rows: Final = _joined(rows)
        """Which shared row a cell belongs to, 0 to ``row_count - 1``."""
        self._sources: Final = _joined(sources)
        self._named: Final = np.concatenate([np.zeros(0, dtype=np.int64), *named]).astype(np.int32)
        """1 where the source is what moves the cell, 0 where it moves by a constant."""
        self._has_named: Final = bool(self._named.any())
        self._constants: Final = np.concatenate([np.zeros(0, dtype=np.int64), *constants]).astype(np.int32)

    def touched(self, before: NDArray[np.int32], after: NDArray[np.int32]) -> Indices:
        """Rows (with repeats) that a step changed otherwise than by their motion. The arguments are two worlds' cells, one tick apart."""
        change = after[self.cells] - before[self.cells]
        drift = self._constants
        if self._has_named:
            drift = before[self._sources] * self._named + drift
        rows: Indices = self.rows[(change != drift) & (change != _STILL)]
        return rows


def _joined(parts: list[Indices]) -> Indices:
    return np.concatenate([np.zeros(0, dtype=np.intp), *parts])


def _reach(layout: KindLayout, field: Field) -> float:
    if isinstance(field.motion, str):
        speed = layout.kind[field.motion].range
        return float(max(abs(speed.low), abs(speed.high)))
    return (field.range.high - field.range.low) / 8
