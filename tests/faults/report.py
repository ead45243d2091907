"""``python -m tests.faults.report``: runs the fault tests and writes what they measured into ``docs/reliability.md``.

The tests themselves state their figures and bounds (:mod:`tests.faults.figures`), so the table is what was asserted, not a second opinion.
The page's prose stays; only what is between the two marks is written anew. ``--soak`` runs the long ones too (the better part of an hour),
``--print`` shows the table instead of writing it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.command_line import tool
from tests.faults.figures import PROPERTY

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN: Final = "<!-- figures: written by python -m tests.faults.report -->"
END: Final = "<!-- end of figures -->"


@dataclass
class Result:
    """One test and what it measured."""

    name: str
    file: str
    outcome: str
    figures: list[tuple[str, str, str, str, bool]] = field(default_factory=list)


class Collector:
    """Takes the figures out of pytest's reports."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        file, _, name = report.nodeid.partition("::")
        result = Result(name, Path(file).stem, report.outcome)
        result.figures = [tuple(value) for key, value in report.user_properties if key == PROPERTY]  # type: ignore[misc]
        self.results.append(result)


def table(results: Iterable[Result]) -> str:
    """Markdown: a section per family of faults, a row per figure."""
    lines: list[str] = []
    family = ""
    for result in results:
        module = importlib.import_module(f"tests.faults.{result.file}")
        if result.file != family:
            family = result.file
            lines += ["", f"### {_first_sentence(module.__doc__)}", "", "| fault | figure | measured | bound |", "|---|---|---|---|"]
        shown = _title(module, result.name)
        if result.outcome != "passed":
            lines.append(f"| {shown} | **{result.outcome}** | | |")
        for name, value, bound, unit, holds in result.figures:
            measured = f"{value} {unit}".strip()
            lines.append(
                f"| {shown} | {name} | {measured if holds else f'**{measured}**'} | {bound.replace('<=', '≤').replace('>=', '≥')} |"
            )
            shown = ""
    return "\n".join(lines).strip()


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split()).split(": ")[0].split(". ")[0].rstrip(".")


def _title(module: Any, name: str) -> str:
    function, bracket, parameters = name.partition("[")
    said = " ".join((getattr(module, function).__doc__ or "").split())
    words = function.removeprefix("test_").replace("_", " ")
    given = f" ({parameters.rstrip(']')})" if bracket else ""
    return f"{words}{given}<br>*{said}*" if said else f"{words}{given}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, collect, write."""
    parser = tool("tests.faults.report", __doc__)
    parser.add_argument("--soak", action="store_true", help="the long runs, too")
    parser.add_argument("--print", action="store_true", dest="only_print", help="show the table, write nothing")
    options = parser.parse_args(arguments)
    collector = Collector()
    marks = "soak or not soak" if options.soak else "not soak"
    code = pytest.main(["-q", "-p", "no:cacheprovider", "-m", marks, str(Path(__file__).parent)], plugins=[collector])
    written = table(collector.results)
    if options.only_print:
        print(written)
        return int(code)
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{PAGE} has lost its marks", file=sys.stderr)
        return 2
    PAGE.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}", encoding="utf-8")
    print(f"{PAGE.name}: {sum(len(result.figures) for result in collector.results)} figures of {len(collector.results)} tests")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
