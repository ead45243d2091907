"""docs/complaints.md: every test that it names exists, and every complaint has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)), ids=lambda part: part.rpartition("/")[2])
def test_a_test_that_the_page_names_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file(), f"docs/complaints.md names {file}"
    assert name in names_in(path), f"docs/complaints.md names {file}::{name}"


def test_every_complaint_has_its_threads_its_answer_and_its_tests() -> None:
    assert {int(re.match(r"\| (\d+)", row).group(1)) for row in ROWS} == set(range(1, 16))  # type: ignore[union-attr]
    for row in ROWS:
        _, complaint, threads, answer, tests, _ = (cell.strip() for cell in row.split("|"))
        assert "#" in threads, complaint
        assert len(answer) > 40, complaint
        assert re.findall(r"`tests/[\w/]+\.py::\w+`", tests), complaint
        assert not re.sub(r"`tests/[\w/]+\.py::\w+`|<br>", "", tests), f"{complaint}: not the name of a test"
