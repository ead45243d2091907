"""A server that has too much to do is also sent less: commands come in fewer messages, each in time, and nothing goes out by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.datagram import DatagramLimits
from engine.ids import Address, ConnectionId, Ticket
from engine.replication import BaselineRing, ClientBaseline
from engine.session.governor import SPREAD_TICKS_MAX
from engine.session.message_kinds import PACE_TICKS_MAX, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from tests.session.support import ToyMatch

PLAYERS = 4
SECONDS = 5


class Watched:
    """A match, and what goes to and fro in it."""

    def __init__(self, conditions: str, players: int = PLAYERS) -> None:
        self.match = ToyMatch(players, conditions=NetConditions.parse(conditions))
        self.match.start()
        self.match.simulation.run_for(8)
        self.host = self.match.server.host

    def overload(self) -> None:
        for _ in range(400):
            self.host.note_load(2.0)
        assert self.host.load.spread_ticks == SPREAD_TICKS_MAX

    def relieve(self) -> None:
        for _ in range(2000):
            self.host.note_load(0.3)
        assert self.host.load.spread_ticks == 1

    def run(self, seconds: float) -> tuple[float, float, float]:
        """(datagrams from each player, datagrams to each player, commands late or missing) per player and second."""
        before = self._counts()
        self.match.simulation.run_for(seconds)
        into, out, bad = (after - earlier for after, earlier in zip(self._counts(), before, strict=True))
        share = PLAYERS * seconds
        return into / share, out / share, bad / share

    def _counts(self) -> tuple[int, int, int]:
        endpoint = self.host.statistics().endpoint
        (match,) = self.host._matches.values()
        buffers = [state.buffer.statistics() for state in match.seats.values()]
        return endpoint.datagrams_in, endpoint.datagrams_out, sum(buffer.late + buffer.missing for buffer in buffers)


@pytest.mark.parametrize("conditions", ["latency=5", "latency=40,jitter=5"])
def test_a_slowed_server_hears_and_says_a_third_and_no_command_comes_late(conditions: str) -> None:
    watched = Watched(conditions)
    into, out, _ = watched.run(SECONDS)
    assert 59 < into < 61
    assert 59 < out < 61
    watched.overload()
    _, _, bad = watched.run(2)
    assert bad < 0.5, "the clocks went ahead before messages went apart"
    into, out, bad = watched.run(SECONDS)
    assert 60 / SPREAD_TICKS_MAX - 0.5 < into < 60 / SPREAD_TICKS_MAX + 1
    assert 60 / SPREAD_TICKS_MAX - 0.5 < out < 60 / SPREAD_TICKS_MAX + 1
    assert bad == 0
    watched.relieve()
    into, out, bad = watched.run(SECONDS)
    assert 59 < into < 61
    assert 59 < out < 61
    assert bad == 0


def test_players_send_in_turns() -> None:
    watched = Watched("latency=5")
    watched.overload()
    watched.run(2)
    per_tick = []
    for _ in range(60):
        before = watched._counts()[0]
        watched.match.simulation.run_for(1 / 60)
        per_tick.append(watched._counts()[0] - before)
    assert max(per_tick) <= 2
    assert sum(per_tick) == pytest.approx(60 / SPREAD_TICKS_MAX * PLAYERS, abs=PLAYERS)


@pytest.mark.parametrize("latency", [3, 5, 9, 13, 17])
def test_a_slowed_servers_snapshots_are_built_on_the_last_one(latency: int, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(f"latency={latency}")
    watched.overload()
    watched.run(4)
    ages: list[int] = []
    choose = ClientBaseline.choose

    def noted(baseline: ClientBaseline, ring: BaselineRing, tick: int, shared: Sequence[int] = ()) -> Any:
        ages.append(tick - (baseline.acknowledged_tick or 0))
        return choose(baseline, ring, tick, shared)

    monkeypatch.setattr(ClientBaseline, "choose", noted)
    watched.run(SECONDS)
    assert len(ages) > 300
    assert ages.count(SPREAD_TICKS_MAX) > 0.97 * len(ages)


def test_commands_that_are_lost_come_with_the_next_message_of_a_slowed_server_too() -> None:
    watched = Watched("latency=20,loss=5")
    watched.overload()
    watched.run(10)
    _, _, bad = watched.run(30)
    assert bad < 1.0, "of 60 a second"


@pytest.mark.parametrize("pace", [0, 1, 2, PACE_TICKS_MAX, PACE_TICKS_MAX + 1, 255])
def test_a_pace_that_cannot_be_is_ignored_and_its_snapshot_too(pace: int, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched("latency=5")
    playing = watched.match.clients[0].match
    assert playing is not None
    kept: list[bytes] = []
    with monkeypatch.context() as holding:
        holding.setattr(playing, "_take_snapshot", lambda message, now: kept.append(message))
        watched.run(2 / 60)
    assert kept[0][0] == SNAPSHOT_MESSAGE
    snapshots = playing.snapshots
    playing._take_snapshot(bytes([PACED_SNAPSHOT_MESSAGE]), watched.match.simulation.now)
    playing._take_snapshot(bytes([PACED_SNAPSHOT_MESSAGE, pace]) + kept[0][1:], watched.match.simulation.now)
    is_taken = 1 <= pace <= PACE_TICKS_MAX
    assert playing.snapshots == snapshots + is_taken
    assert playing.clock.apart_ticks_wanted == (pace if is_taken else 1)


@pytest.mark.parametrize("conditions", ["latency=5", "latency=40,jitter=5"])
def test_who_joins_a_slowed_server_sends_nothing_late_either(conditions: str) -> None:
    watched = Watched(conditions, players=PLAYERS - 1)
    watched.overload()
    watched.run(2)
    before = watched._counts()[2]
    client = watched.match.add_client(PLAYERS - 1)
    watched.match.simulation.run_until(lambda: client.match is not None and client.match.commands_sent > 60, 10, "the newcomer plays")
    assert watched._counts()[2] - before <= SPREAD_TICKS_MAX, "the ticks between its first command's arrival and that command's own"


def test_a_new_ticket_changes_nothing_about_the_pace() -> None:
    watched = Watched("latency=5")
    watched.overload()
    watched.run(2)
    playing = watched.match.clients[0].match
    assert playing is not None
    old = playing.connection
    playing.renew(Ticket(ConnectionId(7), bytes(16), bytes(16), 10.0), Address("203.0.113.9", 7777), watched.match.simulation.now)
    assert playing.connection is not old
    assert playing.connection._ack_delay_s == old._ack_delay_s > DatagramLimits().ack_delay_max_s


def test_a_match_is_coded_for_fewer_baselines_while_there_is_much_to_do() -> None:
    watched = Watched("latency=5")
    (match,) = watched.host._matches.values()
    assert not match.wants_fewest_codings
    watched.overload()
    watched.run(0.1)
    assert match.wants_fewest_codings
