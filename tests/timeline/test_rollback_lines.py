"""Every rollback is told once, with what was predicted, what was true and why."""

from __future__ import annotations

import re
from collections import Counter

from engine.conditions import NetConditions
from engine.contract import Settings
from engine.timeline.correction import Correction
from engine.timeline.rollback_lines import RollbackLines
from tests.session.support import ToyMatch
from tests.timeline.toy import SCHEMA, Toy

LINE = re.compile(
    r"tick=(\d+) cause=(\w+) cell=(?:-|(\w+)\[(\d+)\]\.(\w+) predicted=(-?\d+) true=(-?\d+) cell_cause=(\w+)) "
    r"cells=(\d+) replayed=(\d+) coasted=(\d+) moved_units=[\d.]+"
)


def wounding(settings: Settings, seats: int) -> Toy:
    return Toy(SCHEMA.for_seats(seats), wound_every=45)


def told(net: str, seconds: float = 10.0) -> tuple[list[str], list[Correction]]:
    """Frame by frame, as a game would ask; and what the prediction itself has noted."""
    match = ToyMatch(1, conditions=NetConditions.parse(net), factory=wounding)
    match.start()
    client = match.clients[0].match
    assert client is not None
    lines, teller = [], RollbackLines(client.prediction)
    corrections: dict[int, Correction] = {}
    for _ in range(round(seconds * 60)):
        match.simulation.run_for(1 / 60)
        lines += teller.take(client.decoder.newest_tick)
        corrections |= {correction.tick: correction for correction in client.prediction.recent_corrections()}
    lines += teller.take(None)
    assert teller.take(None) == []
    return lines, list(corrections.values())


def test_a_wound_is_the_servers_to_decide_and_told_as_it_was() -> None:
    lines, corrections = told("latency=80")
    wounds = [line for line in lines if "cell=walker[0].health" in line]
    assert len(wounds) >= 10
    for line in wounds:
        found = LINE.fullmatch(line)
        assert found is not None, line
        assert (found[2], found[8]) == ("server_event", "server_event")
        assert int(found[1]) % 45 in (0, 1, 2), "the tick of the wound, or the snapshot after it"
        assert int(found[6]) - int(found[7]) == 1
    cells = sum(max(1, len(correction.mispredictions)) for correction in corrections)
    assert len(lines) == cells, "each cell once"


def test_causes_are_told_as_they_are_counted_in_the_end() -> None:
    """A missing command that turns out to be late has its line written afterwards."""
    lines, corrections = told("latency=80,jitter=25,loss=8", 15)
    by_tick = {int(found[1]): found[2] for line in lines if (found := LINE.fullmatch(line))}
    assert Counter(by_tick.values()) == Counter(correction.cause.value for correction in corrections)
    assert by_tick == {correction.tick: correction.cause.value for correction in corrections}
    assert list(by_tick) == sorted(by_tick)
