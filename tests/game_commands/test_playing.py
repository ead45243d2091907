"""Commands that play, over real sockets: their figures, how they end, and who may stop listening meanwhile."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from game.client import commands
from game.client.app import App
from game.client.connection import Connection
from game.client.headless import Headless
from game.client.preferences import PlayerFiles
from tests.game_commands.processes import END_S_MAX, ROOT, Done, environment, free_port, read_until, run, server, start

KEYS = (
    "connected", "carrier", "ticks", "snapshots", "snapshots_per_s", "rtt_ms", "jitter_ms", "loss_pct", "late_commands_pct",
    "mispredictions", "mispredictions_by_cause", "correction_p95_units", "starved_frames_pct", "interpolation_delay_ms",
    "bytes_in_per_s", "bytes_out_per_s", "kills", "deaths", "disconnect_reason",
)  # fmt: skip


def check_report(report: dict[str, Any]) -> None:
    assert set(KEYS) <= set(report)
    assert report["connected"] is True
    assert report["carrier"] == "udp"
    assert report["ticks"] > 0
    assert report["snapshots"] > 0
    assert report["bytes_in_per_s"] > 0
    assert report["disconnect_reason"] is None
    assert set(report["mispredictions_by_cause"]) >= {"late_command", "missing_command", "other_player", "server_event", "nondeterminism"}
    assert sum(report["mispredictions_by_cause"].values()) == report["mispredictions"]
    assert report["mispredictions_by_cause"]["nondeterminism"] == 0
    assert report["checksum_mismatches"] == 0
    assert all(report[key] >= 0 for key in KEYS if isinstance(report[key], int | float))


def test_practice_ends_with_one_object_on_the_last_line(state: Path) -> None:
    done = run("-m", "game", "play", "--headless", "--seconds", "2", "--bots", "2", "--json", "--name", "Ada", state=state)
    assert done.code == 0, done
    assert done.out.count("\n") == 1
    report = json.loads(done.out)
    check_report(report)
    assert report["name"] == "Ada"
    assert "joined Skirmish server as Ada" in done.err


def test_hosting_tells_friends_where_to_join(state: Path) -> None:
    port = free_port()
    order = ["--headless", "--seconds", "4", "--name", "Ada's", "--port", str(port), "--password=-w", "--json"]
    done = run("-m", "game", "host", *order, state=state)
    assert done.code == 0, done
    check_report(json.loads(done.out))
    assert "joined Ada's as" in done.err
    assert f":{port}\n" in done.err or "This computer is on no network" in done.err


def test_bots_report_each_player_and_all_together(skirmish: Callable[..., Done], open_server: int) -> None:
    done = skirmish("bots", f"127.0.0.1:{open_server}", "--count", "3", "--seconds", "2", "--json", "--net", "latency=20,loss=2")
    assert done.code == 0, done
    report = json.loads(done.out.splitlines()[-1])
    check_report(report)
    assert report["count"] == len(report["players"]) == 3
    for player in report["players"]:
        check_report(player)
        assert player["rtt_ms"] >= 15
    for key in ("ticks", "snapshots", "mispredictions", "kills", "deaths"):
        assert report[key] == sum(player[key] for player in report["players"])
    assert "name" not in report
    rates = [player["snapshots_per_s"] for player in report["players"]]
    assert min(rates) <= report["snapshots_per_s"] <= max(rates)


def test_people_get_a_scoreboard_and_figures(skirmish: Callable[..., Done], open_server: int) -> None:
    done = skirmish("bots", f"127.0.0.1:{open_server}", "--count", "2", "--seconds", "1.5")
    assert done.code == 0
    assert "Scoreboard" in done.out
    for name in ("Bot 1", "Bot 2", "all"):
        assert name in done.out


def test_the_same_seed_gives_bots_and_network_the_same_chance(monkeypatch: pytest.MonkeyPatch, skirmish: Callable[..., Done]) -> None:
    seen: list[list[object]] = []

    def look(self: Headless, seconds: float | None) -> list[dict[str, Any]]:
        order = []
        for connection, autopilot in self._players:
            bad = connection.driver._bad
            order.append((autopilot._seed, None if bad is None else [bad.up.push(b"x", 0, t / 9) or len(bad.up.pop(t)) for t in range(60)]))
        seen.append(order)
        return [autopilot.report() for _, autopilot in self._players]

    monkeypatch.setattr(Headless, "run", look)
    for seed in ("5", "5", "6"):
        assert skirmish("bots", "127.0.0.1:9", "--count", "3", "--seed", seed, "--net", "latency=80,jitter=60,loss=30", "--json").code == 0
    assert seen[0] == seen[1] != seen[2]
    seeds = [own for own, _ in seen[0]]  # type: ignore[misc]
    assert len(set(seeds)) == 3, "bots of one fleet differ from each other"


def test_input_delay_is_the_clients(monkeypatch: pytest.MonkeyPatch, skirmish: Callable[..., Done], state: Path) -> None:
    seen: list[int] = []

    def look(self: Headless, seconds: float | None) -> list[dict[str, Any]]:
        seen.extend(connection.client.config.input_delay_ticks for connection, _ in self._players)
        return [autopilot.report() for _, autopilot in self._players]

    monkeypatch.setattr(Headless, "run", look)
    assert skirmish("bots", "127.0.0.1:9", "--count", "2", "--input-delay", "3", "--json").code == 0
    assert skirmish("bots", "127.0.0.1:9", "--count", "1", "--json").code == 0
    files = PlayerFiles(state)
    files.preferences.input_delay_ticks = 2
    files.save()
    assert skirmish("bots", "127.0.0.1:9", "--count", "1", "--json").code == 0
    assert seen == [3, 3, 0, 0], "what the player has set is not the bots'"


def test_the_input_delay_that_a_player_has_set_holds_where_the_command_line_says_nothing(
    monkeypatch: pytest.MonkeyPatch, skirmish: Callable[..., Done], state: Path
) -> None:
    files = PlayerFiles(state)
    files.preferences.input_delay_ticks = 2
    files.save()
    seen: list[int] = []

    def play(self: App, connection: Connection, **options: Any) -> int:
        seen.append(connection.client.config.input_delay_ticks)
        return 0

    monkeypatch.setattr(App, "play", play)
    monkeypatch.setattr(commands, "_check_window", lambda *_: None)
    for more in ((), ("--input-delay", "1"), ("--input-delay", "0")):
        assert skirmish("join", "127.0.0.1:9", *more).code == 0
    assert seen == [2, 1, 0], "the command line wins"


# --- ends -----------------------------------------------------------------------------------------------------------------------------


def playing(command: str, port: int) -> list[str]:
    more = {"play": ["--bots", "1", "--headless"], "host": ["--headless"], "join": [f"127.0.0.1:{port}", "--headless"]}
    return ["-m", "game", command, *more.get(command, [f"127.0.0.1:{port}", "--count", "2"]), "--json"]


@pytest.mark.parametrize("command", ["play", "host", "join", "bots"])
def test_ctrl_c_ends_in_order_with_the_figures(command: str, open_server: int, state: Path) -> None:
    with start(*playing(command, open_server), state=state) as process:
        said = read_until(process, "joined")
        process.send_signal(signal.SIGTERM if command == "bots" else signal.SIGINT)
        out, err = process.communicate(timeout=END_S_MAX)
    assert process.returncode == 0, (said, err)
    assert "Traceback" not in err
    report = json.loads(out.splitlines()[-1])
    assert report["connected"] is True
    assert report["disconnect_reason"] is None


def test_ctrl_c_while_connecting_ends_in_order(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with start("-m", "game", "join", f"127.0.0.1:{port}", "--headless", "--json", state=state) as process:
            stream, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=END_S_MAX)
            stream.close()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["connected"] is False


def test_a_reader_that_has_gone_is_no_mistake(open_server: int, state: Path) -> None:
    """As ``skirmish ... 2>&1 | head -1``: whoever read the first line reads no more."""
    for more in (["--json"], []):
        with start(*playing("bots", open_server)[:-1], "--seconds", "1", *more, state=state) as process:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
            _, err = process.communicate(timeout=END_S_MAX)
        assert process.returncode == 0
        assert "Traceback" not in err
        assert "BrokenPipe" not in err


def test_nobody_need_listen_at_all(state: Path, open_server: int) -> None:
    command = f"exec {sys.executable} -m game join 127.0.0.1:{open_server} --headless --seconds 0.5 <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment(state), timeout=END_S_MAX).returncode == 0
    command = f"{sys.executable} -m game --help 2>&1 | true"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment(state), timeout=END_S_MAX, capture_output=True)
    assert done.stderr == b""


def test_letters_that_a_terminal_does_not_know_are_no_mistake(state: Path, open_server: int) -> None:
    done = run(
        "-m", "game", "join", f"127.0.0.1:{open_server}", "--headless", "--seconds", "0.7", "--name", "Ångström",
        state=state, env={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.code == 0, done
    assert "?ngstr?m" in done.out


def test_the_end_of_the_server_is_told(state: Path, tmp_path: Path) -> None:
    with server(tmp_path / "other", "--bots", "1") as port:
        process = start(*playing("join", port), state=state)
        read_until(process, "match started")
    with process:
        out, err = process.communicate(timeout=END_S_MAX)
    assert process.returncode == 0, err
    assert "The server is shutting down." in err
    assert json.loads(out)["disconnect_reason"] == "server_closing"


@pytest.mark.parametrize("module", [["server", "--local", "--seconds", "0.3", "--json"], ["game", "servers", "--timeout", "0.1"]])
def test_other_commands_do_not_need_a_reader_either(state: Path, module: list[str]) -> None:
    with start("-m", *module, state=state) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=END_S_MAX)
    assert (process.returncode, err) == (0, "")


def test_ctrl_c_ends_a_server_in_order_with_its_figures(state: Path) -> None:
    with start("-m", "server", "--local", "--json", state=state) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=END_S_MAX)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out.splitlines()[-1])["rooms_peak"] == 1
