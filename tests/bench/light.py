"""Light players for load: what a server can see of a client, and nothing else, without a socket.

A full client decodes, predicts and interpolates; 256 of them do not fit one core beside the server that is measured. A light one
acknowledges every datagram and each snapshot's tick (the first bits of its message) and sends the commands that it should, a fixed lead
ahead. The moves were made beforehand by bots in a match of the same rules, so players spread, meet and shoot; each sees the others between
two ticks of his own, as every screen does. Datagrams are made by hand out of parts coded once, so that the load does not become what is
measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.contract import Command, Commands, PresentOnly, fill
from engine.control import messages as m
from engine.datagram.connection import PADDED_PING
from engine.datagram.messages import FRAGMENT, HEADER, HEADER_BYTES, KIND_SEALED, LAST_MESSAGE, LAST_MESSAGE_PREFIX, MESSAGE, PREFIX
from engine.datagram.replay_window import ReplayWindow
from engine.datagram.sealing import TO_CLIENT, TO_SERVER
from engine.ids import Seat, Ticket
from engine.replication import CommandEntry, CommandsMessage, write_commands
from engine.session.announcements import AnnouncementFeed
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE, COMMANDS_MESSAGE, HEARD_MESSAGE, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.wire import expand
from engine.world import FRACTIONS
from game.arena import ARENA_COMMAND, make_arena
from game.bots import Bot

LEAD_TICKS: Final = 3
VIEW_TICKS: Final = 2
"""The screen is so much behind the newest snapshot, and a fraction of a tick that differs from player to player."""
REPEATED: Final = 4
"""Commands per message: those that a LAN client has not seen confirmed yet."""
MOVES_TICKS: Final = 1800
MOVED_SEATS: Final = 16
KNOCK_S: Final = 0.1

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


class LightPlayer:
    """One seat in one match, from its ticket on, as far as the server can tell."""

    def __init__(self, ticket: Ticket | m.Seated, number: int, moves: MovesCode, view_fraction: int) -> None:
        self.snapshots = 0
        self.snapshot_bytes = 0
        self.complete_snapshots = 0
        self.newest_tick: int | None = None
        self._id: Final = ticket.connection_id
        self._out: Final = AESGCM(ticket.key_to_server)
        self._in: Final = AESGCM(ticket.key_to_client)
        self._window: Final = ReplayWindow()
        self._sent = 0
        self._heard_at = 0.0
        self._knocked_at = float("-inf")
        self._fragments: dict[int, dict[int, bytes]] = {}
        self._moves: Final = moves
        self._phase: Final = number * 97
        self._view: Final = (LEAD_TICKS + VIEW_TICKS) * FRACTIONS - view_fraction
        self._feed: Final = AnnouncementFeed(ticket.announced if isinstance(ticket, m.Seated) else 0)
        self._is_told = False
        """Announcements have come since our last commands."""
        self._tick = 0
        self._run = 0
        """Commands in a row before and with the newest."""
        self._apart = 1
        """Ticks from message to message of commands, as the server wants it."""
        self._sent_tick = 0
        self._told_tick: int | None = None
        """Our newest command's tick in the last message, and the snapshot that it acknowledged."""

    def datagram(self, now: float) -> bytes | None:
        """What is to be sent in this tick: commands, or a knock while nothing has come, or nothing."""
        if self.newest_tick is not None:
            self._next_tick(self.newest_tick)
            since = self._tick - self._sent_tick
            if 0 < since < (self._apart - 1 if self.newest_tick != self._told_tick else self._apart):
                return None
            self._sent_tick, self._told_tick = self._tick, self.newest_tick
            return self._sealed(self._commands(self.newest_tick), now)
        if now - self._knocked_at < KNOCK_S:
            return None
        self._knocked_at = now
        return self._sealed(PADDED_PING, now)

    def receive(self, datagram: bytes, now: float) -> None:
        """Take the server's datagram: acknowledge it, and see whether it completes a snapshot."""
        header = datagram[:HEADER_BYTES]
        sequence = expand(HEADER.unpack(header)[2], self._window.newest)
        try:
            body = self._in.decrypt(_NONCE.pack(TO_CLIENT, sequence), datagram[HEADER_BYTES:], header)
        except InvalidTag:
            return
        if self._window.is_fresh(sequence) and self._window.advance(sequence):
            self._heard_at = now
        self._take(body)

    def _sealed(self, parts: bytes, now: float) -> bytes:
        """One sealed datagram with our acknowledgements."""
        self._sent = sequence = self._sent + 1
        window = self._window
        held = max(0, min(65534, int((now - self._heard_at) * 16000)))
        header = HEADER.pack(KIND_SEALED, self._id, sequence & 0xFFFF)
        body = PREFIX.pack(window.newest & 0xFFFF, held, window.ack_bits()) + parts
        return header + self._out.encrypt(_NONCE.pack(TO_SERVER, sequence), body, header)

    def _next_tick(self, newest: int) -> None:
        """Our tick comes: it leads the newest snapshot's, by more where its command may wait for others."""
        tick = max(self._tick + 1, newest + LEAD_TICKS + self._apart - 1)
        self._run = self._run + 1 if tick == self._tick + 1 else 1
        self._tick = tick

    def _commands(self, newest: int) -> bytes:
        """For the ticks up to ours, with those that may be missing."""
        view = self._view + (self._apart - 1) * FRACTIONS
        message = self._moves.message(self._tick, self._phase, view, newest, min(self._run, REPEATED + self._apart - 1))
        head = bytes([HEARD_MESSAGE]) + self._feed.newest.to_bytes(4) if self._is_told else bytes([COMMANDS_MESSAGE])
        self._is_told = False
        return LAST_MESSAGE_PREFIX + head + message

    def _take(self, body: bytes) -> None:
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
                self._apart = 1
                self._snapshot(found[1:])
            elif found[0] == PACED_SNAPSHOT_MESSAGE:
                self._apart = found[1]
                self._snapshot(found[2:])
            elif found[0] == ANNOUNCEMENTS_MESSAGE:
                self._feed.from_datagram(found[1:])
                self._is_told = True

    def _snapshot(self, message: bytes) -> None:
        head = int.from_bytes(message[:5].ljust(5, b"\0"), "big")
        ticks = head >> 34
        if ticks == 0:
            tick = (head >> 2) & 0xFFFFFFFF
            self.complete_snapshots += 1
        else:
            tick = expand((head >> 18) & 0xFFFF, self.newest_tick or 0)
        self.snapshots += 1
        self.snapshot_bytes += len(message)
        self.newest_tick = tick if self.newest_tick is None else max(tick, self.newest_tick)


def light_moves(map_name: str, seed: int) -> list[MovesCode]:
    """Of sixteen bots, coded once and checked: a load that spoke something else would measure how fast it is refused."""
    moves = [MovesCode(of_one) for of_one in bot_moves(map_name, seed)]
    for tick, phase in ((1000, 5), (MOVES_TICKS * 3, 97)):
        expected = write_commands(ARENA_COMMAND, CommandsMessage(tick - 3, False, moves[0].entries(tick, phase, 1234, REPEATED)))
        assert moves[0].message(tick, phase, 1234, tick - 3, REPEATED) == expected
    return moves


def view_fractions(seed: int, count: int) -> list[int]:
    """How much of a tick each player's screen is behind the newest tick that it shows."""
    random = Random(seed)
    return [random.randrange(FRACTIONS) for _ in range(count)]
