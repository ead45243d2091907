"""One kind's rows: contiguous int32 columns, a generation per slot, spawn and free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LocalProtocolError
from engine.world.schema import GENERATIONS, Kind, KindLayout

if TYPE_CHECKING:
    Column = NDArray[np.int32]


class Table:
    """Rows of one :class:`Kind`. ``table.x`` is the column of field ``x``: a writable int32 view of the world's cells, one value per slot.

    A free slot has generation 0 and zeros in every column, so equal worlds have equal bytes. Columns are int32: compute products in
    int64 (``table.x.astype(np.int64)``). ``table.x += table.vx`` works in place; to replace a column write ``table.x[:] = ...``.
    """

    def __init__(self, layout: KindLayout, cells: NDArray[np.int32]) -> None:
        def block(offset: int, columns: int) -> NDArray[np.int32]:
            return cells[offset : offset + columns * layout.rows].reshape(columns, layout.rows)

        own = self.__dict__
        own["kind"] = layout.kind
        own["capacity"] = layout.rows
        own["public"] = block(layout.public_offset, layout.public_columns)
        own["private"] = block(layout.private_offset, layout.private_columns)
        own["hidden"] = block(layout.hidden_offset, layout.hidden_columns)
        own["generation"] = own["public"][0]
        own["_names"] = frozenset(layout.names)
        own.update(zip(layout.names, (*own["public"][1:], *own["private"], *own["hidden"]), strict=True))

    kind: Final[Kind]  # type: ignore[misc]  # set through __dict__, because __setattr__ guards the columns
    capacity: Final[int]  # type: ignore[misc]
    public: Final[Column]  # type: ignore[misc]
    """[1 + fields visible to everyone, capacity]; row 0 is the generation."""
    private: Final[Column]  # type: ignore[misc]
    """[fields visible to the owner, capacity]."""
    hidden: Final[Column]  # type: ignore[misc]
    """[fields that never leave the server, capacity]."""
    generation: Final[Column]  # type: ignore[misc]
    _names: Final[frozenset[str]]  # type: ignore[misc]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Column: ...

    def __setattr__(self, name: str, value: Any) -> None:
        if self.__dict__.get(name) is not value:  # "table.x += 1" stores the same view again: fine
            raise AttributeError(f"{name}: columns are views; write table.{name}[:] = ...")

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which slots hold a row, bool [capacity]. Computed at each call: keep it in a variable within a step."""
        return np.not_equal(self.generation, 0)

    def rows(self) -> NDArray[np.intp]:
        """Slots that hold a row, ascending."""
        return np.flatnonzero(self.generation)

    def slots_of(self, seat: int) -> slice:
        """The slots that belong to a seat."""
        per_seat = self.kind.per_seat
        if per_seat is None or not 0 <= seat < self.capacity // per_seat:
            raise LocalProtocolError(f"{self.kind.name}: no slots for seat {seat}")
        return slice(seat * per_seat, (seat + 1) * per_seat)

    def spawn(self, tick: int, seat: int | None = None, **values: int) -> int | None:
        """Take the lowest free slot (of ``seat``, in an owned kind) and set its fields; fields not named are 0.

        Returns the slot, or None where all are taken: the caller decides what is lost. ``tick`` is the tick being computed.
        """
        if (seat is not None) != self.kind.is_owned:
            name = self.kind.name
            if seat is None:
                raise LocalProtocolError(f"{name}: its rows belong to seats, so write {name}.spawn(world.tick, seat, ...)")
            raise LocalProtocolError(
                f"{name}: its rows (capacity={self.capacity}) belong to nobody, so write {name}.spawn(world.tick, ...)"
            )
        first = 0 if seat is None else self.slots_of(seat).start
        span = self.generation if seat is None else self.generation[self.slots_of(seat)]
        index = int(span.argmin())  # generations are >= 0 and 0 is free: the first minimum is the lowest free slot
        if span[index] != 0:
            return None
        slot = first + index
        if not values.keys() <= self._names:
            unknown = ", ".join(sorted(values.keys() - self._names))
            raise LocalProtocolError(
                f"{self.kind.name}: there is no field {unknown}; there are {', '.join(f.name for f in self.kind.fields)}"
            )
        self.generation[slot] = 1 + tick % GENERATIONS
        columns = self.__dict__
        for name, value in values.items():
            columns[name][slot] = value
        return slot

    def free(self, slots: Any) -> None:
        """Empty one slot, an index array of slots, a slice or a bool mask."""
        self.public[:, slots] = 0
        if self.private.size:
            self.private[:, slots] = 0
        if self.hidden.size:
            self.hidden[:, slots] = 0
