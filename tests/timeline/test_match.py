"""Everything of the timeline together: a server and a client with the toy game, over bad networks, in virtual time."""

from __future__ import annotations

import pytest

from tests.timeline.match import Match
from tests.timeline.toy import Toy


def starved_pct(match: Match, frames: int) -> float:
    return 100 * len(match.starved_at) / frames


@pytest.mark.parametrize("seed", [1, 7])
def test_100_ms_with_jitter_and_loss_plays_as_if_local(seed: int) -> None:
    match = Match(rtt_s=0.100, jitter_s=0.020, loss=0.05, seed=seed)
    match.run(5)
    match.reset_counts()
    match.run(30)
    assert match.late_pct() < 0.35
    assert starved_pct(match, 30 * 60) < 0.5
    # No needless rollback: each correction has a tick without a command, or a coin that both walked into, behind it.
    assert len(match.corrections) <= match.server.missing_total + 2
    assert match.prediction.statistics().corrections_by_cause["nondeterminism"] == 0


@pytest.mark.parametrize(("rtt_s", "snapshot_every"), [(0.0, 1), (0.1, 1), (0.1, 3)])
def test_without_loss_nothing_is_ever_late_and_nothing_replayed(rtt_s: float, snapshot_every: int) -> None:
    match = Match(rtt_s=rtt_s, seed=3, snapshot_every=snapshot_every)
    match.run(3)
    match.reset_counts()
    replayed = match.prediction.statistics().ticks_replayed
    match.run(20)
    assert match.server.missing_total == 0
    assert [correction.cause.value for _, correction in match.corrections if correction.cause.value != "other_player"] == []
    if not match.corrections:
        assert match.prediction.statistics().ticks_replayed == replayed
    assert match.starved_at == []


def test_what_was_predicted_is_what_the_server_computed() -> None:
    match = Match(rtt_s=0.080, seed=11)
    match.run(5)
    for _ in range(100):
        match.run(0.05)
        predicted = match.prediction.world.copy()
        match.run(0.15)  # meanwhile the server has come to that tick
        truth = match.server.truth[predicted.tick]
        if match.corrections:
            match.corrections.clear()
            continue
        assert (int(predicted.walker.x[0]), int(predicted.walker.y[0])) == (int(truth.walker.x[0]), int(truth.walker.y[0]))


@pytest.mark.parametrize("seed", [2, 5, 8])
def test_half_a_second_of_silence_is_over_within_a_round_trip_and_100_ms(seed: int) -> None:
    match = Match(rtt_s=0.100, jitter_s=0.020, loss=0.05, seed=seed)
    match.run(8)
    end = match.now + 0.5
    for link in (match.up, match.down):
        link.blackouts.append((match.now, end))
    match.run(0.5 + 0.100 + 0.100)
    recovered = match.now
    match.reset_counts()
    predicted = match.prediction.world.copy()
    match.run(0.4)
    truth = match.server.truth[predicted.tick]
    assert abs(int(predicted.walker.x[0]) - int(truth.walker.x[0])) <= 40  # a tick's walk, should one more command be lost
    assert match.server.missing_total <= 1
    assert sum(at > recovered + 0.02 for at in match.starved_at) <= 1  # as often as without an outage
    match.run(5)
    assert match.late_pct() < 1
    assert match.clock.statistics().snaps == 0
    assert match.clock.ahead_ticks < 11


def test_a_paused_server_is_caught_up_with_without_a_burst() -> None:
    match = Match(rtt_s=0.060, seed=4)
    match.run(5)
    match.server_paused = True
    match.run(3)
    match.server_paused = False
    steps = match.server.world.tick
    match.run(0.1)
    assert match.server.world.tick - steps <= 5 + 7
    match.run(1.9)
    match.reset_counts()
    match.run(5)
    assert match.server.missing_total == 0
    assert match.starved_at == []


def test_a_paused_client_snaps_forward() -> None:
    match = Match(rtt_s=0.060, seed=4)
    match.run(5)
    match.paused = True
    match.run(4)
    match.paused = False
    steps = match.game.steps
    match.run(1 / 60 + 0.001)
    assert match.game.steps - steps <= 31  # one bounded replay, not four seconds of ticks
    match.run(1)
    match.reset_counts()
    match.run(5)
    assert match.server.missing_total == 0
    assert match.starved_at == []


def test_wounds_are_seen_as_server_events_and_do_not_move_the_player() -> None:
    match = Match(rtt_s=0.100, seed=6, game=Toy(wound_every=30))
    match.run(10)
    statistics = match.prediction.statistics()
    assert statistics.corrections_by_cause["server_event"] >= 15
    assert statistics.corrections_by_cause["missing_command"] == statistics.corrections_by_cause["late_command"] == 0
    assert statistics.corrections_visible <= statistics.corrections_by_cause["other_player"]


def test_the_same_seed_gives_the_same_match() -> None:
    worlds = []
    for _ in range(2):
        match = Match(rtt_s=0.100, jitter_s=0.020, loss=0.05, seed=9)
        match.run(4)
        worlds.append((match.server.world.checksum(), match.prediction.world.checksum(), match.interpolation.view))
    assert worlds[0] == worlds[1]
