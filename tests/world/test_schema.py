from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.world import Field, Kind, Range, Schema, column_offsets, digest_of, first_difference

FIELD = Field("x", Range(0, 9))


def make(high: int = 100, **changes: Any) -> Schema:
    player = Kind("player", (Field("x", Range(0, 99), motion="vx"), Field("vx", Range(-9, 9)), Field("health", Range(0, high))), per_seat=1)
    pickup = Kind("pickup", (FIELD,), **(changes or {"capacity": 4}))
    return Schema(player, pickup)


def test_a_range_knows_its_bits_and_members() -> None:
    assert [Range(0, high).bits for high in (0, 1, 2, 255, 256)] == [0, 1, 2, 8, 9]
    assert -5 in Range(-5, 5)
    assert 6 not in Range(-5, 5)
    assert Range(-(2**30), 2**30).bits == 32


@pytest.mark.parametrize(("low", "high"), [(1, 0), (-(2**30) - 1, 0), (0, 2**30 + 1)])
def test_impossible_ranges_are_refused(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="Range"):
        Range(low, high)


@pytest.mark.parametrize(
    ("name", "fields", "rows", "words"),
    [
        ("k", (FIELD,), {}, "either capacity or per_seat"),
        ("k", (FIELD,), {"capacity": 1, "per_seat": 1}, "either capacity or per_seat"),
        ("k", (FIELD,), {"capacity": 0}, "1 to 65536"),
        ("k", (FIELD,), {"per_seat": 65537}, "1 to 65536"),
        ("k", (), {"capacity": 1}, "1 to 64 fields"),
        ("k", tuple(Field(f"f{i}", Range(0, 1)) for i in range(65)), {"capacity": 1}, "1 to 64 fields"),
        ("class", (FIELD,), {"capacity": 1}, "not a usable name"),
        ("k", (Field("_x", Range(0, 1)),), {"capacity": 1}, "not a usable name"),
        ("k", (Field("a b", Range(0, 1)),), {"capacity": 1}, "not a usable name"),
        ("k", (FIELD, FIELD), {"capacity": 1}, "unique"),
        ("k", (Field("generation", Range(0, 1)),), {"capacity": 1}, "none of"),
        ("k", (Field("a", Range(0, 1), visible_to="owner"),), {"capacity": 1}, "use per_seat"),
        ("k", (Field("a", Range(0, 1), motion="b"),), {"capacity": 1}, "no other field"),
        ("k", (Field("a", Range(0, 1), motion="a"),), {"capacity": 1}, "no other field"),
        ("k", (Field("a", Range(0, 1), motion="b"), Field("b", Range(0, 1), visible_to="owner")), {"per_seat": 1}, "must be visible"),
        (
            "k",
            (Field("a", Range(0, 1), motion="b", visible_to="owner"), Field("b", Range(0, 1), visible_to="server")),
            {"per_seat": 1},
            "must be visible",
        ),
    ],
)
def test_kinds_that_cannot_work_are_refused_with_words(name: str, fields: tuple[Field, ...], rows: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Kind(name, fields, **rows)


def test_schemas_that_cannot_work_are_refused() -> None:
    kind = Kind("k", (FIELD,), capacity=1)
    with pytest.raises(ValueError, match="1 to 32 kinds"):
        Schema()
    with pytest.raises(ValueError, match="same name"):
        Schema(kind, kind)
    for seats in (0, 1025):
        with pytest.raises(ValueError, match="seats"):
            Schema(kind, seats=seats)
    with pytest.raises(ValueError, match="more than 65536"):
        assert Schema(Kind("k", (FIELD,), per_seat=1000), seats=66).layouts


def test_every_cell_has_one_place() -> None:
    schema = Schema(
        Kind(
            "a",
            (Field("p", Range(0, 1)), Field("o", Range(0, 1), visible_to="owner"), Field("s", Range(0, 1), visible_to="server")),
            per_seat=2,
        ),
        Kind("b", (Field("s", Range(0, 1), visible_to="server"), Field("p", Range(0, 1))), capacity=3),
        seats=4,
    )
    taken: list[int] = []
    for layout in schema.layouts:
        taken.extend(range(layout.public_offset, layout.public_offset + layout.rows))
        for offset in column_offsets(layout).values():
            taken.extend(range(offset, offset + layout.rows))
    assert sorted(taken) == list(range(schema.cells))
    assert schema.public_cells == 8 * 2 + 3 * 2
    assert schema.private_cells_end == schema.public_cells + 8
    assert schema.cells == schema.private_cells_end + 8 + 3


def test_the_digest_does_not_depend_on_seats_and_on_all_the_rest() -> None:
    schema = make()
    assert digest_of(schema.for_seats(4).describe()) == digest_of(schema.describe())
    assert schema.for_seats(16) is schema
    assert len(digest_of(schema.describe())) == 8
    digests = {
        digest_of(make().describe()),
        digest_of(make(101).describe()),
        digest_of(make(capacity=5).describe()),
        digest_of(make(per_seat=4).describe()),
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (make(120), "player.health: ours high 100, theirs high 120"),
        (make(capacity=5), "pickup: ours capacity 4, theirs capacity 5"),
        (make(per_seat=4), "pickup: ours capacity 4, theirs capacity None"),
        (Schema(*make().kinds[::-1]), "the kinds come in another order"),
        (Schema(make().kinds[0]), "pickup: theirs has no such kind"),
        (Schema(*make().kinds, Kind("extra", (FIELD,), capacity=1)), "'extra': ours has no such kind"),
    ],
)
def test_the_first_difference_is_told_in_words(theirs: Schema, words: str) -> None:
    assert first_difference(make().describe(), theirs.describe()) == words


def test_fields_added_missing_or_moved_are_told() -> None:
    def one(*fields: Field) -> dict[str, Any]:
        return Schema(Kind("k", fields, capacity=1)).describe()

    other = Field("y", Range(0, 9))
    assert first_difference(one(FIELD, other), one(FIELD)) == "k.y: theirs has no such field"
    assert first_difference(one(FIELD), one(FIELD, other)) == "k.'y': ours has no such field"
    assert first_difference(one(FIELD, other), one(other, FIELD)) == "k: the fields come in another order"


def test_equal_schemas_differ_in_nothing_also_after_a_journey() -> None:
    described = make().describe()
    assert first_difference(described, json.loads(json.dumps(described))) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kinds", "name", "fields", "low", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_anything_from_the_network_is_reported_not_raised(theirs: Any) -> None:
    assert isinstance(first_difference(make().describe(), theirs), str)


@given(st.data())
def test_a_description_with_anything_in_one_place_is_reported(data: st.DataObject) -> None:
    theirs = make().describe()
    kind = data.draw(st.sampled_from(theirs["kinds"]))
    place = data.draw(st.sampled_from([theirs, kind, data.draw(st.sampled_from(kind["fields"]))]))
    key = data.draw(st.sampled_from(sorted(place)))
    before = place[key]
    place[key] = data.draw(JSON.filter(lambda value: value != before))
    words = first_difference(make().describe(), theirs)
    assert isinstance(words, str)
    assert len(words) < 200


def test_a_doubled_name_does_not_pass_for_the_same_schema() -> None:
    theirs = make().describe()
    theirs["kinds"].append(theirs["kinds"][0])
    assert first_difference(make().describe(), theirs) is not None


def test_a_very_deep_answer_is_not_spelled_out() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    theirs = make().describe()
    theirs["kinds"][0]["fields"][0]["low"] = deep
    assert first_difference(make().describe(), theirs) == "player.x: ours low 0, theirs low list"
