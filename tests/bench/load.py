"""Light clients for load: real control connections and sealed datagrams over loopback, commands of real bots.

A full client decodes, predicts and interpolates; 256 of them do not fit one core beside the server that is measured. A light one does
what the server can see: it joins, gets its ticket, acknowledges every datagram and each snapshot's tick (the first bits of its message)
and sends the commands that it should, a fixed lead ahead. The moves were made beforehand by bots in a match of the same rules, so players
spread, meet and shoot; each sees the others between two ticks of his own, as every screen does.

So that the load does not become what is measured, its datagrams are made by hand (:class:`LightPeer`) out of parts coded once, and its
clients take turns over the tick, a few milliseconds apart each from the next, as players on a network do.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from random import Random
from struct import Struct
from time import perf_counter, sleep
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.contract import Command, Commands, PresentOnly, fill, game_description
from engine.control import ControlClient
from engine.control import client_events as c
from engine.control import messages as m
from engine.control.tls import TlsStream, client_context
from engine.datagram.connection import PADDED_PING
from engine.datagram.messages import FRAGMENT, HEADER, HEADER_BYTES, KIND_SEALED, LAST_MESSAGE, LAST_MESSAGE_PREFIX, MESSAGE, PREFIX
from engine.datagram.replay_window import ReplayWindow
from engine.datagram.sealing import TO_CLIENT, TO_SERVER
from engine.ids import Address, Seat
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.session.message_kinds import COMMANDS_MESSAGE, SNAPSHOT_MESSAGE
from engine.wire import expand
from engine.world import FRACTIONS, first_difference
from game.arena import ARENA_COMMAND, ARENA_DIGEST, ARENA_SCHEMA, make_arena
from game.bots import Bot

LEAD_TICKS: Final = 3
VIEW_TICKS: Final = 2
"""The screen is so much behind the newest snapshot, and a fraction of a tick that differs from player to player."""
REPEATED: Final = 4
"""Commands per message: those that a LAN client has not seen confirmed yet."""
MOVES_TICKS: Final = 1800
MOVED_SEATS: Final = 16
TURNS_PER_TICK: Final = 8
KNOCK_S: Final = 0.1
CONTROL_EVERY_S: Final = 0.5

_NONCE: Final = Struct(">IQ")
_FRAGMENT_HEAD: Final = Struct(">BHBBH")
_MESSAGE_HEAD: Final = Struct(">BH")
_PREFIX_END: Final = PREFIX.size


def bot_moves(map_name: str, seed: int) -> list[list[Command]]:
    """Per seat of a 16-player bot match, its commands of half a minute."""
    arena = make_arena({"map": map_name, "frag_limit": 0, "time_limit_s": 600, "warmup_s": 0}, MOVED_SEATS)
    world = arena.new_world(seed)
    bots = [Bot(arena, 1, seed + seat) for seat in range(MOVED_SEATS)]
    for seat in range(MOVED_SEATS):
        arena.join(world, Seat(seat))
    moves: list[list[Command]] = [[] for _ in range(MOVED_SEATS)]
    commands, past = Commands(ARENA_COMMAND, MOVED_SEATS), PresentOnly()
    for _ in range(MOVES_TICKS):
        given = [(Seat(seat), bot.command(world, Seat(seat))) for seat, bot in enumerate(bots)]
        for seat, command in given:
            moves[seat].append(command)
        world.tick += 1
        arena.step(world, fill(commands, given), past)
    return moves


class MovesCode:
    """One player's moves for ever, as bits: each command as the newest of a message, and as the one before its successor."""

    def __init__(self, moves: Sequence[Command]) -> None:
        count = len(moves)
        self._moves: Final = moves
        self._newest: Final = [_bits_of(command) for command in moves]
        self._older: Final = [_change_bits(moves[index], moves[(index + 1) % count]) for index in range(count)]

    def message(self, tick: int, phase: int, view: int, acknowledged: int, entries: int) -> bytes:
        """Commands for ``tick`` and the ``entries - 1`` ticks before it, seen ``view`` 256ths of a tick behind: what
        :func:`write_commands` makes of them.
        """
        count = len(self._moves)
        index = (tick + phase) % count
        code = 2 * view + (1 << 10)  # zigzag of a distance that is positive, exp-Golomb of order 10
        size = code.bit_length()
        value, bits = self._newest[index]
        packed = ((((1 << 32 | acknowledged) << 7 | entries) << 32 | tick) << 2 * size - 11 | code) << bits | value
        total = 33 + 7 + 32 + 2 * size - 11 + bits
        for back in range(1, entries):
            value, bits = self._older[(index - back) % count]
            packed = packed << bits | value
            total += bits
        return (packed << (-total % 8)).to_bytes((total + 7) // 8, "big")

    def entries(self, tick: int, phase: int, view: int, entries: int) -> tuple[CommandEntry, ...]:
        """The same as values, to compare with."""
        made = []
        for at in range(tick - entries + 1, tick + 1):
            seen = at * FRACTIONS - view
            made.append(CommandEntry(at, self._moves[(at + phase) % len(self._moves)], seen // FRACTIONS, seen % FRACTIONS))
        return tuple(made)


def _bits_of(command: Command) -> tuple[int, int]:
    packed = size = 0
    for value, (low, _, bits) in zip(command, ARENA_COMMAND.spans, strict=True):
        packed = packed << bits | value - low
        size += bits
    return packed, size


def _change_bits(command: Command, newer: Command) -> tuple[int, int]:
    """A gap of none, no change of view, and what is different."""
    if command == newer:
        return 0b100, 3
    packed, size = 0b101, 3
    for value, other, (low, _, bits) in zip(command, newer, ARENA_COMMAND.spans, strict=True):
        packed, size = (packed << 1, size + 1) if value == other else ((packed << 1 | 1) << bits | value - low, size + 1 + bits)
    return packed, size


class LightPeer:
    """A datagram connection's client half with what a server can see of it, and nothing else."""

    def __init__(self, ticket: m.Seated, server: Address) -> None:
        self.heard = False
        self._id: Final = ticket.connection_id
        self._out: Final = AESGCM(ticket.key_to_server)
        self._in: Final = AESGCM(ticket.key_to_client)
        self._window: Final = ReplayWindow()
        self._sent = 0
        self._heard_at = 0.0
        self._fragments: dict[int, dict[int, bytes]] = {}
        self._socket: Final = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((server.host, server.port))

    def send(self, parts: bytes, now: float) -> None:
        """One sealed datagram with our acknowledgements."""
        self._sent = sequence = self._sent + 1
        window = self._window
        held = max(0, min(65534, int((now - self._heard_at) * 16000)))
        header = HEADER.pack(KIND_SEALED, self._id, sequence & 0xFFFF)
        body = PREFIX.pack(window.newest & 0xFFFF, held, window.ack_bits()) + parts
        try:
            self._socket.send(header + self._out.encrypt(_NONCE.pack(TO_SERVER, sequence), body, header))
        except OSError:
            return  # lost, as on any network

    def receive(self, now: float) -> list[bytes]:
        """The snapshots' messages that have come, fragments put together."""
        messages: list[bytes] = []
        recv = self._socket.recv
        while True:
            try:
                datagram = recv(2048)
            except OSError:
                return messages
            header = datagram[:HEADER_BYTES]
            sequence = expand(HEADER.unpack(header)[2], self._window.newest)
            try:
                body = self._in.decrypt(_NONCE.pack(TO_CLIENT, sequence), datagram[HEADER_BYTES:], header)
            except InvalidTag:
                continue
            self.heard = True
            if self._window.is_fresh(sequence) and self._window.advance(sequence):
                self._heard_at = now
            self._take(body, messages)

    def _take(self, body: bytes, messages: list[bytes]) -> None:
        at = _PREFIX_END
        while at < len(body):
            kind = body[at]
            if kind == LAST_MESSAGE:
                found, at = body[at + 1 :], len(body)
            elif kind == MESSAGE:
                end = at + 3 + _MESSAGE_HEAD.unpack_from(body, at)[1]
                found, at = body[at + 3 : end], end
            elif kind == FRAGMENT:
                _, number, place, last, length = _FRAGMENT_HEAD.unpack_from(body, at)
                pieces = self._fragments.setdefault(number, {})
                pieces[place] = body[at + 7 : at + 7 + length]
                at += 7 + length
                if len(pieces) <= last:
                    continue
                self._fragments = {}
                found = b"".join(pieces[index] for index in range(last + 1))
            else:
                return
            if found[0] == SNAPSHOT_MESSAGE:
                messages.append(found)

    def close(self) -> None:
        self._socket.close()


class LightClient:
    """One player, as far as the server can tell."""

    def __init__(self, number: int, server: Address, moves: MovesCode, view_fraction: int) -> None:
        self.snapshots = 0
        self.snapshot_bytes = 0
        self.complete_snapshots = 0
        self.newest_tick: int | None = None
        self.seat: int | None = None
        self.ended = ""
        self._peer: LightPeer | None = None
        self._knocked_at = 0.0
        self._server = server
        self._moves = moves
        self._phase = number * 97
        self._view = (LEAD_TICKS + VIEW_TICKS) * FRACTIONS - view_fraction
        self._tick = 0
        self._run = 0
        """Commands in a row before and with the newest."""
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
        self._control_at = 0.0
        self._ready = False

    @property
    def is_settled(self) -> bool:
        """Playing, or out for good."""
        return self.newest_tick is not None or bool(self.ended)

    def turn(self, now: float) -> None:
        """Once per tick: take what has come, send what is due."""
        if now >= self._control_at:
            self._control_at = now + (CONTROL_EVERY_S if self.newest_tick is not None else 0.0)
            self._poll_control(now)
        peer = self._peer
        if peer is None or self.ended:
            return
        for message in peer.receive(now):
            self._snapshot(message)
        if self.newest_tick is not None:
            peer.send(self._commands(self.newest_tick), now)
        elif now - self._knocked_at >= KNOCK_S:
            self._knocked_at = now
            peer.send(PADDED_PING, now)

    def _commands(self, newest: int) -> bytes:
        """Our tick: a command for the tick that comes next, with those that may be missing."""
        tick = max(self._tick + 1, newest + LEAD_TICKS)
        self._run = min(self._run + 1, REPEATED) if tick == self._tick + 1 else 1
        self._tick = tick
        message = self._moves.message(tick, self._phase, self._view, newest, self._run)
        return LAST_MESSAGE_PREFIX + bytes([COMMANDS_MESSAGE]) + message

    def close(self) -> None:
        self._socket.close()
        if self._peer is not None:
            self._peer.close()

    def _poll_control(self, now: float) -> None:
        try:
            data = self._socket.recv(1 << 18)
        except BlockingIOError:
            data = b""
        if data and (plain := self._tls.receive(data)):
            self._control.receive(plain, now)
        self._control.advance(now)
        for event in self._control.events():
            self._take(event)
        if out := self._control.bytes_to_send(now):
            self._tls.send(out)
        if cipher := self._tls.bytes_to_send():
            self._socket.sendall(cipher)

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

    def _take(self, event: object) -> None:
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
                if self._peer is not None:
                    self._peer.close()
                self._peer, self.newest_tick = LightPeer(news, self._server), None
                self.seat = news.seat
            elif isinstance(news, m.Denied | m.LeftRoom):
                self.ended = str(news)


class Load:
    """Many light clients in one process, each with sockets of its own."""

    def __init__(self, server: Address, count: int, *, map_name: str, seed: int = 1) -> None:
        moves = [MovesCode(of_one) for of_one in bot_moves(map_name, seed)]
        _check(moves[0])
        random = Random(seed)
        self.clients: Final = [
            LightClient(number, server, moves[number % len(moves)], random.randrange(FRACTIONS)) for number in range(count)
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

    def run(self, seconds: float, rate_hz: int) -> float:
        """Play for so many seconds, counting snapshots from zero; returns the seconds that were really played."""
        for client in self.clients:
            client.snapshots = client.snapshot_bytes = client.complete_snapshots = 0
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


def _check(moves: MovesCode) -> None:
    """A load that spoke something else would measure how fast it is refused."""
    for tick, phase in ((1000, 5), (MOVES_TICKS * 3, 97)):
        entries = moves.entries(tick, phase, 1234, REPEATED)
        expected = write_commands(ARENA_COMMAND, CommandsMessage(tick - 3, False, entries))
        assert moves.message(tick, phase, 1234, tick - 3, REPEATED) == expected
