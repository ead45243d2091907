"""What a snapshot's bits were spent on: per kind, field and purpose, to the last bit.

Nothing is counted while encoding: a ledger is read from the finished message, along the same grammar as the decoder reads it, so a match
pays for it only when somebody asks. It needs what the client holds too (the baseline), because that says how many rows have a flag.
The entries always add up to the message, filling included; :func:`read_ledger` refuses a message for which they would not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.contract import Mask
from engine.errors import LocalProtocolError
from engine.replication.encoder import PRIVATE_ORDER
from engine.replication.feedback import read_feedback
from engine.replication.interest import public_view
from engine.replication.layout import KindCode, SnapshotLayout
from engine.wire import BitReader, ReadError
from engine.world import Schema, World

FRAME: Final = "frame"
"""As the kind of what every snapshot has."""


class Spent(NamedTuple):
    """What bits were spent on. ``kind`` is :data:`FRAME` for what is no kind's."""

    kind: str
    purpose: str
    """``flags`` (which rows and columns follow), ``changed`` (residuals of held rows), ``new`` (rows that came), ``owner`` (owner-only
    cells); of a frame ``tick``, ``checksum``, ``feedback``, ``flags`` (whether owner-only cells follow), ``filling``."""
    field: str = ""
    """A field's name, ``slot``, ``age`` or ``count`` of new rows; empty for flags and frames."""


@dataclass(frozen=True, slots=True)
class SnapshotLedger:
    """Bits by what they were spent on, of one snapshot or (see :func:`sum_ledgers`) of many."""

    bits: Mapping[Spent, int]
    snapshots: int = 1

    @property
    def total_bits(self) -> int:
        """All of them: eight times the messages' bytes."""
        return sum(self.bits.values())

    def by_kind(self) -> dict[str, int]:
        """Bits per kind, the most expensive first."""
        return self._sums(lambda spent: spent.kind)

    def by_field(self) -> dict[str, int]:
        """Bits per ``kind.field``, changed, new and owner's together; flags and frames under their purpose. The most expensive first."""
        return self._sums(lambda spent: f"{spent.kind}.{spent.field or spent.purpose}")

    def by_purpose(self) -> dict[str, int]:
        """Bits per ``kind.purpose``, the most expensive first."""
        return self._sums(lambda spent: f"{spent.kind}.{spent.purpose}")

    def _sums(self, name: Callable[[Spent], str]) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for spent, bits in self.bits.items():
            sums[name(spent)] += bits
        return dict(sums.most_common())


def sum_ledgers(ledgers: Iterable[SnapshotLedger]) -> SnapshotLedger:
    """Many as one."""
    sums: Counter[Spent] = Counter()
    snapshots = 0
    for ledger in ledgers:
        sums.update(ledger.bits)
        snapshots += ledger.snapshots
    return SnapshotLedger(dict(sums), snapshots)


def read_ledger(
    schema: Schema, message: bytes, seat: int | None, baseline: World | None, baseline_mask: Mask | None = None
) -> SnapshotLedger:
    """The ledger of a ``message`` that an encoder of this schema has made for ``seat`` against ``baseline`` (None: complete).

    Raises :class:`LocalProtocolError` for anything else: this reads our own messages, not a peer's.
    """
    view = None if baseline is None else public_view(baseline, baseline_mask, seat)
    try:
        return SnapshotLedger(dict(_Reading(schema, message, seat).run(None if baseline is None else baseline.tick, view)))
    except ReadError as error:
        raise LocalProtocolError(f"not a snapshot of this schema, seat and baseline: {error}") from error


class _Reading:
    """One pass over a message. :meth:`_spend` books whatever was read since it was called last."""

    def __init__(self, schema: Schema, message: bytes, seat: int | None) -> None:
        self._schema: Final = schema
        self._seat: Final = seat
        self._reader: Final = BitReader(message)
        self._booked_to = 0
        self._bits: Final[Counter[Spent]] = Counter()

    def run(self, baseline_tick: int | None, base: NDArray[np.int32] | None) -> Counter[Spent]:
        reader = self._reader
        ticks = reader.read(6)
        if (ticks == 0) is not (baseline_tick is None):
            raise ReadError("complete, or with a baseline, is what was not expected")
        told = reader.read(16 if ticks else 32)
        tick = told if baseline_tick is None else baseline_tick + ticks
        self._spend(Spent(FRAME, "tick"))
        reader.read(32)
        self._spend(Spent(FRAME, "checksum"))
        read_feedback(reader, tick)
        self._spend(Spent(FRAME, "feedback"))
        for kind, names in zip(SnapshotLayout(self._schema).kinds, _public_names(self._schema), strict=True):
            held = 0 if base is None else int(np.count_nonzero(base[kind.start : kind.start + kind.rows]))
            self._read_kind(kind, names, held)
        self._read_private()
        reader.finish()
        reader.position = len(reader.text)
        self._spend(Spent(FRAME, "filling"))
        return self._bits

    def _spend(self, spent: Spent) -> None:
        position = self._reader.position
        if position > self._booked_to:
            self._bits[spent] += position - self._booked_to
            self._booked_to = position

    def _read_kind(self, kind: KindCode, names: list[str], held: int) -> None:
        reader, flags = self._reader, Spent(kind.name, "flags")
        if reader.read_bool():
            if reader.read_bool():
                used = reader.read(kind.columns - 1)
                changed = 0
                for _ in range(held):
                    changed += reader.read_bool() and not reader.read_bool()
                self._spend(flags)
                for column, name in enumerate(names):
                    if used >> (kind.columns - 2 - column) & 1:
                        self._read_codes(changed)
                        self._spend(Spent(kind.name, "changed", name))
            if reader.read_bool():
                self._spend(flags)
                count = 1 + reader.read_golomb(0)
                self._spend(Spent(kind.name, "new", "count"))
                for name, bits in zip(["slot", "age", *names], kind.new_bits, strict=True):
                    if reader.read_bool():
                        self._read_codes(count)
                    else:
                        reader.read(bits * count)
                    self._spend(Spent(kind.name, "new", name))
        self._spend(flags)

    def _read_codes(self, count: int) -> None:
        order = self._reader.read(4)
        for _ in range(count):
            self._reader.read_golomb(order)

    def _read_private(self) -> None:
        owned = [kind for kind in self._schema.kinds if kind.per_seat is not None and kind.fields_visible_to("owner")]
        if self._seat is None or not owned:
            return
        is_there = self._reader.read_bool()
        self._spend(Spent(FRAME, "flags"))
        for kind in owned if is_there else ():
            for field in kind.fields_visible_to("owner"):
                for _ in range(kind.per_seat or 0):
                    if self._reader.read_bool():
                        self._reader.read_signed_golomb(PRIVATE_ORDER)
                self._spend(Spent(kind.name, "owner", field.name))


def _public_names(schema: Schema) -> list[list[str]]:
    return [[field.name for field in kind.fields_visible_to("everyone")] for kind in schema.kinds]
