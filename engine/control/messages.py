"""The typed messages of the control connection. Each is a tagged msgspec Struct: the tag is the type's name on the wire.

Three groups: the connection's own (hello, resume, acknowledgement, carried datagrams), the lobby's requests (client to server) and the
lobby's news (server to client). Requests and news travel inside :class:`Reliable`, exactly once and in order across a resume.
Every string and list has a limit in its type, so that a message which decodes is a message within limits.

A player types the ``Typed...`` strings: they may hold anything, and the receiver cleans them (:mod:`engine.control.text`). All
other strings are refused on the wire if they hold a control character, a direction override or a zero-width character, so that
neither a hostile client nor a hostile server can write escape sequences to somebody's terminal or forge a line of a log.

The rows of long lists are arrays on the wire (``array_like``): a room of :data:`MEMBERS_MAX` members fits one frame.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

NAME_CHARACTERS_MAX: Final = 16
CHAT_CHARACTERS_MAX: Final = 200
ROOM_NAME_CHARACTERS_MAX: Final = 32
PASSWORD_CHARACTERS_MAX: Final = 64
WORD_CHARACTERS_MAX: Final = 64
ROOMS_MAX: Final = 64
MEMBERS_MAX: Final = 512
SETTINGS_MAX: Final = 32
CARRIED_BYTES_MAX: Final = 1200
ANNOUNCEMENT_BYTES_MAX: Final = 512

_CLEAN: Final = (
    r"\A[^\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*\Z"
)
"""No C0 or C1 controls, no line or paragraph separators, nothing that is invisible or turns the writing direction."""

TypedName = Annotated[str, msgspec.Meta(max_length=64)]
"""As typed; the server cleans it to at most 16 characters and makes it unique."""
TypedText = Annotated[str, msgspec.Meta(max_length=CHAT_CHARACTERS_MAX)]
TypedRoomName = Annotated[str, msgspec.Meta(max_length=ROOM_NAME_CHARACTERS_MAX)]
Password = Annotated[str, msgspec.Meta(max_length=PASSWORD_CHARACTERS_MAX)]
Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS_MAX, pattern=_CLEAN)]
Text = Annotated[str, msgspec.Meta(max_length=CHAT_CHARACTERS_MAX, pattern=_CLEAN)]
RoomName = Annotated[str, msgspec.Meta(max_length=ROOM_NAME_CHARACTERS_MAX, pattern=_CLEAN)]
Word = Annotated[str, msgspec.Meta(max_length=WORD_CHARACTERS_MAX, pattern=_CLEAN)]
U8 = Annotated[int, msgspec.Meta(ge=0, le=255)]
U16 = Annotated[int, msgspec.Meta(ge=0, le=65535)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
U53 = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Key = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Token = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Body = Annotated[bytes, msgspec.Meta(max_length=ANNOUNCEMENT_BYTES_MAX)]
CarriedDatagram = Annotated[bytes, msgspec.Meta(max_length=CARRIED_BYTES_MAX)]
SettingValue = I32 | Word
MatchSettings = Annotated[dict[Word, SettingValue], msgspec.Meta(max_length=SETTINGS_MAX)]
SchemaWord = Annotated[str, msgspec.Meta(max_length=WORD_CHARACTERS_MAX)]
"""Without a pattern: msgspec 0.22 corrupts memory for a union of a list and a string with one. It is cleaned before it is shown."""
Scalar = bool | I32 | SchemaWord | None
SchemaRow = dict[SchemaWord, Scalar | Annotated[list[dict[SchemaWord, Scalar]], msgspec.Meta(max_length=256)]]
SchemaDescription = dict[SchemaWord, Annotated[list[SchemaRow], msgspec.Meta(max_length=256)]]
"""What ``Schema.describe`` gives: lists of rows of scalars with lists of rows of scalars, and no deeper. A type without ``Any``,
so that no depth of nesting from the network reaches the code that compares."""


class Message(msgspec.Struct, tag=True, frozen=True):
    """Base of every message. A field that the receiver does not know is skipped."""


# --- the connection's own -------------------------------------------------------------------------------------------------------------


class Hello(Message, frozen=True):
    """Client, first: who I am and what I speak. Answered by Welcome, SchemaDiffers or Refused."""

    protocol: U32
    schema_digest: Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
    name: TypedName
    colour: U8 = 0
    password: Password = ""
    """The server's own password, where it has one (a room's goes into JoinRoom)."""


class Welcome(Message, frozen=True):
    """Server: you are in. ``token`` resumes the session within ``resume_s`` after a lost connection."""

    session_id: U32
    token: Token
    name: Name
    server_name: RoomName
    resume_s: U16
    udp_port: U16
    """Where datagrams go, at the address of this stream; 0 is the stream's own port number (so that a forwarded server still works)."""


class SchemaDiffers(Message, frozen=True):
    """Both ways: our schema as plain data, so that the other side can name the field; the connection ends after it."""

    schema: SchemaDescription


class Refused(Message, frozen=True):
    """Server: no, and why (a DisconnectReason value); ``detail`` names what helps."""

    reason: Word
    detail: Text = ""


class Resume(Message, frozen=True):
    """Client, first, instead of Hello: I am that session; the last reliable message that I have from you is ``received``."""

    protocol: U32
    session_id: U32
    token: Token
    received: U53


class Resumed(Message, frozen=True):
    """Server: welcome back; the last reliable message that I have from you is ``received``. What was missed follows."""

    received: U53


class Reliable(Message, frozen=True):
    """Either way: message ``id`` (1, 2, 3, ... per direction and session) with a lobby message inside."""

    id: U53
    body: msgspec.Raw


class Acknowledge(Message, frozen=True):
    """Either way: I have every reliable message up to ``received``."""

    received: U53


class Carried(Message, frozen=True):
    """Either way: a sealed datagram, because UDP does not get through. Not reliable: dropped where the send queue is full."""

    connection_id: U32
    datagram: CarriedDatagram


class Ping(Message, frozen=True):
    """Either way; answered by Pong with the same number."""

    number: U32


class Pong(Message, frozen=True):
    """The answer to Ping."""

    number: U32


class Bye(Message, frozen=True):
    """Either way, last: I close on purpose (a DisconnectReason value); the session ends, nothing is kept."""

    reason: Word


# --- requests: client to server -----------------------------------------------------------------------------------------------------


class ListRooms(Message, frozen=True):
    """Answered by Rooms."""


class CreateRoom(Message, frozen=True):
    """Make a room and be its owner. Answered by RoomState or Denied."""

    name: TypedRoomName
    settings: MatchSettings
    seats: U16 = 16
    password: Password = ""
    bots: U8 = 0


class JoinRoom(Message, frozen=True):
    """Enter a room; 0 is the first open one. Answered by RoomState or Denied."""

    room_id: U32 = 0
    password: Password = ""


class LeaveRoom(Message, frozen=True):
    """Back to the list of rooms."""


class SetReady(Message, frozen=True):
    """I am ready, or not. In a room whose match runs, ready means: seat me (late join)."""

    ready: bool


class ChangeRoom(Message, frozen=True):
    """Owner, between matches: other settings."""

    settings: MatchSettings
    bots: U8 = 0


class StartMatch(Message, frozen=True):
    """Owner: start the countdown whether or not all are ready."""


class KickMember(Message, frozen=True):
    """Owner: remove a member."""

    session_id: U32


class SayChat(Message, frozen=True):
    """To everybody in my room."""

    text: TypedText


class RequestTicket(Message, frozen=True):
    """A new ticket for my seat in the running match, after a resume or when the last one ran out."""


# --- news: server to client ----------------------------------------------------------------------------------------------------------


class RoomSummary(msgspec.Struct, frozen=True, array_like=True):
    """One line of the list of rooms."""

    room_id: U32
    name: RoomName
    settings: MatchSettings
    members: U16
    seats: U16
    has_password: bool
    is_playing: bool


class Rooms(Message, frozen=True):
    """The rooms of this server."""

    rooms: Annotated[list[RoomSummary], msgspec.Meta(max_length=ROOMS_MAX)]


class Member(msgspec.Struct, frozen=True, array_like=True):
    """One player (or bot: session_id 0) in a room. ``seat`` is -1 while not seated."""

    session_id: U32
    name: Name
    colour: U8
    ready: bool
    seat: Annotated[int, msgspec.Meta(ge=-1, le=1023)]
    ping_ms: U16
    is_connected: bool
    is_bot: bool = False


class RoomState(Message, frozen=True):
    """The whole room, sent whenever something in it changes (members' pings at most once a second)."""

    room_id: U32
    name: RoomName
    settings: MatchSettings
    seats: U16
    owner: U32
    phase: Word
    """``gathering``, ``countdown``, ``playing`` or ``results``."""
    countdown_s: U16
    has_password: bool
    members: Annotated[list[Member], msgspec.Meta(max_length=MEMBERS_MAX)]


class LeftRoom(Message, frozen=True):
    """You are no longer in a room: ``reason`` is a DisconnectReason value."""

    reason: Word


class Denied(Message, frozen=True):
    """A request was not carried out, and why, in a sentence; ``reason`` is a DisconnectReason value or a short word."""

    request: Word
    reason: Word
    sentence: Text


class ChatSaid(Message, frozen=True):
    """Somebody said something; session_id 0 is the server itself."""

    session_id: U32
    name: Name
    text: Text


class Seated(Message, frozen=True):
    """You have a seat in a match, and this ticket opens your datagram connection. Sent again with a new ticket on RequestTicket."""

    match_id: U32
    seat: U16
    seats: U16
    settings: MatchSettings
    connection_id: U32
    key_to_server: Key
    key_to_client: Key
    lifetime_s: U16
    announced: U32 = 0
    """Number of the match's newest announcement: those after it will be told."""


class Announced(Message, frozen=True):
    """A game event of a tick: bytes that the game's ``announcements`` made and its client reads."""

    match_id: U32
    tick: U53
    body: Body
    number: U32 = 0
    """Counts a match's announcements from 1: they also come in datagrams, and each is told once. 0: it has no number."""


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """One line of the results."""

    name: Name
    colour: U8
    score: I32
    deaths: I32
    is_bot: bool = False


class MatchEnded(Message, frozen=True):
    """The match is over; your seat is gone. Best first."""

    match_id: U32
    standings: Annotated[list[Standing], msgspec.Meta(max_length=MEMBERS_MAX)]


class ServerNotice(Message, frozen=True):
    """A line from the server for everybody (it drains, it restarts)."""

    text: Text


Request = ListRooms | CreateRoom | JoinRoom | LeaveRoom | SetReady | ChangeRoom | StartMatch | KickMember | SayChat | RequestTicket
News = Rooms | RoomState | LeftRoom | Denied | ChatSaid | Seated | Announced | MatchEnded | ServerNotice
ConnectionMessage = Hello | Welcome | SchemaDiffers | Refused | Resume | Resumed | Reliable | Acknowledge | Carried | Ping | Pong | Bye
