"""The bytes of a datagram, written and read.

    header, authenticated   kind u8 = 0x01 | connection id u32 | sequence u16 (low bits of 64)
    sealed body             ack u16 | ack delay u16 | ack bits u64 | parts
    tag                     16 bytes

    part   0x00 padding        zeros up to the end of the body
           0x01 message        length u16, bytes
           0x02 last message   bytes up to the end of the body: the usual case costs one byte
           0x03 fragment       message u16, place u8, last place u8, length u16, bytes
           0x04 ping           (asks for an acknowledgement, like every part but padding)
           0x05 challenge      8 bytes: answer me from the path on which this reached you
           0x06 response       the same 8 bytes
           0x07 farewell       reason u8

Big-endian throughout. 0xFF is never a kind: discovery and server queries share the port and start with it.
A body that is not exactly a list of such parts is refused whole: ``read_parts`` returns None and nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from engine.errors import DisconnectReason

DATAGRAM_BYTES_MAX: Final = 1200
"""Fits every path of today with tunnels' overhead; IP never fragments (QUIC's, netcode's and renet's figure)."""

KIND_SEALED: Final = 0x01

HEADER: Final = Struct(">BIH")
HEADER_BYTES: Final = HEADER.size
PREFIX: Final = Struct(">HHQ")
PREFIX_BYTES: Final = PREFIX.size
TAG_BYTES: Final = 16
DATAGRAM_BYTES_MIN: Final = HEADER_BYTES + PREFIX_BYTES + TAG_BYTES

PARTS_BYTES_MAX: Final = DATAGRAM_BYTES_MAX - DATAGRAM_BYTES_MIN
SINGLE_MESSAGE_BYTES_MAX: Final = PARTS_BYTES_MAX - 1
"""A message up to this size travels in one datagram; a larger one in fragments, all of which must arrive."""

FRAGMENT_BYTES: Final = 1024
"""Every fragment of a message but its last carries exactly this; the rest of a datagram is left for smaller messages."""
FRAGMENTS_MAX: Final = 64
MESSAGE_BYTES_MAX: Final = FRAGMENT_BYTES * FRAGMENTS_MAX

PARTS_MAX: Final = 64
"""Parts in one datagram. Bounds the events that a datagram can cause; no honest sender needs as many."""

CHALLENGE_BYTES: Final = 8

ACK_DELAY_UNITS_PER_S: Final = 16_000
"""The acknowledgement delay counts 1/16 ms: fine enough for a LAN's 0.2 ms, and reaches 4 s."""
ACK_DELAY_SATURATED: Final = 0xFFFF
"""Held this long or longer: no round-trip sample."""

PADDING: Final = 0x00
MESSAGE: Final = 0x01
LAST_MESSAGE: Final = 0x02
FRAGMENT: Final = 0x03
PING: Final = 0x04
CHALLENGE: Final = 0x05
RESPONSE: Final = 0x06
FAREWELL: Final = 0x07

PING_PART: Final = bytes([PING])
LAST_MESSAGE_PREFIX: Final = bytes([LAST_MESSAGE])

_MESSAGE_HEAD: Final = Struct(">BH")
MESSAGE_HEAD_BYTES: Final = _MESSAGE_HEAD.size
_FRAGMENT_HEAD: Final = Struct(">BHBBH")

REASON_CODES: Final = {
    DisconnectReason.CLOSED_BY_US: 0,  # the peer reads it as "closed by the peer"
    DisconnectReason.CLOSED_BY_PEER: 0,
    DisconnectReason.TIMED_OUT: 1,
    DisconnectReason.STREAM_LOST: 2,
    DisconnectReason.PROTOCOL_ERROR: 3,
    DisconnectReason.FLOODING: 4,
    DisconnectReason.SERVER_CLOSING: 5,
    DisconnectReason.KICKED: 6,
    DisconnectReason.VERSION_MISMATCH: 7,
    DisconnectReason.SCHEMA_MISMATCH: 8,
    DisconnectReason.WRONG_PASSWORD: 9,
    DisconnectReason.SERVER_FULL: 10,
    DisconnectReason.ROOM_FULL: 11,
    DisconnectReason.NO_SUCH_ROOM: 12,
    DisconnectReason.RESUME_REFUSED: 13,
    DisconnectReason.CERTIFICATE_CHANGED: 14,
    DisconnectReason.UNREACHABLE: 15,
    DisconnectReason.CANNOT_PLAY: 16,
}
"""Reasons as they travel. An unknown code is read as "closed by the peer", so a newer peer may have more of them."""

_REASONS: Final = {code: reason for reason, code in REASON_CODES.items() if code} | {0: DisconnectReason.CLOSED_BY_PEER}


class Message(NamedTuple):
    """A whole message of the layer above."""

    content: bytes


class Fragment(NamedTuple):
    """Piece ``place`` of 0 to ``last`` of message ``message`` (u16, wraps)."""

    message: int
    place: int
    last: int
    content: bytes


class Challenge(NamedTuple):
    """Prove that you receive on this path: send the 8 bytes back."""

    token: bytes


class Response(NamedTuple):
    """The answer to a challenge."""

    token: bytes


class Farewell(NamedTuple):
    """The peer ends the connection."""

    reason: DisconnectReason


class Ping(NamedTuple):
    """Nothing but a request for an acknowledgement."""


Part: TypeAlias = Message | Fragment | Challenge | Response | Farewell | Ping


def write_message(content: bytes) -> bytes:
    """A message that is not the last part of its datagram."""
    return _MESSAGE_HEAD.pack(MESSAGE, len(content)) + content


def write_fragments(message: int, content: bytes) -> list[bytes]:
    """The parts that carry a message too large for one datagram (checked by the caller: at most :data:`MESSAGE_BYTES_MAX`)."""
    last = (len(content) - 1) // FRAGMENT_BYTES
    parts = []
    for place in range(last + 1):
        piece = content[place * FRAGMENT_BYTES : (place + 1) * FRAGMENT_BYTES]
        parts.append(_FRAGMENT_HEAD.pack(FRAGMENT, message, place, last, len(piece)) + piece)
    return parts


def write_challenge(token: bytes) -> bytes:
    """A path challenge."""
    return bytes([CHALLENGE]) + token


def write_response(token: bytes) -> bytes:
    """The answer to a path challenge."""
    return bytes([RESPONSE]) + token


def write_farewell(reason: DisconnectReason) -> bytes:
    """The end, and why."""
    return bytes([FAREWELL, REASON_CODES[reason]])


def pack_parts(parts: Iterable[bytes]) -> list[bytes]:
    """Put parts into as few bodies as fit, in order: fragments and messages share datagrams, none is split."""
    bodies: list[bytes] = []
    held: list[bytes] = []
    room = PARTS_BYTES_MAX
    for part in parts:
        if len(part) > room or len(held) == PARTS_MAX:
            bodies.append(b"".join(held))
            held = []
            room = PARTS_BYTES_MAX
        held.append(part)
        room -= len(part)
    if held:
        bodies.append(b"".join(held))
    return bodies


def read_parts(body: bytes, offset: int) -> list[Part] | None:
    """The parts of an opened body from ``offset``, or None where it is not of the protocol. Never raises; work is bounded by the body."""
    parts: list[Part] = []
    end = len(body)
    while offset < end:
        kind = body[offset]
        if kind == PADDING:
            return parts if body.count(0, offset) == end - offset else None
        if len(parts) == PARTS_MAX:
            return None
        if kind == LAST_MESSAGE:
            parts.append(Message(body[offset + 1 :]))
            return parts
        read = _read_part(kind, body, offset)
        if read is None:
            return None
        part, offset = read
        parts.append(part)
    return parts


def _read_part(kind: int, body: bytes, offset: int) -> tuple[Part, int] | None:
    """One part of known length and the offset behind it."""
    end = len(body)
    if kind == MESSAGE:
        start = offset + _MESSAGE_HEAD.size
        if start > end:
            return None
        stop = start + _MESSAGE_HEAD.unpack_from(body, offset)[1]
        return (Message(body[start:stop]), stop) if stop <= end else None
    if kind == FRAGMENT:
        return _read_fragment(body, offset)
    if kind == PING:
        return Ping(), offset + 1
    if kind in (CHALLENGE, RESPONSE):
        stop = offset + 1 + CHALLENGE_BYTES
        token = body[offset + 1 : stop]
        return (Challenge(token) if kind == CHALLENGE else Response(token), stop) if stop <= end else None
    if kind == FAREWELL and offset + 2 <= end:
        return Farewell(_REASONS.get(body[offset + 1], DisconnectReason.CLOSED_BY_PEER)), offset + 2
    return None


def _read_fragment(body: bytes, offset: int) -> tuple[Part, int] | None:
    """A fragment whose numbers agree with each other; whether it agrees with its siblings is for the reassembly to say."""
    start = offset + _FRAGMENT_HEAD.size
    if start > len(body):
        return None
    _, message, place, last, length = _FRAGMENT_HEAD.unpack_from(body, offset)
    if not 0 < last < FRAGMENTS_MAX or place > last or start + length > len(body):
        return None
    if length != FRAGMENT_BYTES and (place < last or not 0 < length < FRAGMENT_BYTES):
        return None
    return Fragment(message, place, last, body[start : start + length]), start + length
