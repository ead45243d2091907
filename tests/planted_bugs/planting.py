"""Plants one bug in a copy of the project and lets the copy's tests look for it.

The original is never touched. A copy is made once and used for many bugs, one after the other: the file is written, the tests run in a
child process, the file is put back. No bytecode is written, because Python tells stale bytecode by size and second, and a planted bug may
have neither changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.planted_bugs.bug import Bug
from tests.planted_bugs.child import OUTCOME

ROOT: Final = Path(__file__).resolve().parents[2]
COPIED: Final = (
    *("engine", "game", "server", "tests", "assets", "docs"),
    *("pyproject.toml", "conftest.py", "skirmish_testing.py", "README.md", "CHANGELOG.md", "LICENSE"),
)
RUN_S_MAX: Final = 300.0
"""A run of tests that takes longer is ended: tests that hang say nothing about what is wrong, so that counts as not caught."""

_PASSED, _FAILED, _NONE = 0, 1, 5
"""Exit codes of pytest."""
TAIL_CHARACTERS_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a selection of tests."""

    passed: bool
    failed: tuple[str, ...]
    """Tests that failed; with ``-x`` there is one."""
    seconds: float
    problem: str
    """Why this says nothing about the tests: they hung, could not be collected, or there are none. Empty if they passed or failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one bug."""

    name: str
    caught_by: str
    """The test that failed; empty where none did."""
    seconds: float
    problem: str = ""
    was_tried: bool = True
    """Whether its tests ran to an end with it: otherwise they neither caught it nor missed it."""


class Copy:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy2(source, folder / name)

    def run(self, tests: str, run_s_max: float = RUN_S_MAX) -> Run:
        """Run a selection as it is, up to the first failure."""
        outcome = self.folder / "outcome.json"
        outcome.unlink(missing_ok=True)
        plugins = ("-p", "tests.planted_bugs.child", "-p", "no:cacheprovider")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        # One hash seed for all runs, so that what is caught does not depend on luck: tests that need others start processes of their own.
        environment |= {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", OUTCOME: str(outcome)}
        began = time.monotonic()
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-x", "-q", *plugins, tests],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=run_s_max,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Run(False, (), time.monotonic() - began, f"the tests did not end within {run_s_max:g} s")
        seconds = time.monotonic() - began
        failed = tuple(json.loads(outcome.read_text(encoding="utf-8"))) if outcome.exists() else ()
        if ran.returncode == _PASSED:
            return Run(True, (), seconds, "")
        if ran.returncode == _FAILED and failed:
            return Run(False, failed, seconds, "")
        said = "there are no such tests" if ran.returncode == _NONE else ran.stdout[-TAIL_CHARACTERS_MAX:]
        return Run(False, (), seconds, f"pytest ended with {ran.returncode}: {said}")

    def try_bug(self, bug: Bug, run_s_max: float = RUN_S_MAX) -> Result:
        """Plant it, run its tests, take it out again."""
        path = self.folder / bug.file
        sound = path.read_text(encoding="utf-8")
        if sound.count(bug.old) != 1:
            return Result(bug.name, "", 0.0, f"its text occurs {sound.count(bug.old)} times in {bug.file}", was_tried=False)
        path.write_text(sound.replace(bug.old, bug.new), encoding="utf-8")
        try:
            run = self.run(bug.tests, run_s_max)
        finally:
            path.write_text(sound, encoding="utf-8")
        problem = "it survived" if run.passed else run.problem
        return Result(bug.name, run.failed[0] if run.failed else "", run.seconds, problem, was_tried=run.passed or bool(run.failed))
