"""Names and chat lines, made safe to show, log and compare.

Typed text may hold anything: terminal escapes, line breaks that forge a log line, direction overrides that turn a sentence round,
invisible characters that make two names look alike, a hundred accents on one letter. Cleaning removes all of these and keeps ordinary
writing of every language. What is left goes through :data:`engine.control.messages.Text`, which refuses the same characters on the wire.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final

import msgspec

from engine.control.messages import CHAT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, ROOM_NAME_CHARACTERS_MAX, CreateRoom, Request, SayChat

MARKS_PER_CHARACTER_MAX: Final = 2
"""Vietnamese and Hebrew need two; more is a picture drawn over the neighbours."""
DEFAULT_NAME: Final = "Player"
DEFAULT_ROOM_NAME: Final = "Room"

_INVISIBLE: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)))
) | frozenset(map(chr, range(0xE0000, 0xE1000)))
"""Characters without ink that Unicode does not class as controls: fillers, the blank Braille cell, variation selectors, tags."""


def clean_line(text: str, characters_max: int = CHAT_CHARACTERS_MAX) -> str:
    """One line of at most ``characters_max`` code points, cut between characters as people see them. May be empty. Idempotent."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if character.isspace() or category[0] == "Z":
            if kept and kept[-1] != " ":
                kept.append(" ")
            marks = MARKS_PER_CHARACTER_MAX  # a mark on a space would be drawn over whatever stands before it
        elif category[0] == "C" or character in _INVISIBLE or 0xFFF0 <= ord(character) <= 0xFFFB:
            continue  # controls, direction overrides, zero-width, surrogates, private use, unassigned
        elif category[0] == "M":
            marks += 1
            if kept and marks <= MARKS_PER_CHARACTER_MAX:
                kept.append(character)
        else:
            kept.append(character)
            marks = 0
    return _cut(unicodedata.normalize("NFC", "".join(kept)).strip(), characters_max).rstrip()


def clean_name(text: str) -> str:
    """A player's name of 1 to 16 code points."""
    return clean_line(text, NAME_CHARACTERS_MAX) or DEFAULT_NAME


def unique_name(name: str, taken: Collection[str]) -> str:
    """``name``, or with a number after it if somebody has it or one that looks the same but for case or width."""
    folded = {_fold(other) for other in taken}
    if _fold(name) not in folded:
        return name
    for number in range(2, len(folded) + 3):  # one of these is free: there are more of them than names
        suffix = f" {number}"
        candidate = _cut(name, NAME_CHARACTERS_MAX - len(suffix)).rstrip() + suffix
        if _fold(candidate) not in folded:
            return candidate
    raise AssertionError("more numbers than names, and none free")


def clean_request(request: Request) -> Request:
    """The request with its typed strings cleaned."""
    if isinstance(request, SayChat):
        return SayChat(text=clean_line(request.text))
    if isinstance(request, CreateRoom):
        return msgspec.structs.replace(request, name=clean_line(request.name, ROOM_NAME_CHARACTERS_MAX) or DEFAULT_ROOM_NAME)
    return request


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _cut(text: str, characters_max: int) -> str:
    """The longest beginning of at most ``characters_max`` code points that does not end inside a character as people see it."""
    if len(text) <= characters_max:
        return text
    end = characters_max
    while end > 0 and not _may_part(text, end):
        end -= 1
    return text[:end]


def _may_part(text: str, index: int) -> bool:
    """Whether ``text`` may be parted before ``index``: the rules of Unicode's annex 29 that outlive the cleaning."""
    after = text[index]
    if unicodedata.category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False  # an accent, or the skin tone of the emoji before it
    if "\u1160" <= after <= "\u11ff":
        return False  # the later parts of a Korean syllable written in letters
    if _is_flag_half(after) and _is_flag_half(text[index - 1]):
        run = 0
        while run < index and _is_flag_half(text[index - 1 - run]):
            run += 1
        return run % 2 == 0  # two regional letters make one flag
    return True


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
