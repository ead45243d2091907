"""Fairness reports: a line per player in the log, the newest matches in the statistics, names of players who have left."""

from __future__ import annotations

import json

from engine.errors import DisconnectReason
from engine.ids import MatchId, Seat, SessionId
from engine.session.fairness import PlayerFairness
from engine.session.values import FairnessReported
from engine.timeline import SeatRewinds
from server.fairness_log import MATCHES_KEPT, FairnessLog
from server.outbox import Outbox
from tests.server.lobby_bench import Bench

REWINDS = SeatRewinds(rewinds=5, rewind_ms_mean=61.4, rewind_ms_max=113.0, rewinds_clamped=2, decided=3, refused={"target_gone": 1})


def test_each_player_of_a_match_gets_a_line_and_an_entry_by_his_name() -> None:
    bench = Bench()
    opened = bench.play(1, 2)
    bench.lobby.left(SessionId(2), DisconnectReason.CLOSED_BY_PEER, bench.now)
    bench.lobby.outbox.drain_log()
    players = tuple(PlayerFairness(SessionId(number), Seat(number - 1), 100, 4, 1, REWINDS) for number in (1, 2))
    bench.lobby.host_event(FairnessReported(opened.match_id, players), bench.now)
    lines = bench.lobby.outbox.drain_log()
    assert [line.split(":")[0] for line in lines] == ["match 1, P1", "match 1, P2"], "also who has left"
    assert "5 steps judged by what he saw (mean 61 ms back, most 113 ms, 2 held to the limit), 3 decided for him" in lines[0]
    assert "refused: target_gone 1; 100 commands, 4 late, 1 missing" in lines[0]
    entries = json.loads(json.dumps(bench.lobby.fairness.reports()))
    assert [(entry["match"], entry["name"], entry["seat"]) for entry in entries] == [(1, "P1", 0), (1, "P2", 1)]
    assert entries[0]["refused"] == {"target_gone": 1}
    assert entries[0]["rewind_ms_mean"] == 61.4


def test_the_newest_matches_are_kept() -> None:
    log = FairnessLog(Outbox())
    for number in range(MATCHES_KEPT + 3):
        log.seated(MatchId(number), SessionId(1), "Ada")
        log.reported(FairnessReported(MatchId(number), (PlayerFairness(SessionId(1), Seat(0)),)))
    assert [entry["match"] for entry in log.reports()] == list(range(3, MATCHES_KEPT + 3))


def test_a_match_of_bots_alone_has_no_report() -> None:
    log = FairnessLog(Outbox())
    log.reported(FairnessReported(MatchId(1), ()))
    assert log.reports() == []
