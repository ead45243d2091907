"""How long until one plays: ``python -m tests.bench.join --json``.

The real ``python -m server`` as a process of its own, and a client in this one, over loopback with TLS and sealed datagrams. Per round:
``listening_s``, from starting the process to its line "listening"; ``lobby_ms``, from the client's first byte to the lobby (TCP, TLS,
greeting); ``seat_ms``, from asking for the room to the first snapshot applied, without the room's own countdown. Every server makes its
certificate first, as on a new machine. The first round is told apart. ``listening_s_uncompiled`` is a start without compiled Python files,
as the very first one after an installation that compiled none; ``server_cpu_s`` is the process's own time until it listens, which a busy
machine does not stretch. Asserts nothing.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from engine.control.messages import JoinRoom, SetReady
from engine.control.tls import TlsStream, client_context
from engine.drivers import ClientDriver
from engine.session import MatchClient
from engine.session import client_events as e
from game.arena import ARENA_COMMAND, ARENA_SCHEMA, make_arena
from tests.command_line import JSON_HELP, number, tool

CONFIG = """
[server]
lan = false
[rooms]
countdown_s = 0.0
[arena]
bots = 3
maps = ["crossfire"]
"""
GIVE_UP_S = 30.0
FRAME_S = 0.001
"""Far below what is measured, and not a busy loop, which would take the server's core."""


def start_server(folder: str, **environment: str) -> tuple[subprocess.Popen[str], int, float]:
    """The process, its TCP port, and the seconds until it listened."""
    config = Path(folder) / "server.toml"
    config.write_text(CONFIG)
    began = perf_counter()
    command = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--config", str(config), "--state", folder, "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment})
    assert server.stdout is not None
    found = re.search(r"tcp=(\d+)", server.stdout.readline())
    assert found is not None, "the server did not say where it listens"
    return server, int(found[1]), perf_counter() - began


def join(port: int) -> tuple[float, float]:
    """Seconds from the first byte to the lobby, and from there to the first snapshot."""
    client = MatchClient(schema=ARENA_SCHEMA, command=ARENA_COMMAND, game_factory=make_arena, name="stopwatch")
    context = client_context()
    driver = ClientDriver(client, "127.0.0.1", port, stream_wrapper=lambda: TlsStream.client(context))
    began = perf_counter()
    lobby_at = began
    try:
        while perf_counter() - began < GIVE_UP_S:
            driver.poll()
            for event in client.events():
                if isinstance(event, e.LobbyEntered):
                    lobby_at = perf_counter()
                    client.request(JoinRoom(0, ""))
                elif isinstance(event, e.RoomChanged):
                    me = next(member for member in client.room.members if member.session_id == client.session_id)  # type: ignore[union-attr]
                    if not me.ready:
                        client.request(SetReady(True))
            if client.match is not None and client.match.first_snapshot_at is not None:
                return lobby_at - began, perf_counter() - lobby_at
            sleep(FRAME_S)
    finally:
        driver.close()
    raise TimeoutError(f"no snapshot within {GIVE_UP_S:g} s")


def measure(rounds: int) -> dict[str, Any]:
    """Rounds of a server each, two clients one after the other: the second finds everything warm."""
    listening, lobby, seat, cpu = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        server, _, uncompiled_s = start_server(folder, PYTHONPYCACHEPREFIX=folder)
        server.terminate()
        server.wait(10)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            server, port, listening_s = start_server(folder)
            cpu.append(cpu_seconds(server.pid))
            try:
                times = [join(port) for _ in range(2)]
            finally:
                server.terminate()
                server.wait(10)
        listening.append(listening_s)
        lobby += [first for first, _ in times]
        seat += [second for _, second in times]
    return {
        "rounds": rounds,
        "listening_s_first": round(listening[0], 3),
        "listening_s_median": round(statistics.median(listening), 3),
        "listening_s_uncompiled": round(uncompiled_s, 3),
        "server_cpu_s_median": round(statistics.median(cpu), 3),
        "lobby_ms_first": round(lobby[0] * 1000, 1),
        "lobby_ms_median": round(statistics.median(lobby) * 1000, 1),
        "seat_ms_first": round(seat[0] * 1000, 1),
        "seat_ms_median": round(statistics.median(seat) * 1000, 1),
        "connect_to_snapshot_ms_median": round(statistics.median(a + b for a, b in zip(lobby, seat, strict=True)) * 1000, 1),
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (Linux; elsewhere 0)."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.join", __doc__)
    parser.add_argument("--rounds", type=number(1, 1000), default=5, metavar="N", help="servers started")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    figures = measure(options.rounds)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
