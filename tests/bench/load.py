"""Light clients for load: real control connections and sealed datagrams over loopback, commands of real bots.

A full client decodes, predicts and interpolates; 256 of them do not fit one core beside the server that is measured. A light one does what
the server can see: it joins, gets its ticket, acknowledges each snapshot's tick (the first bits of its message) and sends the commands that
it should, a fixed lead ahead. The moves were made beforehand by bots in a match of the same rules, so players spread, meet and shoot.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from random import Random
from time import perf_counter, sleep
from typing import Final

from engine.contract import Command, Commands, PresentOnly, fill, game_description
from engine.control import ControlClient
from engine.control import client_events as c
from engine.control import messages as m
from engine.control.tls import TlsStream, client_context
from engine.datagram import Connection, Received
from engine.drivers.udp import UdpPort, open_udp
from engine.ids import Address, ConnectionId, Seat, Ticket
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.wire import expand
from engine.world import first_difference
from game.arena import ARENA_COMMAND, ARENA_DIGEST, ARENA_SCHEMA, make_arena
from game.bots import Bot

LEAD_TICKS: Final = 3
MOVES_TICKS: Final = 1800
MOVED_SEATS: Final = 16


def bot_moves(map_name: str, seed: int) -> list[list[Command]]:
    """Per seat of a 16-player bot match, its commands of half a minute."""
    arena = make_arena({"map": map_name, "frag_limit": 0, "time_limit_s": 600, "warmup_s": 0}, MOVED_SEATS)
    world = arena.new_world(seed)
    bots = [Bot(arena, 1, seed + seat) for seat in range(MOVED_SEATS)]
    for seat in range(MOVED_SEATS):
        arena.join(world, Seat(seat))
    commands, moves, past = Commands(ARENA_COMMAND, MOVED_SEATS), [[] for _ in range(MOVED_SEATS)], PresentOnly()
    for _ in range(MOVES_TICKS):
        given = [(Seat(seat), bot.command(world, Seat(seat))) for seat, bot in enumerate(bots)]
        for seat, command in given:
            moves[seat].append(command)
        world.tick += 1
        arena.step(world, fill(commands, given), past)
    return moves


class LightClient:
    """One player, as far as the server can tell."""

    def __init__(self, number: int, server: Address, moves: Sequence[Command]) -> None:
        self.snapshots = 0
        self.snapshot_bytes = 0
        self.complete_snapshots = 0
        self.newest_tick: int | None = None
        self.connection: Connection | None = None
        self.seat: int | None = None
        self.ended = ""
        self._server = server
        self._moves = moves
        self._phase = number * 97
        self._pending: list[CommandEntry] = []
        self._tick = 0
        self._due: dict[int, int] = {}
        self._control = ControlClient(
            schema_digest=ARENA_DIGEST,
            schema_description=game_description(ARENA_SCHEMA, ARENA_COMMAND),
            difference=first_difference,
            name=f"load {number}",
        )
        self._tls = TlsStream.client(client_context())
        self._socket = socket.create_connection((server.host, server.port), timeout=10)
        self._socket.setblocking(False)
        self._control.opened(perf_counter())
        self._joined = self._ready = False

    def poll_control(self, now: float) -> None:
        """The stream's turn; a few times a second is enough once we play."""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            data = b""
        if data and (plain := self._tls.receive(data)):
            self._control.receive(plain, now)
        self._control.advance(now)
        for event in self._control.events():
            self._take(event, now)
        if out := self._control.bytes_to_send(now):
            self._tls.send(out)
        if cipher := self._tls.bytes_to_send():
            self._socket.sendall(cipher)

    def receive(self, data: bytes, now: float) -> None:
        """A datagram for us."""
        connection = self.connection
        if connection is None:
            return
        connection.receive(data, self._server, now)
        for event in connection.events():
            if isinstance(event, Received):
                self._snapshot(event.message)
            elif type(event).__name__ == "Disconnected":
                self.ended = str(event)

    def send(self, now: float, rate_hz: int) -> list[tuple[Address, bytes]]:
        """Our tick: a command for the tick that comes next, with those that may be missing."""
        connection = self.connection
        if connection is None:
            return []
        connection.advance(now)
        if self.newest_tick is not None and not self.ended:
            tick = max(self._tick + 1, self.newest_tick + LEAD_TICKS)
            self._tick = tick
            command = self._moves[(tick + self._phase) % len(self._moves)]
            self._pending = [*self._pending[-3:], CommandEntry(tick, command, max(0, self.newest_tick - 2), 0)]
            message = CommandsMessage(self.newest_tick, False, tuple(self._pending))
            connection.send(b"\x01" + write_commands(ARENA_COMMAND, message))
        return connection.datagrams_to_send(now)

    def close(self) -> None:
        self._socket.close()

    def _snapshot(self, message: bytes) -> None:
        head = int.from_bytes(message[1:6].ljust(5, b"\0"), "big")
        ticks = head >> 34
        if ticks == 0:
            tick = (head >> 2) & 0xFFFFFFFF
            self.complete_snapshots += 1
        else:
            tick = expand((head >> 18) & 0xFFFF, self.newest_tick or 0)
        self.snapshots += 1
        self.snapshot_bytes += len(message) - 1
        self.newest_tick = tick if self.newest_tick is None else max(tick, self.newest_tick)

    def _take(self, event: object, now: float) -> None:
        if isinstance(event, c.Welcomed):
            self._control.request(m.JoinRoom(0))
        elif isinstance(event, c.Disconnected):
            self.ended = f"{event.reason} {event.detail}"
        elif isinstance(event, c.NewsReceived):
            news = event.message
            if isinstance(news, m.RoomState) and not self._ready:
                self._ready = True
                self._control.request(m.SetReady(True))
            elif isinstance(news, m.Seated):
                ticket = Ticket(ConnectionId(news.connection_id), news.key_to_server, news.key_to_client, news.lifetime_s)
                self.seat = news.seat
                self.connection = Connection(ticket, is_server=False, now=now, path=self._server)
            elif isinstance(news, m.Denied | m.LeftRoom):
                self.ended = str(news)


class Load:
    """Many light clients in one process, all on one UDP socket each... and one rhythm."""

    def __init__(self, server: Address, count: int, *, map_name: str, seed: int = 1) -> None:
        moves = bot_moves(map_name, seed)
        self.clients: Final = [LightClient(number, server, moves[number % len(moves)]) for number in range(count)]
        self._ports: Final[list[UdpPort]] = [open_udp(families=(socket.AF_INET,)) for _ in self.clients]
        self._random: Final = Random(seed)

    def run(self, seconds: float, rate_hz: int, *, join_limit_s: float = 60.0) -> float:
        """Join, then play for so many seconds; returns the seconds that were really played."""
        joined_by = perf_counter() + join_limit_s
        while not all(client.newest_tick is not None or client.ended for client in self.clients):
            if perf_counter() > joined_by:
                break
            self._round(rate_hz, control_every=1)
            sleep(0.002)
        began = perf_counter()
        for client in self.clients:
            client.snapshots = client.snapshot_bytes = client.complete_snapshots = 0
        period, turn = 1.0 / rate_hz, 0
        while (now := perf_counter()) < began + seconds:
            self._round(rate_hz, control_every=30, turn=turn)
            turn += 1
            sleep(max(0.0, began + (turn * period) - perf_counter()))
        return now - began

    def _round(self, rate_hz: int, *, control_every: int, turn: int = 0) -> None:
        now = perf_counter()
        for number, (client, port) in enumerate(zip(self.clients, self._ports, strict=True)):
            for data, _ in port.receive(16):
                client.receive(data, now)
            if datagrams := client.send(now, rate_hz):
                port.send(datagrams)
            if (number + turn) % control_every == 0:
                client.poll_control(now)

    def close(self) -> None:
        for client, port in zip(self.clients, self._ports, strict=True):
            client.close()
            port.close()
