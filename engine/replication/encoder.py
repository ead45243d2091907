"""Worlds into snapshots, on the server.

A snapshot is header | public part | private part, concatenated bit by bit. Where nothing is hidden, the public part depends on the tick and
the baseline alone, so it is coded once per distinct baseline of a tick and shared by all clients that hold it; header and private part
are a few bytes per client.

The work is done on whole columns. One subtraction finds every cell that is not as forecast; kinds without one cost one bit and no more
time. What is left of a kind is a small matrix of residuals: zigzag, an exp-Golomb order per column, and all its codes packed at once.
``engine/PROTOCOL.md`` has every bit.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract import Mask
from engine.errors import LocalProtocolError
from engine.replication.feedback import TICK_MAX, CommandFeedback, feedback_code
from engine.replication.interest import public_view
from engine.replication.layout import BASELINE_TICKS_MAX, KindCode, PrivateLayout, SnapshotLayout
from engine.wire import ORDER_MAX, BitWriter, choose_orders, golomb_columns, pack_codes, zigzag
from engine.world import GENERATIONS, Schema, World, little_endian

Ints = NDArray[np.int64]

PRIVATE_ORDER: Final = 2
"""Exp-Golomb order of private residuals: a shot fewer is 3 bits, a cooldown that starts about 8."""

_NO_FEEDBACK: Final = CommandFeedback()

_NEW_ROWS_LOOP_MAX: Final = 4
"""Up to here a loop over Python integers codes new rows faster than numpy does; one or two at a time is what a match has."""


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
        self._seats: Final = schema.seats
        self._layout: Final = SnapshotLayout(schema)
        private = PrivateLayout(schema, range(schema.seats))
        self._private: Final = private if private.cells.size else None
        self._base: Final = self._layout.buffer()
        self._now: Final = self._layout.buffer()
        self._shared: Final[dict[int, _Shared]] = {}
        """Of the newest world, by the age of the baseline: at most 64."""
        self._private_now: NDArray[np.int32] | None = None
        self._private_bytes: list[memoryview] = []
        """Of the newest world, per seat: the end of what its checksum is over."""
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
        views: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
    ) -> bytes:
        """One client's snapshot of ``world`` against the ``baseline`` it holds (None: complete).

        ``seat`` None is somebody who only watches. The masks say what the client may see now, and could see at the baseline's tick.
        ``views``, where there is a baseline: the public cells that it is shown now, and those that it was shown then, not the worlds'
        (see :mod:`engine.replication.views`); its own rows are the worlds' in both.
        Raises :class:`LocalProtocolError` for a baseline that is not 1 to 63 ticks old and for a cell outside its field's range.
        """
        tick = world.tick
        ticks = 0 if baseline is None else tick - baseline.tick
        if world is not self._world or tick != self._tick:
            self._start_world(world)
        shared = self._shared.get(ticks)
        if shared is None or shared.baseline is not baseline:
            shared = self._shared[ticks] = self._make_shared(world, baseline, ticks)
        if mask is None and baseline_mask is None and views is None:
            public, checksum = shared.public or self._share_public(shared, world, ticks), self._checksum
        else:
            view, base = views or (
                public_view(world, mask, seat),
                None if baseline is None else public_view(baseline, baseline_mask, seat),
            )
            public, checksum = _Part(*self._encode_public(view, base, tick, ticks)), _crc(view)
        tail, tail_bits = 0, 0
        if seat is not None:
            if not 0 <= seat < self._seats:
                raise LocalProtocolError(f"seat {seat} of {self._seats}")
            if self._private is not None:
                residuals = (shared.residuals or self._share_residuals(shared, self._private, world, ticks))[seat]
                checksum = zlib.crc32(self._private_bytes[seat], checksum)
                tail, tail_bits = _encode_private(residuals) if residuals else (0, 1)
        told, told_bits = feedback_code(feedback or _NO_FEEDBACK, tick)
        head = (shared.head | checksum) << told_bits | told
        message = public.framed(head, shared.head_bits + told_bits, tail, tail_bits)
        self._snapshots += 1
        self._complete += baseline is None
        self._bytes += len(message)
        return message

    def statistics(self) -> EncoderStatistics:
        """Counters since the start."""
        return EncoderStatistics(self._snapshots, self._complete, self._parts, self._bytes)

    def _make_shared(self, world: World, baseline: World | None, ticks: int) -> _Shared:
        if not 0 <= world.tick <= TICK_MAX or (baseline is not None and not 1 <= ticks <= BASELINE_TICKS_MAX):
            raise LocalProtocolError(f"no snapshot of tick {world.tick} with a baseline {ticks} ticks back")
        return _Shared(world, baseline)

    def _start_world(self, world: World) -> None:
        visible = world.cells[: self._low_cells.size]
        wrong = np.count_nonzero((visible < self._low_cells) | (visible > self._high_cells))
        if wrong or not self._zero_is_legal:
            words = world.out_of_range()
            if wrong or words:
                raise LocalProtocolError(f"tick {world.tick}: {words or 'a generation or a free slot out of range'}")
        self._shared.clear()
        self._private_now = None
        self._world = world
        self._tick = world.tick
        self._checksum = world.view_checksum(None)

    def _share_residuals(self, shared: _Shared, layout: PrivateLayout, world: World, ticks: int) -> list[list[int]]:
        """What of each seat's private cells is not as forecast: computed for all seats at once, once per baseline. Empty: everything is."""
        baseline = shared.baseline
        if self._private_now is None:
            self._private_now = world.cells[layout.cells]
            whole = little_endian(self._private_now).cast("B")
            size = len(whole) // self.schema.seats
            self._private_bytes = [whole[at : at + size] for at in range(0, len(whole), size)]
        expected = layout.forecast(None if baseline is None else baseline.cells, world.cells, ticks)
        wrong = self._private_now - expected
        residuals: list[list[int]] = [[]] * self.schema.seats
        for seat in np.logical_or.reduce(wrong, axis=1).nonzero()[0].tolist():
            residuals[seat] = wrong[seat].tolist()
        shared.residuals = residuals
        return residuals

    def _share_public(self, shared: _Shared, world: World, ticks: int) -> _Part:
        base = None if shared.baseline is None else shared.baseline.public_cells()
        public = shared.public = _Part(*self._encode_public(world.public_cells(), base, world.tick, ticks))
        return public

    def _encode_public(self, view: NDArray[np.int32], base_view: NDArray[np.int32] | None, tick: int, ticks: int) -> tuple[int, int]:
        self._parts += 1
        layout, now, base = self._layout, self._now, self._base
        count = layout.cells
        now[:count] = view
        base[:count] = 0 if base_view is None else base_view
        residual = now[:count] - base[:count]
        forecast = layout.forecast
        if ticks:
            targets, expected = forecast.of_living(base, now, ticks)
            residual[targets] = now[targets] - expected
        writer = BitWriter()
        changed = np.logical_or.reduceat(residual, layout.starts).tolist()
        unchanged = 0
        for kind, is_changed in zip(layout.kinds, changed, strict=True):
            if is_changed:
                writer.write(1, unchanged + 1)
                unchanged = 0
                _encode_kind(writer, kind, now, base, residual, tick)
            else:
                unchanged += 1
        writer.write(0, unchanged)
        return writer.to_int()


class _Part:
    """Bits that many messages share. Where their first one stands within a byte is one of eight; each is laid out once."""

    __slots__ = ("_bits", "_laid_out", "_value")

    def __init__(self, value: int, bits: int) -> None:
        self._value = value
        self._bits = bits
        self._laid_out: list[tuple[int, bytes, int, int] | None] = [None] * 8

    def framed(self, head: int, head_bits: int, tail: int, tail_bits: int) -> bytes:
        """One message: ``head``, these bits, ``tail``, zeros up to a whole byte."""
        if self._bits < 8:  # too few to reach over the end of the byte that the head began
            bits = head_bits + self._bits + tail_bits
            return (((head << self._bits | self._value) << tail_bits | tail) << -bits % 8).to_bytes(bits + 7 >> 3)
        missing = -head_bits % 8
        first, middle, last, last_bits = self._laid_out[missing] or self._lay_out(missing)
        tail_bits += last_bits
        fill = -tail_bits % 8
        start = (head << missing | first).to_bytes(head_bits + 7 >> 3)
        return start + middle + ((last << tail_bits - last_bits | tail) << fill).to_bytes(tail_bits + 7 >> 3)

    def _lay_out(self, missing: int) -> tuple[int, bytes, int, int]:
        """(the bits that fill the byte begun by the head, whole bytes, the bits left over, how many they are)."""
        value = self._value
        bits = self._bits - missing
        last_bits = bits % 8
        laid_out = (
            value >> bits,
            (value >> last_bits & (1 << bits - last_bits) - 1).to_bytes(bits // 8),
            value & (1 << last_bits) - 1,
            last_bits,
        )
        self._laid_out[missing] = laid_out
        return laid_out


class _Shared:
    """What the snapshots of one world have in common that are coded against the same baseline; made when the first of them asks."""

    __slots__ = ("baseline", "head", "head_bits", "public", "residuals")

    def __init__(self, world: World, baseline: World | None) -> None:
        self.baseline: Final = baseline
        self.public: _Part | None = None
        self.residuals: list[list[int]] = []
        """Per seat; no list has none in it: a schema has a seat at least."""
        if baseline is None:
            self.head, self.head_bits = world.tick << 32, 6 + 32 + 32
        else:
            self.head, self.head_bits = (world.tick - baseline.tick << 16 | world.tick & 0xFFFF) << 32, 6 + 16 + 32


def _encode_kind(writer: BitWriter, kind: KindCode, now: Ints, base: Ints, residual: Ints, tick: int) -> None:
    """One kind that is not as forecast: its held rows, then its new ones."""
    wrong = residual[kind.start : kind.end].reshape(kind.columns, kind.rows)
    held = base[kind.start : kind.start + kind.rows].nonzero()[0]
    touched: NDArray[np.bool_] = np.logical_or.reduce(wrong, axis=0)
    events = touched[held].nonzero()[0]  # positions among the held rows
    replaced = int(np.count_nonzero(wrong[0]))
    if not replaced:  # rows changed, none came or went
        if np.count_nonzero(touched) != events.size:
            _refuse_unclean(kind, now)
        writer.write(1, 1)
        _encode_events(writer, kind, wrong, held, events, 0)
        writer.write(0, 1)
        return
    _refuse_unclean(kind, now)
    writer.write(events.size > 0, 1)
    if events.size:
        _encode_events(writer, kind, wrong, held, events, replaced)
    table = now[kind.start : kind.end].reshape(kind.columns, kind.rows)
    new = ((table[0] != 0) & (wrong[0] != 0)).nonzero()[0]
    writer.write(new.size > 0, 1)
    if new.size:
        _encode_new_rows(writer, kind, table[:, new], new, tick)


def _refuse_unclean(kind: KindCode, now: Ints) -> None:
    """A free slot with values in it would give the client another checksum for ever: tell the game's author now."""
    table = now[kind.start : kind.end].reshape(kind.columns, kind.rows)
    fields = table[1:]
    if np.count_nonzero(fields) != np.count_nonzero(fields[:, table[0].nonzero()[0]]):
        slot = int(((table[0] == 0) & fields.any(axis=0)).argmax())
        raise LocalProtocolError(f"{kind.name}: slot {slot} is free but not all zero (empty rows with Table.free)")


def _encode_events(writer: BitWriter, kind: KindCode, wrong: Ints, held: NDArray[np.intp], events: NDArray[np.intp], replaced: int) -> None:
    """The held rows: which fields are used, a flag per row, then the residuals column by column."""
    rows = held[events]
    changed = rows
    gone = [0] * events.size
    if replaced:
        gone_rows = wrong[0, rows] != 0
        changed = rows[np.logical_not(gone_rows)]
        gone = gone_rows.tolist()
    residuals = wrong[1:, changed]
    used = np.logical_or.reduce(residuals, axis=1).nonzero()[0]
    last = kind.columns - 2
    writer.write(sum([1 << (last - column) for column in used.tolist()]), kind.columns - 1)
    flags = 0
    for position, is_gone in zip(_gaps(events), gone, strict=True):
        flags = flags << (position + 2) | 2 | is_gone
    writer.write(flags, int(events[-1]) + 1 + events.size)
    writer.write(0, held.size - 1 - int(events[-1]))
    if used.size:
        writer.write(*golomb_columns(zigzag(residuals[used])))


def _gaps(events: NDArray[np.intp]) -> list[int]:
    """How many unchanged rows stand before each event."""
    before = -1
    gaps = []
    for position in events.tolist():
        gaps.append(position - before - 1)
        before = position
    return gaps


def _encode_new_rows(writer: BitWriter, kind: KindCode, cells: Ints, slots: NDArray[np.intp], tick: int) -> None:
    """Count, then per column (slot, age in ticks, fields) the plain values or the steps from row to row, whichever is shorter."""
    count = slots.size
    writer.write_golomb(count - 1, 0)
    table = np.empty((kind.columns + 1, count), dtype=np.int64)
    table[0] = slots
    table[1] = (tick + 1 - cells[0]) % GENERATIONS
    table[2:] = cells[1:]
    if count <= _NEW_ROWS_LOOP_MAX:
        for column, row_values in enumerate(table.tolist()):
            _write_new_column(writer, row_values, kind.new_lows[column], kind.new_bits[column], is_slot=column == 0)
        return
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


def _write_new_column(writer: BitWriter, values: list[int], low: int, bits: int, *, is_slot: bool) -> None:
    """A short column of new rows. The order is the one in which the largest step has no zeros in front: all codes are equally long."""
    unsigned = []
    before = 0
    largest = 0
    for value in values:
        step = value - before
        before = value + is_slot  # slots ascend: the next is at least one more
        code = step if is_slot else (step << 1) ^ (step >> 63)
        largest = max(largest, code)
        unsigned.append(code)
    order = largest.bit_length()
    if order <= ORDER_MAX and 4 + len(values) * (order + 1) < len(values) * bits:
        packed = 16 | order
        for code in unsigned:
            packed = packed << (order + 1) | 1 << order | code
        writer.write(packed, 5 + len(values) * (order + 1))
    else:
        packed = 0
        for value in values:
            packed = packed << bits | value - low
        writer.write(packed, 1 + len(values) * bits)


def _encode_private(residuals: list[int]) -> tuple[int, int]:
    writer = BitWriter()
    zeros = 0
    writer.write(1, 1)
    for residual in residuals:
        if residual:
            writer.write(1, zeros + 1)
            zeros = 0
            writer.write_signed_golomb(residual, PRIVATE_ORDER)
        else:
            zeros += 1
    writer.write(0, zeros)
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
    return zlib.crc32(little_endian(cells), start)
