"""Each target runs: on its seeds and on random inputs always, under libFuzzer for some seconds with ``pytest -m fuzz``."""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "harness", "test_targets"))
SECONDS = 8


@pytest.mark.parametrize("name", TARGETS)
def test_target_holds_on_random_inputs(name: str) -> None:
    target = importlib.import_module(f"tests.fuzz.{name}").target
    random = Random(name)
    for size in (0, 1, 2, 5, 20, 60, 200, 1000, 4000):
        for _ in range(4):
            target(random.randbytes(size))
            target(bytes(random.choice((0, 1, 2, 3, 5, 255)) for _ in range(size)))


@pytest.mark.parametrize("name", TARGETS)
def test_without_atheris_a_sentence_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    monkeypatch.delitem(sys.modules, f"tests.fuzz.{name}", raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"tests.fuzz.{name}", run_name="__main__")
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"python -m tests.fuzz.{name}: atheris is not installed: pip install '.[fuzz]'\n"


@pytest.mark.fuzz
@pytest.mark.parametrize("name", TARGETS)
def test_target_under_libfuzzer(name: str) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: pip install '.[fuzz]'")
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{name}", f"-max_total_time={SECONDS}", "-print_final_stats=1"],
        capture_output=True,
        text=True,
        timeout=SECONDS * 20,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert "stat::number_of_executed_units" in ran.stderr, ran.stderr[-4000:]
