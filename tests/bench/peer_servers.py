"""The servers that :mod:`tests.bench.peers` compares: each plays the same recorded match to its clients, 60 times a second.

Run in a process of their own, by name. A line of JSON says where to connect; a line on standard input begins the measured time; after it
a line of JSON says what it cost, and the process ends.

- ``ours``: MatchHost behind a UDP port: sealed, delta-coded snapshots, commands received, acknowledged and used.
- ``enet`` (pyenet): the whole world as msgpack, packed once per tick, broadcast as an unreliable packet, unsealed.
- ``pygase``: the whole world as its game state; its own loop sends it. Its pace of 40 packages a second is set to 60.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from engine.contract import Commands, Past, Settings
from engine.drivers.udp import open_udp
from engine.ids import MatchId, Seat, SessionId
from engine.session.host import MatchHost
from engine.session.values import AdmitSeat, OpenMatch, TicketIssued
from engine.world import Schema, World
from game.arena import ARENA_COMMAND
from tests.bench.other_coders import msgpack_bytes
from tests.bench.world_trace import read_trace

TICK_S = 1 / 60
IDLE_S = 0.0005
GIVE_UP_S = 60.0


class Recorded:
    """A recorded match: as worlds, and as a game that needs no rules."""

    tick_rate_hz = 60
    command = ARENA_COMMAND

    def __init__(self, folder: Path, seats: int) -> None:
        trace = read_trace(folder / "match.npz", folder / "match.schema.json")
        self.worlds = list(trace.worlds())
        self.schema: Schema = trace.schema.for_seats(max(seats, trace.schema.seats))
        self._cells = [_widened(world, self.schema) for world in self.worlds]

    def world(self, tick: int) -> World:
        return self.worlds[tick % len(self.worlds)]

    def new_world(self, seed: int) -> World:
        return World(self.schema)

    def join(self, world: World, seat: Seat) -> None:
        """Its row is in the recording, or it only watches."""

    def leave(self, world: World, seat: Seat) -> None:
        """As it came."""

    def step(self, world: World, commands: Commands, past: Past) -> None:
        world.cells[:] = self._cells[world.tick % len(self._cells)]


def _widened(world: World, schema: Schema) -> Any:
    """The cells of the same rows in a world of more seats."""
    wide = World(schema)
    for table, source in zip(wide.tables, world.tables, strict=True):
        rows = source.capacity
        table.generation[:rows] = source.generation
        for field in source.kind.fields:
            getattr(table, field.name)[:rows] = getattr(source, field.name)
    return wide.cells


class Meter:
    """Waits for the word, measures this process for so long, says what it cost, and ends the process."""

    def __init__(self, seconds: float) -> None:
        self.sent = 0
        self.ticks = 0
        self._seconds = seconds
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        sys.stdin.readline()
        cpu, sent, ticks, began = process_time(), self.sent, self.ticks, perf_counter()
        sleep(self._seconds)
        cost = {"cpu_s": process_time() - cpu, "sent": self.sent - sent, "ticks": self.ticks - ticks, "wall_s": perf_counter() - began}
        print(json.dumps(cost), flush=True)
        os._exit(0)  # some of these servers end no other way


def ours(recorded: Recorded, clients: int, meter: Meter) -> None:
    def factory(settings: Settings, seats: int) -> Recorded:
        return recorded

    host, port = MatchHost(factory, entropy=os.urandom), open_udp()
    host.request(OpenMatch(MatchId(1), {}, recorded.schema.seats, 1))
    for number in range(clients):
        host.request(AdmitSeat(MatchId(1), Seat(number), SessionId(number + 1)))
    host.advance(perf_counter())
    tickets = [event.ticket for event in host.events() if isinstance(event, TicketIssued)]
    keys = [[ticket.connection_id, ticket.key_to_server.hex(), ticket.key_to_client.hex()] for ticket in tickets]
    print(json.dumps({"port": port.port, "tickets": keys}), flush=True)
    next_at = perf_counter()
    while True:
        now = perf_counter()
        for data, address in port.receive():
            host.receive_datagram(data, address, now)
        host.advance(now)
        if datagrams := host.datagrams_to_send(now):
            port.send(datagrams)
            meter.sent += len(datagrams)
        meter.ticks = host.statistics().ticks if now >= next_at else meter.ticks
        host.events()
        next_at = host.next_tick_at() or now
        sleep(max(0.0, next_at - perf_counter()))


def enet(recorded: Recorded, clients: int, meter: Meter) -> None:
    import enet as library

    host = library.Host(library.Address(b"127.0.0.1", 0), clients, 1, 0, 0)
    print(json.dumps({"port": host.address.port}), flush=True)
    next_at, connected = perf_counter(), 0
    while True:
        while (event := host.service(0)).type != library.EVENT_TYPE_NONE:
            connected += event.type == library.EVENT_TYPE_CONNECT
        if perf_counter() >= next_at:
            next_at += TICK_S
            meter.ticks += 1
            meter.sent += connected
            host.broadcast(0, library.Packet(msgpack_bytes(recorded.world(meter.ticks)), library.PACKET_FLAG_UNSEQUENCED))
            host.flush()
        sleep(max(0.0, next_at - perf_counter()))


def pygase(recorded: Recorded, clients: int, meter: Meter) -> None:
    import socket

    from pygase import GameState
    from pygase.backend import Backend
    from pygase.connection import Connection, ServerConnection

    Connection._package_intervals = {"good": TICK_S, "bad": TICK_S}
    made = ServerConnection._create_next_package

    def counted(connection: Any) -> Any:
        meter.sent += 1
        return made(connection)

    def step(state: Any, dt: float) -> dict[str, Any]:
        meter.ticks += 1
        return plain(recorded.world(meter.ticks))

    ServerConnection._create_next_package = counted
    backend = Backend(GameState(**plain(recorded.world(0))), step)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    print(json.dumps({"port": port}), flush=True)
    backend.game_state_machine.run_game_loop_in_thread(TICK_S)
    backend.server.run(port, "127.0.0.1")


def plain(world: World) -> dict[str, Any]:
    """The living rows' public cells as lists of integers."""
    kinds = {}
    for table in world.tables:
        cells = table.public
        kinds[table.kind.name] = [[slot, *cells[1:, slot].tolist()] for slot in np.flatnonzero(cells[0]).tolist()]
    return kinds


SERVERS: dict[str, Callable[[Recorded, int, Meter], None]] = {"ours": ours, "enet": enet, "pygase": pygase}


def main() -> None:
    name, folder, clients, seconds = sys.argv[1:]
    recorded = Recorded(Path(folder), int(clients))
    threading.Timer(GIVE_UP_S + float(seconds), os._exit, (1,)).start()
    SERVERS[name](recorded, int(clients), Meter(float(seconds)))


if __name__ == "__main__":
    main()
