"""Makes the maps and their tileset image: ``python assets/maps/make_maps.py`` writes ``*.tmx`` and ``tiles.png`` beside this file.

Each map is drawn as text, one character a tile, and only in part: ``rotate`` turns the upper half round to make the lower (no side has
an advantage), ``mirror`` reflects the upper left quarter twice. The files are ordinary Tiled maps: open, change and save them there,
or draw new ones; then this script has no say in them any more.

``#`` wall, ``.`` floor, ``~`` hazard, ``S`` spawn, ``H`` health, ``B`` blaster ammunition, ``R`` rail ammunition.
"""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

TILE = 32
FOLDER = Path(__file__).parent

CROSSFIRE = """
########################################
#..........#.................#.........#
#.S........#....B.......S....#....H....#
#...##.....#.................#.........#
#...#......#...####..####......##..##..#
#...#..........#........#......#....#..#
#.......S......#........#..............#
#..........#.......R...........#....#..#
####..##..##...#........#..S...##..##..#
#..............##......##..............#
#..B.......##..................##..B...#
#.......H..##.....####.........##......#
"""

REACTOR = """
########################
#......................#
#.S..........B.........#
#......................#
#....#####....##........
#....#........##........
#....#..R...............
#....#.........S...##...
#....#..#####......##...
#..................##.H.
#..H..............#.....
#........##.......#..~~~
####.....##......##.~~~~
#..........S........~~~~
#...................~~##
#....##......B......~~##
"""

COURTYARD = """
################################
#.......#..............#.......#
#.S.....#......H.......#.....S.#
#..............................#
#.......#...##....##...#.......#
###..####...#......#...####..###
#...........#..B...............#
#..................#...........#
#..S..##....#......#....##..H..#
#.....##....###..###....##.....#
#..B.....................S.....#
#.............R................#
"""


def rotate(half: str) -> list[str]:
    """The upper half, and itself turned by half a turn below."""
    rows = half.split()
    return rows + [row[::-1] for row in reversed(rows)]


def mirror(quarter: str) -> list[str]:
    """The upper left quarter reflected to the right, and all of it downwards."""
    rows = [row + row[::-1] for row in quarter.split()]
    return rows + rows[::-1]


MAPS = {
    "crossfire": ("Crossfire", rotate(CROSSFIRE)),
    "reactor": ("Reactor", mirror(REACTOR)),
    "courtyard": ("Courtyard", rotate(COURTYARD)),
}
PICKUPS = {"H": "health", "B": "blaster", "R": "rail"}


def tile_layer(number: int, name: str, rows: list[str], tiles: dict[str, int]) -> str:
    """One csv layer: the number of each character's tile, 0 elsewhere."""
    lines = ",\n".join(",".join(str(tiles.get(cell, 0)) for cell in row) for row in rows)
    size = f'width="{len(rows[0])}" height="{len(rows)}"'
    return f' <layer id="{number}" name="{name}" {size}>\n  <data encoding="csv">\n{lines}\n</data>\n </layer>\n'


def tiled_map(title: str, rows: list[str]) -> str:
    """A whole .tmx file."""
    width, height = len(rows[0]), len(rows)
    assert all(len(row) == width for row in rows), [len(row) for row in rows]
    objects: dict[str, list[str]] = {"spawns": [], "pickups": []}
    number = 0
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell == "S" or cell in PICKUPS:
                number += 1
                kind = PICKUPS.get(cell, "spawn")
                place = f'x="{x * TILE + TILE // 2}" y="{y * TILE + TILE // 2}"'
                objects["spawns" if cell == "S" else "pickups"].append(
                    f'  <object id="{number}" type="{kind}" {place}>\n   <point/>\n  </object>\n'
                )
    floor = [["."] * width for _ in rows]
    groups = "".join(
        f' <objectgroup id="{4 + index}" name="{name}">\n{"".join(items)} </objectgroup>\n'
        for index, (name, items) in enumerate(objects.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<map version="1.10" tiledversion="1.10.2" orientation="orthogonal" renderorder="right-down" width="{width}" height="{height}" '
        f'tilewidth="{TILE}" tileheight="{TILE}" infinite="0" nextlayerid="6" nextobjectid="{number + 1}">\n'
        f' <properties>\n  <property name="title" value="{title}"/>\n </properties>\n'
        f' <tileset firstgid="1" name="tiles" tilewidth="{TILE}" tileheight="{TILE}" tilecount="4" columns="4">\n'
        f'  <image source="tiles.png" width="{4 * TILE}" height="{TILE}"/>\n </tileset>\n'
        + tile_layer(1, "floor", ["".join(row) for row in floor], {".": 2})
        + tile_layer(2, "hazards", rows, {"~": 3})
        + tile_layer(3, "walls", rows, {"#": 1})
        + groups
        + "</map>\n"
    )


def tileset() -> bytes:
    """A PNG of four tiles: wall, floor, hazard, floor with a mark."""
    grain = random.Random(7)
    picture = bytearray()
    for y in range(TILE):
        picture.append(0)
        for x in range(4 * TILE):
            tile, column = divmod(x, TILE)
            edge = min(column, y, TILE - 1 - column, TILE - 1 - y)
            noise = grain.randrange(-4, 5)
            if tile == 0:
                base = (92, 104, 128) if min(column, y) < 2 else (40, 46, 60) if edge < 2 else (64, 74, 94)
            elif tile == 2:
                base = (190, 84, 32) if (column + 2 * y) % 16 < 5 else (150, 52, 24)
            else:
                base = (26, 29, 36) if edge < 1 else (32, 36, 44)
                if tile == 3 and 12 <= column < 20 and 12 <= y < 20:
                    base = (48, 56, 70)
            picture += bytes(max(0, min(255, part + noise)) for part in base)
    return png(4 * TILE, TILE, bytes(picture))


def png(width: int, height: int, rows: bytes) -> bytes:
    """An RGB picture as a PNG file; each row begins with its filter byte."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def main() -> None:
    """Write every file."""
    for name, (title, rows) in MAPS.items():
        (FOLDER / f"{name}.tmx").write_text(tiled_map(title, rows), encoding="utf-8", newline="\n")
    (FOLDER / "tiles.png").write_bytes(tileset())


if __name__ == "__main__":
    main()
