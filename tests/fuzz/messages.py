"""Bodies of control frames: read or refused by every reader, and what is read is written back to something that reads the same."""

from __future__ import annotations

import msgspec

from engine.control.codec import read_hello_protocol, read_message, read_news, read_request, write_message
from engine.control.text import clean_line, clean_name
from tests.control.test_hostile import BODIES, BOMBS
from tests.fuzz.harness import run


def target(data: bytes) -> None:
    """One body."""
    message = read_message(data)
    if message is not None:
        assert read_message(write_message(message)) == message or "nan" in repr(message)
    for read in (read_request, read_news):
        inside = read(data)
        if inside is not None:
            assert read(msgspec.msgpack.encode(inside)) == inside
    read_hello_protocol(data)
    text = data.decode("utf-8", "replace")
    for cleaned in (clean_line(text, 64), clean_name(text)):
        assert cleaned.isprintable()


if __name__ == "__main__":
    run(target, [*BODIES, *BOMBS])
