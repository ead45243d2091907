"""How many players one server holds: ``python -m tests.bench.capacity --clients 256 --hz 60 --seconds 20 --json``.

The real ``python -m server`` in a process of its own, real UDP over loopback, TLS and sealed datagrams, one room in which everybody sees
everybody; the load comes from another process of light clients (:mod:`tests.bench.load`). ``kernel_us_per_client_tick`` is a bare recvfrom
and sendto of the same sizes in the same run, ``floor_us_per_client_tick`` these with their seals opened and closed; ``ratio`` is what the
server costs per client against the first, without the game's own step (measured apart, in this process, on a world of the same seats), and
``floor_ratio`` against the second. ``snapshots_delivered_pct`` is of one per client and tick; ``load_kept_up_pct`` says whether the load
was in time: much below 99 it was not, and the figures say little.

The server has one core, and the load has another (Linux; ``--spread`` leaves both to the system): that is what is asked, how many players
one core holds, and two threads with one interpreter are a little faster on one core than on two. Asserts nothing; the cores are shared
with whatever else runs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.contract import Commands, PresentOnly
from engine.datagram.messages import HEADER_BYTES
from engine.ids import Address, Seat
from game.arena import ARENA_COMMAND, make_arena
from tests.bench.light import bot_moves
from tests.bench.load import SEATS_MAX, Load
from tests.command_line import JSON_HELP, SECONDS, SEED, SEED_HELP, number, tool

CONFIG = """
[server]
players_max = {clients}
connections_per_address = {clients}
lan = false
[rooms]
seats_max = {seats}
countdown_s = 3.0
[arena]
seats = {seats}
maps = ["{map_name}"]
[match]
frag_limit = 0
time_limit_s = 3600
warmup_s = 0
"""
MEANINGS = {
    "ratio": "times the bare sockets (the server without the game's step / kernel_us)",
    "floor_ratio": "times the bare sockets with seals (the same / floor_us)",
}
"""What a figure's name does not say."""
MAP = "reactor"
CLIENTS_MAX = 1024
WARM_UP_S = 3.0
"""Everybody plays, nothing is measured yet: what joining left behind is done with."""


def separate(server: subprocess.Popen[str]) -> bool:
    """The server on the first core that we may use, this process on the others. False where there is one, or no telling."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        return False
    os.sched_setaffinity(server.pid, {first})
    os.sched_setaffinity(0, others)
    return True


def measure(clients: int, hz: int, seconds: float, seed: int, *, is_spread: bool = False) -> dict[str, Any]:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "server.toml"
        seats = min(max(clients, 2), SEATS_MAX)
        config.write_text(CONFIG.format(clients=max(clients, 2), seats=seats, map_name=MAP))
        command = [sys.executable, "-m", "server", "--host", "127.0.0.1", "--config", str(config), "--json", "--state", folder]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            is_separate = not is_spread and separate(server)
            assert server.stdout is not None
            port = int(re.search(r"tcp=(\d+)", server.stdout.readline())[1])  # type: ignore[index]
            load = Load(Address("127.0.0.1", port), clients, map_name=MAP, seed=seed)
            joined = load.join(hz)
            load.run(WARM_UP_S, hz)
            rss_before_mb = resident_mb(server.pid)
            ticks_before = newest_ticks(load)
            cpu_before, load_before = cpu_seconds(server.pid), process_time()
            played_s = load.run(seconds, hz)
            cpu_s, load_s = cpu_seconds(server.pid) - cpu_before, process_time() - load_before
            ticks = min(now - before for before, now in zip(ticks_before, newest_ticks(load), strict=True))
            rss_mb = resident_mb(server.pid)
            load.close()
        finally:
            server.send_signal(signal.SIGTERM)
            out, _ = server.communicate(timeout=20)
    said = json.loads(out.strip().splitlines()[-1])
    snapshots = sum(player.snapshots for player in load.players)
    bytes_mean = sum(player.snapshot_bytes for player in load.players) / max(1, snapshots)
    per_client_tick = cpu_s * 1e6 / (played_s * hz * clients)
    step_us = step_cost_us(clients, seed) / clients
    kernel_us, floor_us = kernel_cost_us(int(bytes_mean) + 36), floor_cost_us(int(bytes_mean) + 20)
    return {
        "clients": clients,
        "clients_playing": joined,
        "hz": hz,
        "server_has_one_core": is_separate,
        "tick_ms_p50": said["tick_ms_p50"],
        "tick_ms_p99": said["tick_ms_p99"],
        "missed_ticks": max(0, int(played_s * hz) - 1 - ticks),
        "late_ms_p99": said["tick_late_ms_p99"],
        "server_cpu_us_per_client_tick": round(per_client_tick, 2),
        "step_us_per_client_tick": round(step_us, 2),
        "kernel_us_per_client_tick": round(kernel_us, 2),
        "ratio": round((per_client_tick - step_us) / kernel_us, 2),
        "floor_us_per_client_tick": round(floor_us, 2),
        "floor_ratio": round((per_client_tick - step_us) / floor_us, 2),
        "bytes_per_snapshot_mean": round(bytes_mean, 1),
        "snapshots_delivered_pct": round(100 * snapshots / (clients * played_s * hz), 2),
        "rss_mb": round(rss_mb, 1),
        "rss_mb_at_first": round(rss_before_mb, 1),
        "ticks_dropped": said["ticks_dropped"],
        "load_pct": said["load_pct"],
        "snapshot_spread_ticks": said["snapshot_spread_ticks"],
        "load_kept_up_pct": round(load.kept_up_pct, 1),
        "load_cpu_us_per_client_tick": round(load_s * 1e6 / (played_s * hz * clients), 2),
        "ended": sorted({c.ended for c in load.clients if c.ended}),
    }


def newest_ticks(load: Load) -> list[int]:
    """The newest tick that any client of each room has been told."""
    newest: dict[int, int] = {}
    for client in load.clients:
        newest[client.room] = max(newest.get(client.room, 0), client.newest_tick or 0)
    return list(newest.values())


def step_cost_us(seats: int, seed: int) -> float:
    """The game's own steps with as many seats, all moving as bots move."""
    if seats > SEATS_MAX:
        return step_cost_us(SEATS_MAX, seed) * seats / SEATS_MAX
    arena = make_arena({"map": MAP, "frag_limit": 0, "time_limit_s": 600, "warmup_s": 0}, seats)
    world, moves = arena.new_world(seed), bot_moves(MAP, seed)
    for seat in range(seats):
        arena.join(world, Seat(seat))
    commands, past, spent, ticks = Commands(ARENA_COMMAND, seats), PresentOnly(), 0.0, 600
    for tick in range(ticks):
        commands.clear()
        for seat in range(seats):
            mine = moves[seat % len(moves)]
            commands.set(seat, mine[(tick + seat * 97) % len(mine)])
        world.tick += 1
        began = process_time()
        arena.step(world, commands, past)
        spent += process_time() - began
    return spent * 1e6 / ticks


def kernel_cost_us(size: int, count: int = 20_000) -> float:
    """A bare sendto of a snapshot's size and a recvfrom of a command's, on loopback."""
    here, there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        here.bind(("127.0.0.1", 0))
        there.bind(("127.0.0.1", 0))
        out, back, to_there, to_here = bytes(size), bytes(70), there.getsockname(), here.getsockname()
        spent = 0.0
        for _ in range(count):
            there.sendto(back, to_here)
            began = perf_counter()
            here.recvfrom(2048)
            here.sendto(out, to_there)
            spent += perf_counter() - began
            there.recvfrom(2048)
        return spent * 1e6 / count
    finally:
        here.close()
        there.close()


def floor_cost_us(size: int, count: int = 20_000) -> float:
    """What no server in Python can go below: the same two calls, and the seal of each datagram opened and closed; nothing else."""
    here, there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        here.bind(("127.0.0.1", 0))
        there.bind(("127.0.0.1", 0))
        cipher, nonce, header, body = AESGCM(bytes(16)), bytes(12), bytes(HEADER_BYTES), bytes(size)
        back, to_there, to_here = header + cipher.encrypt(nonce, bytes(47), header), there.getsockname(), here.getsockname()
        spent = 0.0
        for _ in range(count):
            there.sendto(back, to_here)
            began = perf_counter()
            datagram, _ = here.recvfrom(2048)
            cipher.decrypt(nonce, datagram[HEADER_BYTES:], datagram[:HEADER_BYTES])
            here.sendto(header + cipher.encrypt(nonce, body, header), to_there)
            spent += perf_counter() - began
            there.recvfrom(2048)
        return spent * 1e6 / count
    finally:
        here.close()
        there.close()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(arguments: Sequence[str] | None = None) -> None:
    parser = tool("tests.bench.capacity", __doc__)
    parser.add_argument(
        "--clients",
        type=number(1, CLIENTS_MAX),
        default=64,
        metavar="N",
        help=f"1 to {CLIENTS_MAX}; more than {SEATS_MAX} in rooms of so many",
    )
    parser.add_argument("--hz", type=number(1, 240), default=60, metavar="N", help="ticks per second")
    parser.add_argument("--seconds", type=SECONDS, default=20.0, metavar="S", help="measured")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--spread", action="store_true", help="let the system choose the cores")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    result = measure(options.clients, options.hz, options.seconds, options.seed, is_spread=options.spread)
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:32} {value} {MEANINGS.get(key, '')}".rstrip())


if __name__ == "__main__":
    main()
