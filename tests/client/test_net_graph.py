"""What the net graph says in words, from figures alone."""

from __future__ import annotations

import dataclasses

import pygame
import pytest

from engine.session import ClientStatistics
from game.client import net_details
from game.client.net_chart import Moment
from game.client.net_graph import NetGraph, NetView, moment_between
from game.client.net_health import RECENT_S, Level, Recent, RecentPast, judge
from game.client.plates import Plates

FINE = Recent(rtt_ms=12, jitter_ms=1, snapshots_per_s=60, frame_ms=17)


def test_a_good_connection_is_one_word_and_one_sentence() -> None:
    assert judge(FINE) == (Level.GOOD, ("12 ms there and back, nothing lost.",))


@pytest.mark.parametrize(
    ("changed", "level", "word"),
    [
        ({"rtt_ms": 100}, Level.FAIR, "Far away: 100 ms"),
        ({"rtt_ms": 220}, Level.BAD, "Far away: 220 ms"),
        ({"jitter_ms": 20}, Level.FAIR, "Uneven"),
        ({"loss_pct": 12}, Level.BAD, "lost: 12 of 100"),
        ({"missing_pct": 4}, Level.BAD, "commands come late"),
        ({"starved_pct": 3}, Level.FAIR, "guessed in 3 of 100"),
        ({"frame_ms": 60}, Level.BAD, "This computer is slow"),
        ({"is_carried": True}, Level.FAIR, "UDP is blocked"),
        ({"silent_s": 2.0, "loss_pct": 50}, Level.BAD, "Nothing comes from the server for 2.0 s"),
    ],
)
def test_what_is_wrong_is_said(changed: dict[str, float], level: Level, word: str) -> None:
    found, sentences = judge(dataclasses.replace(FINE, **changed))  # type: ignore[arg-type]
    assert found is level
    assert len(sentences) == 1
    assert word in sentences[0]


def test_the_worst_is_said_first() -> None:
    level, sentences = judge(dataclasses.replace(FINE, jitter_ms=20, rtt_ms=300))
    assert level is Level.BAD
    assert ["Far" in sentences[0], "Uneven" in sentences[1]] == [True, True]


def test_the_recent_past_is_judged_and_not_the_whole_match() -> None:
    past = RecentPast()
    bad = ClientStatistics(
        ticks=6000, frames=6000, snapshots=6000, missing_commands_pct=10, starved_frames_pct=20, bytes_in=100_000, bytes_out=50_000
    )
    past.take(bad, 100.0, 17)
    after = dataclasses.replace(
        bad, ticks=6120, frames=6120, snapshots=6120, missing_commands_pct=600 / 61.2, starved_frames_pct=1224 / 61.2, bytes_in=110_000
    )
    recent = past.take(after, 102.0, 17)
    assert recent.missing_pct == pytest.approx(0, abs=0.01)
    assert recent.starved_pct == pytest.approx(20)
    assert (recent.snapshots_per_s, recent.bytes_in_per_s, recent.bytes_out_per_s) == (60, 5000, 0)


def test_another_match_begins_anew_and_silence_is_measured() -> None:
    past = RecentPast()
    past.take(ClientStatistics(ticks=600, frames=600, snapshots=600), 10.0, 17)
    recent = past.take(ClientStatistics(ticks=6, frames=6, snapshots=6), 10.1, 17)
    assert recent.snapshots_per_s == 0
    for tenth in range(1, 41):
        recent = past.take(ClientStatistics(ticks=6 + tenth, frames=6 + tenth, snapshots=6), 10.1 + tenth / 10, 17)
    assert recent.silent_s == pytest.approx(4.0)
    assert recent.silent_s > RECENT_S, "longer than what is looked at"


@pytest.mark.parametrize("total", ["frames", "ticks", "snapshots", "bytes_in", "bytes_out"])
def test_a_total_that_shrinks_is_another_match(total: str) -> None:
    past = RecentPast()
    before = ClientStatistics(ticks=600, frames=600, snapshots=600, bytes_in=1_000_000, bytes_out=300_000)
    past.take(before, 10.0, 17)
    recent = past.take(dataclasses.replace(before, **{total: 500}), 10.5, 17)  # type: ignore[arg-type]
    assert (recent.snapshots_per_s, recent.bytes_in_per_s, recent.bytes_out_per_s) == (0, 0, 0)


def test_each_moment_is_of_what_came_since_the_one_before() -> None:
    moments: list[Moment] = []
    figures = ClientStatistics(frames=600, ticks=600, snapshots=600, datagrams_lost_in=7, starved_frames_pct=1.0)
    for snapshots, lost, starved_pct in ((6, 0, 0.0), (3, 3, 0.5), (7, -1, 0.0)):  # the last: a lost one came late
        before, frames = figures, figures.frames + 6
        starved = figures.starved_frames_pct * figures.frames / 100 + 6 * starved_pct
        figures = dataclasses.replace(
            figures,
            frames=frames,
            ticks=frames,
            snapshots=figures.snapshots + snapshots,
            datagrams_lost_in=figures.datagrams_lost_in + lost,
            starved_frames_pct=100 * starved / frames,
        )
        moments.append(moment_between(before, figures, FINE, 0.1, 17.0))
    assert [round(moment.snapshots_per_s) for moment in moments] == [60, 30, 70]
    assert [round(moment.lost_per_s) for moment in moments] == [0, 30, 0]
    assert [moment.has_starved for moment in moments] == [False, True, False]


def test_the_small_one_leaves_the_middle_and_most_of_the_screen_free(surface) -> None:
    graph, plates = NetGraph(NetView.SMALL), Plates()
    graph.update(lambda: ClientStatistics(frames=1, snapshots=1, rtt_ms=9999.0, jitter_ms=999.0, loss_pct=100.0), 0.05)
    surface.fill((255, 255, 255))
    graph.draw(surface, plates)
    columns, rows = (pygame.surfarray.array3d(surface) != 255).any(axis=2).nonzero()
    box = pygame.Rect(columns.min(), rows.min(), columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
    whole = surface.get_rect()
    assert box.width <= whole.width / 4
    assert box.height <= whole.height / 3
    assert not box.colliderect(whole.scale_by(0.5, 0.5))


@pytest.mark.parametrize("view", NetView)
def test_the_graph_draws_whatever_it_is_told(surface, view) -> None:
    graph, plates = NetGraph(view), Plates()
    graph.draw(surface, plates)
    figures = ClientStatistics(frames=1, snapshots=1)
    causes = {"late_command": 0, "a new cause": 0}
    for step in range(300):
        causes = {cause: count + (step % 50 == 0) for cause, count in causes.items()}
        figures = dataclasses.replace(
            figures,
            frames=step,
            snapshots=step,
            rtt_ms=(0.0, 1e9, 80.0)[step % 3],
            loss_pct=step % 101,
            slack_ticks=(None, -30.0, 2.0)[step % 3],
            mispredictions=sum(causes.values()),
            mispredictions_by_cause=dict(causes),
            checksum_mismatches=step // 200,
        )
        graph.update(lambda: figures, 0.05)  # noqa: B023 - called at once
        graph.draw(surface, plates)
    assert graph.level is Level.BAD
    assert graph.sentences


def feed(graph: NetGraph, dt: float, step: int) -> None:
    figures = ClientStatistics(frames=step, ticks=step, snapshots=step, rtt_ms=step * 7 % 60, loss_pct=step % 3, mispredictions=step // 20)
    graph.update(lambda: figures, dt)


def test_charts_painted_in_turn_end_as_charts_painted_at_once(surface) -> None:
    in_turn, at_once, plates = NetGraph(NetView.LARGE), NetGraph(), Plates()
    for step in range(200):
        feed(in_turn, 1 / 60, step)
        feed(at_once, 1 / 60, step)
        in_turn.draw(surface, plates)
    pictures = []
    at_once.view = NetView.LARGE
    for graph, frames in ((in_turn, 4), (at_once, 1)):
        for _ in range(frames):
            surface.fill((40, 60, 80))
            graph.draw(surface, plates)
        pictures.append(pygame.image.tobytes(surface, "RGB"))
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("frame_s", [1 / 60, 0.125])
def test_a_frame_paints_one_chart_and_each_has_its_turn(surface, monkeypatch, frame_s) -> None:
    painted: list[str] = []
    for name in ("_paint_round_trip", "_paint_corrections", "_paint_frames"):
        monkeypatch.setattr(net_details, name, lambda *_, name=name: painted.append(name))
    graph, plates = NetGraph(NetView.LARGE), Plates()
    for step in range(60):
        feed(graph, frame_s, step)
        before = len(painted)
        graph.draw(surface, plates)
        assert len(painted) - before <= (1 if step else 3)
    counts = [painted.count(name) for name in set(painted)]
    assert len(counts) == 3
    samples = 60 if frame_s > 0.1 else 11
    assert max(counts) <= min(samples, 22)
    assert max(counts) - min(counts) <= 1, "also where there are fewer frames than charts to paint"


def test_a_plate_clears_while_somebody_is_behind_it(surface) -> None:
    plates = Plates()
    for _ in range(60):
        plates.draw(surface, "time", (100, 100, 80, 40), 200)
        plates.update([(140, 120)], 1 / 60)
    assert plates.cleared("time") == 1.0
    surface.fill((200, 200, 200))
    plates.draw(surface, "time", (100, 100, 80, 40), 200)
    clear = surface.get_at((140, 120)).r
    for _ in range(60):
        plates.update([(640, 360)], 1 / 60)
    assert plates.cleared("time") == 0.0
    surface.fill((200, 200, 200))
    plates.draw(surface, "time", (100, 100, 80, 40), 200)
    assert clear > 2 * surface.get_at((140, 120)).r
