"""The two datagrams of LAN discovery, big-endian, on the server's ordinary UDP port.

    query:   FF "SKQ" | format u8 | nonce 8 | protocol u16 | zeros up to QUERY_BYTES
    answer:  FF "SKA" | format u8 | nonce 8 | protocol u16 | server id 8 | schema digest 8 | tcp port u16 | players u16 | bots u16
             | seats u16 | flags u8 (1 = password) | name | map | mode | version             (each text: length u8, UTF-8)

FF never begins a sealed datagram, so the two kinds share a port. The query is padded to the longest possible answer: whoever forges a
source gains nothing. The nonce makes an answer belong to a question. ``format`` is that of these two datagrams: a server that speaks
another protocol, but the same format, still shows up in the list and can be marked as one of another version.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from engine.ids import PROTOCOL_VERSION

QUERY_MAGIC: Final = b"\xffSKQ"
ANSWER_MAGIC: Final = b"\xffSKA"
FORMAT: Final = 1
NONCE_BYTES: Final = 8
SERVER_ID_BYTES: Final = 8
SCHEMA_DIGEST_BYTES: Final = 8

NAME_BYTES_MAX: Final = 96
MAP_BYTES_MAX: Final = 48
MODE_BYTES_MAX: Final = 32
VERSION_BYTES_MAX: Final = 24
_TEXT_LIMITS: Final = (NAME_BYTES_MAX, MAP_BYTES_MAX, MODE_BYTES_MAX, VERSION_BYTES_MAX)

_QUERY: Final = struct.Struct(">4sB8sH")
_ANSWER: Final = struct.Struct(">4sB8sH8s8sHHHHB")
_HAS_PASSWORD: Final = 1

ANSWER_BYTES_MAX: Final = _ANSWER.size + sum(1 + limit for limit in _TEXT_LIMITS)
QUERY_BYTES: Final = 256
"""At least the longest answer (checked below); a round number."""

QUERY_BYTES_MAX: Final = 1200
assert ANSWER_BYTES_MAX <= QUERY_BYTES


@dataclass(frozen=True, slots=True)
class Query:
    """Who is there? ``protocol`` is what the asker speaks."""

    nonce: bytes
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server tells strangers about itself."""

    server_id: bytes
    """8 random bytes, new at each start: the same server on two interfaces is one line in the list."""
    name: str
    tcp_port: int
    """0: the port that the answer comes from, so that it stays right behind a forwarded port."""
    players: int
    seats: int
    map: str
    version: str
    """The program's version, for people."""
    schema_digest: bytes
    mode: str = ""
    bots: int = 0
    has_password: bool = False
    protocol: int = PROTOCOL_VERSION

    def __post_init__(self) -> None:
        if len(self.server_id) != SERVER_ID_BYTES or len(self.schema_digest) != SCHEMA_DIGEST_BYTES:
            raise ValueError("a server id and a schema digest have 8 bytes each")
        for number in (self.tcp_port, self.players, self.bots, self.seats, self.protocol):
            if not 0 <= number <= 0xFFFF:
                raise ValueError(f"{number} does not fit into 16 bits")

    @property
    def is_compatible(self) -> bool:
        """Whether it speaks our protocol version (the schema is compared at Hello, which names the difference)."""
        return self.protocol == PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Answer:
    """I am: in answer to the question with this nonce."""

    nonce: bytes
    info: ServerInfo


def write_query(query: Query) -> bytes:
    """The datagram, QUERY_BYTES long."""
    return _QUERY.pack(QUERY_MAGIC, FORMAT, query.nonce, query.protocol).ljust(QUERY_BYTES, b"\0")


def read_query(data: bytes) -> Query | None:
    """The question in a datagram, or None. A short one is no question: its answer would be longer. What follows the header is padding."""
    if not QUERY_BYTES <= len(data) <= QUERY_BYTES_MAX or not data.startswith(QUERY_MAGIC):
        return None
    _, _, nonce, protocol = _QUERY.unpack_from(data)
    return Query(nonce, protocol)


def write_answer(answer: Answer) -> bytes:
    """The datagram, at most ANSWER_BYTES_MAX long; longer texts are cut at a character."""
    info = answer.info
    head = _ANSWER.pack(
        ANSWER_MAGIC,
        FORMAT,
        answer.nonce,
        info.protocol,
        info.server_id,
        info.schema_digest,
        info.tcp_port,
        info.players,
        info.bots,
        info.seats,
        _HAS_PASSWORD if info.has_password else 0,
    )
    texts = zip((info.name, info.map, info.mode, info.version), _TEXT_LIMITS, strict=True)
    return head + b"".join(_write_text(text, limit) for text, limit in texts)


def read_answer(data: bytes) -> Answer | None:
    """The answer in a datagram, or None for anything else: truncated, overlong, with something behind it, of another format."""
    if not _ANSWER.size < len(data) <= ANSWER_BYTES_MAX or not data.startswith(ANSWER_MAGIC):
        return None
    _, form, nonce, protocol, server_id, digest, tcp_port, players, bots, seats, flags = _ANSWER.unpack_from(data)
    if form != FORMAT or flags & ~_HAS_PASSWORD:
        return None
    texts: list[str] = []
    at = _ANSWER.size
    for limit in _TEXT_LIMITS:
        if at >= len(data) or data[at] > limit or at + 1 + data[at] > len(data):
            return None
        texts.append(clean_text(data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace")))
        at += 1 + data[at]
    if at != len(data):
        return None
    name, map_name, mode, version = texts
    info = ServerInfo(
        server_id=server_id,
        name=name,
        tcp_port=tcp_port,
        players=players,
        seats=seats,
        map=map_name,
        version=version,
        schema_digest=digest,
        mode=mode,
        bots=bots,
        has_password=bool(flags & _HAS_PASSWORD),
        protocol=protocol,
    )
    return Answer(nonce, info)


def clean_text(text: str) -> str:
    """Without control, bidirectional and zero-width characters: a stranger's name must not drive a terminal or turn a line around."""
    return "".join(character for character in text if character.isprintable()).strip()


def _write_text(text: str, limit: int) -> bytes:
    raw = clean_text(text).encode("utf-8", "replace")
    while len(raw) > limit:
        raw = raw[:limit].decode("utf-8", "ignore").encode("utf-8")
    return bytes((len(raw),)) + raw
