"""Maps as people draw them in Tiled: ``assets/maps/NAME.tmx``, an orthogonal map with 32 pixel tiles.

==============  =============  ===========================================================================================
layer           type           meaning
==============  =============  ===========================================================================================
``walls``       tiles, csv     any tile but empty is a wall; the whole border must be
``hazards``     tiles, csv     optional; any tile but empty hurts whoever stands on it
``spawns``      objects        points where players appear, at least four
``pickups``     objects        points whose class (or name) is ``health``, ``blaster`` or ``rail``, at most 32
==============  =============  ===========================================================================================

Other layers are decoration: the rules do not look at them. An object with a size stands for its centre. Map property ``title`` is the
name that people see. Whatever is wrong raises ValueError with the file and the reason.

Read with the standard library and not with pytmx, because pytmx imports pygame as soon as it is imported and a server must not.
"""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from game.assets import assets_folder, map_names
from game.simulation.arena_map import SPAWNS_MIN, ArenaMap
from game.simulation.navigation import distances_from
from game.simulation.rules import MAP_TILES_MAX, PICKUPS_MAX, TILE_PIXELS, UNITS_PER_PIXEL

__all__ = ["ArenaMap", "load_map", "map_names", "read_map"]

PICKUP_TYPES: Final = {"health": 0, "blaster": 1, "rail": 2}
MAP_TILES_MIN: Final = 8
MAP_BYTES_MAX: Final = 1 << 20
_TILE_FLAGS: Final = 0x1FFFFFFF
"""The upper three bits of a tile's number say how it is flipped."""


@functools.cache
def load_map(name: str) -> ArenaMap:
    """The map of that name. ValueError, with a sentence, for a name that does not exist or a file that cannot be used."""
    if name not in map_names():  # a name comes from a peer's settings: it never becomes a path unchecked
        raise ValueError(f"There is no map {name[:40]!r}; there are {', '.join(map_names())}.")
    return read_map(assets_folder() / "maps" / f"{name}.tmx")


def read_map(path: Path) -> ArenaMap:
    """Read and check one file. Raises ValueError with the file's name and the reason."""
    try:
        if path.stat().st_size > MAP_BYTES_MAX:
            raise ValueError(f"larger than {MAP_BYTES_MAX} bytes")
        arena_map = _parse(path.stem, ET.fromstring(path.read_text(encoding="utf-8")))  # noqa: S314 - see above
        _check(arena_map)
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read: {error.strerror}") from error
    except ET.ParseError as error:
        raise ValueError(f"{path.name}: is not XML: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return arena_map


def _parse(name: str, root: ET.Element) -> ArenaMap:
    if root.tag != "map" or root.get("orientation") != "orthogonal" or root.get("infinite", "0") != "0":
        raise ValueError("is not a finite orthogonal Tiled map")
    width, height = _integer(root, "width"), _integer(root, "height")
    if not (MAP_TILES_MIN <= width <= MAP_TILES_MAX and MAP_TILES_MIN <= height <= MAP_TILES_MAX):
        raise ValueError(f"is {width}x{height} tiles; {MAP_TILES_MIN} to {MAP_TILES_MAX} each way are possible")
    if (_integer(root, "tilewidth"), _integer(root, "tileheight")) != (TILE_PIXELS, TILE_PIXELS):
        raise ValueError(f"tiles must be {TILE_PIXELS}x{TILE_PIXELS} pixels")
    layers = {layer.get("name", ""): layer for layer in root.iter("layer")}
    groups = {group.get("name", ""): group for group in root.iter("objectgroup")}
    if "walls" not in layers:
        raise ValueError("has no tile layer 'walls'")
    solid = _tiles(layers["walls"], width, height)
    hazard = _tiles(layers["hazards"], width, height) if "hazards" in layers else np.zeros_like(solid)
    for wanted in ("spawns", "pickups"):
        if wanted not in groups:
            raise ValueError(f"has no object layer {wanted!r}")
    spawns = tuple(_place(element, width, height) for element in groups["spawns"].iter("object"))
    pickups = tuple((_pickup_type(element), *_place(element, width, height)) for element in groups["pickups"].iter("object"))
    titles = [p.get("value", "") for p in root.iterfind("properties/property") if p.get("name") == "title"]
    return ArenaMap(name, solid, hazard & ~solid, spawns, pickups, titles[0] if titles else name.replace("_", " ").title())


def _tiles(layer: ET.Element, width: int, height: int) -> NDArray[np.bool_]:
    name = layer.get("name")
    data = layer.find("data")
    if data is None or data.get("encoding") != "csv" or data.text is None:
        raise ValueError(f"layer {name!r} must be csv (Map, Properties, Tile Layer Format)")
    try:
        numbers = [int(cell) for cell in data.text.split(",")]
    except ValueError:
        raise ValueError(f"layer {name!r} holds something that is not a number") from None
    if len(numbers) != width * height or min(numbers) < 0 or max(numbers) >= 2**32:
        raise ValueError(f"layer {name!r} has {len(numbers)} tiles in place of {width * height}, or a number out of range")
    tiles: NDArray[np.bool_] = (np.array(numbers, dtype=np.int64).reshape(height, width) & _TILE_FLAGS) != 0
    return tiles


def _integer(element: ET.Element, name: str) -> int:
    try:
        return int(element.get(name, ""))
    except ValueError:
        raise ValueError(f"<{element.tag}> has no whole number {name!r}") from None


def _place(element: ET.Element, width: int, height: int) -> tuple[int, int]:
    values = []
    for name, size in (("x", "width"), ("y", "height")):
        try:
            values.append((float(element.get(name, "")) + float(element.get(size, "0")) / 2) * UNITS_PER_PIXEL)
        except ValueError:
            raise ValueError(f"object {element.get('id')} has no place") from None
    span = TILE_PIXELS * UNITS_PER_PIXEL
    if not (0 <= values[0] < width * span and 0 <= values[1] < height * span):  # false for NaN as well
        raise ValueError(f"object {element.get('id')} lies outside the map")
    return int(values[0]), int(values[1])


def _pickup_type(element: ET.Element) -> int:
    # Tiled 1.9 wrote "class", all others write "type".
    word = element.get("type") or element.get("class") or element.get("name") or ""
    if word not in PICKUP_TYPES:
        raise ValueError(f"pick-up {element.get('id')} is {word[:40]!r}, not one of {', '.join(PICKUP_TYPES)}")
    return PICKUP_TYPES[word]


def _check(arena_map: ArenaMap) -> None:
    solid = arena_map.solid
    if not (solid[0].all() and solid[-1].all() and solid[:, 0].all() and solid[:, -1].all()):
        raise ValueError("the border is not wall all round")
    if len(arena_map.spawns) < SPAWNS_MIN:
        raise ValueError(f"has {len(arena_map.spawns)} spawn points, fewer than {SPAWNS_MIN}")
    if len(arena_map.pickups) > PICKUPS_MAX:
        raise ValueError(f"has {len(arena_map.pickups)} pick-ups, more than {PICKUPS_MAX}")
    reach = distances_from(arena_map, arena_map.tile_of(*arena_map.spawns[0]))
    places = [("spawn", x, y) for x, y in arena_map.spawns] + [("pick-up", x, y) for _, x, y in arena_map.pickups]
    for what, x, y in places:
        tile = arena_map.tile_of(x, y)
        at = f"{tile % arena_map.width}, {tile // arena_map.width}"
        if arena_map.solid_flat[tile] or arena_map.hazard_flat[tile]:
            raise ValueError(f"the {what} at tile {at} is in a wall or a hazard")
        if reach[tile] < 0:
            raise ValueError(f"the {what} at tile {at} cannot be reached from the first spawn")
        if not (_clear(x) and _clear(y)):
            raise ValueError(f"the {what} at tile {at} is too near to the edge of its tile (place it at the middle)")


def _clear(coordinate: int) -> bool:
    """Whether a player standing there stays within the tile, whatever the neighbours are."""
    span = TILE_PIXELS * UNITS_PER_PIXEL
    return span // 2 - 48 <= coordinate % span <= span // 2 + 48
