from __future__ import annotations

import numpy as np
import pytest

from engine.errors import LocalProtocolError
from engine.world import Field, Kind, Range, Schema, World

SCHEMA = Schema(
    Kind(
        "ship",
        (
            Field("x", Range(0, 999)),
            Field("fuel", Range(0, 99), visible_to="owner"),
            Field("luck", Range(0, 99), visible_to="server"),
        ),
        per_seat=2,
    ),
    Kind("rock", (Field("x", Range(-9, 9)), Field("size", Range(1, 3))), capacity=3),
    seats=3,
)


def test_columns_are_views_of_the_worlds_cells() -> None:
    world = World(SCHEMA)
    world.ship.spawn(0, 1, x=5, fuel=6, luck=7)
    world.ship.x += 10
    assert world.ship.x.tolist() == [10, 10, 15, 10, 10, 10]
    assert 15 in world.cells
    assert world.table("ship") is world.ship
    with pytest.raises(AttributeError):
        world.ship.x = np.zeros(6, dtype=np.int32)
    with pytest.raises(KeyError):
        world.table("boat")


def test_a_seat_spawns_in_its_own_slots_lowest_first() -> None:
    world = World(SCHEMA)
    assert [world.ship.spawn(4, seat) for seat in (1, 2, 1, 1)] == [2, 4, 3, None]
    assert world.ship.rows().tolist() == [2, 3, 4]
    world.ship.free(2)
    assert world.ship.spawn(5, 1) == 2
    assert world.ship.slots_of(2) == slice(4, 6)
    for seat in (-1, 3):
        with pytest.raises(LocalProtocolError):
            world.ship.slots_of(seat)


def test_unowned_rows_take_any_slot_and_a_seat_is_asked_for_exactly_where_there_are_seats() -> None:
    world = World(SCHEMA)
    assert [world.rock.spawn(0, size=1) for _ in range(4)] == [0, 1, 2, None]
    with pytest.raises(LocalProtocolError, match=r"rock: its rows \(capacity=3\) belong to nobody, so write rock.spawn\(world.tick, ...\)"):
        world.rock.spawn(0, 1)
    with pytest.raises(LocalProtocolError, match=r"ship: its rows belong to seats, so write ship.spawn\(world.tick, seat, ...\)"):
        world.ship.spawn(0)


def test_a_field_that_there_is_not_is_told_and_no_row_is_spawned() -> None:
    world = World(SCHEMA)
    with pytest.raises(LocalProtocolError, match=r"rock: there is no field sise; there are .*size"):
        world.rock.spawn(0, sise=1)
    assert not world.rock.alive.any()


def test_a_generation_tells_the_tick_of_birth_and_is_never_zero() -> None:
    world = World(SCHEMA)
    for tick, generation in ((0, 1), (5, 6), (1023, 1024), (1024, 1), (2**31, 1)):
        slot = world.ship.spawn(tick, 0)
        assert slot is not None
        assert world.ship.generation[slot] == generation
        world.ship.free(slot)


@pytest.mark.parametrize("which", [2, [2], np.array([2]), slice(2, 3), np.array([False, False, True, False, False, False])])
def test_a_freed_row_is_all_zero(which: object) -> None:
    world = World(SCHEMA)
    empty = world.checksum()
    world.ship.spawn(3, 1, x=5, fuel=6, luck=7)
    assert world.ship.alive.tolist() == [False, False, True, False, False, False]
    assert world.checksum() != empty
    world.ship.free(which)
    assert not world.cells.any()
    assert world.checksum() == empty


def test_a_copy_is_equal_and_apart() -> None:
    world = World(SCHEMA, 9)
    world.ship.spawn(3, 1, x=5, fuel=6, luck=7)
    twin = world.copy()
    assert (twin.tick, twin.checksum()) == (9, world.checksum())
    twin.ship.x[2] = 6
    assert world.ship.x[2] == 5
    world.copy_from(twin)
    assert world.ship.x[2] == 6
    with pytest.raises(LocalProtocolError):
        world.copy_from(World(SCHEMA.for_seats(2)))


def test_checksums_see_what_they_should() -> None:
    world = World(SCHEMA)
    world.ship.spawn(3, 1, x=5, fuel=6, luck=7)
    base = world.copy()

    def changed(name: str, slot: int) -> set[str]:
        other = base.copy()
        getattr(other.ship, name)[slot] += 1
        seen = {f"seat {seat}" for seat in (0, 1, None) if other.view_checksum(seat) != base.view_checksum(seat)}
        return seen | ({"all"} if other.checksum() != base.checksum() else set())

    assert changed("x", 2) == {"all", "seat 0", "seat 1", "seat None"}
    assert changed("fuel", 2) == {"all", "seat 1"}
    assert changed("luck", 2) == {"all"}


def test_private_cells_are_those_of_the_seat() -> None:
    world = World(SCHEMA)
    world.ship.fuel[:] = range(6)
    assert world.private_cells_of(1).tolist() == [2, 3]
    assert World(Schema(Kind("k", (Field("x", Range(0, 1)),), capacity=1))).private_cells_of(0).tolist() == []


def test_a_cell_out_of_its_range_is_named() -> None:
    world = World(SCHEMA)
    assert world.out_of_range() is None
    world.rock.spawn(0, size=1)
    assert world.out_of_range() is None
    world.rock.x[0] = -10
    assert world.out_of_range() == "rock[0].x = -10, not in -9 to 9"
    world.rock.free(0)
    world.rock.spawn(0)
    assert world.out_of_range() == "rock[0].size = 0, not in 1 to 3"
