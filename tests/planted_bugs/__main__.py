"""``python -m tests.planted_bugs``: plants every bug of the catalogue in a copy of the project and shows which test catches it.

First the selections of tests must pass as they are. Exit code 1: something survived (or the tests do not pass without any bug). ``--json``
ends with a list of ``{"name", "caught_by", "seconds"}`` on one line, ``--write`` puts the table into ``docs/reliability.md``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from tests.command_line import JOBS, tool
from tests.planted_bugs import document
from tests.planted_bugs.bug import Bug
from tests.planted_bugs.catalogue import BUGS
from tests.planted_bugs.planting import Copy, Result

T = TypeVar("T")
R = TypeVar("R")


def try_all(bugs: Sequence[Bug], jobs: int, say: Callable[[str], None]) -> tuple[list[Result], list[str]]:
    """The bugs' results in order, and what is wrong without any bug (then there are no results). Each job has a copy of its own."""
    copies: SimpleQueue[Copy] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="planted_bugs_") as folder, ThreadPoolExecutor(jobs) as pool:
        for number in range(jobs):
            (Path(folder) / str(number)).mkdir()
            copies.put(Copy(Path(folder) / str(number)))

        def with_copy(do: Callable[[Copy, T], R], what: T) -> R:
            copy = copies.get()
            try:
                return do(copy, what)
            finally:
                copies.put(copy)

        def without_bug(tests: str) -> str:
            run = with_copy(Copy.run, tests)
            said = "pass" if run.passed else f"fail: {run.problem or run.failed[0]}"
            say(f"{run.seconds:6.1f} s  {tests} without a bug: {said}")
            return "" if run.passed else f"{tests}: {said}"

        def with_bug(bug: Bug) -> Result:
            result = with_copy(Copy.try_bug, bug)
            say(f"{result.seconds:6.1f} s  {bug.name}: {result.caught_by or result.problem}")
            return result

        broken = [line for line in pool.map(without_bug, sorted({bug.tests for bug in bugs})) if line]
        return ([] if broken else list(pool.map(with_bug, bugs))), broken


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = tool("tests.planted_bugs", __doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="this bug alone (may be given more than once)")
    parser.add_argument("--jobs", type=JOBS, default=1, metavar="N", help="copies that are tried at once")
    parser.add_argument("--json", action="store_true", help="a list of all results on the last line of standard output")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md (all bugs must be caught)")
    parser.add_argument("--list", action="store_true", help="only tell the names of all bugs, and what they break")
    options = parser.parse_args(arguments)
    names = [bug.name for bug in BUGS]
    for name in options.only or ():
        if name not in names:
            meant = get_close_matches(name, names, 1)
            parser.error(f"there is no bug {name!r}{f' (did you mean {meant[0]}?)' if meant else ''}; --list tells all")
    if options.only and options.write:
        parser.error("--write needs all bugs, so not together with --only")
    if options.list:
        print(*(f"{bug.name:32} {bug.breaks}" for bug in BUGS), sep="\n")
        return 0
    bugs = [bug for bug in BUGS if not options.only or bug.name in options.only]

    results, broken = try_all(bugs, options.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    survived = [result.name for result in results if result.was_tried and not result.caught_by]
    untried = [result for result in results if not result.was_tried]
    if broken:
        print("The tests do not pass without any bug:", *broken, sep="\n")
    else:
        tried = len(results) - len(untried)
        print(f"{tried - len(survived)} of {tried} bugs caught" + (f"; not: {', '.join(survived)}" if survived else ""))
        for result in untried:
            print(f"could not be tried: {result.name}: {result.problem}")
    failed = bool(broken or survived or untried)
    if options.write and not failed:
        document.write(bugs, {result.name: result.caught_by for result in results})
    if options.json:
        print(json.dumps([{"name": r.name, "caught_by": r.caught_by, "seconds": round(r.seconds, 2)} for r in results]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
