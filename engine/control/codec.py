"""Messages to msgpack and back. Reading gives a message within the limits of its type, or None; writing checks our own side likewise."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.control.messages import ConnectionMessage, Message, News, Reliable, Request, Rooms, SchemaDiffers
from engine.errors import LocalProtocolError

_ENCODER: Final = msgspec.msgpack.Encoder()
_CONNECTION: Final = msgspec.msgpack.Decoder(ConnectionMessage)
_REQUEST: Final = msgspec.msgpack.Decoder(Request)
_NEWS: Final = msgspec.msgpack.Decoder(News)

_RELIABLE_HEAD, _RELIABLE_MIDDLE = _ENCODER.encode(Reliable(0x7F, msgspec.Raw(b"\xc0")))[:-1].split(b"\x7f")
"""What stands before the number of a Reliable, and between the number and the message inside."""

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes of a peer: wrong types and truncation, strings that are not UTF-8, and nesting without end."""


class _AnyHello(msgspec.Struct, tag="Hello"):
    """What a Hello of every version has: enough to tell somebody which version he speaks."""

    protocol: int


_ANY_HELLO: Final = msgspec.msgpack.Decoder(_AnyHello)


def write_message(message: ConnectionMessage) -> bytes:
    """A message of the connection's own as a frame's body."""
    return _ENCODER.encode(message)


def write_reliable(number: int, body: bytes) -> bytes:
    """:func:`write_message` of a Reliable: most of what a server writes, and two thirds of it the same every time."""
    return _RELIABLE_HEAD + _ENCODER.encode(number) + _RELIABLE_MIDDLE + body


def write_checked(message: ConnectionMessage) -> bytes:
    """As :func:`write_message`; raises :class:`LocalProtocolError` for values that the other side would refuse."""
    body = _ENCODER.encode(message)
    try:
        msgspec.msgpack.decode(body, type=type(message))
    except _UNREADABLE as error:
        raise LocalProtocolError(f"{type(message).__name__}: {error}") from None
    return body


def schema_message(description: dict[str, Any], frame_bytes_max: int) -> SchemaDiffers | None:
    """What tells the other side our schema, or None where a frame does not hold it: then the digests alone must do."""
    message = SchemaDiffers(description)
    return message if len(write_checked(message)) <= frame_bytes_max else None


def read_message(body: bytes) -> ConnectionMessage | None:
    """The message, or None where the bytes are none."""
    try:
        message: ConnectionMessage = _CONNECTION.decode(body)
    except _UNREADABLE:
        return None
    return message


def read_hello_protocol(body: bytes) -> int | None:
    """The protocol version of a Hello that :func:`read_message` cannot read because it is of another version, or None."""
    try:
        return _ANY_HELLO.decode(body).protocol
    except _UNREADABLE:
        return None


def write_request(request: Request) -> bytes:
    """Raises :class:`LocalProtocolError` for a request that is outside its own limits."""
    body = _ENCODER.encode(request)
    if read_request(body) is None:
        raise LocalProtocolError(f"not a request within its limits: {_describe(request)}")
    return body


def read_request(body: bytes) -> Request | None:
    """The request, or None."""
    try:
        request: Request = _REQUEST.decode(body)
    except _UNREADABLE:
        return None
    return request


def write_news(news: News, bytes_max: int) -> bytes:
    """Raises :class:`LocalProtocolError` for news outside their own limits. A list of rooms that is too long for a frame is cut."""
    body = _ENCODER.encode(news)
    while len(body) > bytes_max and isinstance(news, Rooms) and news.rooms:
        # A frame holds the full list unless rooms have hundreds of bytes of settings each; half a list beats none.
        news = Rooms(rooms=news.rooms[: len(news.rooms) // 2])
        body = _ENCODER.encode(news)
    if len(body) > bytes_max or read_news(body) is None:
        raise LocalProtocolError(f"not news within their limits ({len(body)} bytes): {_describe(news)}")
    return body


def read_news(body: bytes) -> News | None:
    """The news, or None."""
    try:
        news: News = _NEWS.decode(body)
    except _UNREADABLE:
        return None
    return news


def _describe(message: Message) -> str:
    return repr(message)[:120]
