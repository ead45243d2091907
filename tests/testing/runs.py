"""Runs of pytest in a project of its own, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

AMBIENT = ("PYTEST", "PYTHON", "COV_", "CI", "BUILD_NUMBER", "COLUMNS", "FORCE_COLOR", "PY_COLORS")
"""Variables that change what pytest does or prints; with CI set, its summary has whole messages."""


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run_pytest(
    folder: Path, *arguments: str, python: str = sys.executable, within: str = ".", **environment: str
) -> subprocess.CompletedProcess[str]:
    """``pytest`` in this folder (or ``within`` it), which has no part of our tree but what ``environment`` says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(AMBIENT)}
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "-W", "error", *arguments]
    return subprocess.run(
        command,
        cwd=folder / within,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def run_with_plugin(folder: Path, *arguments: str, within: str = ".", **environment: str) -> subprocess.CompletedProcess[str]:
    """As where the package is installed: its entry point is loaded, by name because this environment may not have it."""
    return run_pytest(folder, "-p", "skirmish_testing", *arguments, within=within, **{"PYTHONPATH": str(ROOT), **environment})
