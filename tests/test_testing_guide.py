"""docs/testing.md as it stands on the page: its files are a project whose tests pass, its tables are the code's; also from the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from dataclasses import fields
from pathlib import Path

import pytest

import engine.testing.scenario
from engine.conditions import PRESETS, NetConditions
from tests.testing.runs import ROOT, run_pytest, run_with_plugin, write_files

GUIDE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", GUIDE, re.S))
FAILING = "fails_in_the_guide.py"
TESTS = {"test_runners.py": 2, "test_scenarios.py": 2, "test_by_hand.py": 1, "test_network_alone.py": 1}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    assert set(FILES) == {"runners.py", "conftest.py", FAILING, *TESTS}
    write_files(folder, FILES)
    return folder


def test_the_guides_tests_pass_in_a_project_of_their_own(project: Path) -> None:
    run = run_with_plugin(project)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{sum(TESTS.values())} passed" in run.stdout


def test_the_failure_shown_in_the_guide_says_what_the_guide_says(project: Path) -> None:
    run = run_with_plugin(project, FAILING)
    assert run.returncode == 1
    (shown,) = re.findall(r"```text\n(.*?)```", GUIDE, re.S)
    said = re.sub(r"^E +", "", run.stdout, flags=re.M)
    for line in shown.splitlines():
        begin = re.split(r"\d{2,}|\(seed|built|#|has snap|newest", line)[0].strip()
        assert begin in said, begin
    for words in ("what was done:", "has snapshot", "plays seat", "(control, connection", "datagrams only", "--net-seed"):
        assert words in shown
        assert words in said


def rows(title: str) -> list[list[str]]:
    """The cells of the first table behind a title."""
    section = GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return table[2:]


def test_the_table_of_conditions_is_the_codes() -> None:
    described = {word.strip("`"): field.strip("`") for word, field, _ in rows("Conditions")}
    assert list(described.values()) == [field.name for field in fields(NetConditions)]
    for word, field in described.items():
        assert getattr(NetConditions.parse(f"{word}=7"), field) == 7


def test_the_table_of_presets_is_the_codes() -> None:
    described = {name.strip("`"): words for name, words, _ in rows("Presets")}
    assert described == {name: preset.describe() for name, preset in PRESETS.items()}


def test_the_table_of_actions_names_all_there_are() -> None:
    named = set(re.findall(r"`(\w+)\(", "".join(row[0] for row in rows("Scenarios"))))
    made = {
        name
        for name, thing in vars(engine.testing.scenario).items()
        if callable(thing) and getattr(thing, "__annotations__", {}).get("return") == "Action"
    }
    assert named == made


@pytest.mark.wheel
def test_the_guides_tests_pass_with_only_the_wheel_installed(project: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "wheel" not in request.config.getoption("-m"):
        pytest.skip("builds a wheel and fills a fresh environment, half a minute: pytest -m wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("this Python has no pip")
    built = subprocess.run(
        [*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], capture_output=True, text=True, check=False
    )
    if built.returncode and is_offline(built.stderr):
        pytest.skip(f"pip cannot fetch what builds the wheel: {built.stderr.strip().splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "fresh", with_pip=True)
    python = str(tmp_path / "fresh" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    installed = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", str(wheel), "pytest"],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode and is_offline(installed.stderr):
        pytest.skip(f"pip cannot install here: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr
    (project / "test_where.py").write_text("import engine\ndef test_it(netsim):\n    assert 'fresh' in engine.__file__\n", encoding="utf-8")
    run = run_pytest(project, python=python)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{sum(TESTS.values()) + 1} passed" in run.stdout


def is_offline(complaint: str) -> bool:
    """Whether pip failed for want of an index, and not because of us."""
    signs = (
        "Could not find a version",
        "No matching distribution",
        "ConnectionError",
        "NewConnectionError",
        "Temporary failure",
        "timed out",
    )
    return any(sign in complaint for sign in signs)
