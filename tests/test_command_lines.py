"""The tools in this tree: a wrong argument is one line that says what to do, exit code 2, nothing is run for it; help has no markup."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from tests.command_line import plain, tool

TESTS = Path(__file__).resolve().parent
TOOLS = sorted(
    ".".join(path.relative_to(TESTS.parent).with_suffix("").parts).removesuffix(".__main__")
    for path in TESTS.rglob("*.py")
    if path != Path(__file__) and "= tool(" in path.read_text(encoding="utf-8")
)


def main_of(name: str):  # type: ignore[no-untyped-def]
    path = TESTS.parent / Path(*name.split(".")) / "__main__.py"
    return import_module(f"{name}.__main__" if path.is_file() else name).main


def test_all_tools_are_found() -> None:
    assert {"tests.scorecard", "tests.swarm", "tests.film", "tests.faults.report", "tests.bench.simulation"} <= set(TOOLS)
    for path in TESTS.rglob("*.py"):
        assert "argparse." + "ArgumentParser(" not in path.read_text(encoding="utf-8"), f"{path} has a parser of its own"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("bench.simulation", ["--net", "foo"], "argument --net: network conditions: 'foo' is unknown"),
        ("bench.simulation", ["--net", "loss=500"], "argument --net: network conditions: loss must be 0 to 100 percent, not 500"),
        ("bench.simulation", ["--seconds", "-5"], "--seconds: -5 is not in 0.1 to 86400"),
        ("bench.simulation", ["--clients", "0"], "--clients: 0 is not in 1 to 256"),
        ("bench.simulation", ["--clients", "-1"], "--clients: -1 is not in 1 to 256"),
        ("bench.simulation", ["--clients", "99"], "--clients: arena has 16 seats, not 99"),
        ("bench.simulation", ["--game", "chess"], "--game: invalid choice: 'chess'"),
        ("bench.capacity", ["--clients", "0"], "--clients: 0 is not in 1 to 1024"),
        ("bench.capacity_plot", ["no_such.jsonl", "out.svg"], "no_such.jsonl: No such file"),
        ("bench.codec", ["--age", "0"], "--age: 0 is not in 1 to"),
        ("bench.snapshot_bytes", ["--ages", "1,x"], "--ages: 'x' is not a whole number"),
        ("bench.snapshot_bytes", ["--trace", "worlds.npz"], "--trace and --schema go together"),
        ("scorecard", ["--only", "foo"], "--only: 'foo' is not a cell: write RTT/JITTER/LOSS or RTT/JITTER/LOSS/BURST, as in 100/20/5"),
        ("scorecard", ["--only", "1/2"], "--only: '1/2' is not a cell: write RTT/JITTER/LOSS"),
        ("scorecard", ["--only", "1/2/3/4/5"], "--only: '1/2/3/4/5' is not a cell: it has more than"),
        ("scorecard", ["--only", "80/10/500"], "--only: '80/10/500': loss must be 0 to 100 percent, not 500"),
        ("scorecard", ["--seconds", "0"], "--seconds: 0 is not in 5 to 3600"),
        ("scorecard", ["--seeds", "0"], "--seeds: 0 is not in 1 to 1000"),
        ("scorecard", ["--jobs", "0"], "--jobs: 0 is not in 1 to 64"),
        ("scorecard.real", ["--only", "foo"], "--only: 'foo' is not a cell: write RTT/JITTER/LOSS"),
        ("swarm", ["--seeds", "1", "--jobs", "0"], "--jobs: 0 is not in 1 to 64"),
        ("swarm", ["--seeds", "1", "--jobs", "-2"], "--jobs: -2 is not in 1 to 64"),
        ("swarm", ["--seeds", "5..1"], "--seeds: '5..1': the first is greater than the last"),
        ("swarm", ["--seeds", "one"], "--seeds: 'one': write A..B, for example 1..200"),
        ("swarm", ["--seeds", "1..99999999999999999999"], "--seeds: '1..99999999999999999999': seeds are 0 to"),
        ("swarm", ["--seeds", "0..99999999"], "--seeds: '0..99999999': seeds are 0 to"),
        ("planted_bugs", ["--only", "nonsense"], "there is no bug 'nonsense'; --list tells all"),
        ("planted_bugs", ["--only", "generation_not_compare"], "(did you mean generation_not_compared?)"),
        ("planted_bugs", ["--only", "generation_not_compared", "--write"], "--write needs all bugs"),
        ("net_pictures", ["no/such/folder"], "there is no folder 'no/such/folder'"),
        ("film", ["--image", "no/such/folder/film.png"], "there is no folder 'no/such/folder'"),
        ("film", ["--net", "80,,loss"], "argument --net: network conditions: '80' is unknown"),
        ("faults.report", ["--print", "more"], "unrecognized arguments: more"),
        ("second_reader", ["--packets", "0"], "--packets: 0 is not in 1 to"),
    ],
)
def test_a_wrong_argument_is_one_line(name: str, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main_of(f"tests.{name}")(arguments)
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    (line,) = told.err.splitlines()
    assert words in line
    assert line.startswith(f"tests.{name}: ")
    assert line.endswith(f" (see: python -m tests.{name} --help)")


@pytest.mark.parametrize("name", TOOLS)
def test_help_begins_with_what_one_types_and_is_prose(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main_of(name)(["--help"])
    told = capsys.readouterr()
    assert (ended.value.code, told.err) == (0, "")
    assert told.out.startswith(f"usage: python -m {name} ")
    assert "`" not in told.out
    assert ":mod:" not in told.out
    assert "%%" not in told.out


def test_the_mark_up_of_a_head_is_taken_out_and_its_paragraphs_stay() -> None:
    head = "``python -m tests.x``: does **that**, as ``y`` 100 % of\nthe time.\n\nSee :mod:`tests.z`.\n"
    assert plain(head) == "Does **that**, as y 100 % of\nthe time.\n\nSee tests.z."
    assert plain("What it costs: ``python -m tests.x --json``.") == "What it costs."
    parser = tool("tests.x", head)
    parser.add_argument("--age", type=int, default=3, help="in ticks")
    parser.add_argument("--json", action="store_true", help="as JSON")
    text = parser.format_help()
    assert "100 % of the time.\n\nSee tests.z.\n" in text
    assert "in ticks (default: 3)" in text
    assert "default: False" not in text
    assert isinstance(parser, argparse.ArgumentParser)
