"""Lines for people and for whoever started the program.

A reader that has gone (``| head -1``), a closed or full output, a letter that a terminal cannot show: none of these is a reason to end a
match, or to print a traceback.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def show(text: str) -> None:
    """One line or several on standard output: what was asked for."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """One line or several on standard error: what happens meanwhile, and what is wrong."""
    _write(sys.stderr, text)


def one_line(text: str) -> str:
    """Whatever somebody typed or another program said, in one line of printable characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started us
        return
    try:
        try:
            stream.write(f"{text}\n")
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(f"{text}\n".encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        _turn_away(stream)


def _turn_away(stream: TextIO) -> None:
    """What could not be written waits in the stream, and Python would try once more at the end, and complain: let it go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
