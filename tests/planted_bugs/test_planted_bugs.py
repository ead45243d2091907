"""The catalogue fits the code as it is, the page lists it, the runner tells a caught bug from one that survived; all of it: ``-m soak``."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.planted_bugs import __main__ as command
from tests.planted_bugs import document
from tests.planted_bugs.bug import Bug
from tests.planted_bugs.catalogue import BUGS
from tests.planted_bugs.planting import ROOT, Copy

BY_NAME = {bug.name: bug for bug in BUGS}
REALLY_RUN = ("generation_not_compared", "simulated_loss_applied_twice")
HARMLESS = Bug(
    "harmless",
    "engine/conditions.py",
    "if self._loss and self._loses():",
    "if self._loss > 0.0 and self._loses():",
    "Nothing.",
    "tests/test_conditions.py",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_can_be_planted_in_the_code_as_it_is(bug: Bug) -> None:
    sound = (ROOT / bug.file).read_text(encoding="utf-8")
    assert sound.count(bug.old) == 1, f"{bug.file} has changed: plant {bug.name} anew"
    planted = sound.replace(bug.old, bug.new)
    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(sound)), "it is Python, and not the same Python"
    assert bug.file.split("/")[0] in ("engine", "game", "server"), "bugs are planted in what is tested, not in the tests"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_its_tests_are_a_folder_or_a_file(bug: Bug) -> None:
    selection = ROOT / bug.tests
    assert bug.tests.startswith("tests/")
    assert selection.suffix == ".py" if selection.is_file() else list(selection.glob("test_*.py"))


def test_the_catalogue_is_fit_for_a_table() -> None:
    assert len(BUGS) >= 20
    assert len(BY_NAME) == len(BUGS), "two bugs have the same name"
    assert [bug.name for bug in BUGS if "|" in bug.breaks or "\n" in bug.breaks or not bug.breaks.endswith(".")] == []


def test_the_page_lists_every_bug_and_a_test_that_exists() -> None:
    rows = document.rows()
    assert [(name, breaks) for name, breaks, _ in rows] == [(bug.name, bug.breaks) for bug in BUGS]
    for name, _, caught_by in rows:
        file, _, function = caught_by.partition("::")
        assert file.startswith(BY_NAME[name].tests), f"{name} was caught by what was not run"
        outer = function.split("::")[0]  # a function or a class; of a class, what it inherits is no text
        assert outer in (ROOT / file).read_text(encoding="utf-8"), f"{caught_by} is gone: write the table anew"


@pytest.mark.parametrize("name", REALLY_RUN)
def test_it_is_caught(copy: Copy, name: str) -> None:
    bug = BY_NAME[name]
    result = copy.try_bug(bug)
    assert result.caught_by.startswith(bug.tests), result.problem
    assert (copy.folder / bug.file).read_text(encoding="utf-8") == (ROOT / bug.file).read_text(encoding="utf-8"), "taken out again"


def test_what_the_tests_cannot_notice_survives(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "BUGS", (HARMLESS,))
    assert command.main(["--json"]) == 1
    *_, summary, listed = capsys.readouterr().out.splitlines()
    assert summary == "0 of 1 bugs caught; not: harmless"
    (result,) = json.loads(listed)
    assert (result["name"], result["caught_by"]) == ("harmless", "")


def test_a_bug_that_cannot_be_planted_is_neither_caught_nor_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = Bug("gone", HARMLESS.file, "no such text", "", "Nothing.", HARMLESS.tests)
    monkeypatch.setattr(command, "BUGS", (gone,))
    assert command.main([]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "0 of 0 bugs caught",
        "could not be tried: gone: its text occurs 0 times in engine/conditions.py",
    ]


def test_all_names_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [bug.name for bug in BUGS]


def test_tests_that_fail_without_a_bug_show_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class BrokenCopy(Copy):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            (folder / "tests" / "test_conditions.py").write_text("def test_broken():\n    assert False\n", encoding="utf-8")

    monkeypatch.setattr(command, "BUGS", (HARMLESS,))
    monkeypatch.setattr(command, "Copy", BrokenCopy)
    assert command.main(["--json"]) == 1
    assert "tests/test_conditions.py::test_broken" in capsys.readouterr().out


def test_a_run_that_says_nothing_is_no_catch(copy: Copy) -> None:
    hung = copy.run("tests/test_conditions.py", run_s_max=0.01)
    assert not hung.passed
    assert not hung.failed
    assert "did not end" in hung.problem
    missing = copy.run("tests/no_such_folder")
    assert (missing.passed, missing.failed) == (False, ())
    assert missing.problem
    unreadable = copy.try_bug(Bug("syntax", HARMLESS.file, HARMLESS.old, "if (", "Python.", HARMLESS.tests))
    assert unreadable.caught_by == ""
    assert "SyntaxError" in unreadable.problem


def test_an_old_text_that_is_gone_is_told(copy: Copy) -> None:
    result = copy.try_bug(Bug("gone", HARMLESS.file, "no such text", "", "Nothing.", HARMLESS.tests))
    assert (result.caught_by, result.problem) == ("", "its text occurs 0 times in engine/conditions.py")


@pytest.mark.soak
def test_every_bug_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--jobs", "2"]) == 0, capsys.readouterr().out
