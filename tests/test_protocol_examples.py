"""The examples of engine/PROTOCOL.md: the code reads and writes their bytes, and a second reader understands what the engine writes."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, get_args

import msgspec
import pytest

from engine.contract import CommandField, CommandSchema, game_description, game_digest
from engine.control import messages
from engine.control.codec import read_message, read_news, read_request, write_message
from engine.control.frames import FrameReader, write_frame
from engine.datagram.messages import HEADER, HEADER_BYTES, KIND_SEALED, PREFIX, PREFIX_BYTES, Farewell, Part, read_parts
from engine.datagram.sealing import make_seals
from engine.discovery import Answer, Query, ServerInfo, read_answer, read_query, write_answer, write_query
from engine.ids import ConnectionId, Ticket
from engine.replication import (
    CommandEntry,
    CommandFeedback,
    CommandsMessage,
    Decoded,
    SnapshotDecoder,
    SnapshotEncoder,
    read_commands,
    write_commands,
)
from engine.session.announcements import Announcement, AnnouncementLog, read_announcements
from engine.session.message_kinds import ANNOUNCEMENTS_MESSAGE, COMMANDS_MESSAGE, SNAPSHOT_MESSAGE
from engine.wire import BitReader, BitWriter
from engine.world import Field, Kind, Range, Schema, World
from tests import second_reader
from tests.protocol_page import bits_of, examples, hex_of, says

# --- examples: bits, schema ---------------------------------------------------------------------------------------------------------


def test_bits() -> None:
    (lines,) = examples("bits")
    for line in lines:
        match = re.fullmatch(r"(eg|seg|range)\((-?\d+)(?:, (-?\d+))?\) +(-?\d+)(?: +([01]+))?", line)
        assert match is not None, line
        code, first, second, value, text = match[1], int(match[2]), int(match[3] or 0), int(match[4]), match[5] or ""
        writer, reader = BitWriter(), BitReader(int(text.ljust(-(-len(text) // 8) * 8, "0") or "0", 2).to_bytes(-(-len(text) // 8), "big"))
        if code == "range":
            writer.write_range(value, first, second)
            assert reader.read_range(first, second) == value
        elif code == "eg":
            writer.write_golomb(value, first)
            assert reader.read_golomb(first) == value
        else:
            writer.write_signed_golomb(value, first)
            assert reader.read_signed_golomb(first) == value
        written, bits = writer.to_int()
        assert (f"{written:0{bits}b}" if bits else "") == text, line
        assert reader.position == len(text)


def example_schema(seats: int) -> Schema:
    (lines,) = examples("schema")
    kinds = []
    for kind in json.loads("\n".join(lines))["kinds"]:
        fields = [Field(f["name"], Range(f["low"], f["high"]), f["motion"], f["blend"], f["visible_to"]) for f in kind["fields"]]
        kinds.append(Kind(kind["name"], tuple(fields), kind["capacity"], kind["per_seat"]))
    return Schema(*kinds, seats=seats)


def example_command() -> CommandSchema:
    (lines,) = examples("command")
    return CommandSchema(
        *(CommandField(f["name"], Range(f["low"], f["high"]), f["neutral"], f["latch"]) for f in json.loads("\n".join(lines)))
    )


def test_the_schemas_description() -> None:
    (lines,) = examples("schema")
    assert example_schema(3).describe() == json.loads("\n".join(lines))


def test_the_games_description_and_digest() -> None:
    ((*canonical, digest),) = examples("digest")
    game = example_schema(3), example_command()
    assert game_description(*game) == json.loads("".join(canonical))
    assert hashlib.sha256("".join(canonical).encode()).digest()[:8].hex() == digest
    assert game_digest(*game) == game_digest(example_schema(16), example_command()) == bytes.fromhex(digest)


def test_the_commands_description() -> None:
    (lines,) = examples("command")
    assert example_command().describe() == json.loads("\n".join(lines))


# --- examples: datagrams ------------------------------------------------------------------------------------------------------------


def assignments(lines: list[str]) -> dict[str, str]:
    return dict(line.split(" = ", 1) for line in lines if " = " in line)


def example_ticket() -> Ticket:
    (lines,) = examples("ticket")
    given = assignments(lines)
    keys = bytes.fromhex(given["key_to_server"]), bytes.fromhex(given["key_to_client"])
    return Ticket(ConnectionId(int(given["connection_id"], 16)), *keys, 10.0)


def shown(part: Part) -> list[object]:
    if isinstance(part, Farewell):
        return ["Farewell", part.reason.value]
    return [type(part).__name__, *(value.hex() if isinstance(value, bytes) else value for value in part)]


@pytest.mark.parametrize("lines", examples("datagram"), ids=lambda lines: lines[0])
def test_a_datagram(lines: list[str]) -> None:
    given, datagram, ticket = assignments(lines), hex_of(lines), example_ticket()
    to_client = {"to_server": False, "to_client": True}[given["direction"]]
    sequence, ack = int(given["sequence"]), (int(given["ack"]), int(given["ack_delay"]), int(given["ack_bits"]))
    header = HEADER.pack(KIND_SEALED, ticket.connection_id, sequence & 0xFFFF)
    seal, _ = make_seals(ticket, is_server=to_client)
    assert seal.close(sequence, header, PREFIX.pack(*ack) + bytes.fromhex(given["parts"])) == datagram
    _, opener = make_seals(ticket, is_server=not to_client)
    body = opener.open(sequence, datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
    assert body is not None
    assert PREFIX.unpack_from(body) == ack
    parts = read_parts(body, PREFIX_BYTES)
    assert parts is not None
    assert [shown(part) for part in parts] == json.loads(given["reads"])


# --- examples: control --------------------------------------------------------------------------------------------------------------


def unhexed(value: Any) -> Any:
    """JSON with ``hex:`` strings as the values that they stand for."""
    if isinstance(value, str) and value.startswith("hex:"):
        return bytes.fromhex(value.removeprefix("hex:"))
    if isinstance(value, dict):
        return {key: unhexed(part) for key, part in value.items()}
    return [unhexed(part) for part in value] if isinstance(value, list) else value


def example_message(line: str) -> messages.Message:
    reliable = re.match(r"Reliable (\d+) ", line)
    name, _, fields = line.removeprefix(reliable[0] if reliable else "").partition(" ")
    message = msgspec.convert(unhexed(json.loads(fields)) | {"type": name}, getattr(messages, name), builtin_types=(bytes,))
    assert isinstance(message, messages.Message)
    return messages.Reliable(int(reliable[1]), msgspec.Raw(msgspec.msgpack.encode(message))) if reliable else message


@pytest.mark.parametrize("lines", examples("control"), ids=lambda lines: lines[0].partition(" {")[0])
def test_a_control_frame(lines: list[str]) -> None:
    message, frame = example_message(lines[0]), hex_of(lines)
    assert write_frame(write_message(message), 65536) == frame  # type: ignore[arg-type]
    reader = FrameReader(65536)
    reader.receive(frame, 0.0)
    body = reader.next_frame(0.0)
    assert body is not None
    assert reader.buffered_bytes == 0
    read = read_message(body)
    if isinstance(message, messages.Reliable):
        assert isinstance(read, messages.Reliable)
        inner = bytes(read.body)
        assert (read.id, inner) == (message.id, bytes(message.body))
        assert (read_request(inner) or read_news(inner)) is not None
    else:
        assert read == message


def test_every_message_has_an_example() -> None:
    named = {line.removeprefix("Reliable ").lstrip("0123456789 ").partition(" ")[0] for line, *_ in examples("control")}
    types = get_args(messages.ConnectionMessage) + get_args(messages.Request) + get_args(messages.News)
    assert named | {"Reliable"} == {struct.__name__ for struct in types}


# --- examples: commands, snapshots --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", examples("commands"), ids=lambda lines: lines[0])
def test_a_message_of_commands(lines: list[str]) -> None:
    given, data, schema = says(lines), hex_of(lines), example_command()
    entries = tuple(CommandEntry(tick, tuple(values), view_tick, fraction) for tick, values, view_tick, fraction in given["entries"])
    message = CommandsMessage(given["acknowledged_tick"], given["wants_complete"], entries, given["has_mismatch"])
    assert bytes([COMMANDS_MESSAGE]) + write_commands(schema, message) == data
    assert read_commands(schema, data[1:]) == message
    read, notes = second_reader.read_commands(schema.describe(), data[1:])
    assert read == given
    told = bits_of(lines)
    assert told == ([("00000001", "message type = 1"), *notes] if told else [])


def example_world(schema: Schema, tick: int, lines: list[str]) -> World:
    """What the ``row`` lines say: all that the example's client may see."""
    world = World(schema, tick)
    for line in lines:
        if line.startswith("row "):
            _, kind, slot, fields = line.split(maxsplit=3)
            for name, value in json.loads(fields).items():
                getattr(world.table(kind), name)[int(slot)] = value
    return world


def test_the_snapshots_one_after_the_other() -> None:
    schema = example_schema(3)
    encoder, decoder, mirror = SnapshotEncoder(schema), SnapshotDecoder(schema, 0), second_reader.Mirror(schema.describe(), 3, 0)
    worlds: dict[int | None, World] = {}
    for lines in examples("snapshot"):
        given, data = says(lines), hex_of(lines)
        feedback = CommandFeedback(**given["feedback"])
        world = worlds[given["tick"]] = example_world(schema, given["tick"], lines)
        assert bytes([SNAPSHOT_MESSAGE]) + encoder.encode(world, worlds.get(given["baseline"]), 0, feedback) == data
        decoded = decoder.receive(data[1:])
        assert isinstance(decoded, Decoded)
        assert (decoded.tick, decoded.baseline_tick, decoded.feedback) == (given["tick"], given["baseline"], feedback)
        assert (decoded.world.cells == world.cells).all()
        read = mirror.receive(data[1:])
        assert {name: read[name] for name in given} == given
        assert bits_of(lines) == [("00000001", "message type = 1"), *mirror.notes]


def test_announcements() -> None:
    ((_, *given, last),) = examples("announcements")
    log, expected = AnnouncementLog(), []
    for line in given:
        number, tick, body = line.split()
        expected.append(Announcement(int(number), int(tick), unhexed(body)))
        assert log.add(int(tick), unhexed(body)) == expected[-1]
    data = hex_of([last])
    assert log.written(0) == (data, 2)
    assert data[0] == ANNOUNCEMENTS_MESSAGE
    assert read_announcements(data[1:]) == expected


# --- examples: discovery ------------------------------------------------------------------------------------------------------------


def test_discovery() -> None:
    query_lines, answer_lines = examples("discovery")
    query = Query(**unhexed(json.loads(query_lines[0].removeprefix("Query "))))
    assert write_query(query) == hex_of(query_lines)
    assert read_query(hex_of(query_lines)) == query
    fields = unhexed(json.loads(answer_lines[0].removeprefix("Answer ")))
    answer = Answer(fields.pop("nonce"), ServerInfo(**fields))
    assert write_answer(answer) == hex_of(answer_lines)
    assert read_answer(hex_of(answer_lines)) == answer
