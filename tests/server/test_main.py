"""The command line and the process: what is wrong is one line and exit code 2; what is right listens, plays, and ends in order."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.__main__ import main
from server.config import read_config

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def started(state: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process that listens, and its port."""
    command = [sys.executable, "-m", "server", "--state", str(state), *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[:1] == ["listening"], process.communicate()
        tcp, udp = (int(word.split("=")[1]) for word in words[1:])
        assert tcp == udp
        yield process, tcp
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a wrong command line gets."""
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("skirmish-server: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "0"], "--port: 0 is not in 1 to 65535"),
        (["--port", "many"], "--port: 'many' is not a whole number"),
        (["--bots", "17"], "[arena] bots: 17 is more than [arena] seats = 16"),
        (["--name", ""], "[server] name: must have 1 to 32 characters"),
        (["--host", "nonsense"], "[server] host: 'nonsense' is not a numeric address"),
        (["--host", "203.0.113.9"], "203.0.113.9 is not an address of this computer"),
        (["--frags"], "unrecognized arguments: --frags"),
        (["--config", "/no/such/server.toml"], "/no/such/server.toml: cannot be read"),
        (["--map", "moon"], "There is no map 'moon'"),
        (["--map", "../../etc/passwd"], "There is no map '../../etc/passwd'"),
    ],
)
def test_what_is_wrong_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], words: str) -> None:
    assert words in refused(capsys, "--state", str(tmp_path), *arguments)


def test_a_broken_settings_file_is_named_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text("[server]\nnane = 'x'\n")
    assert f"{path}, line 2: [server] nane: unknown setting" in refused(capsys, "--config", str(path))
    path.write_bytes(b"\xff\xfe")
    assert "UTF-8" in refused(capsys, "--config", str(path))
    path.write_bytes(b"#" * 70000)
    assert "larger than" in refused(capsys, "--config", str(path))


def test_a_port_in_use_is_said_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with taken_port() as port:
        line = refused(capsys, "--state", str(tmp_path), "--local", "--port", str(port))
    assert f"cannot listen on port {port}: " in line
    assert line.endswith(" Is another server running? --port takes another one.\n")


def test_a_certificate_that_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("rubbish")
    assert "server.pem" in refused(capsys, "--state", str(tmp_path))


def test_the_example_is_written_once_and_reads_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    assert main(["--write-config", str(path)]) == 0
    capsys.readouterr()
    assert read_config(path.read_text()).arena.name == "Arena"
    assert "is there already" in refused(capsys, "--write-config", str(path))


def test_terminated_it_ends_in_order_with_its_statistics(tmp_path: Path) -> None:
    with started(tmp_path, "--local", "--json", "--bots", "2") as (process, port):
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.sendall(b"\x00\x01")
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=10)
        assert process.returncode == 0, err
        statistics = json.loads(out.splitlines()[-1])
        assert " ".join(statistics) == (
            "port players_peak rooms_peak ticks tick_ms_p50 tick_ms_p99 tick_late_ms_p99 ticks_dropped load_pct "
            "snapshot_spread_ticks snapshots_slowed lines_slowed datagrams_in datagrams_out dropped "
            "checksum_mismatches complete_snapshots rows_held_back fairness"
        )
        assert statistics["port"] == port
        assert statistics["rooms_peak"] == 1


def test_it_ends_with_its_standard_input(tmp_path: Path) -> None:
    with started(tmp_path, "--local", "--exit-with-stdin") as (process, _):
        _, err = process.communicate(timeout=10)  # closes it
        assert process.returncode == 0, err


def test_it_ends_when_its_time_is_over(tmp_path: Path) -> None:
    with started(tmp_path, "--local", "--seconds", "0.1") as (process, _):
        assert process.wait(timeout=10) == 0


def test_two_servers_on_one_computer_take_different_ports(tmp_path: Path) -> None:
    with started(tmp_path, "--local") as (_, first), started(tmp_path, "--local") as (_, second):
        assert first != second
        assert {first, second} <= set(range(7777, 7785))


def test_another_port_than_the_usual_one_is_told_once_it_listens(tmp_path: Path) -> None:
    with started(tmp_path, "--host", "127.0.0.1"), started(tmp_path, "--host", "127.0.0.1") as (process, port):
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert f"Port 7777 is in use; this server listens on {port}.\n" in err
