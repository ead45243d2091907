"""``python -m tests.planted_bugs``: plants every bug of the catalogue in a copy of the project and shows which test catches it.

First the selections of tests must pass as they are. Exit code 1: something survived (or the tests do not pass without any bug). ``--json``
ends with a list of ``{"name", "caught_by", "seconds"}`` on one line, ``--write`` puts the table into ``docs/reliability.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

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
    parser = argparse.ArgumentParser(prog="python -m tests.planted_bugs", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="this bug alone (may be given more than once)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="copies that are tried at once (default: 1)")
    parser.add_argument("--json", action="store_true", help="end with the results as JSON")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md (all bugs must be caught)")
    options = parser.parse_args(arguments)
    unknown = set(options.only or ()) - {bug.name for bug in BUGS}
    if unknown or options.jobs < 1 or (options.only and options.write):
        parser.error(f"no such bug: {', '.join(sorted(unknown))}" if unknown else "--jobs is at least 1, and --write needs all bugs")
    bugs = [bug for bug in BUGS if not options.only or bug.name in options.only]

    results, broken = try_all(bugs, options.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    survived = [result.name for result in results if not result.caught_by]
    if broken:
        print("The tests do not pass without any bug:", *broken, sep="\n")
    else:
        print(f"{len(results) - len(survived)} of {len(results)} bugs caught" + (f"; not: {', '.join(survived)}" if survived else ""))
    failed = bool(broken or survived)
    if options.write and not failed:
        document.write(bugs, {result.name: result.caught_by for result in results})
    if options.json:
        print(json.dumps([{"name": r.name, "caught_by": r.caught_by, "seconds": round(r.seconds, 2)} for r in results]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
