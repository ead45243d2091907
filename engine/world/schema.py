"""What a game's world is made of, as data: kinds of rows, and per field everything the engine must know.

The field table is the single description from which the engine codes, deltas, interpolates, hides, predicts and checks any
game (the idea of Quake III's ``netField_t`` and Teeworlds' ``network.py``, with the game owning the table and the engine the loop).

A schema also fixes the memory layout. All cells of a world are one int32 array::

    [ public block | owner block | server block ]
      per kind: generation, then its fields visible to everyone
                                 per kind: fields visible to the owner
                                               per kind: fields that never leave the server

Every column is contiguous, copying a world is one array copy, and "what everybody may see" is one slice.
"""

from __future__ import annotations

import hashlib
import json
import keyword
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

Blend = Literal["step", "linear", "angle"]
Visibility = Literal["everyone", "owner", "server"]

_BLOCKS: Final[tuple[Visibility, ...]] = ("everyone", "owner", "server")

GENERATIONS: Final = 1024
"""A row's generation is 1 + (tick of its birth mod 1024); 0 marks a free slot. Baselines reach back 64 ticks, so it is unambiguous."""

SEATS_MAX: Final = 1024
FIELDS_PER_KIND_MAX: Final = 64
KINDS_MAX: Final = 32
ROWS_PER_KIND_MAX: Final = 65536
INT_LIMIT: Final = 2**30
"""Ranges stay within +-2^30, so that a difference of two values still fits int32."""


@dataclass(frozen=True, slots=True)
class Range:
    """An inclusive range of integers: both the number of bits and the check. ``-2**30 <= low <= high <= 2**30``."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not -INT_LIMIT <= self.low <= self.high <= INT_LIMIT:
            raise ValueError(f"Range({self.low}, {self.high}): need -2**30 <= low <= high <= 2**30")

    @property
    def bits(self) -> int:
        """Bits that any value of the range needs, 0 where there is only one."""
        return (self.high - self.low).bit_length()

    @property
    def size(self) -> int:
        """The greatest distance from 0."""
        return max(abs(self.low), abs(self.high))

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Field:
    """One integer of a row.

    ``motion`` names the field of the same kind that is this field's change per tick, or is that change itself as an integer (a
    countdown has ``motion=-1``); the forecast is clamped to ``range``. ``blend`` says how display interpolates between two ticks:
    ``step`` takes the older value, ``linear`` goes straight, ``angle`` goes the short way round the range. ``visible_to`` says who is told.
    """

    name: str
    range: Range
    motion: str | int | None = None
    blend: Blend = "step"
    visible_to: Visibility = "everyone"


_RESERVED: Final = frozenset(
    {"kind", "generation", "alive", "capacity", "public", "private", "hidden", "rows", "spawn", "free", "slots_of"}
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One table of rows. Give either ``capacity`` (rows that belong to nobody) or ``per_seat`` (each seat owns that many slots).

    A seat's slots are ``[seat * per_seat, (seat + 1) * per_seat)``: who owns a row follows from where it stands, and a client that
    predicts a spawn takes the very slot that the server will take.
    """

    name: str
    fields: tuple[Field, ...]
    capacity: int | None = None
    per_seat: int | None = None

    def __post_init__(self) -> None:
        rows = self.capacity if self.per_seat is None else self.per_seat
        if (self.capacity is None) == (self.per_seat is None) or rows is None or not 1 <= rows <= ROWS_PER_KIND_MAX:
            raise ValueError(f"kind {self.name!r}: give either capacity or per_seat, 1 to {ROWS_PER_KIND_MAX}")
        if not 1 <= len(self.fields) <= FIELDS_PER_KIND_MAX:
            raise ValueError(f"kind {self.name!r}: needs 1 to {FIELDS_PER_KIND_MAX} fields")
        names = [field.name for field in self.fields]
        for name in (self.name, *names):
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
                raise ValueError(f"kind {self.name!r}: {name!r} is not a usable name")
        if len(set(names)) != len(names) or _RESERVED & set(names):
            raise ValueError(f"kind {self.name!r}: field names must be unique and none of {sorted(_RESERVED)}")
        self._check_fields(set(names))

    def _check_fields(self, names: set[str]) -> None:
        public = {field.name for field in self.fields if field.visible_to == "everyone"}
        for field in self.fields:
            if field.visible_to == "owner" and self.per_seat is None:
                raise ValueError(f"{self.name}.{field.name}: visible to its owner, but the kind has none (use per_seat)")
            if not isinstance(field.motion, str):
                continue
            if field.motion not in names or field.motion == field.name:
                raise ValueError(f"{self.name}.{field.name}: motion {field.motion!r} is no other field of the kind")
            if field.visible_to == "everyone" and field.motion not in public:
                raise ValueError(f"{self.name}.{field.name}: everyone sees it, so its motion {field.motion!r} must be visible too")
            if field.visible_to == "owner" and self[field.motion].visible_to == "server":
                raise ValueError(f"{self.name}.{field.name}: its owner sees it, so its motion {field.motion!r} must be visible too")

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name}.{name}")

    @property
    def is_owned(self) -> bool:
        """Whether its rows belong to seats."""
        return self.per_seat is not None

    def fields_visible_to(self, visibility: Visibility) -> tuple[Field, ...]:
        """The fields of exactly that visibility, in declared order."""
        return tuple(field for field in self.fields if field.visible_to == visibility)


@dataclass(frozen=True)
class KindLayout:
    """Where a kind's cells stand in a world's array. Offsets count int32 cells; each block is ``[columns, rows]``, row-major."""

    kind: Kind
    rows: int
    public_offset: int
    """The generation column comes first, then the fields visible to everyone."""
    private_offset: int
    hidden_offset: int

    @cached_property
    def public_columns(self) -> int:
        """Columns of the public block, the generation among them."""
        return 1 + len(self.kind.fields_visible_to("everyone"))

    @cached_property
    def private_columns(self) -> int:
        """Columns that only the row's owner is told."""
        return len(self.kind.fields_visible_to("owner"))

    @cached_property
    def hidden_columns(self) -> int:
        """Columns that never leave the server."""
        return len(self.kind.fields_visible_to("server"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields in the order of their columns: public, private, hidden."""
        return tuple(field.name for visibility in _BLOCKS for field in self.kind.fields_visible_to(visibility))


class Schema:
    """The kinds of a world, for a number of seats. Immutable. Two peers with the same :attr:`digest` mean the same by every byte."""

    def __init__(self, *kinds: Kind, seats: int = 16) -> None:
        if not 1 <= len(kinds) <= KINDS_MAX:
            raise ValueError(f"a schema has 1 to {KINDS_MAX} kinds")
        if len({kind.name for kind in kinds}) != len(kinds):
            raise ValueError("two kinds have the same name")
        if not 1 <= seats <= SEATS_MAX:
            raise ValueError(f"seats: {seats} is not in 1 to {SEATS_MAX}")
        self.kinds: Final = kinds
        self.seats: Final = seats

    def for_seats(self, seats: int) -> Schema:
        """The same kinds for another number of seats: a small match has small tables. The digest does not change."""
        return self if seats == self.seats else Schema(*self.kinds, seats=seats)

    def __getitem__(self, name: str) -> Kind:
        for kind in self.kinds:
            if kind.name == name:
                return kind
        raise KeyError(name)

    @cached_property
    def layouts(self) -> tuple[KindLayout, ...]:
        """One per kind, in order."""
        offset = 0
        starts: list[list[int]] = []
        for visibility in _BLOCKS:
            block = []
            for kind in self.kinds:
                block.append(offset)
                columns = len(kind.fields_visible_to(visibility)) + (visibility == "everyone")  # the generation is everybody's
                offset += columns * self._rows(kind)
            starts.append(block)
        return tuple(KindLayout(kind, self._rows(kind), *offsets) for kind, *offsets in zip(self.kinds, *starts, strict=True))

    def _rows(self, kind: Kind) -> int:
        rows = kind.capacity if kind.per_seat is None else kind.per_seat * self.seats
        assert rows is not None  # Kind checks it
        if rows > ROWS_PER_KIND_MAX:
            raise ValueError(f"kind {kind.name!r}: {rows} rows for {self.seats} seats, more than {ROWS_PER_KIND_MAX}")
        return rows

    @cached_property
    def public_cells(self) -> int:
        """Cells of the public block; they come first."""
        return sum(layout.public_columns * layout.rows for layout in self.layouts)

    @cached_property
    def private_cells_end(self) -> int:
        """Where the owner block ends and the server block begins."""
        return self.public_cells + sum(layout.private_columns * layout.rows for layout in self.layouts)

    @cached_property
    def cells(self) -> int:
        """Cells of a whole world."""
        return self.private_cells_end + sum(layout.hidden_columns * layout.rows for layout in self.layouts)

    def describe(self) -> dict[str, Any]:
        """The schema as plain data (JSON, msgpack): what peers exchange when their digests differ."""
        return {
            "kinds": [
                {
                    "name": kind.name,
                    "capacity": kind.capacity,
                    "per_seat": kind.per_seat,
                    "fields": [
                        {
                            "name": field.name,
                            "low": field.range.low,
                            "high": field.range.high,
                            "motion": field.motion,
                            "blend": field.blend,
                            "visible_to": field.visible_to,
                        }
                        for field in kind.fields
                    ],
                }
                for kind in self.kinds
            ]
        }


def digest_of(description: dict[str, Any]) -> bytes:
    """8 bytes that name a description: SHA-256 over its JSON, cut. Seats do not count: they are told per match."""
    canonical = json.dumps(description, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(canonical).digest()[:8]


def first_difference(ours: Any, theirs: Any) -> str | None:
    """Where two :meth:`Schema.describe` results differ, in words ("player.health: ours high 100, theirs high 120"), or None.

    ``theirs`` may come from the network: anything that is not of the expected form is reported, never raised.
    """
    our_kinds, their_kinds = _by_name(ours, "kinds"), _by_name(theirs, "kinds")
    if our_kinds is None or their_kinds is None:
        return "the other side's schema is not readable"
    for name, kind in our_kinds.items():
        if name not in their_kinds:
            return f"{name}: theirs has no such kind"
        difference = _kind_difference(name, kind, their_kinds[name])
        if difference is not None:
            return difference
    for name in their_kinds:
        if name not in our_kinds:
            return f"{_short(name)}: ours has no such kind"
    return None if list(our_kinds) == list(their_kinds) else "the kinds come in another order"


def _kind_difference(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    our_fields, their_fields = _by_name(ours, "fields"), _by_name(theirs, "fields")
    if our_fields is None or their_fields is None:
        return f"{name}: theirs is not readable"
    for field_name, field in our_fields.items():
        if field_name not in their_fields:
            return f"{name}.{field_name}: theirs has no such field"
        difference = _value_difference(f"{name}.{field_name}", field, their_fields[field_name])
        if difference is not None:
            return difference
    for field_name in their_fields:
        if field_name not in our_fields:
            return f"{name}.{_short(field_name)}: ours has no such field"
    if list(our_fields) != list(their_fields):
        return f"{name}: the fields come in another order"
    return _value_difference(name, {key: ours.get(key) for key in ("capacity", "per_seat")}, theirs)


def _value_difference(where: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str | None:
    for key, value in ours.items():
        if theirs.get(key) != value:
            return f"{where}: ours {key} {value}, theirs {key} {_short(theirs.get(key))}"
    return None


def _by_name(container: Any, key: str) -> dict[str, dict[str, Any]] | None:
    rows = container.get(key) if isinstance(container, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        return None
    named = {row["name"]: row for row in rows}
    return named if len(named) == len(rows) else None


def _short(value: object) -> str:
    """Foreign data in at most 40 characters; a container only by its type (its repr could be long, or too deep)."""
    return repr(value)[:40] if value is None or isinstance(value, int | float | str | bytes) else type(value).__name__
