"""engine/PROTOCOL.md as data: what it marks as ```` ```example KIND ```` and its tables, by their headings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parent.parent / "engine" / "PROTOCOL.md").read_text()


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
