"""docs/commands.md names what the programs print."""

from __future__ import annotations

import re
from pathlib import Path

from engine.datagram.statistics import DropReason

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"


def test_every_reason_for_a_drop_is_explained() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| reason | meaning |")[2].partition("\n\n")[0]
    named = [word for line in table.splitlines() for word in re.findall(r"`(\w+)`", line.partition("|")[2].partition("|")[0])]
    assert sorted(named) == sorted(reason.value for reason in DropReason)
