"""What is drawn moves evenly, at any frame rate: ticks and frames have nothing to do with each other, ours and theirs alike."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.contract import Command
from engine.ids import Seat
from engine.session import MatchClient
from engine.world import World
from tests.session.support import ToyMatch, make_toy
from tests.timeline.toy import COMMAND, SCHEMA, SPEED

FRAMES_HZ = (30.0, 48.0, 60.0, 75.0, 90.0, 144.0, 240.0)
UNITS_PER_S = 60 * SPEED
SETTLE_S = 4.0
WATCHED_S = 4.0


class Straight:
    """Walks the same way for ever."""

    def __init__(self, dx: int) -> None:
        self.dx = dx

    def command(self, world: World, seat: Seat) -> Command:
        return COMMAND.make(dx=self.dx)


class Watching(MatchClient):
    """Draws once per frame, as a window does, and keeps where everybody was drawn, and when."""

    def __init__(self, dx: int, name: str) -> None:
        super().__init__(schema=SCHEMA, command=COMMAND, game_factory=make_toy, name=name)
        self.pilot = Straight(dx)
        self.drawn: list[tuple[float, Any]] = []

    def advance(self, now: float) -> None:
        super().advance(now)
        scene = self.scene(now)
        if scene is not None:
            self.drawn.append((now, scene.walker.x.copy()))


def speeds(drawn: list[tuple[float, Any]], seat: int) -> list[float]:
    """Of a seat from frame to frame, as a share of the walker's true speed. A place is a whole unit: either end may be half a unit off."""
    return [(float(new[seat]) - float(old[seat])) / (end - start) / UNITS_PER_S for (start, old), (end, new) in pairwise(drawn)]


def watched(frame_hz: float, conditions: str) -> tuple[Watching, Watching]:
    """Somebody who walks, and somebody who stands and looks, both at this frame rate."""
    match = ToyMatch(0, seed=3, conditions=NetConditions.parse(conditions))
    walks, stands = Watching(1, "walks"), Watching(0, "stands")
    for client in (walks, stands):
        match.clients.append(client)
        match.hosts.append(match.simulation.add_client(client, frame_hz=frame_hz))
    match.start()
    match.simulation.run_for(SETTLE_S)
    for client in (walks, stands):
        client.drawn.clear()
    match.simulation.run_for(WATCHED_S)
    return walks, stands


@pytest.mark.parametrize("frame_hz", FRAMES_HZ)
def test_who_walks_is_drawn_at_his_speed_in_every_frame(frame_hz: float) -> None:
    walks, stands = watched(frame_hz, "latency=100,jitter=20,loss=5")
    assert walks.match is not None
    rounding = frame_hz / UNITS_PER_S
    for who, client in (("by himself", walks), ("by somebody else", stands)):
        shares = speeds(client.drawn, walks.match.seat)
        assert len(shares) > 0.99 * WATCHED_S * frame_hz
        assert min(shares) > 0.88 - rounding, f"seen {who}: he stumbles"
        assert max(shares) < 1.12 + rounding, f"seen {who}: he jumps"


@pytest.mark.parametrize("frame_hz", [60.0, 144.0])
def test_on_a_calm_network_nothing_but_rounding_is_uneven(frame_hz: float) -> None:
    walks, stands = watched(frame_hz, "none")
    assert walks.match is not None
    rounding = frame_hz / UNITS_PER_S
    for client in (walks, stands):
        assert all(abs(share - 1) <= rounding + 0.005 for share in speeds(client.drawn, walks.match.seat))
