"""Tables of integers: schema, world, copy, checksum, forecast by motion fields, blend between ticks.

Leaves to the layers above: what the numbers mean (the game) and how they travel (replication).
"""

from engine.world.blend import FRACTIONS, Blender
from engine.world.living import LivingCells
from engine.world.motion import Motion, column_offsets
from engine.world.schema import GENERATIONS, SEATS_MAX, Field, Kind, KindLayout, Range, Schema, digest_of, first_difference
from engine.world.table import Table
from engine.world.world import World, little_endian

__all__ = [
    "FRACTIONS",
    "GENERATIONS",
    "SEATS_MAX",
    "Blender",
    "Field",
    "Kind",
    "KindLayout",
    "LivingCells",
    "Motion",
    "Range",
    "Schema",
    "Table",
    "World",
    "column_offsets",
    "digest_of",
    "first_difference",
    "little_endian",
]
