"""What a seat is shown where not everything fits: a world of its own, in which less relevant rows stand where it forecasts them anyway.

A client's checksum names one world, so a row cannot just be left out. But the server knows what a client makes of a row of which it is told
nothing: the forecast from the baseline that it holds. So for a seat whose line is too narrow a *view* is composed for each snapshot: a copy
of what it may see, in which a row that is *held back* has that forecast instead of its true cells. It then costs one bit, and nothing on
the wire or in the client is different. A later snapshot is coded against the view that the client has acknowledged.

Which rows are held back is Fiedler's priority accumulator: each tick adds a row's relevance to its priority, the highest are sent until the
room is used, and those sent begin at zero. The forecast goes out from the *acknowledged* view: until a row that was sent is acknowledged, a
snapshot that holds it back shows older truth than the one before. What is near is to fit into every snapshot; only the rest takes turns.

Never held back: rows that came or went, the seat's own, kinds without relevance, and a row whose acknowledged truth is older than
:data:`HELD_BACK_TICKS_MAX`. Over a way longer than that nothing is held back, and the pace alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract import Relevance
from engine.errors import LocalProtocolError
from engine.replication.layout import BASELINE_TICKS_MAX, SnapshotLayout
from engine.world import Schema

Cells = NDArray[np.int32]
Ints = NDArray[np.int64]
Rows = NDArray[np.bool_]

HELD_BACK_TICKS_MAX: Final = 15
"""What a client is shown of a row is made from truth no older than this: a quarter of a second at 60 Hz."""
VIEWS_MAX: Final = BASELINE_TICKS_MAX + 1
"""Views kept per seat: an older one cannot be named as a baseline. Those older than the acknowledged one are freed at once."""
RELEVANCE_MAX: Final = 255

_ROW_BITS: Final = 2
_CELL_BITS: Final = 2
"""What a changed row and each of its changed cells cost beyond the digits: flags and the lengths of codes. A guess; see ``_scale``."""
_FRAME_BITS: Final = 90
_SCALE_MIN, _SCALE_MAX = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class View:
    """What a seat was shown at a tick, where that was not the truth."""

    cells: Cells
    """The public cells."""
    true_ticks: NDArray[np.int32]
    """Per row, the tick of the truth that it is made from."""


class ViewLayout:
    """The rows of one schema as one sequence, kind after kind, and working cells to compare them."""

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self._layout: Final = SnapshotLayout(schema)
        self._base: Final = self._layout.buffer()
        self._now: Final = self._layout.buffer()
        kinds = self._layout.kinds
        self.rows: Final = sum(kind.rows for kind in kinds)
        self.births: Final = np.concatenate([np.arange(kind.start, kind.start + kind.rows) for kind in kinds])
        """Per row, where its generation stands."""
        self._row_of_cell: Final = np.empty(self._layout.cells, dtype=np.intp)
        self._places: Final[dict[str, slice]] = {}
        first = 0
        for kind in kinds:
            self._row_of_cell[kind.start : kind.end] = np.tile(np.arange(first, first + kind.rows), kind.columns)
            self._places[kind.name] = slice(first, first + kind.rows)
            first += kind.rows

    def own_rows(self, seat: int) -> Rows:
        """Which rows are the seat's."""
        own = np.zeros(self.rows, dtype=np.bool_)
        for kind in self.schema.kinds:
            if kind.per_seat is not None:
                first = self._places[kind.name].start + seat * kind.per_seat
                own[first : first + kind.per_seat] = True
        return own

    def relevance(self, given: Relevance) -> Ints:
        """What a game says, as one sequence; -1 for the rows of kinds that it does not name."""
        relevance = np.full(self.rows, -1, dtype=np.int64)
        for name, values in given.items():
            place = self._places.get(name)
            if place is None:
                raise LocalProtocolError(f"relevance names no kind of the schema: {name!r}")
            if values.shape != (place.stop - place.start,):
                raise LocalProtocolError(f"relevance of {name}: {values.shape} where {place.stop - place.start} rows are")
            if values.size and not 0 <= int(values.min()) <= int(values.max()) <= RELEVANCE_MAX:
                raise LocalProtocolError(f"relevance of {name}: not 0 to {RELEVANCE_MAX}")
            relevance[place] = values
        return relevance

    def compare(self, truth: Cells, held: Cells, ticks: int) -> tuple[Ints, NDArray[np.float64]]:
        """(the cells that a client forecasts by itself from what it ``held`` ``ticks`` ago; per row about the bits that the truth costs).
        A row that costs nothing is as forecast.
        """
        layout, base, now, count = self._layout, self._base, self._now, self._layout.cells
        base[:count] = held
        now[:count] = base[:count]
        for step in layout.steps:
            targets, expected = step.of_living(base, now, ticks)
            now[targets] = expected
        forecast = now[:count].copy()
        now[:count] = truth
        residual = now[:count] - base[:count]
        targets, expected = layout.forecast.of_living(base, now, ticks)
        residual[targets] = now[targets] - expected
        cell_bits = np.frexp(np.abs(residual))[1] + _CELL_BITS * (residual != 0)
        row_bits = np.bincount(self._row_of_cell, weights=cell_bits, minlength=self.rows)
        return forecast, row_bits + _ROW_BITS * (row_bits > 0)

    def with_rows(self, truth: Cells, forecast: Ints, held_back: Rows) -> Cells:
        """A copy of ``truth`` in which these rows are as forecast."""
        return np.where(held_back[self._row_of_cell], forecast, truth).astype(np.int32)


class SeatViews:
    """The views of one slowed seat."""

    def __init__(self, layout: ViewLayout, seat: int) -> None:
        self.rows_held_back = 0
        """In the view composed last."""
        self._layout: Final = layout
        self._views: Final[dict[int, View]] = {}
        self._may_wait: Final[Rows] = ~layout.own_rows(seat)
        self._sent_ticks: Final = np.full(layout.rows, -1, dtype=np.int32)
        """When each row was shown true last, whether or not that has arrived."""
        self._scale = 1.0
        """What messages had in bits, per bit as guessed."""
        self._guessed_bits = self._guessed_whole_bits = 0.0

    def __len__(self) -> int:
        return len(self._views)

    def at(self, tick: int) -> View | None:
        """What was shown at ``tick``; None: the truth."""
        return self._views.get(tick)

    def forget_before(self, tick: int) -> None:
        """What was shown before ``tick`` will not be a baseline any more."""
        for old in [old for old in self._views if old < tick]:
            del self._views[old]

    def compose(
        self,
        truth: Cells,
        tick: int,
        held: Cells,
        held_tick: int,
        relevance: Relevance,
        room_bytes: int,
    ) -> Cells:
        """What to show at ``tick`` in about ``room_bytes`` to who holds ``held`` of ``held_tick``; ``truth`` itself if it fits."""
        layout = self._layout
        forecast, bits = layout.compare(truth, held, tick - held_tick)
        base = self._views.get(held_tick)
        true_ticks = np.full(layout.rows, held_tick, dtype=np.int32) if base is None else base.true_ticks
        worth = layout.relevance(relevance)
        births = truth[layout.births]
        may_wait = self._may_wait & (worth >= 0) & (bits > 0) & (births == held[layout.births])
        waiting = may_wait.nonzero()[0]
        since = np.maximum(self._sent_ticks[waiting], true_ticks[waiting])
        waiting = waiting[np.argsort(-worth[waiting] * (tick - since), kind="stable")]
        late = self._late(tick, tick - held_tick, waiting, true_ticks[waiting])
        fixed = _FRAME_BITS + float(np.count_nonzero(births)) + float(bits[~may_wait].sum())
        before = np.cumsum(bits[waiting]) - bits[waiting] + fixed
        sent = (before * self._scale < room_bytes * 8) | late
        self._guessed_whole_bits = fixed + float(bits[waiting].sum())
        held_back = np.zeros(layout.rows, dtype=np.bool_)
        held_back[waiting[~sent]] = True
        self._guessed_bits = self._guessed_whole_bits - float(bits[held_back].sum())
        self._sent_ticks[np.logical_not(held_back)] = tick
        self.rows_held_back = int(np.count_nonzero(held_back))
        if not self.rows_held_back:
            return truth
        cells = layout.with_rows(truth, forecast, held_back)
        self._views[tick] = View(cells, np.where(held_back, true_ticks, np.int32(tick)))
        self.forget_before(tick - VIEWS_MAX + 1)
        return cells

    def _late(self, tick: int, back: int, rows: NDArray[np.intp], true_ticks: NDArray[np.int32]) -> Rows:
        """Which rows wait no longer: at the limit, or so near to it that what is sent now is acknowledged, ``back`` ticks later, just in
        time. The latter are sent once and then given that time.
        """
        ages = tick - true_ticks
        return (ages > HELD_BACK_TICKS_MAX) | ((ages > HELD_BACK_TICKS_MAX - back) & (self._sent_ticks[rows] <= tick - back))

    def sent(self, size_bytes: int) -> int:
        """The message of the view composed last has this size. Returns about how many bytes it would have had with every row."""
        actual = size_bytes * 8 / self._guessed_bits
        self._scale += (min(max(actual, _SCALE_MIN), _SCALE_MAX) - self._scale) / 8
        more = (self._guessed_whole_bits - self._guessed_bits) * self._scale
        return size_bytes + round(more / 8)
