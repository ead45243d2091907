"""Random schemas and random histories of worlds, and an independent model of what a client may know."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.contract import Mask
from engine.world import Field, Kind, Motion, Range, Schema, World
from engine.world.schema import INT_LIMIT, Visibility

_RANGES = (
    Range(0, 0),
    Range(0, 1),
    Range(-1, 5),
    Range(0, 1023),
    Range(-512, 511),
    Range(0, 32767),
    Range(3, 9),  # 0 is not in it
    Range(-9, -2),
    Range(-INT_LIMIT, INT_LIMIT),
)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """One to three kinds of one to five fields: every visibility, motion by number, by field, in chains and in circles."""
    kinds = []
    for kind_index in range(draw(st.integers(1, 3))):
        owned = draw(st.booleans())
        count = draw(st.integers(1, 5))
        visibilities: list[Visibility] = ["everyone", "owner", "server"] if owned else ["everyone", "server"]
        seen_by = [draw(st.sampled_from(visibilities)) for _ in range(count)]
        fields = []
        for index in range(count):
            sources = [
                other
                for other in range(count)
                if other != index and visibilities.index(seen_by[other]) <= visibilities.index(seen_by[index])
            ]
            motions: list[str | int | None] = [None, -1, 2, *(f"f{other}" for other in sources)]
            fields.append(
                Field(
                    f"f{index}",
                    draw(st.sampled_from(_RANGES)),
                    motion=draw(st.sampled_from(motions)),
                    visible_to=seen_by[index],
                )
            )
        rows = draw(st.integers(1, 4 if owned else 9))
        kinds.append(Kind(f"k{kind_index}", tuple(fields), **({"per_seat": rows} if owned else {"capacity": rows})))
    return Schema(*kinds, seats=draw(st.integers(1, 3)))


def random_value(roll: random.Random, allowed: Range, near: int | None = None) -> int:
    """Any value of the range; often an end of it, or one near another value."""
    choice = roll.randrange(4)
    if choice == 0:
        return roll.choice((allowed.low, allowed.high))
    if choice == 1 and near is not None:
        return min(max(near + roll.randrange(-4, 5), allowed.low), allowed.high)
    return roll.randint(allowed.low, allowed.high)


def play(world: World, motion: Motion, roll: random.Random, ticks: int) -> None:
    """Let time go by: rows move on, change, die, are born, die and are born in the same slot."""
    for _ in range(ticks):
        if roll.random() < 0.7:
            motion.advance(world, 1)
        else:
            world.tick += 1
        for table in world.tables:
            for slot in table.rows().tolist():
                if roll.random() < 0.15:
                    table.free(slot)
                elif roll.random() < 0.4:
                    field = roll.choice(table.kind.fields)
                    column = getattr(table, field.name)
                    column[slot] = random_value(roll, field.range, int(column[slot]))
            while roll.random() < 0.4:
                seat = roll.randrange(world.schema.seats) if table.kind.is_owned else None
                values = {field.name: random_value(roll, field.range) for field in table.kind.fields}
                if table.spawn(world.tick, seat, **values) is None:
                    break


def random_mask(world: World, roll: random.Random) -> Mask:
    """Hides about half the rows of some kinds."""
    return {
        layout.kind.name: np.array([roll.random() < 0.5 for _ in range(layout.rows)], dtype=np.bool_)
        for layout in world.schema.layouts
        if roll.random() < 0.8
    }


def expected_view(world: World, seat: int | None, mask: Mask | None) -> list[tuple[str, int, str, int]]:
    """What the client must hold, cell by cell, by the words of the design: kind, slot, column, value."""
    cells = []
    for table in world.tables:
        per_seat = table.kind.per_seat
        for slot in range(table.capacity):
            owner = None if per_seat is None else slot // per_seat
            is_own = owner is not None and owner == seat
            hidden = mask is not None and table.kind.name in mask and not mask[table.kind.name][slot] and not is_own
            cells.append((table.kind.name, slot, "generation", 0 if hidden else int(table.generation[slot])))
            for field in table.kind.fields:
                shown = (field.visible_to == "everyone" and not hidden) or (field.visible_to == "owner" and is_own)
                cells.append((table.kind.name, slot, field.name, int(getattr(table, field.name)[slot]) if shown else 0))
    return cells


def held_view(world: World) -> list[tuple[str, int, str, int]]:
    """The cells of a client's world in the same form."""
    return [
        (table.kind.name, slot, name, int(getattr(table, name)[slot]))
        for table in world.tables
        for slot in range(table.capacity)
        for name in ("generation", *(field.name for field in table.kind.fields))
    ]


def shown_out_of_range(world: World, seat: int | None) -> str | None:
    """The first cell of a client's world that is out of its range, among those that are shown to it."""
    for table in world.tables:
        for slot in table.rows().tolist():
            is_own = table.kind.per_seat is not None and slot // table.kind.per_seat == seat
            for field in table.kind.fields:
                is_shown = field.visible_to == "everyone" or (field.visible_to == "owner" and is_own)
                if is_shown and int(getattr(table, field.name)[slot]) not in field.range:
                    return f"{table.kind.name}[{slot}].{field.name}"
    return None


def snapshot_of(worlds: Sequence[World]) -> list[NDArray[np.int32]]:
    """Copies of all cells, to see whether something changed."""
    return [world.cells.copy() for world in worlds]
