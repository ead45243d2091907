"""The table of planted bugs in ``docs/reliability.md``, between two marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.planted_bugs.bug import Bug

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN: Final = "<!-- planted bugs: written by python -m tests.planted_bugs --write -->"
END: Final = "<!-- end of planted bugs -->"

_ROW: Final = re.compile(r"^\| `(\w+)` \| (.+) \| `(.+)` \|$", re.MULTILINE)


def table(bugs: Iterable[Bug], caught_by: Mapping[str, str]) -> str:
    """A row per bug. A test's parameters are left out: they may hold anything, and one of them is as good as another."""
    rows = [f"| `{bug.name}` | {bug.breaks} | `{caught_by[bug.name].partition('[')[0]}` |" for bug in bugs]
    return "\n".join(["| bug | what it breaks | caught by |", "|---|---|---|", *rows])


def write(bugs: Iterable[Bug], caught_by: Mapping[str, str]) -> None:
    """Replace the table; the rest of the page stays. Raises ValueError where the page has lost its marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has lost its marks")
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(bugs, caught_by)}\n\n{END}{after}", encoding="utf-8")


def rows() -> list[tuple[str, str, str]]:
    """(name, what it breaks, caught by) as the page says it."""
    between = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return _ROW.findall(between)
