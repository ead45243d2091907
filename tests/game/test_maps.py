from __future__ import annotations

import runpy

import numpy as np
import pytest

from game.assets import assets_folder
from game.maps import load_map, map_names, read_map
from game.simulation.navigation import distances_from, line_is_free, ray_end
from game.simulation.rules import TILE_UNITS, WORLD_UNITS
from tests.game.support import drawn_map, middle


def test_there_are_several_maps_and_they_suit_their_players():
    assert {"crossfire", "reactor", "courtyard"} <= set(map_names())
    for name in map_names():
        arena_map = load_map(name)
        assert 32 <= arena_map.width <= 48
        assert 24 <= arena_map.height <= 32
        assert len(arena_map.spawns) >= 8
        assert {kind for kind, _, _ in arena_map.pickups} == {0, 1, 2}
        assert load_map(name) is arena_map


@pytest.mark.parametrize("name", map_names())
def test_maps_give_no_side_an_advantage_and_have_loops(name):
    """The same turned by half a turn; and no single tile whose blocking would cut the map in two (walls make loops, not dead ends)."""
    arena_map = load_map(name)
    assert np.array_equal(arena_map.solid, arena_map.solid[::-1, ::-1])
    width, height = arena_map.width * TILE_UNITS, arena_map.height * TILE_UNITS
    assert {(width - x, height - y) for x, y in arena_map.spawns} == set(arena_map.spawns)
    assert {(kind, width - x, height - y) for kind, x, y in arena_map.pickups} == set(arena_map.pickups)
    cut = 0
    for tile in np.flatnonzero(~arena_map.solid_flat).tolist():
        solid = arena_map.solid.copy()
        solid.ravel()[tile] = True
        rest = type(arena_map)("cut", solid, arena_map.hazard, arena_map.spawns, arena_map.pickups)
        start = next(t for t in np.flatnonzero(~rest.solid_flat).tolist())
        cut += int((distances_from(rest, start) < 0).sum() - rest.solid_flat.sum() > 3)
    assert cut == 0


def test_the_files_are_what_their_script_makes(tmp_path):
    made = runpy.run_path(str(assets_folder() / "maps" / "make_maps.py"))
    for name, (title, rows) in made["MAPS"].items():
        (tmp_path / f"{name}.tmx").write_text(made["tiled_map"](title, rows), encoding="utf-8")
        ours, theirs = read_map(tmp_path / f"{name}.tmx"), load_map(name)
        assert np.array_equal(ours.solid, theirs.solid)
        assert ours.spawns == theirs.spawns
        assert ours.pickups == theirs.pickups
    assert (assets_folder() / "maps" / "tiles.png").read_bytes() == made["tileset"]()


BREAKS = {
    "not xml": (lambda text: text[:300], "not XML"),
    "not a map": (lambda text: "<tileset/>", "Tiled map"),
    "infinite": (lambda text: text.replace('infinite="0"', 'infinite="1"'), "finite"),
    "isometric": (lambda text: text.replace("orthogonal", "isometric"), "orthogonal"),
    "too large": (lambda text: text.replace('width="40" height="24" tilewidth', 'width="400" height="24" tilewidth'), "400x24"),
    "no size": (lambda text: text.replace('width="40" height="24" tilewidth', "tilewidth"), "width"),
    "tile size": (lambda text: text.replace('tilewidth="32"', 'tilewidth="16"'), "32x32"),
    "no walls": (lambda text: text.replace('name="walls"', 'name="wall"'), "'walls'"),
    "no spawns": (lambda text: text.replace('name="spawns"', 'name="starts"'), "'spawns'"),
    "not csv": (lambda text: text.replace("csv", "base64"), "csv"),
    "not numbers": (lambda text: text.replace("1,1,1", "1,one,1"), "not a number"),
    "too few tiles": (lambda text: text.replace("1,1,1,1,", "1,1,1,"), "in place of 960"),
    "open border": (lambda text: text.replace("\n1,1,1", "\n1,0,1"), "border"),
    "unknown pickup": (lambda text: text.replace('type="health"', 'type="armour"'), "armour"),
    "object outside": (lambda text: text.replace('x="80"', 'x="99999"'), "outside"),
    "object nowhere": (lambda text: text.replace('x="80"', 'x="nan"'), "outside"),
    "object without place": (lambda text: text.replace('x="80"', ""), "no place"),
    "spawn in a wall": (lambda text: text.replace('x="80"', 'x="16"'), "in a wall"),
    "spawn off the middle": (lambda text: text.replace('x="80"', 'x="66"'), "edge"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_map_is_refused_with_its_name_and_the_reason(how, tmp_path):
    text = (assets_folder() / "maps" / "crossfire.tmx").read_text(encoding="utf-8")
    change, reason = BREAKS[how]
    assert change(text) != text
    path = tmp_path / "broken.tmx"
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(ValueError, match=reason) as caught:
        read_map(path)
    assert str(caught.value).startswith("broken.tmx: ")


def test_missing_and_unreadable_files_are_refused_too(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.tmx: cannot be read"):
        read_map(tmp_path / "gone.tmx")
    (tmp_path / "noise.tmx").write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match=r"noise\.tmx"):
        read_map(tmp_path / "noise.tmx")
    with pytest.raises(ValueError, match="There is no map"):
        load_map("../../etc/passwd")


def test_an_unreachable_spawn_is_refused(tmp_path):
    made = runpy.run_path(str(assets_folder() / "maps" / "make_maps.py"))
    rows = ["##########", "#S..S#..S#", "#....#...#", "#S...#...#", "#....#...#", "#....#...#", "#....#...#", "##########"]
    path = tmp_path / "split.tmx"
    path.write_text(made["tiled_map"]("Split", rows), encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be reached"):
        read_map(path)


def test_distances_go_round_walls_and_never_cut_corners():
    arena_map = drawn_map()
    goal = arena_map.tile_of(*middle(6, 4))
    distance = distances_from(arena_map, goal)
    assert distance[goal] == 0
    assert distance[arena_map.tile_of(*middle(6, 3))] == 5
    assert distance[arena_map.tile_of(*middle(7, 3))] == 10  # not diagonally past the block's corner
    assert distance[arena_map.tile_of(*middle(5, 3))] == 7
    assert distance[arena_map.tile_of(*middle(0, 0))] == -1


def test_rays_end_at_the_first_wall_by_any_direction():
    """Against small steps along the ray."""
    arena_map = drawn_map()
    random = np.random.default_rng(1)
    for _ in range(300):
        x, y = middle(*random.integers(1, 6, 2))
        x, y = x + int(random.integers(-200, 200)), y + int(random.integers(-200, 200))
        dx, dy = (int(v) for v in random.integers(-16384, 16384, 2))
        end_x, end_y = ray_end(arena_map, x, y, dx, dy)
        length = np.hypot(end_x - x, end_y - y)
        unit = np.array([dx, dy]) / np.hypot(dx, dy)
        for way in np.arange(0, length - 3, 7):
            place = (np.array([x, y]) + unit * way).astype(int)
            assert not arena_map.solid_flat[arena_map.tile_of(*place)]
        beyond = (np.array([end_x, end_y]) + unit * 4).astype(int)
        near = [arena_map.solid_flat[arena_map.tile_of(*(beyond + shift))] for shift in ((0, 0), (4, 4), (-4, 4), (4, -4), (-4, -4))]
        assert any(near)


def test_a_ray_from_a_wall_or_from_off_the_map_goes_nowhere():
    arena_map = drawn_map()
    for x, y in ((WORLD_UNITS, WORLD_UNITS), (WORLD_UNITS, 700), (700, WORLD_UNITS), (10, 10), (0, 700)):
        for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1), (3, 2), (-3, -2)):
            assert ray_end(arena_map, x, y, dx, dy) == (x, y)


def test_a_line_is_free_exactly_if_no_wall_lies_between():
    arena_map = drawn_map()
    assert line_is_free(arena_map, *middle(2, 2), *middle(13, 2))
    assert not line_is_free(arena_map, *middle(5, 4), *middle(10, 4))
    assert line_is_free(arena_map, *middle(5, 4), *middle(5, 4))
    assert line_is_free(arena_map, *middle(5, 4), *middle(6, 5))


def test_a_place_off_the_map_counts_as_the_nearest_tile():
    arena_map = drawn_map()
    assert arena_map.tile_of(-700, 300) == arena_map.tile_of(0, 300)
    assert arena_map.tile_of(10**6, 10**6) == arena_map.width * arena_map.height - 1
