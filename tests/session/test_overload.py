"""A host that has too much to do: everybody gets less, evenly, nobody gets anything twice, and what happened is told to all as often."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.contract import Settings
from engine.session import HostConfig
from engine.session.announcements import read_announcements
from engine.session.client_events import GameAnnounced
from engine.session.governor import SPREAD_TICKS_MAX
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.world import World
from tests.session.support import ToyMatch
from tests.timeline.toy import SCHEMA, Toy

LOSSES_IN_RUNS = "latency=40,loss=8,burst=4"
PLAYERS = 3
TICKS = 300
TOLD_EVERY_TICKS = 70


class Telling(Toy):
    """Tells of something now and then."""

    def __init__(self, settings: Settings, seats: int) -> None:
        super().__init__(SCHEMA.for_seats(seats))

    def announcements(self, world: World) -> list[bytes]:
        return [b"told"] if world.tick % TOLD_EVERY_TICKS == 0 else []


class Overheard:
    """A connection whose messages are noted."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.sent.append(message)
        self.connection.send(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def snapshots(self) -> list[bytes]:
        return [message for message in self.sent if message[0] in (SNAPSHOT_MESSAGE, PACED_SNAPSHOT_MESSAGE)]

    def told(self) -> Counter[int]:
        """How often each announcement was sent."""
        messages = [message[1:] for message in self.sent if message[0] == ANNOUNCEMENTS_MESSAGE]
        return Counter(announcement.number for message in messages for announcement in read_announcements(message))


def play(interval_ticks: int) -> tuple[ToyMatch, list[Overheard]]:
    config = HostConfig(snapshot_interval_ticks=interval_ticks)
    match = ToyMatch(PLAYERS, conditions=NetConditions.parse(LOSSES_IN_RUNS), factory=Telling, config=config)
    match.start()
    match.simulation.run_for(8)
    overheard = []
    for place in match.server.host._places.values():
        place.connection = Overheard(place.connection)  # type: ignore[assignment]
        overheard.append(place.connection)
    return match, overheard  # type: ignore[return-value]


def run(match: ToyMatch, overheard: list[Overheard]) -> None:
    for connection in overheard:
        connection.sent.clear()
    match.simulation.run_for(TICKS / 60)


@pytest.mark.parametrize("interval_ticks", [1, 2, 3])
def test_who_has_too_much_to_do_sends_everybody_less_and_nobody_anything_twice(interval_ticks: int) -> None:
    match, overheard = play(interval_ticks)
    host = match.server.host
    run(match, overheard)
    for connection in overheard:
        assert len(connection.snapshots()) > 1.1 * len(set(connection.snapshots())), "losses come in runs: copies"
    for _ in range(400):
        host.note_load(2.0)
    load = host.statistics().load
    assert (load.spread_ticks, load.slowed) == (SPREAD_TICKS_MAX, SPREAD_TICKS_MAX - interval_ticks)
    run(match, overheard)
    for connection in overheard:
        assert len(connection.snapshots()) == len(set(connection.snapshots())), "no copies"
        assert abs(len(connection.snapshots()) - TICKS / SPREAD_TICKS_MAX) <= 1, "what is said to be left out is left out"
    for _ in range(2000):
        host.note_load(0.3)
    assert host.statistics().load.spread_ticks == interval_ticks
    run(match, overheard)
    for connection in overheard:
        assert len(set(connection.snapshots())) > 0.98 * TICKS / interval_ticks
        assert len(connection.snapshots()) > 1.1 * len(set(connection.snapshots())), "copies again"


@pytest.mark.parametrize("interval_ticks", [1, 2, 3])
def test_what_happened_is_told_to_every_seat_until_it_has_come(interval_ticks: int) -> None:
    match, overheard = play(interval_ticks)
    for _ in range(400):
        match.server.host.note_load(2.0)
    run(match, overheard)
    for connection in overheard:
        times = connection.told()
        assert len(times) >= TICKS // TOLD_EVERY_TICKS
        assert max(times.values()) <= 6, "at 40 ms two or three, at 8 % loss some more"
    match.simulation.run_for(1)
    for number in range(PLAYERS):
        told = [event.tick for event in match.events(number, GameAnnounced)]
        assert told == list(range(told[0], told[-1] + 1, TOLD_EVERY_TICKS))
        assert told[-1] > match.truth().tick - TOLD_EVERY_TICKS - 30
