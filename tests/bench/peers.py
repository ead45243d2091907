"""What a server costs beside those that people use from Python: ``python -m tests.bench.peers --json``.

The same recorded match of the arena (16 bots) is played to ``--clients`` clients 60 times a second by three servers, one after the other,
in a process of its own each (:mod:`tests.bench.peer_servers`): ours, pyenet and pygase; every client sends a command per tick. What counts
is the server process's own time, kernel included, per client and tick that it should have been served, and per state that reached a
client's socket; the game costs nothing. pyenet and pygase are the extra ``peers`` (``pip install .[peers]``); what is missing is skipped.

They do not do the same: ours seals every datagram, tells each client what it holds already, reads and uses commands, keeps worlds for lag
compensation; pyenet throws one block of bytes at everybody; pygase adds up updates per client. Asserts nothing.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Protocol

from engine.datagram import Connection, Received
from engine.ids import Address, ConnectionId, Ticket
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.session.message_kinds import COMMANDS_MESSAGE, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.wire import expand
from game.arena import ARENA_COMMAND
from tests.bench.snapshot_bytes import arena_match
from tests.bench.world_trace import record, write_trace
from tests.command_line import JSON_HELP, SECONDS, SEED, SEED_HELP, number, tool

TICK_S = 1 / 60
RECORDED_TICKS = 900
CONNECT_S = 10.0
LEAD_TICKS = 3
COMMAND = bytes(24)
"""What enet's and pygase's clients send: about as much as ours has in it."""
LIBRARIES = {"ours": None, "enet": "enet", "pygase": "pygase"}


class Client(Protocol):
    states: int
    bytes_in: int

    def tick(self) -> None:
        """Take what has come, send a command."""


class OurClient:
    """What the server can see of a client: it acknowledges snapshots and sends commands a few ticks ahead."""

    def __init__(self, server: Address, keys: list[Any]) -> None:
        self.states = self.bytes_in = 0
        self._socket = _udp(server)
        ticket = Ticket(ConnectionId(keys[0]), bytes.fromhex(keys[1]), bytes.fromhex(keys[2]), 60.0)
        self._server = server
        self._connection = Connection(ticket, is_server=False, now=perf_counter(), path=server)
        self._newest: int | None = None
        self._pending: list[CommandEntry] = []

    def tick(self) -> None:
        now = perf_counter()
        for data in _received(self._socket):
            self.bytes_in += len(data)
            self._connection.receive(data, self._server, now)
        for event in self._connection.events():
            if isinstance(event, Received) and event.message[0] in (SNAPSHOT_MESSAGE, PACED_SNAPSHOT_MESSAGE):
                self._take(event.message[1 if event.message[0] == SNAPSHOT_MESSAGE else 2 :])
        self._connection.advance(now)
        if self._newest is not None:
            entry = CommandEntry(self._newest + LEAD_TICKS, ARENA_COMMAND.neutral, max(0, self._newest - 2), 0)
            self._pending = [old for old in self._pending[-3:] if old.tick < entry.tick] + [entry]
            message = CommandsMessage(self._newest, False, tuple(self._pending))
            self._connection.send(bytes([COMMANDS_MESSAGE]) + write_commands(ARENA_COMMAND, message))
        for _, data in self._connection.datagrams_to_send(now):
            self._socket.send(data)

    def _take(self, message: bytes) -> None:
        head = int.from_bytes(message[:5].ljust(5, b"\0"), "big")
        tick = expand((head >> 18) & 0xFFFF, self._newest or 0) if head >> 34 else (head >> 2) & 0xFFFFFFFF
        self._newest = tick if self._newest is None else max(tick, self._newest)
        self.states += 1


class EnetClient:
    def __init__(self, server: Address, keys: list[Any]) -> None:
        import enet

        self.states = self.bytes_in = 0
        self._enet = enet
        self._host = enet.Host(None, 1, 1, 0, 0)
        self._peer = self._host.connect(enet.Address(server.host.encode(), server.port), 1)

    def tick(self) -> None:
        while (event := self._host.service(0)).type != self._enet.EVENT_TYPE_NONE:
            if event.type == self._enet.EVENT_TYPE_RECEIVE:
                self.states += 1
                self.bytes_in += len(event.packet.data)
        if self.states:
            self._peer.send(0, self._enet.Packet(COMMAND, self._enet.PACKET_FLAG_UNSEQUENCED))
        self._host.flush()


class PygaseClient:
    """Its packages, without its threads and loops: those are its client's, and the server is measured."""

    def __init__(self, server: Address, keys: list[Any]) -> None:
        from pygase.connection import ClientPackage, Header, ServerPackage
        from pygase.event import Event

        self.states = self.bytes_in = 0
        self._made, self._header, self._read, self._event = ClientPackage, Header, ServerPackage, Event
        self._socket = _udp(server)
        self._sequence = self._remote = self._order = 0

    def tick(self) -> None:
        for data in _received(self._socket):
            self.bytes_in += len(data)
            self._remote = int.from_bytes(data[4:6], "big")
            self.states += 1
            if self.states % 10 == 1:  # its update says which state it is; reading each would cost more than the server
                self._order = int(self._read.from_datagram(data).game_state_update.time_order)
        self._sequence = self._sequence % 65535 + 1
        header = self._header(self._sequence, self._remote, "1" * 32)
        self._socket.send(self._made(header, self._order, [self._event("COMMAND", COMMAND)]).to_datagram())


CLIENTS = {"ours": OurClient, "enet": EnetClient, "pygase": PygaseClient}


def _udp(server: Address) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((server.host, server.port))
    sock.setblocking(False)
    return sock


def _received(sock: socket.socket) -> list[bytes]:
    received = []
    while True:
        try:
            received.append(sock.recv(4096))
        except (BlockingIOError, ConnectionRefusedError):
            return received


def measure(name: str, folder: Path, clients: int, seconds: float) -> dict[str, float]:
    """One server, for so long after everybody gets states."""
    command = [sys.executable, "-m", "tests.bench.peer_servers", name, str(folder), str(clients), str(seconds)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        said = json.loads(server.stdout.readline())
        if name == "pygase":
            sleep(1.0)  # it says where before it listens
        address = Address("127.0.0.1", said["port"])
        players = [CLIENTS[name](address, keys) for keys in said.get("tickets", [[]] * clients)]
        _play(players, CONNECT_S, until_all=True)
        if not all(player.states for player in players):
            raise RuntimeError(f"{name}: {sum(not player.states for player in players)} of {clients} clients got nothing")
        before = sum(player.states for player in players), sum(player.bytes_in for player in players)
        server.stdin.write("begin\n")
        server.stdin.flush()
        _play(players, seconds, until_all=False)
        states = sum(player.states for player in players) - before[0]
        size = sum(player.bytes_in for player in players) - before[1]
        cost = json.loads(server.stdout.readline())
    finally:
        server.kill()
        server.wait(10)
    return {
        "cpu_us_per_client_tick": round(cost["cpu_s"] * 1e6 / (clients * cost["wall_s"] / TICK_S), 2),
        "cpu_us_per_state": round(cost["cpu_s"] * 1e6 / max(1, states), 2),
        "states_per_client_s": round(states / clients / seconds, 1),
        "bytes_per_state": round(size / max(1, states), 1),
        "cpu_pct": round(100 * cost["cpu_s"] / cost["wall_s"], 1),
    }


def _play(players: list[Client], seconds: float, *, until_all: bool) -> None:
    began, turn = perf_counter(), 0
    while perf_counter() < began + seconds and not (until_all and all(player.states > 60 for player in players)):
        for player in players:
            player.tick()
        turn += 1
        sleep(max(0.0, began + turn * TICK_S - perf_counter()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.peers", __doc__)
    parser.add_argument("--clients", type=number(1, 256), default=32, metavar="N", help="1 to 256")
    parser.add_argument("--seconds", type=SECONDS, default=10.0, metavar="S", help="for each server")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    figures: dict[str, Any] = {"clients": options.clients, "servers": {}, "skipped": {}}
    with tempfile.TemporaryDirectory() as folder:
        write_trace(record(arena_match(RECORDED_TICKS, 0, options.seed)), Path(folder) / "match.npz")
        for name, library in LIBRARIES.items():
            if library is not None and importlib.util.find_spec(library) is None:
                figures["skipped"][name] = f"{library} is not installed (the extra 'peers' has it)"
                print(f"{name}: skipped, {figures['skipped'][name]}", file=sys.stderr)
                continue
            figures["servers"][name] = measure(name, Path(folder), options.clients, options.seconds)
    mine = figures["servers"]["ours"]["cpu_us_per_client_tick"]
    figures["times_ours"] = {name: round(row["cpu_us_per_client_tick"] / mine, 2) for name, row in figures["servers"].items()}
    if options.json:
        print(json.dumps(figures))
        return
    for name, row in figures["servers"].items():
        print(f"{name:8} {figures['times_ours'][name]:6.2f} times ours: " + ", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
