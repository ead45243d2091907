"""What people send without a snapshot coder: whole worlds as msgpack, the same compressed, and a plain delta in variable-length integers.

Each says only what :mod:`engine.replication` says about the public cells, and nothing about ticks, checksums or commands: 10 bytes less to
tell. The delta knows the baseline exactly as ours does, but neither motion nor ranges nor bits.
"""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from engine.world import World

_ENCODER = msgspec.msgpack.Encoder()


def msgpack_bytes(world: World) -> bytes:
    """Per kind a list of [slot, values...] of the living rows: no field names on the wire, as a careful author would do it."""
    return _ENCODER.encode([[[slot, *values] for slot, values in _rows(world, index).items()] for index in range(len(world.tables))])


def msgpack_zlib_bytes(world: World) -> bytes:
    """The same through zlib's usual level."""
    return zlib.compress(msgpack_bytes(world))


def varint_delta(world: World, baseline: World) -> bytes:
    """Per kind: how many rows are gone, changed and new; each by its distance from the row before. A changed row has a bit per field and
    the differences, a new one all values.
    """
    out = bytearray()
    for index, (table, before) in enumerate(zip(world.tables, baseline.tables, strict=True)):
        now_rows, old_rows = _rows(world, index), _rows(baseline, index)
        is_same = table.generation == before.generation
        gone = [slot for slot in old_rows if slot not in now_rows or not is_same[slot]]
        new = [slot for slot in now_rows if slot not in old_rows or not is_same[slot]]
        changed = [slot for slot, row in now_rows.items() if slot in old_rows and is_same[slot] and row != old_rows[slot]]
        for slots in (gone, changed, new):
            _put(out, len(slots))
            at = -1
            for slot in slots:
                _put(out, slot - at - 1)
                at = slot
                if slots is gone:
                    continue
                old = old_rows[slot] if slots is changed else [0] * len(now_rows[slot])
                differences = [value - was for value, was in zip(now_rows[slot], old, strict=True)]
                if slots is changed:
                    _put(out, sum(1 << column for column, difference in enumerate(differences) if difference))
                for difference in differences:
                    if difference or slots is new:
                        _put(out, 2 * difference if difference >= 0 else -2 * difference - 1)
    return bytes(out)


def _rows(world: World, index: int) -> dict[int, list[int]]:
    """Slot to the values of its public fields."""
    cells = world.tables[index].public
    return {slot: cells[1:, slot].tolist() for slot in np.flatnonzero(cells[0]).tolist()}


def _put(out: bytearray, value: int) -> None:
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
