"""Random packets of every kind, written by the engine's own encoders, each with what it means.

The modules whose names begin with ``generator`` are the ones here that know the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.second_reader.generator_control import control_frames, digests, discovery_datagrams
from tests.second_reader.generator_datagrams import announcements, exchanges, sealed_datagrams
from tests.second_reader.generator_worlds import command_messages, snapshot_messages
from tests.second_reader.packet import Packet


def packets(seed: int) -> Iterator[Packet]:
    """Without end; the same from the same seed."""
    roll = Random(f"packets/{seed}")
    sources = {
        sealed_datagrams(roll): 15,
        exchanges(roll): 15,
        command_messages(roll): 20,
        snapshot_messages(roll): 25,
        control_frames(roll): 20,
        announcements(roll): 3,
        discovery_datagrams(roll): 4,
        digests(roll): 1,
    }
    while True:
        yield next(roll.choices(tuple(sources), tuple(sources.values()))[0])
