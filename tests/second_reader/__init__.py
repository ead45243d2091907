"""A second reader of everything that travels, written from engine/PROTOCOL.md and sharing no code with the engine.

It is slow and plain on purpose: what it understands, the document explains. Bytes that are refused raise ValueError.

    python -m tests.second_reader --packets 1000000 --seed 1 --json

lets the engine write that many random packets of every kind (the modules ``generator...``, the only ones here that know the engine) and
compares, in every field, what was meant with what the second reader understands.
"""

from tests.second_reader.snapshots import Bits, ChecksumError, Mirror, View, read_commands

__all__ = ["Bits", "ChecksumError", "Mirror", "View", "read_commands"]
