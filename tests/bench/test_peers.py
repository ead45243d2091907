"""The recorded match that all servers play is the same one, whatever the number of seats."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract import Commands, PresentOnly
from game.arena import ARENA_COMMAND
from tests.bench.peer_servers import Recorded, plain
from tests.bench.snapshot_bytes import arena_match
from tests.bench.world_trace import record, write_trace


@pytest.mark.parametrize("seats", [4, 16, 40])
def test_the_recording_is_played_tick_by_tick(seats: int, tmp_path: Path) -> None:
    trace = record(arena_match(20, 0, seed=2))
    write_trace(trace, tmp_path / "match.npz")
    recorded = Recorded(tmp_path, seats)
    assert recorded.schema.seats == max(16, seats)
    world = recorded.new_world(1)
    for tick in range(1, 45):
        world.tick = tick
        recorded.step(world, Commands(ARENA_COMMAND, recorded.schema.seats), PresentOnly())
        assert plain(world) == plain(recorded.world(tick))
    assert world.player.rows().size == 16
