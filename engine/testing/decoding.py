"""Bytes of the last arrivals in words, for the report of a failed test: who told whom what.

A simulation leaves TLS out, so streams can be read as they are; the datagrams are sealed, but a simulation holds the clients, and they
hold the keys. What cannot be read (bits flipped on purpose, a connection that has ended, a piece of a longer frame) is said to be that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from engine.contract import CommandSchema
from engine.control import messages as m
from engine.control.codec import read_message, read_news, read_request
from engine.control.frames import HEADER_BYTES as FRAME_HEADER_BYTES
from engine.datagram.connection import Connection
from engine.datagram.inspect import connection_id_of, open_datagram
from engine.datagram.messages import Challenge, Farewell, Fragment, Message, Part, Response
from engine.discovery.query import ANSWER_MAGIC, QUERY_MAGIC
from engine.replication.commands import read_commands
from engine.replication.feedback import read_feedback
from engine.session.announcements import Announcement, read_announcements
from engine.session.client import MatchClient
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE, COMMANDS_MESSAGE, HEARD_MESSAGE, PACED_SNAPSHOT_MESSAGE, SNAPSHOT_MESSAGE
from engine.testing.participants import SimulatedClient
from engine.wire import BitReader, ReadError, expand

WORDS_MAX: Final = 160
"""Of one message; a whole room's state would fill the screen."""
HEX_BYTES: Final = 24
_SECRETS: Final = ("key_to_server", "key_to_client", "token", "password")


class Decoder:
    """Knows the clients of one simulation. Use as ``network.recent(Decoder(simulation.clients))``."""

    def __init__(self, clients: Iterable[SimulatedClient]) -> None:
        self._matches: Final[list[tuple[str, Connection, CommandSchema, int]]] = []
        for simulated in clients:
            client = simulated.client
            match = (client.match or client._last_match) if isinstance(client, MatchClient) else None
            if match is not None:
                self._matches.append((simulated.name, match.connection, match.game.command, match.decoder.newest_tick or 0))

    def __call__(self, data: bytes, is_stream: bool) -> str:
        """The words for a datagram, or for what was written to a stream at once."""
        return self._stream(data) if is_stream else self._datagram(data)

    def _datagram(self, data: bytes) -> str:
        if data.startswith((QUERY_MAGIC, ANSWER_MAGIC)):
            return f"discovery {'question' if data.startswith(QUERY_MAGIC) else 'answer'}, {len(data)} bytes"
        connection_id = connection_id_of(data)
        if connection_id is None:
            return f"no datagram of the game: {_hex(data)}"
        for name, connection, commands, newest_tick in self._matches:
            if connection.id != connection_id:
                continue
            opened = open_datagram(connection, data)
            if opened is None:
                return f"connection of {name}, seal broken: {_hex(data)}"
            parts = [_part(part, commands, newest_tick, is_to_server=opened.is_ours) for part in opened.parts]
            way = f"{name} to server" if opened.is_ours else f"server to {name}"
            return f"{way} #{opened.sequence}, ack {opened.acknowledged}: {'; '.join(parts) or 'nothing but the ack'}"
        return f"connection {connection_id:#010x}, which nobody here has (any more): {_hex(data)}"

    def _stream(self, data: bytes) -> str:
        words: list[str] = []
        at = 0
        while at + FRAME_HEADER_BYTES < len(data) and len(words) < 8:
            length = int.from_bytes(data[at : at + FRAME_HEADER_BYTES], "big")
            body = data[at + FRAME_HEADER_BYTES : at + FRAME_HEADER_BYTES + length]
            message = read_message(body) if len(body) == length else None
            if message is None:
                break
            words.append(self._message(message))
            at += FRAME_HEADER_BYTES + length
        if at < len(data):
            words.append(f"a piece of a frame: {_hex(data[at:])}")
        return "; ".join(words)

    def _message(self, message: m.ConnectionMessage) -> str:
        if isinstance(message, m.Reliable):
            body = bytes(message.body)
            return f"Reliable {message.id}: {_shown(read_request(body) or read_news(body))}"
        if isinstance(message, m.Carried):
            return f"Carried: {self._datagram(message.datagram)}"
        return _shown(message)


def _part(part: Part, commands: CommandSchema, newest_tick: int, *, is_to_server: bool) -> str:
    if isinstance(part, Message):
        if is_to_server:
            return _commands(commands, part.content)
        announced = read_announcements(part.content[1:]) if part.content[:1] == bytes([ANNOUNCEMENTS_MESSAGE]) else []
        return "; ".join(map(_announcement, announced)) or _snapshot(part.content, newest_tick)
    if isinstance(part, Fragment):
        return f"fragment {part.place} of 0 to {part.last} of message {part.message}, {len(part.content)} bytes"
    if isinstance(part, Challenge | Response | Farewell):
        return _shown(part)
    return "ping"


def _commands(schema: CommandSchema, content: bytes) -> str:
    heard = content[:1] == bytes([HEARD_MESSAGE]) and len(content) > 5
    body = content[5:] if heard else content[1:]
    message = read_commands(schema, body) if heard or content[:1] == bytes([COMMANDS_MESSAGE]) else None
    if message is None:
        return f"unreadable message: {_hex(content)}"
    announced = f"has announcement {int.from_bytes(content[1:5])}, " if heard else ""
    has = announced + f"has snapshot {message.acknowledged_tick}" if message.acknowledged_tick is not None else "has no snapshot"
    wants = ", wants a complete one" if message.wants_complete else ""
    if not message.entries:
        return f"{has}{wants}, no commands"
    newest = message.entries[-1]
    fields = ", ".join(
        f"{field.name}={value}" for field, value in zip(schema.fields, newest.command, strict=True) if value != field.neutral
    )
    return f"{has}{wants}, commands {message.entries[0].tick} to {newest.tick} ({fields or 'neutral'})"


def _snapshot(content: bytes, newest_tick: int) -> str:
    """The head of a snapshot: its rows mean something only to who holds the baseline."""
    try:
        is_paced = content[:1] == bytes([PACED_SNAPSHOT_MESSAGE])
        if content[:1] != bytes([SNAPSHOT_MESSAGE]) and not is_paced:
            raise ReadError("not a snapshot")
        reader = BitReader(content[1:])
        pace = f", commands wanted every {reader.read(8)} ticks" if is_paced else ""
        ticks = reader.read(6)
        tick = expand(reader.read(16), newest_tick) if ticks else reader.read(32)
        reader.read(32)  # the checksum of a world that only a client with the baseline can build
        feedback = read_feedback(reader, tick)
    except ReadError:
        return f"unreadable message: {_hex(content)}"
    kind = f"built on {tick - ticks}" if ticks else "complete"
    return f"snapshot {tick} {kind}, {len(content)} bytes, command used {feedback.last_used_tick}{pace}"


def _announcement(announcement: Announcement) -> str:
    return f"announcement {announcement.number} of tick {announcement.tick}: {_hex(announcement.body)}"


def _shown(message: Any) -> str:
    if hasattr(message, "__struct_fields__"):
        fields = ((name, getattr(message, name)) for name in message.__struct_fields__)
        told = ", ".join(f"{name}={'...' if name in _SECRETS else repr(value)}" for name, value in fields)
        words = f"{type(message).__name__}({told})"
    else:
        words = repr(message)
    return words if len(words) <= WORDS_MAX else words[:WORDS_MAX] + " ..."


def _hex(data: bytes) -> str:
    return f"{len(data)} bytes {data[:HEX_BYTES].hex()}{'...' if len(data) > HEX_BYTES else ''}"
