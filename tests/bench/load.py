"""Light clients over real sockets: control connections with TLS and sealed datagrams over loopback, for :mod:`tests.bench.capacity`.

Each joins by the lobby, gets its ticket and plays as :class:`~tests.bench.light.LightPlayer` does. They take turns over the tick, a few
milliseconds apart each from the next, as players on a network do.
"""

from __future__ import annotations

import socket
from time import perf_counter, sleep
from typing import Final

from engine.contract import game_description
from engine.control import ControlClient
from engine.control import client_events as c
from engine.control import messages as m
from engine.control.tls import TlsStream, client_context
from engine.ids import Address
from engine.world import first_difference
from game.arena import ARENA_COMMAND, ARENA_DIGEST, ARENA_SCHEMA
from tests.bench.light import LightPlayer, MovesCode, light_moves, view_fractions

SEATS_MAX: Final = 256
"""Of a match; more clients open rooms of their own."""
TURNS_PER_TICK: Final = 8
CONTROL_EVERY_S: Final = 0.5


class LightClient:
    """One player with his two sockets."""

    def __init__(self, number: int, server: Address, moves: MovesCode, view_fraction: int, rooms: dict[int, int], map_name: str) -> None:
        """``rooms``: id of each room that is there already, by its place among the rooms; the first player of a room opens it."""
        self.room: Final = number // SEATS_MAX
        self.seat: int | None = None
        self.ended = ""
        self.player: LightPlayer | None = None
        self._number: Final = number
        self._server: Final = server
        self._moves: Final = moves
        self._rooms: Final = rooms
        self._map_name: Final = map_name
        self._is_asking = False
        """It may enter its room as soon as that is there."""
        self._view_fraction: Final = view_fraction
        self._control: Final = ControlClient(
            schema_digest=ARENA_DIGEST,
            schema_description=game_description(ARENA_SCHEMA, ARENA_COMMAND),
            difference=first_difference,
            name=f"load {number}",
        )
        self._tls: Final = TlsStream.client(client_context())
        self._socket: Final = socket.create_connection((server.host, server.port), timeout=10)
        self._socket.setblocking(False)
        self._udp: Final = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        self._udp.connect((server.host, server.port))
        self._control.opened(perf_counter())
        self._control_at = 0.0
        self._ready = False

    @property
    def newest_tick(self) -> int | None:
        """The newest tick that it has been shown."""
        return None if self.player is None else self.player.newest_tick

    @property
    def is_settled(self) -> bool:
        """Playing, or out for good."""
        return self.newest_tick is not None or bool(self.ended)

    def turn(self, now: float) -> None:
        """Once per tick: take what has come, send what is due."""
        if now >= self._control_at:
            self._control_at = now + (CONTROL_EVERY_S if self.newest_tick is not None else 0.0)
            self._poll_control(now)
        player = self.player
        if player is None or self.ended:
            return
        receive = self._udp.recv
        try:
            while True:
                player.receive(receive(2048), now)
        except OSError:
            pass  # nothing more has come
        datagram = player.datagram(now)
        if datagram is not None:
            try:
                self._udp.send(datagram)
            except OSError:
                return  # lost, as on any network

    def close(self) -> None:
        self._socket.close()
        self._udp.close()

    def _poll_control(self, now: float) -> None:
        try:
            data = self._socket.recv(1 << 18)
        except BlockingIOError:
            data = b""
        if data and (plain := self._tls.receive(data)):
            self._control.receive(plain, now)
        self._control.advance(now)
        if self._is_asking:
            self._enter()
        for event in self._control.events():
            self._take(event)
        if out := self._control.bytes_to_send(now):
            self._tls.send(out)
        if cipher := self._tls.bytes_to_send():
            self._socket.sendall(cipher)

    def _enter(self) -> None:
        room_id = self._rooms.get(self.room)
        if room_id is not None:
            self._control.request(m.JoinRoom(room_id))
        elif self._number % SEATS_MAX == 0:
            settings: dict[str, int | str] = {"map": self._map_name, "frag_limit": 0, "time_limit_s": 3600, "warmup_s": 0}
            self._control.request(m.CreateRoom(f"Arena {self.room + 1}", settings, seats=SEATS_MAX))
        else:
            return
        self._is_asking = False

    def _take(self, event: object) -> None:
        if isinstance(event, c.Welcomed):
            self._is_asking = True
            self._enter()
        elif isinstance(event, c.Disconnected):
            self.ended = f"{event.reason} {event.detail}"
        elif isinstance(event, c.NewsReceived):
            news = event.message
            if isinstance(news, m.RoomState) and not self._ready:
                self._ready = True
                self._rooms.setdefault(self.room, news.room_id)
                self._control.request(m.SetReady(True))
            elif isinstance(news, m.Seated):
                self.player = LightPlayer(news, self._number, self._moves, self._view_fraction)
                self.seat = news.seat
            elif isinstance(news, m.Denied | m.LeftRoom):
                self.ended = str(news)


class Load:
    """Many light clients in one process, each with sockets of its own."""

    def __init__(self, server: Address, count: int, *, map_name: str, seed: int = 1) -> None:
        moves, fractions = light_moves(map_name, seed), view_fractions(seed, count)
        rooms = {0: 0}  # the permanent one
        self.clients: Final = [
            LightClient(number, server, moves[number % len(moves)], fractions[number], rooms, map_name) for number in range(count)
        ]
        self._turn = 0
        self.kept_up_pct = 100.0
        """Turns taken of those that were due in the last run: below 99 the load was too slow, and the figures say little."""

    def join(self, rate_hz: int, limit_s: float = 60.0) -> int:
        """Until everybody plays or the time is up; returns how many play."""
        until = perf_counter() + limit_s
        while not all(client.is_settled for client in self.clients) and perf_counter() < until:
            self.run(0.25, rate_hz)
        return sum(client.newest_tick is not None for client in self.clients)

    @property
    def players(self) -> list[LightPlayer]:
        """Those who have a seat."""
        return [client.player for client in self.clients if client.player is not None]

    def run(self, seconds: float, rate_hz: int) -> float:
        """Play for so many seconds, counting snapshots from zero; returns the seconds that were really played."""
        for player in self.players:
            player.snapshots = player.snapshot_bytes = player.complete_snapshots = 0
        first_turn, began = self._turn, perf_counter()
        period = 1.0 / (rate_hz * TURNS_PER_TICK)
        while (now := perf_counter()) < began + seconds:
            group = self._turn % TURNS_PER_TICK
            self._turn += 1
            for client in self.clients[group::TURNS_PER_TICK]:
                client.turn(now)
            turns_done = int((perf_counter() - began) / period) + 1
            sleep(max(0.0, began + turns_done * period - perf_counter()))
        self.kept_up_pct = 100.0 * (self._turn - first_turn) * period / (now - began)
        return now - began

    def close(self) -> None:
        for client in self.clients:
            client.close()
