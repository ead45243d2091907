"""A pytest plugin for the child process that runs a copy's tests (``-p tests.planted_bugs.child``): which tests failed, told as JSON.

Properties are tried with the same examples in every run and leave nothing behind, so a bug that is caught once is caught always. If the
engine that is imported were not the copy's, every bug would survive: such a run is no run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pytest

OUTCOME: Final = "PLANTED_BUGS_OUTCOME"
"""The variable that names the file to write."""

_failed: Final[list[str]] = []


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """After the copy's own conftest files, which load another profile."""
    from hypothesis import Phase, settings

    import engine

    if not Path(engine.__file__).is_relative_to(config.rootpath):
        pytest.exit(
            f"the tests would run against {engine.__file__}, which is not in {config.rootpath}", returncode=pytest.ExitCode.USAGE_ERROR
        )
    # The first example that fails is enough: making it small can take minutes.
    settings.register_profile("planted", deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("planted")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Set-up and teardown count, too: a fixture that checks is a check."""
    if report.failed:
        _failed.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write what failed; nothing where the session never came so far."""
    if path := os.environ.get(OUTCOME):
        Path(path).write_text(json.dumps(_failed), encoding="utf-8")
