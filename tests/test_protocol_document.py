"""engine/PROTOCOL.md is read here: its constants, messages and states are the code's, the code reads and writes the bytes of its examples.

What the document marks as ```` ```example KIND ```` and its tables (by their headings) are the test's data. How many there are is counted,
so that none goes unchecked because it is not found.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import pytest

from engine.contract import CommandField, CommandSchema, game_description, game_digest
from engine.control import messages
from engine.control.codec import read_message, read_news, read_request, write_message
from engine.control.frames import FrameReader, write_frame
from engine.control.limits import VERB_RATES, ControlLimits, Rate
from engine.control.states import CLIENT_TRANSITIONS, SERVER_TRANSITIONS
from engine.datagram import states as datagram_states
from engine.datagram.limits import DatagramLimits
from engine.datagram.messages import HEADER, HEADER_BYTES, KIND_SEALED, PREFIX, PREFIX_BYTES, REASON_CODES, Farewell, Part, read_parts
from engine.datagram.sealing import make_seals
from engine.discovery import Answer, Query, ServerInfo, read_answer, read_query, write_answer, write_query
from engine.errors import DisconnectReason
from engine.ids import PROTOCOL_VERSION, ConnectionId, Ticket
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

TEXT = (Path(__file__).parent.parent / "engine" / "PROTOCOL.md").read_text()


# --- the document as data -----------------------------------------------------------------------------------------------------------


def fences() -> list[tuple[str, list[str]]]:
    return [(head, body.splitlines()) for head, body in re.findall(r"^```([^\n]*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]


def examples(kind: str) -> list[list[str]]:
    return [lines for head, lines in fences() if head == f"example {kind}"]


def tables() -> list[tuple[list[str], list[list[str]]]]:
    """(heading, rows) of every table outside of fences."""
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", prose, re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found.append((lines[0], lines[2:]))
    return found


def rows_of(*heading: str) -> list[list[str]]:
    return [row for head, rows in tables() if head == list(heading) for row in rows]


def hex_of(lines: list[str]) -> bytes:
    """The ``hex`` line of an example and the indented ones that continue it."""
    start = next(index for index, line in enumerate(lines) if line.startswith("hex "))
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return bytes.fromhex("".join(lines[start:end]).removeprefix("hex "))


def says(lines: list[str]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("says ")).removeprefix("says "))
    return value


def bits_of(lines: list[str]) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for line in lines if (match := re.match(r"([01]+) +(\S.*)$", line))]


CONSTANTS = rows_of("constant", "value", "where")


def test_the_parser_finds_what_is_there() -> None:
    kinds = [head for head, _ in fences() if head]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "example bits": 1,
        "example schema": 1,
        "example digest": 1,
        "example command": 1,
        "example ticket": 1,
        "example datagram": 9,
        "example control": 30,
        "example commands": 4,
        "example snapshot": 3,
        "example discovery": 2,
        "example announcements": 1,
    }
    assert len(CONSTANTS) > 150


# --- tables -------------------------------------------------------------------------------------------------------------------------


def value_at(where: str) -> Any:
    """``module:Name.field.field``; a dataclass stands for one with its defaults."""
    module, _, path = where.partition(":")
    value: Any = importlib.import_module(module)
    for name in path.split("."):
        if isinstance(value, type):
            value = value()
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value


@pytest.mark.parametrize(("constant", "value", "where"), CONSTANTS, ids=[where for _, _, where in CONSTANTS])
def test_a_constant_is_the_codes(constant: str, value: str, where: str) -> None:
    actual = value_at(where)
    assert json.loads(value) == actual, constant
    assert isinstance(json.loads(value), type(actual)), f"{constant}: {value} is not written as {type(actual).__name__}"


def test_every_limit_of_control_and_datagrams_is_in_the_document() -> None:
    named = {where for _, _, where in CONSTANTS}
    for limits, module in ((DatagramLimits(), "engine.datagram.limits"), (ControlLimits(), "engine.control.limits")):
        for field in dataclasses.fields(limits):
            where = f"{module}:{type(limits).__name__}.{field.name}"
            if isinstance(getattr(limits, field.name), Rate):
                assert {f"{where}.burst", f"{where}.per_s"} <= named, field.name
            elif field.name != "verb_rates":
                assert where in named, field.name
    for verb in VERB_RATES:
        assert {f"engine.control.limits:VERB_RATES.{verb}.{part}" for part in ("burst", "per_s")} <= named


def test_the_heading_names_the_version() -> None:
    assert f"Every byte between a client and a server, version {PROTOCOL_VERSION}." in TEXT


DOCUMENT_TYPES: dict[str, Any] = {
    "u8": messages.U8,
    "u16": messages.U16,
    "u32": messages.U32,
    "u53": messages.U53,
    "i32": messages.I32,
    "bool": bool,
    "seat or -1": Annotated[int, msgspec.Meta(ge=-1, le=1023)],
    "word": messages.Word,
    "text": messages.Text,
    "name": messages.Name,
    "room name": messages.RoomName,
    "typed name": messages.TypedName,
    "typed text": messages.TypedText,
    "typed room name": messages.TypedRoomName,
    "password": messages.Password,
    "settings": messages.MatchSettings,
    "8 bytes": Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)],
    "16 bytes": messages.Key,
    "<= 512 bytes": messages.Body,
    "<= 1200 bytes": messages.CarriedDatagram,
    "RoomSummary[64]": Annotated[list[messages.RoomSummary], msgspec.Meta(max_length=64)],
    "Member[512]": Annotated[list[messages.Member], msgspec.Meta(max_length=512)],
    "Standing[512]": Annotated[list[messages.Standing], msgspec.Meta(max_length=512)],
    "schema": messages.SchemaDescription,
    "message": msgspec.Raw,
}


def described_fields(cell: str) -> list[tuple[str, Any, Any]]:
    described = []
    for part in filter(None, cell.split("; ")):
        match = re.fullmatch(r"`(\w+)` (.+?)(?: = (.+))?", part)
        assert match is not None, part
        default = json.loads(match[3]) if match[3] else msgspec.NODEFAULT
        described.append((match[1], DOCUMENT_TYPES[match[2]], default))
    return described


def test_the_messages_are_the_codes() -> None:
    described = {
        **{row[0]: row[2] for row in rows_of("type", "from", "fields")},
        **{row[0]: row[1] for row in rows_of("type", "fields", "answered by")},
        **{row[0]: row[1] for row in rows_of("type", "fields")},
        **{row[0]: row[1] for row in rows_of("row", "columns")},
    }
    types = get_args(messages.ConnectionMessage) + get_args(messages.Request) + get_args(messages.News)
    structs = {struct.__name__: struct for struct in (*types, messages.RoomSummary, messages.Member, messages.Standing)}
    assert set(described) == set(structs)
    for name, cell in described.items():
        assert described_fields(cell) == [(f.name, f.type, f.default) for f in msgspec.structs.fields(structs[name])], name


def test_the_sides_of_messages_are_the_codes() -> None:
    assert [row[0] for row in rows_of("type", "fields", "answered by")] == [struct.__name__ for struct in get_args(messages.Request)]
    assert [row[0] for row in rows_of("type", "fields")] == [struct.__name__ for struct in get_args(messages.News)]


def test_the_characters_of_clean_strings_are_the_codes() -> None:
    lines = next(lines for head, lines in fences() if not head and lines[0].startswith("00-1F "))
    spans = [tuple(int(end, 16) for end in span.split("-")) for span in " ".join(lines).split()]
    refused = {code for span in spans for code in range(span[0], span[-1] + 1)}
    looked_at = {edge + step for span in spans for edge in span for step in (-1, 0, 1)} | set(range(0x3200)) | refused
    pattern = re.compile(messages._CLEAN)
    assert {code for code in looked_at if 0 <= code <= 0x10FFFF and not pattern.match(chr(code))} == refused


def test_the_reasons_are_the_codes() -> None:
    told = {DisconnectReason(word): int(code) for word, code in rows_of("reason", "in a farewell datagram")}
    assert told == REASON_CODES
    assert set(told) == set(DisconnectReason)


STATE_TABLES = {
    "datagram connection": (datagram_states.State, datagram_states.Input, datagram_states.TRANSITIONS),
    "control client": (None, None, CLIENT_TRANSITIONS),
    "control server": (None, None, SERVER_TRANSITIONS),
}


@pytest.mark.parametrize("title", STATE_TABLES)
def test_the_states_are_the_codes(title: str) -> None:
    transitions: Any = STATE_TABLES[title][2]
    state_type, signal_type = (type(part) for part in next(iter(transitions)))
    heading, rows = next(table for table in tables() if table[0][0] == title)
    described = {}
    for label, *cells in rows:
        (signal,) = [signal_type[word] for word in re.findall(r"\b[A-Z_]{3,}\b", label) if word in signal_type.__members__]
        for state, cell in zip(heading[1:], cells, strict=True):
            if cell:
                described[state_type[state], signal] = state_type[cell]
    assert described == dict(transitions)
    assert [state.name for state in state_type] == heading[1:]


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
    ((name, *given, last),) = examples("announcements")
    log, expected = AnnouncementLog(), []
    for line in given:
        number, tick, body = line.split()
        expected.append(Announcement(int(number), int(tick), unhexed(body)))
        assert log.add(int(tick), unhexed(body)) == expected[-1]
    data = hex_of([last])
    assert log.message(int(name.split()[-1]), 0) == data
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
