"""The same seed gives the same trace in another process with another hash seed: for every preset and every kind of scenario."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys

import pytest

import engine.testing.scenario as actions
from engine.conditions import PRESETS
from tests.testing import traces
from tests.testing.runs import ROOT


@pytest.fixture(scope="module")
def by_hash_seed() -> list[dict[str, str]]:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.testing.traces"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "4711")
    ]
    return [json.loads(process.communicate(timeout=300)[0]) for process in running]


def test_every_preset_and_every_scenario_repeats_in_another_process(by_hash_seed: list[dict[str, str]]) -> None:
    first, second = by_hash_seed
    assert [name for name in first if first[name] != second[name]] == []
    assert len(first) == len(PRESETS) + len(traces.SCENARIOS)
    assert len(set(first.values())) == len(first), "each did something else to the traffic"


def test_it_repeats_here_too_and_another_seed_differs(by_hash_seed: list[dict[str, str]]) -> None:
    assert traces.trace("worst") == by_hash_seed[0]["preset worst"]
    assert traces.trace("home_wifi", "crash of the server") == by_hash_seed[0]["scenario crash of the server"]
    assert traces.trace("worst", seed=8) != by_hash_seed[0]["preset worst"]


def test_every_action_is_in_some_scenario() -> None:
    source = inspect.getsource(traces)
    made = [name for name, thing in vars(actions).items() if getattr(thing, "__annotations__", {}).get("return") == "Action"]
    assert [name for name in made if f"{name}(" not in source] == ["call"]
