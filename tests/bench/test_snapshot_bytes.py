"""A recorded world survives its file, and the coders that ours is compared with really say what they claim to say."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.world import Motion, World
from tests.bench.other_coders import msgpack_bytes, msgpack_zlib_bytes, varint_delta
from tests.bench.snapshot_bytes import arena_match, code, measure
from tests.bench.world_trace import Trace, TraceError, read_trace, record, write_trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(arena_match(40, 12, seed=3))


def test_a_trace_is_coded_alike_after_its_file(trace: Trace, tmp_path: Path) -> None:
    schema_path = write_trace(trace, tmp_path / "match.npz")
    again = read_trace(tmp_path / "match.npz", schema_path)
    assert again.first_tick == trace.first_tick
    assert all((one == other).all() for one, other in zip(again.cells, trace.cells, strict=True))
    assert code(again, 3) == code(trace, 3)


def test_any_world_with_ranges_is_read(tmp_path: Path) -> None:
    """The least that a file must have: rows, alive, fields; and in the schema names and ranges."""
    rows = np.zeros((4, 2, 3), dtype=np.int64)
    rows[:, 0] = [[10 + 5 * tick, 0, 90] for tick in range(4)]
    rows[:, 1] = [[5, 99, 0]] * 4
    alive = np.array([[1, 0, 1], [1, 0, 1], [1, 0, 0], [1, 0, 1]])
    np.savez(tmp_path / "w.npz", **{"ship.rows": rows, "ship.alive": alive, "ship.fields": np.array(["x", "v"])})
    fields = [{"name": "x", "low": 0, "high": 100, "motion": "v"}, {"name": "v", "low": -9, "high": 9}]
    (tmp_path / "w.json").write_text(json.dumps({"kinds": [{"name": "ship", "fields": fields}]}))
    trace = read_trace(tmp_path / "w.npz", tmp_path / "w.json")
    generations = [world.ship.generation.tolist() for world in trace.worlds()]
    assert generations == [[1, 0, 1], [1, 0, 1], [1, 0, 0], [1, 0, 4]], "born when it begins to be alive"
    assert not any(world.ship.v[1] for world in trace.worlds()), "a row that is not alive is nothing"
    _, ledger = code(trace, 1)
    assert not any(spent.purpose == "changed" for spent in ledger.bits), "it moves as its motion says"
    assert measure(trace, [1])["rows_mean"] == {"ship": 1.8}


@pytest.mark.parametrize("wrong", ["range", "shape", "field", "schema"])
def test_a_trace_that_does_not_fit_its_schema_is_refused(wrong: str, tmp_path: Path) -> None:
    arrays = {"k.rows": np.full((2, 1, 2), 7), "k.alive": np.ones((2, 2), dtype=bool), "k.fields": np.array(["x"])}
    field = {"name": "x", "low": 0, "high": 6 if wrong == "range" else 9}
    if wrong == "shape":
        arrays["k.rows"] = np.zeros((2, 2, 2))
    if wrong == "field":
        field["name"] = "y"
    np.savez(tmp_path / "w.npz", **arrays)
    told = {"kinds": [] if wrong == "schema" else [{"name": "k", "fields": [field]}]}
    (tmp_path / "w.json").write_text(json.dumps(told))
    with pytest.raises(TraceError):
        read_trace(tmp_path / "w.npz", tmp_path / "w.json")


def test_a_gap_in_the_ticks_is_refused(trace: Trace) -> None:
    worlds = list(trace.worlds())
    with pytest.raises(TraceError):
        record([worlds[0], worlds[2]])


def test_what_we_are_compared_with_says_everything(trace: Trace) -> None:
    """From the baseline and the plain delta alone the new world's living rows can be told again."""
    worlds = list(trace.worlds())
    for age in (1, 6):
        for index in range(age, len(worlds)):
            told = read_varint_delta(varint_delta(worlds[index], worlds[index - age]), worlds[index - age])
            assert told == living(worlds[index])
    rows = msgspec.msgpack.decode(msgpack_bytes(worlds[-1]))
    assert [{row[0]: row[1:] for row in kind} for kind in rows] == living(worlds[-1])
    assert len(msgpack_zlib_bytes(worlds[-1])) < len(msgpack_bytes(worlds[-1]))


def living(world: World) -> list[dict[int, list[int]]]:
    return [{slot: table.public[1:, slot].tolist() for slot in table.rows().tolist()} for table in world.tables]


def read_varint_delta(data: bytes, baseline: World) -> list[dict[int, list[int]]]:
    numbers = iter(_varints(data))
    kinds = living(baseline)
    for rows, table in zip(kinds, baseline.tables, strict=True):
        columns = len(table.public) - 1
        for what in ("gone", "changed", "new"):
            at = -1
            for _ in range(next(numbers)):
                at += 1 + next(numbers)
                if what == "gone":
                    del rows[at]
                    continue
                old = rows[at] if what == "changed" else [0] * columns
                used = next(numbers) if what == "changed" else (1 << columns) - 1
                rows[at] = [value + _signed(next(numbers)) if used >> column & 1 else value for column, value in enumerate(old)]
    assert next(numbers, None) is None
    return kinds


def _varints(data: bytes) -> list[int]:
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    return values


def _signed(code: int) -> int:
    return -(code + 1) // 2 if code % 2 else code // 2


def test_a_world_at_rest_costs_the_frame_alone() -> None:
    world = next(arena_match(1, 0, seed=1)).copy()
    motion = Motion(world.schema)
    worlds = []
    for _ in range(3):
        worlds.append(world.copy())
        motion.advance(world, 1)
    _, ledger = code(record(worlds), 1)
    assert not [spent for spent in ledger.bits if spent.purpose in ("changed", "new", "owner")]


def test_the_same_seed_records_the_same(trace: Trace) -> None:
    again = record(arena_match(40, 12, seed=3))
    assert all((one == other).all() for one, other in zip(again.cells, trace.cells, strict=True))
