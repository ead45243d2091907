"""A recorded run of any world as plain arrays: what coders are compared on, and what can be handed to somebody else's.

File (``numpy.savez_compressed``), per kind: ``<kind>.rows`` int32 [ticks, fields, capacity], ``<kind>.alive`` bool [ticks, capacity],
``<kind>.fields`` the names of the fields in order, and optionally ``<kind>.generation`` uint16 [ticks, capacity] (1 + the tick of birth mod
1024). Without generations a row is taken to be born when it begins to be alive, so a slot that was freed and taken in one tick looks like a
row that went on. Ticks follow each other without gaps.

The schema is JSON, as :meth:`engine.world.Schema.describe` makes it: ``{"seats": 16, "kinds": [{"name", "fields": [{"name", "low", "high",
"motion"}]}]}``. ``motion`` is the field that is this one's change per tick, or a number; it may be left out, as may ``per_seat``,
``capacity`` (the file has it) and ``visible_to``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.world import GENERATIONS, Field, Kind, Range, Schema, World


class TraceError(Exception):
    """A file that is no trace, or not one of this schema; the text says why."""


@dataclass(frozen=True)
class Trace:
    """Worlds of consecutive ticks, without what only a server knows."""

    schema: Schema
    cells: list[NDArray[np.int32]]
    first_tick: int

    def worlds(self) -> Iterator[World]:
        """One after the other; each is a copy of its own."""
        for index, cells in enumerate(self.cells):
            world = World(self.schema, self.first_tick + index)
            world.cells[:] = cells
            yield world


def record(worlds: Iterable[World]) -> Trace:
    """Take worlds of consecutive ticks, without their server-only fields."""
    schema: Schema | None = None
    cells, first_tick = [], 0
    for index, world in enumerate(worlds):
        if schema is None:
            schema, first_tick = told_schema(world.schema), world.tick
        if world.tick != first_tick + index:
            raise TraceError(f"tick {world.tick} follows {first_tick + index - 1}")
        cells.append(world.cells[: schema.private_cells_end].copy())
    if schema is None:
        raise TraceError("no worlds")
    return Trace(schema, cells, first_tick)


def told_schema(schema: Schema) -> Schema:
    """The schema without its server-only fields."""
    kinds = [
        Kind(kind.name, tuple(field for field in kind.fields if field.visible_to != "server"), kind.capacity, kind.per_seat)
        for kind in schema.kinds
    ]
    return Schema(*kinds, seats=schema.seats)


def write_trace(trace: Trace, path: Path) -> Path:
    """Write the arrays to ``path`` and the schema beside it; returns the schema's path."""
    arrays: dict[str, NDArray[Any]] = {}
    worlds = list(trace.worlds())
    for index, kind in enumerate(trace.schema.kinds):
        names = [field.name for field in kind.fields]
        tables = [world.tables[index] for world in worlds]
        arrays[f"{kind.name}.fields"] = np.array(names)
        arrays[f"{kind.name}.rows"] = np.array([[getattr(table, name) for name in names] for table in tables], dtype=np.int32)
        generations = np.array([table.generation for table in tables], dtype=np.uint16)
        arrays[f"{kind.name}.generation"] = generations
        arrays[f"{kind.name}.alive"] = generations != 0
    arrays["first_tick"] = np.array(trace.first_tick)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
    schema_path = path.with_suffix(".schema.json")
    schema_path.write_text(json.dumps({"seats": trace.schema.seats, **trace.schema.describe()}, indent=1) + "\n", encoding="utf-8")
    return schema_path


def read_trace(path: Path, schema_path: Path) -> Trace:
    """Read both. Raises :class:`TraceError`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        schema = _read_schema(json.loads(schema_path.read_text(encoding="utf-8")), arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TraceError(f"not a trace with its schema: {error}") from error
    first_tick = int(arrays.get("first_tick", np.array(0)))
    ticks = len(arrays[f"{schema.kinds[0].name}.alive"])
    worlds = [World(schema, first_tick + index) for index in range(ticks)]
    for kind_index, kind in enumerate(schema.kinds):
        _fill(kind, kind_index, worlds, arrays)
    for world in worlds:
        if words := world.out_of_range():
            raise TraceError(f"tick {world.tick}: {words}")
    return Trace(schema, [world.cells for world in worlds], first_tick)


def _fill(kind: Kind, kind_index: int, worlds: list[World], arrays: Mapping[str, NDArray[Any]]) -> None:
    rows, alive = arrays[f"{kind.name}.rows"], arrays[f"{kind.name}.alive"].astype(bool)
    names = [str(name) for name in arrays[f"{kind.name}.fields"]]
    capacity = worlds[0].tables[kind_index].capacity
    wanted = (len(worlds), len(names), capacity)
    if rows.shape != wanted or alive.shape != (len(worlds), capacity):
        raise TraceError(f"{kind.name}: rows {rows.shape} and alive {alive.shape} where {wanted} was expected")
    missing = [field.name for field in kind.fields if field.name not in names]
    if missing:
        raise TraceError(f"{kind.name}: the schema has {missing}, the rows have not")
    generations = arrays.get(f"{kind.name}.generation")
    births = np.zeros(capacity, dtype=np.int64)
    before = np.zeros(capacity, dtype=bool)
    for index, world in enumerate(worlds):
        table, living = world.tables[kind_index], alive[index]
        births[living & ~before] = 1 + world.tick % GENERATIONS
        table.generation[:] = np.where(living, births if generations is None else generations[index], 0)
        for field in kind.fields:
            getattr(table, field.name)[:] = np.where(living, rows[index, names.index(field.name)], 0)
        before = living


def _read_schema(told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Schema:
    kinds = []
    for kind in told["kinds"]:
        fields = tuple(
            Field(
                field["name"],
                Range(int(field["low"]), int(field["high"])),
                motion=field.get("motion"),
                visible_to=field.get("visible_to", "everyone"),
            )
            for field in kind["fields"]
        )
        per_seat = kind.get("per_seat")
        capacity = None if per_seat else kind.get("capacity") or arrays[f"{kind['name']}.alive"].shape[1]
        kinds.append(Kind(kind["name"], fields, capacity, per_seat))
    return Schema(*kinds, seats=int(told.get("seats", 1)))
