"""Worlds into snapshots, on the server.

A snapshot is header | public part | private part, concatenated bit by bit. Where nothing is hidden, the public part depends on the tick and
the baseline alone, so it is coded once per distinct baseline of a tick and shared by all clients that hold it; header and private part
are a few bytes per client.

The work is done on whole columns. One subtraction finds every cell that is not as forecast; kinds without one cost one bit and no more
time. What is left of a kind is a small matrix of residuals: zigzag, an exp-Golomb order per column, and all its codes packed at once.
``docs/protocol-parts/replication.md`` has every bit.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract import Mask
from engine.errors import LocalProtocolError
from engine.replication.feedback import TICK_MAX, CommandFeedback, write_feedback
from engine.replication.interest import public_view
from engine.replication.layout import BASELINE_TICKS_MAX, KindCode, PrivateLayout, SnapshotLayout
from engine.wire import BitWriter, choose_orders, pack_codes, zigzag
from engine.world import GENERATIONS, Schema, World

Ints = NDArray[np.int64]

PRIVATE_ORDER: Final = 2
"""Exp-Golomb order of private residuals: a shot fewer is 3 bits, a cooldown that starts about 8."""

_UNCHANGED: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class EncoderStatistics:
    """Counters since the start."""

    snapshots: int
    complete_snapshots: int
    public_parts: int
    """Public parts really coded: the rest were shared."""
    bytes: int


class SnapshotEncoder:
    """Encodes the worlds of one match for all its clients.

    A world that was passed to :meth:`encode` must not change while it is being sent: its shared parts are kept until another world (or the
    same one at another tick) comes. Pass what :meth:`BaselineRing.record` returns.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self._layout: Final = SnapshotLayout(schema)
        self._private: Final[dict[int, PrivateLayout]] = {}
        self._base: Final = self._layout.buffer()
        self._now: Final = self._layout.buffer()
        self._shared: Final[dict[int, tuple[World | None, tuple[int, int]]]] = {}
        self._world: World | None = None
        self._tick = -1
        self._checksum = 0
        self._snapshots = self._complete = self._parts = self._bytes = 0
        self._low_cells, self._high_cells = _cell_ranges(self._layout)
        self._zero_is_legal: Final = all(0 in field.range for kind in schema.kinds for field in kind.fields)

    def encode(
        self,
        world: World,
        baseline: World | None,
        seat: int | None,
        feedback: CommandFeedback | None = None,
        mask: Mask | None = None,
        baseline_mask: Mask | None = None,
    ) -> bytes:
        """One client's snapshot of ``world`` against the ``baseline`` it holds (None: complete).

        ``seat`` None is somebody who only watches. The masks say what the client may see now, and could see at the baseline's tick.
        Raises :class:`LocalProtocolError` for a baseline that is not 1 to 63 ticks old and for a cell outside its field's range.
        """
        ticks = 0 if baseline is None else world.tick - baseline.tick
        if not 0 <= world.tick <= TICK_MAX or (baseline is not None and not 1 <= ticks <= BASELINE_TICKS_MAX):
            raise LocalProtocolError(f"no snapshot of tick {world.tick} with a baseline {ticks} ticks back")
        self._start_world(world)
        if mask is None and baseline_mask is None:
            public, checksum = self._shared_public(world, baseline, ticks), self._checksum
        else:
            view = public_view(world, mask, seat)
            base = None if baseline is None else public_view(baseline, baseline_mask, seat)
            public, checksum = self._encode_public(view, base, world.tick, ticks), _crc(view)
        private = (0, 0)
        if seat is not None:
            layout = self._private_layout(seat)
            if layout.cells.size:
                now = world.cells[layout.cells]
                checksum = _crc(now, checksum)
                private = _encode_private(layout, now, world, baseline, ticks)
        writer = BitWriter()
        writer.write(ticks, 6)
        writer.write(*((world.tick, 32) if baseline is None else (world.tick & 0xFFFF, 16)))
        writer.write(checksum, 32)
        write_feedback(writer, feedback or CommandFeedback(), world.tick)
        writer.write(*public)
        writer.write(*private)
        message = writer.to_bytes()
        self._snapshots += 1
        self._complete += baseline is None
        self._bytes += len(message)
        return message

    def statistics(self) -> EncoderStatistics:
        """Counters since the start."""
        return EncoderStatistics(self._snapshots, self._complete, self._parts, self._bytes)

    def _start_world(self, world: World) -> None:
        if world is self._world and world.tick == self._tick:
            return
        visible = world.cells[: self._low_cells.size]
        wrong = ((visible < self._low_cells) | (visible > self._high_cells)).any()
        if wrong or not self._zero_is_legal:
            words = world.out_of_range()
            if wrong or words:
                raise LocalProtocolError(f"tick {world.tick}: {words or 'a generation or a free slot out of range'}")
        self._shared.clear()
        self._world = world
        self._tick = world.tick
        self._checksum = world.view_checksum(None)

    def _private_layout(self, seat: int) -> PrivateLayout:
        layout = self._private.get(seat)
        if layout is None:
            if not 0 <= seat < self.schema.seats:
                raise LocalProtocolError(f"seat {seat} of {self.schema.seats}")
            layout = self._private[seat] = PrivateLayout(self.schema, seat)
        return layout

    def _shared_public(self, world: World, baseline: World | None, ticks: int) -> tuple[int, int]:
        held = self._shared.get(ticks)
        if held is not None and held[0] is baseline:
            return held[1]
        base = None if baseline is None else baseline.public_cells()
        public = self._encode_public(world.public_cells(), base, world.tick, ticks)
        self._shared[ticks] = (baseline, public)  # at most 64 entries: one per age
        return public

    def _encode_public(self, view: NDArray[np.int32], base_view: NDArray[np.int32] | None, tick: int, ticks: int) -> tuple[int, int]:
        self._parts += 1
        layout, now, base = self._layout, self._now, self._base
        count = layout.cells
        now[:count] = view
        base[:count] = 0 if base_view is None else base_view
        residual = now[:count] - base[:count]
        forecast = layout.forecast
        if ticks and forecast.targets.size:
            expected = forecast.values(base, now, ticks)
            residual[forecast.targets] = now[forecast.targets] - expected
        writer = BitWriter()
        changed = np.logical_or.reduceat(residual, layout.starts).tolist()
        for kind, is_changed in zip(layout.kinds, changed, strict=True):
            if is_changed:
                _encode_kind(writer, kind, now, base, residual, tick)
            else:
                writer.write(*_UNCHANGED)
        return writer.to_int()


def _encode_kind(writer: BitWriter, kind: KindCode, now: Ints, base: Ints, residual: Ints, tick: int) -> None:
    """One kind that is not as forecast: its held rows, then its new ones."""
    shape = (kind.columns, kind.rows)
    wrong = residual[kind.start : kind.end].reshape(shape)
    table = now[kind.start : kind.end].reshape(shape)
    held = base[kind.start : kind.start + kind.rows].nonzero()[0]
    touched: NDArray[np.bool_] = np.logical_or.reduce(wrong, axis=0)
    dead = (touched & (table[0] == 0)).nonzero()[0]
    if dead.size and table[:, dead].any():
        raise LocalProtocolError(f"{kind.name}: slot {dead[0]} is free but not all zero (empty rows with Table.free)")
    events = touched[held].nonzero()[0]  # positions among the held rows
    writer.write(0b11 if events.size else 0b10, 2)
    if events.size:
        rows = held[events]
        gone = wrong[0, rows] != 0
        changed = rows[np.logical_not(gone)]
        residuals = wrong[1:, changed]
        used = np.logical_or.reduce(residuals, axis=1).nonzero()[0]
        writer.write(sum(1 << (kind.columns - 2 - column) for column in used.tolist()), kind.columns - 1)
        widths = np.empty(events.size + 1, dtype=np.int64)
        widths[0] = events[0] + 2
        widths[1:-1] = events[1:] - events[:-1] + 1
        widths[-1] = held.size - 1 - events[-1]
        flags = np.zeros(events.size + 1, dtype=np.int64)
        flags[:-1] = gone
        flags[:-1] += 2
        writer.write(*pack_codes(flags, widths))
        if used.size:
            _write_columns(writer, zigzag(residuals[used]))
    new = ((table[0] != 0) & (wrong[0] != 0)).nonzero()[0]
    writer.write(new.size > 0, 1)
    if new.size:
        _encode_new_rows(writer, kind, table[:, new], new, tick)


def _write_columns(writer: BitWriter, unsigned: Ints) -> None:
    """Per column its order in 4 bits, then its codes: all as one block."""
    columns, rows = unsigned.shape
    orders, lengths = choose_orders(unsigned)
    values = np.empty((columns, rows + 1), dtype=np.int64)
    widths = np.empty((columns, rows + 1), dtype=np.int64)
    values[:, 0] = orders
    widths[:, 0] = 4
    np.add(unsigned, np.left_shift(1, orders)[:, None], out=values[:, 1:])
    widths[:, 1:] = lengths
    writer.write(*pack_codes(values.ravel(), widths.ravel()))


def _encode_new_rows(writer: BitWriter, kind: KindCode, cells: Ints, slots: NDArray[np.intp], tick: int) -> None:
    """Count, then per column (slot, age in ticks, fields) the plain values or the steps from row to row, whichever is shorter."""
    count = slots.size
    writer.write_golomb(count - 1, 0)
    table = np.empty((kind.columns + 1, count), dtype=np.int64)
    table[0] = slots
    table[1] = (tick + 1 - cells[0]) % GENERATIONS
    table[2:] = cells[1:]
    steps = np.empty_like(table)
    steps[:, 1:] = table[:, 1:] - table[:, :-1]
    steps[:, 0] = table[:, 0]
    unsigned = zigzag(steps)
    unsigned[0, 1:] = steps[0, 1:] - 1  # slots ascend
    unsigned[0, 0] = steps[0, 0]
    orders, lengths = choose_orders(unsigned)
    bits = np.array(kind.new_bits, dtype=np.int64)
    stepped = lengths.sum(axis=1) + 4 < bits * count
    values = np.empty((kind.columns + 1, count + 1), dtype=np.int64)
    widths = np.empty((kind.columns + 1, count + 1), dtype=np.int64)
    values[:, 0] = np.where(stepped, 16 + orders, 0)
    widths[:, 0] = np.where(stepped, 5, 1)
    plain = table - np.array(kind.new_lows, dtype=np.int64)[:, None]
    values[:, 1:] = np.where(stepped[:, None], unsigned + np.left_shift(1, orders)[:, None], plain)
    widths[:, 1:] = np.where(stepped[:, None], lengths, bits[:, None])
    writer.write(*pack_codes(values.ravel(), widths.ravel()))


def _encode_private(layout: PrivateLayout, now: NDArray[np.int32], world: World, baseline: World | None, ticks: int) -> tuple[int, int]:
    residuals = (now - layout.forecast(None if baseline is None else baseline.cells, world.cells, ticks)).tolist()
    if not any(residuals):
        return 0, 1
    writer = BitWriter()
    writer.write(1, 1)
    for residual in residuals:
        if residual:
            writer.write(1, 1)
            writer.write_signed_golomb(residual, PRIVATE_ORDER)
        else:
            writer.write(0, 1)
    return writer.to_int()


def _cell_ranges(layout: SnapshotLayout) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ranges of the public and private cells, each made to hold 0: free rows are zeros."""
    end = layout.schema.private_cells_end
    lows = np.zeros(end, dtype=np.int32)
    highs = np.zeros(end, dtype=np.int32)
    lows[: layout.cells] = np.minimum(layout.lows, 0)
    highs[: layout.cells] = np.maximum(layout.highs, 0)
    for kind in layout.schema.layouts:
        offset = kind.private_offset
        for field in kind.kind.fields_visible_to("owner"):
            lows[offset : offset + kind.rows] = min(field.range.low, 0)
            highs[offset : offset + kind.rows] = max(field.range.high, 0)
            offset += kind.rows
    return lows, highs


def _crc(cells: NDArray[np.int32], start: int = 0) -> int:
    return zlib.crc32(np.ascontiguousarray(cells, dtype="<i4").data, start)
