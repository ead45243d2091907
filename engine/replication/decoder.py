"""Snapshots into worlds, on the client.

Codes are read in plain Python (see :mod:`engine.wire.bits` for why that is fast) and applied with numpy on working cells. Only when every
check has passed, the checksum last, does the new world enter the ring: a refused message, whatever its bytes, changes nothing but counters.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.replication.encoder import PRIVATE_ORDER
from engine.replication.feedback import CommandFeedback, read_feedback
from engine.replication.layout import BASELINE_TICKS_MAX, KindCode, PrivateLayout, SnapshotLayout
from engine.wire import BitReader, ReadError, expand, unzigzag
from engine.wire.bits import GOLOMB_ZEROS_MAX
from engine.world import GENERATIONS, Schema, World, little_endian

Ints = NDArray[np.int64]

_NO_CELLS: Final = np.zeros(0, dtype=np.intp)

RING_TICKS: Final = BASELINE_TICKS_MAX + 1
"""Worlds kept as baselines."""


class Refusal(Enum):
    """Why a snapshot was not applied."""

    MALFORMED = "malformed"
    """Not a snapshot of this schema: it ends too early or too late, or names a row or a value that cannot be."""
    STALE = "stale"
    """Not newer than what is applied already: overtaken on the way, or sent twice."""
    NO_BASELINE = "no_baseline"
    """It builds on a snapshot that we do not hold."""
    CHECKSUM = "checksum"
    """It was read well, but the result is not the server's world."""


class Decoded(NamedTuple):
    """A snapshot that was applied."""

    world: World
    """What this client may know of the server's world at ``tick``: hidden rows and others' private fields are zero. It belongs to the
    decoder's ring: valid until a snapshot 64 ticks newer arrives, never to be written to."""
    tick: int
    baseline_tick: int | None
    feedback: CommandFeedback


@dataclass(frozen=True, slots=True)
class DecoderStatistics:
    """Counters since the start."""

    snapshots: int
    """Applied."""
    complete_snapshots: int
    """Applied, and complete."""
    bytes: int
    """Of all messages, refused ones too."""
    refused: Mapping[str, int]
    """By :class:`Refusal` value."""
    wants_complete: bool


class SnapshotDecoder:
    """Decodes one client's snapshots. ``seat`` None is somebody who only watches."""

    def __init__(self, schema: Schema, seat: int | None) -> None:
        if seat is not None and not 0 <= seat < schema.seats:
            raise LocalProtocolError(f"seat {seat} of {schema.seats}")
        self.schema: Final = schema
        self.seat: Final = seat
        self.wants_complete_because: Refusal | None = None
        """Why the server should send a complete snapshot, or None. NO_BASELINE: until any snapshot can be applied again. CHECKSUM: until a
        complete one has been applied, because something that we hold is wrong, and so that the server surely hears of it."""
        self.newest_tick: int | None = None
        """The newest snapshot applied: what to acknowledge."""
        self._layout: Final = SnapshotLayout(schema)
        private = PrivateLayout(schema, range(0) if seat is None else range(seat, seat + 1))
        self._private: Final = private if private.cells.size else None
        self._ring: Final = [World(schema, -1) for _ in range(RING_TICKS)]
        self._spare = World(schema, -1)
        self._base: Final = self._layout.buffer()
        self._now: Final = self._layout.buffer()
        self._refused: Final[Counter[str]] = Counter()
        self._snapshots = self._complete = self._bytes = 0

    def receive(self, message: bytes) -> Decoded | Refusal:
        """Apply one snapshot. Any bytes may come: what is not a snapshot that fits is refused and counted."""
        self._bytes += len(message)
        try:
            outcome = self._read(BitReader(message))
        except ReadError:
            outcome = Refusal.MALFORMED
        if isinstance(outcome, Refusal):
            self._refused[outcome.value] += 1
            if outcome is Refusal.CHECKSUM or (outcome is Refusal.NO_BASELINE and not self.wants_complete):
                self.wants_complete_because = outcome
            return outcome
        if outcome.baseline_tick is None or self.wants_complete_because is Refusal.NO_BASELINE:
            self.wants_complete_because = None
        self.newest_tick = outcome.tick
        self._snapshots += 1
        self._complete += outcome.baseline_tick is None
        return outcome

    @property
    def wants_complete(self) -> bool:
        """Whether what we hold does not fit what the server sends, so that it should send a complete snapshot."""
        return self.wants_complete_because is not None

    def world_at(self, tick: int) -> World | None:
        """The world that was decoded for ``tick``, while the ring still has it."""
        world = self._ring[tick % RING_TICKS]
        return world if tick >= 0 and world.tick == tick else None

    def statistics(self) -> DecoderStatistics:
        """Counters since the start."""
        return DecoderStatistics(self._snapshots, self._complete, self._bytes, dict(self._refused), self.wants_complete)

    def _read(self, reader: BitReader) -> Decoded | Refusal:
        ticks = reader.read(6)
        newest = self.newest_tick
        if ticks == 0:
            told = reader.read(32 + 32)
            tick = told >> 32
        else:
            told = reader.read(16 + 32)
            if newest is None:
                return Refusal.NO_BASELINE
            tick = expand(told >> 32, newest)
        checksum = told & 0xFFFFFFFF
        if newest is not None and tick <= newest:
            return Refusal.STALE
        baseline = self.world_at(tick - ticks) if ticks else None
        if ticks and baseline is None:
            return Refusal.NO_BASELINE
        feedback = read_feedback(reader, tick)
        self._read_public(reader, baseline, tick, ticks)
        world = self._spare
        world.public_cells()[...] = self._now[: self._layout.cells]
        if self._private is not None:
            world.cells[self._private.cells] = self._read_private(reader, self._private, world, baseline, ticks)
        reader.finish()
        if self._checksum(world) != checksum:
            return Refusal.CHECKSUM
        world.tick = tick
        index = tick % RING_TICKS
        self._spare, self._ring[index] = self._ring[index], world
        return Decoded(world, tick, tick - ticks if ticks else None, feedback)

    def _checksum(self, world: World) -> int:
        checksum = world.view_checksum(None)
        if self._private is None:
            return checksum
        return zlib.crc32(little_endian(world.cells[self._private.cells]), checksum)

    def _read_public(self, reader: BitReader, baseline: World | None, tick: int, ticks: int) -> None:
        """Leave the new public cells in ``self._now``."""
        layout, base, now = self._layout, self._base, self._now
        base[: layout.cells] = 0 if baseline is None else baseline.public_cells()
        now[...] = base
        touched, codes, gone, new = self._read_changes(reader, tick)
        if codes:
            now[touched] += unzigzag(np.array(codes, dtype=np.int64))
        if ticks:
            for step in layout.steps:
                targets, expected = step.of_living(base, now, ticks)
                expected += now[targets]
                expected -= base[targets]
                now[targets] = expected
        if codes:
            values = now[touched]
            if np.count_nonzero((values < layout.lows[touched]) | (values > layout.highs[touched])):
                raise ReadError("a residual that leads out of its field's range")
        for kind, rows in gone:
            now[kind.start : kind.end].reshape(kind.columns, kind.rows)[:, rows] = 0
        for kind, table in new:
            block = now[kind.start : kind.end].reshape(kind.columns, kind.rows)
            slots = table[0]
            if np.count_nonzero(block[0, slots]):
                raise ReadError("a new row where one stands")
            block[:, slots] = table[1:]

    def _read_changes(
        self, reader: BitReader, tick: int
    ) -> tuple[NDArray[np.intp], list[int], list[tuple[KindCode, NDArray[np.intp]]], list[tuple[KindCode, Ints]]]:
        """What the snapshot says, kind after kind: cells that changed, their residuals' codes, rows that are gone, new rows."""
        base = self._base
        changed: list[NDArray[np.intp]] = []
        codes: list[int] = []
        gone: list[tuple[KindCode, NDArray[np.intp]]] = []
        new: list[tuple[KindCode, Ints]] = []
        for kind in self._layout.kinds:
            if not reader.read_bool():
                continue
            held = base[kind.start : kind.start + kind.rows].nonzero()[0]
            free = kind.rows - held.size
            has_events = reader.read_bool()
            if has_events:
                cells, gone_rows = _read_held_rows(reader, kind, held, codes)
                changed.append(cells)
                if gone_rows.size:
                    gone.append((kind, gone_rows))
                    free += gone_rows.size
            if reader.read_bool():
                new.append((kind, _read_new_rows(reader, kind, free, tick)))
            elif not has_events:
                raise ReadError("a kind that changed in nothing")
        return np.concatenate(changed) if codes else _NO_CELLS, codes, gone, new

    def _read_private(
        self, reader: BitReader, layout: PrivateLayout, world: World, baseline: World | None, ticks: int
    ) -> NDArray[np.int32]:
        values = layout.forecast(None if baseline is None else baseline.cells, world.cells, ticks)
        if reader.read_bool():
            residuals: list[int] = []
            while len(residuals) < layout.cells.size:
                residuals.append(reader.read_signed_golomb(PRIVATE_ORDER) if reader.read_bool() else 0)
            values += np.array(residuals, dtype=np.int64)
        elif layout.zero_is_legal:  # a forecast is within its range, and what is not forecast is 0
            return values.astype(np.int32)
        alive = world.cells[layout.births] != 0
        wrong = (values < layout.lows * alive) | (values > layout.highs * alive)
        if np.count_nonzero(wrong):
            raise ReadError("a private value out of its field's range")
        return values.astype(np.int32)


def _read_held_rows(
    reader: BitReader, kind: KindCode, held: NDArray[np.intp], codes: list[int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Read the flags and residuals of the rows that the baseline has. Returns the cells that changed, whose residuals are appended to
    ``codes``, and the rows that are gone.
    """
    used = reader.read(kind.columns - 1)
    changed_at, gone_at = _read_flags(reader, held.size)
    if bool(used) != bool(changed_at) or not (changed_at or gone_at):
        raise ReadError("rows that changed in no field, fields that changed in no row, or nothing at all")
    gone = held[gone_at] if gone_at else _NO_CELLS
    if not changed_at:
        return _NO_CELLS, gone
    starts = _column_starts(kind.start, kind.rows, kind.columns, used)
    _read_codes(reader, starts.size, len(changed_at), codes)
    return (starts + held[changed_at]).ravel(), gone


@lru_cache(maxsize=4096)
def _column_starts(start: int, rows: int, columns: int, used: int) -> NDArray[np.intp]:
    """Where the used columns of a kind begin, [n, 1]. A match uses few combinations again and again."""
    starts = [start + column * rows for column in range(1, columns) if used >> (columns - 1 - column) & 1]
    return np.array(starts, dtype=np.intp)[:, None]


def _read_flags(reader: BitReader, held: int) -> tuple[list[int], list[int]]:
    """Positions among the ``held`` rows that changed, and that are gone. 0 is as forecast, 10 changed, 11 gone."""
    text = reader.text
    at = reader.position
    changed: list[int] = []
    gone: list[int] = []
    position = 0
    while position < held:
        one = text.find("1", at, at + held - position)
        if one < 0:
            at += held - position
            break
        position += one - at
        (gone if text[one + 1 : one + 2] == "1" else changed).append(position)
        position += 1
        at = one + 2
    if at > len(text):
        raise ReadError("the message ends too early")
    reader.position = at
    return changed, gone


def _read_codes(reader: BitReader, columns: int, rows: int, codes: list[int]) -> None:
    """Append ``columns`` times an order and its exp-Golomb codes, one per row: :meth:`BitReader.read_golomb`, unrolled, because most bits
    of a snapshot pass through here.
    """
    text = reader.text
    at = reader.position
    find = text.find
    append = codes.append
    for _ in range(columns):
        order = int(text[at : at + 4] or "0", 2)
        at += 4
        offset = 1 << order
        behind = order + 1
        for _ in range(rows):
            one = find("1", at)
            zeros = one - at
            if not 0 <= zeros <= GOLOMB_ZEROS_MAX:
                raise ReadError("no such exp-Golomb code")
            at = one + zeros + behind
            append(int(text[one:at], 2) - offset)
    if at > len(text):  # a slice beyond the end is short, not an error: one look here instead of one per code
        raise ReadError("the message ends too early")
    reader.position = at


def _read_new_rows(reader: BitReader, kind: KindCode, free: int, tick: int) -> Ints:
    """The new rows as [slot, generation, fields...] by row. Every value is checked."""
    count = 1 + reader.read_golomb(0)
    if count > free:
        raise ReadError("more new rows than there is room for")
    columns: list[list[int]] = []
    for low, high, bits in zip(kind.new_lows, kind.new_highs, kind.new_bits, strict=True):
        values: list[int] = []
        if reader.read_bool():
            _read_codes(reader, 1, count, values)
            if columns:
                values = [(code >> 1) ^ -(code & 1) for code in values]
            else:
                values[1:] = [code + 1 for code in values[1:]]  # slots ascend
            values = list(accumulate(values))
        else:
            _read_plain(reader, low, bits, count, values)
        if min(values) < low or max(values) > high:
            raise ReadError("a new row's value out of its range")
        columns.append(values)
    columns[1] = [1 + (tick - age) % GENERATIONS for age in columns[1]]
    table = np.array(columns, dtype=np.int64)
    if count > 1 and np.count_nonzero(table[0, 1:] <= table[0, :-1]):
        raise ReadError("new rows out of order")
    return table


def _read_plain(reader: BitReader, low: int, bits: int, count: int, values: list[int]) -> None:
    """Append ``count`` values of ``bits`` bits, counted from ``low``."""
    if bits == 0:
        values += [low] * count
        return
    start = reader.position
    end = start + bits * count
    text = reader.text
    if end > len(text):
        raise ReadError("the message ends too early")
    reader.position = end
    values += [low + int(text[at : at + bits], 2) for at in range(start, end, bits)]
