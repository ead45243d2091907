"""Sizes and golden bytes of messages."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from engine.control import messages
from engine.control.codec import read_message, read_news, write_message, write_news, write_reliable
from engine.control.limits import ControlLimits
from engine.control.server import RELIABLE_FRAME_BYTES
from engine.errors import LocalProtocolError

FRAME_BYTES_MAX = ControlLimits().frame_bytes_max
WIDE = "\U0001f600"
SETTINGS = {f"{index:02}" + WIDE * 62: WIDE * 64 for index in range(messages.SETTINGS_MAX)}

GOLDEN: list[tuple[messages.ConnectionMessage, str]] = [
    (
        messages.Hello(1, bytes(range(8)), "Ann", 2),
        "86a474797065a548656c6c6fa870726f746f636f6c01ad736368656d615f646967657374c4080001020304050607a46e616d65a3416e6e"
        "a6636f6c6f757202a870617373776f7264a0",
    ),
    (messages.Ping(7), "82a474797065a450696e67a66e756d62657207"),
    (messages.Bye("kicked"), "82a474797065a3427965a6726561736f6ea66b69636b6564"),
    (messages.Carried(258, b"\x01\x02"), "83a474797065a743617272696564ad636f6e6e656374696f6e5f6964cd0102a8646174616772616dc4020102"),
    (
        messages.Reliable(3, msgspec.Raw(msgspec.msgpack.encode(messages.SetReady(True)))),
        "83a474797065a852656c6961626c65a2696403a4626f647982a474797065a85365745265616479a57265616479c3",
    ),
]


@pytest.mark.parametrize(("message", "hexadecimal"), GOLDEN, ids=lambda value: type(value).__name__)
def test_golden_bytes(message: messages.ConnectionMessage, hexadecimal: str) -> None:
    body = bytes.fromhex(hexadecimal)
    assert write_message(message) == body
    again = read_message(body)
    assert again is not None
    assert write_message(again) == body


def test_the_largest_room_fits_a_frame() -> None:
    bound = FRAME_BYTES_MAX - RELIABLE_FRAME_BYTES
    member = messages.Member(2**32 - 1, WIDE * 16, 255, True, 1023, 65535, True, True)
    room = messages.RoomState(2**32 - 1, WIDE * 32, SETTINGS, 1024, 2**32 - 1, "gathering", 65535, True, [member] * messages.MEMBERS_MAX)
    assert read_news(write_news(room, bound)) == room
    standing = messages.Standing(WIDE * 16, 255, -(2**31), 2**31 - 1, True)
    ended = messages.MatchEnded(2**32 - 1, [standing] * messages.MEMBERS_MAX)
    assert read_news(write_news(ended, bound)) == ended


def test_a_list_of_rooms_that_is_too_long_is_cut() -> None:
    rooms = [messages.RoomSummary(index, "Arena", SETTINGS, 1, 16, False, False) for index in range(64)]
    cut = read_news(write_news(messages.Rooms(rooms), FRAME_BYTES_MAX))
    assert isinstance(cut, messages.Rooms)
    assert 1 <= len(cut.rooms) < 64
    assert cut.rooms == rooms[: len(cut.rooms)]


def test_more_members_than_allowed_are_our_mistake() -> None:
    member = messages.Member(1, "Ann", 0, True, 0, 0, True)
    with pytest.raises(LocalProtocolError):
        write_news(messages.RoomState(1, "R", {}, 1, 1, "playing", 0, False, [member] * (messages.MEMBERS_MAX + 1)), FRAME_BYTES_MAX)


def test_message_types_do_not_corrupt_memory() -> None:
    """msgspec 0.22 writes past its own block for some types (a union of a list and a string with a pattern): see messages.SchemaWord."""
    environment = {**os.environ, "PYTHONMALLOC": "debug", "PYTHONPATH": os.pathsep.join(sys.path)}
    program = "import engine.control.codec as codec; codec.read_message(b'\\x80')"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1])
def test_a_reliable_message_that_is_laid_out_by_hand_is_the_same(number: int) -> None:
    body = write_news(messages.ChatSaid(1, "Ann", "hi"), FRAME_BYTES_MAX)
    assert write_reliable(number, body) == write_message(messages.Reliable(number, msgspec.Raw(body)))
