"""The file that ``--rollback-log`` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

import game.client.rollback_log as rollback_log
from engine.conditions import NetConditions
from engine.ids import MatchId
from game.__main__ import USAGE_ERROR, main
from game.client.rollback_log import RollbackLog
from tests.session.support import ToyMatch
from tests.timeline.test_rollback_lines import wounding


def play(log: RollbackLog, seconds: float = 6.0) -> ToyMatch:
    match = ToyMatch(2, conditions=NetConditions.parse("latency=60"), factory=wounding)
    match.start()
    for _ in range(round(seconds * 60)):
        match.simulation.run_for(1 / 60)
        for client in match.clients:
            log.look(client)
    return match


def test_all_players_rollbacks_are_in_one_file(tmp_path: Path) -> None:
    log = RollbackLog(tmp_path / "rollbacks.txt")
    match = play(log)
    log.close()
    lines = (tmp_path / "rollbacks.txt").read_text().splitlines()
    wounds = [line for line in lines if "walker[0].health" in line]
    assert len(wounds) >= 6
    wounded = next(client for client in match.clients if client.match and client.match.seat == 0)
    assert all(line.startswith(f"player={wounded.player_name!r} match={match.server.match_id} tick=") for line in wounds)


class Player:
    """As much of a client as the log looks at."""

    player_name = "Ada"

    def __init__(self, match: object) -> None:
        self.match = match


def test_what_is_left_of_a_match_is_written_when_it_ends(tmp_path: Path) -> None:
    with_it = RollbackLog(tmp_path / "unused.txt")
    matches = [client.match for client in play(with_it, 4.0).clients]
    with_it.close()
    match = next(match for match in matches if match is not None and match.seat == 0)
    last = match.prediction.recent_corrections()[-1]
    match.decoder.newest_tick = last.tick + 1  # it has just happened
    log, player = RollbackLog(tmp_path / "rollbacks.txt"), Player(match)
    log.look(player)  # type: ignore[arg-type]
    assert f" tick={last.tick} " not in (tmp_path / "rollbacks.txt").read_text()
    player.match = None
    log.look(player)  # type: ignore[arg-type]
    assert f" tick={last.tick} " in (tmp_path / "rollbacks.txt").read_text()
    log.close()


def test_what_is_left_of_a_player_who_leaves_is_written_at_once(tmp_path: Path) -> None:
    unused = RollbackLog(tmp_path / "unused.txt")
    matches = [client.match for client in play(unused, 4.0).clients]
    unused.close()
    match = next(match for match in matches if match is not None and match.seat == 0)
    last = match.prediction.recent_corrections()[-1]
    match.decoder.newest_tick = last.tick + 1  # it has just happened
    log, player = RollbackLog(tmp_path / "rollbacks.txt"), Player(match)
    log.look(player)  # type: ignore[arg-type]
    log.forget(player)  # type: ignore[arg-type]
    written = (tmp_path / "rollbacks.txt").read_text()
    assert f" tick={last.tick} " in written
    log.forget(player)  # type: ignore[arg-type]
    log.close()
    assert (tmp_path / "rollbacks.txt").read_text() == written, "once"


def test_the_file_is_bounded_and_says_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback_log, "LINES_MAX", 3)
    log = RollbackLog(tmp_path / "rollbacks.txt")
    play(log)
    log.close()
    lines = (tmp_path / "rollbacks.txt").read_text().splitlines()
    assert len(lines) == 4
    assert lines[-1] == "the log is full"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_the_log_and_not_the_game() -> None:
    log = RollbackLog(Path("/dev/full"))
    assert play(log).server.match_id == MatchId(1)
    log.close()


def test_a_file_that_cannot_be_written_is_the_callers_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nowhere" / "rollbacks.txt"
    assert main(["play", "--headless", "--rollback-log", str(path)]) == USAGE_ERROR
    assert f"--rollback-log {path}: cannot be written: No such file or directory" in capsys.readouterr().err
