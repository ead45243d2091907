"""Frames of the control connection with messages of every type, digests of games, and the two datagrams of discovery."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, Final, get_args

import msgspec

from engine.contract import game_digest
from engine.control import messages as m
from engine.control.codec import read_message, read_news, read_request, write_message
from engine.control.frames import write_frame
from engine.discovery import Answer, Query, ServerInfo, read_answer, write_answer, write_query
from tests.second_reader import control, discovery
from tests.second_reader.generator_worlds import random_command_schema, random_schema
from tests.second_reader.packet import Packet

FRAME_BYTES_MAX: Final = 65536
DISCOVERY_TEXTS: Final = ("name", "map", "mode", "version")
PLAIN: Final = string.ascii_letters + string.digits + " .-'"
FANCY: Final = "äßñçøżğ漢字かなабвΩ☂★😀👍🏽"
UNCLEAN: Final = "\x00\n\x1b\x7f\xad\u200b\u202e\u2066\ufeff\U000e0041"


def _text(roll: Random, length_max: int, *, is_clean: bool) -> str:
    alphabet = roll.choice((PLAIN, PLAIN, PLAIN + FANCY, FANCY)) + ("" if is_clean else UNCLEAN)
    text = "".join(roll.choices(alphabet, k=roll.choice((0, 1, roll.randint(0, length_max), min(8, length_max), length_max))))
    if roll.random() < 0.05 and length_max > 1:  # any character at all
        text = text[: length_max - 1] + chr(roll.choice((roll.randrange(0x20, 0xD800), roll.randrange(0xE000, 0x110000))))
    return text if not is_clean or re.match(m._CLEAN, text) else text[:-1]


def _clean(length_max: int) -> Callable[[Random], str]:
    return lambda roll: _text(roll, length_max, is_clean=True)


def _typed(length_max: int) -> Callable[[Random], str]:
    return lambda roll: _text(roll, length_max, is_clean=False)


def _integer(low: int, high: int) -> Callable[[Random], int]:
    return lambda roll: roll.choice((low, high, min(high, low + roll.randrange(200)), roll.randint(low, high)))


def _settings(roll: Random) -> dict[str, int | str]:
    values = (_integer(-(2**31), 2**31 - 1), _clean(64))
    return {_text(roll, 64, is_clean=True): roll.choice(values)(roll) for _ in range(roll.choice((0, 1, 3, 32)))}


def _rows(struct: Any, count_max: int) -> Callable[[Random], list[Any]]:
    return lambda roll: [_make(struct, roll) for _ in range(roll.choice((0, 1, 2, 5, *((count_max,) if roll.random() < 0.02 else ()))))]


def _description(roll: Random) -> Any:
    return random_schema(roll).describe()


def _bytes(low: int, high: int) -> Callable[[Random], bytes]:
    return lambda roll: roll.randbytes(roll.choice((low, high, roll.randint(low, high))))


_VALUES: Final[tuple[tuple[Any, Callable[[Random], Any]], ...]] = (
    (bool, lambda roll: roll.random() < 0.5),
    *((kind, _integer(0, 2**bits - 1)) for kind, bits in ((m.U8, 8), (m.U16, 16), (m.U32, 32), (m.U53, 53))),
    (m.I32, _integer(-(2**31), 2**31 - 1)),
    *((kind, _clean(length)) for kind, length in ((m.Word, 64), (m.Text, 200), (m.Name, 16), (m.RoomName, 32))),
    *((kind, _typed(length)) for kind, length in ((m.TypedName, 64), (m.TypedText, 200), (m.TypedRoomName, 32), (m.Password, 64))),
    (m.Key, _bytes(16, 16)),
    (m.Body, _bytes(0, 512)),
    (m.CarriedDatagram, _bytes(0, 1200)),
    (m.MatchSettings, _settings),
    (m.SchemaDescription, _description),
)
_BY_NAME: Final[dict[str, Callable[[Random], Any]]] = {
    "schema_digest": _bytes(8, 8),
    "rooms": _rows(m.RoomSummary, m.ROOMS_MAX),
    "members of RoomState": _rows(m.Member, m.MEMBERS_MAX),
    "standings": _rows(m.Standing, m.MEMBERS_MAX),
    "seat of Member": _integer(-1, 1023),
}
_MAKERS: Final[dict[Any, list[Callable[[Random], Any]]]] = {}


def _make(struct: Any, roll: Random) -> Any:
    """An instance with random fields."""
    makers = _MAKERS.get(struct)
    if makers is None:
        makers = _MAKERS[struct] = [_maker(struct, field) for field in msgspec.structs.fields(struct)]
    return struct(*(maker(roll) for maker in makers))


def _maker(struct: Any, field: Any) -> Callable[[Random], Any]:
    for name in (f"{field.name} of {struct.__name__}", field.name):
        if name in _BY_NAME:
            return _BY_NAME[name]
    return next(maker for kind, maker in _VALUES if kind == field.type)


def control_frames(roll: Random) -> Iterator[Packet]:
    """The connection's own messages, and more often requests and news inside a Reliable."""
    own = [struct for struct in get_args(m.ConnectionMessage) if struct is not m.Reliable]
    inner = (*get_args(m.Request), *get_args(m.News))
    while True:
        is_reliable = roll.random() < 0.6
        said = _make(roll.choice(inner if is_reliable else own), roll)
        meant = msgspec.to_builtins(said, builtin_types=(bytes,))
        message = said
        if is_reliable:
            number, encoded = roll.choice((0, 1, 2**53 - 1, roll.randrange(2**53))), msgspec.msgpack.encode(said)
            message, meant = m.Reliable(number, msgspec.Raw(encoded)), {"type": "Reliable", "id": number, "body": meant}
            is_read = said in (read_request(encoded), read_news(encoded))
        else:
            is_read = read_message(write_message(said)) == said
        body = write_message(message)
        if len(body) <= FRAME_BYTES_MAX:
            data = write_frame(body, FRAME_BYTES_MAX)
            kind = f"control {type(said).__name__}"
            yield Packet(kind, data, meant if is_read else "the engine does not read it itself", partial(_read_control, data))


def _read_control(data: bytes) -> Any:
    return control.read_message(control.read_frame(data))


def discovery_datagrams(roll: Random) -> Iterator[Packet]:
    while True:
        query = Query(roll.randbytes(8), roll.randrange(65536))
        data = write_query(query)
        yield Packet("discovery query", data, {"nonce": query.nonce, "protocol": query.protocol}, partial(discovery.read_query, data))
        numbers: dict[str, Any] = {name: roll.randrange(65536) for name in ("tcp_port", "players", "bots", "seats", "protocol")}
        ids: dict[str, Any] = {"server_id": roll.randbytes(8), "schema_digest": roll.randbytes(8)}
        texts: dict[str, Any] = {
            name: _text(roll, roll.choice((8, 30, 120)), is_clean=False) for name in ("name", "map", "mode", "version")
        }
        given = ServerInfo(**ids, **numbers, **texts, has_password=roll.random() < 0.5)
        data = write_answer(Answer(roll.randbytes(8), given))
        answer = read_answer(data)
        meant: Any = "the engine does not read it itself"
        if answer is not None:
            read = answer.info
            shown = {name: getattr(read, name) for name in texts}
            meant = {"nonce": answer.nonce, **ids, **numbers, **shown, "has_password": given.has_password}
        yield Packet("discovery answer", data, meant, partial(discovery.read_answer, data))


def digests(roll: Random) -> Iterator[Packet]:
    while True:
        schema, command = random_schema(roll), random_command_schema(roll)
        data = game_digest(schema, command)
        yield Packet("digest", data, data, partial(control.digest, schema.describe(), command.describe()))
