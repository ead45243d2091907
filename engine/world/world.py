"""A whole world: one int32 array and the tables that look into it."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.world.schema import Schema
from engine.world.table import Table

_LITTLE_ENDIAN: Final = np.dtype("<i4")


class World:
    """The state of a match after step :attr:`tick`. ``world.player`` is the table of kind ``player``.

    Worlds of one schema (and number of seats) can be copied into each other at the price of one array copy, so rings of worlds
    (baselines, predictions, lag compensation) allocate nothing while a match runs. Most worlds of a ring are only ever copied, so the
    tables are made when the first one is asked for: they are nearly all that a world's making costs.
    """

    __slots__ = ("__dict__", "_public", "_tables", "cells", "schema", "tick")

    def __init__(self, schema: Schema, tick: int = 0) -> None:
        self.schema: Final = schema
        self.tick = tick
        self.cells: Final[NDArray[np.int32]] = np.zeros(schema.cells, dtype=np.int32)
        self._tables: tuple[Table, ...] | None = None
        self._public: Final = self.cells[: schema.public_cells]

    @property
    def tables(self) -> tuple[Table, ...]:
        """One per kind, in the schema's order."""
        if self._tables is None:
            self._tables = tuple(Table(layout, self.cells) for layout in self.schema.layouts)
            self.__dict__.update((table.kind.name, table) for table in self._tables)
        return self._tables

    def __getattr__(self, name: str) -> Table:
        """The first time that a table is asked for; afterwards it is found without coming here."""
        if name not in World.__slots__ and self._tables is None:
            for table in self.tables:
                if table.kind.name == name:
                    return table
        raise AttributeError(f"a world of this schema has no {name!r}")

    def table(self, name: str) -> Table:
        """The table of a kind by its name; KeyError if there is none."""
        for table in self.tables:
            if table.kind.name == name:
                return table
        raise KeyError(name)

    def copy(self) -> World:
        """A new world with the same tick and cells."""
        twin = World(self.schema, self.tick)
        twin.cells[...] = self.cells
        return twin

    def copy_from(self, other: World) -> None:
        """Become equal to ``other``, without allocating."""
        if other.cells.size != self.cells.size:
            raise LocalProtocolError("the two worlds are not of one schema and number of seats")
        self.tick = other.tick
        self.cells[...] = other.cells  # a third of np.copyto's price for a small world; there are nine of these in a client's frame

    def public_cells(self) -> NDArray[np.int32]:
        """The cells that everybody may see, as one view."""
        return self._public

    def private_cells_of(self, seat: int) -> NDArray[np.int32]:
        """A copy of the owner-only cells of one seat, kind after kind, column after column."""
        parts = [table.private[:, table.slots_of(seat)].ravel() for table in self.tables if table.private.shape[0]]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)

    def checksum(self) -> int:
        """CRC-32 of all cells (little-endian): equal on two machines exactly if nothing differs."""
        return zlib.crc32(little_endian(self.cells))

    def view_checksum(self, seat: int | None) -> int:
        """CRC-32 of what ``seat`` holds: the public cells, then its private ones. ``None``: the public cells alone."""
        checksum = zlib.crc32(little_endian(self._public))
        return checksum if seat is None else zlib.crc32(little_endian(self.private_cells_of(seat)), checksum)

    def out_of_range(self) -> str | None:
        """The first cell outside its field's range, in words, or None. For tests and for the moment before something is sent."""
        for table in self.tables:
            alive = table.alive
            for field in table.kind.fields:
                column = table.__dict__[field.name]
                wrong = alive & ((column < field.range.low) | (column > field.range.high))
                if wrong.any():
                    slot = int(wrong.argmax())
                    name = f"{table.kind.name}[{slot}].{field.name}"
                    return f"{name} = {column[slot]}, not in {field.range.low} to {field.range.high}"
        return None


def little_endian(cells: NDArray[np.int32]) -> memoryview:
    """Contiguous cells as they are checksummed on every machine; no copy on a little-endian one."""
    return cells.data if np.little_endian else cells.astype(_LITTLE_ENDIAN).data
