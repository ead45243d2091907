"""What pytest loads by its entry point in every run of this environment: the way to ``engine.testing.pytest_plugin``, and nothing else.

It is a module of its own, outside the package ``engine``, and waits until pytest has read the configuration and the first conftest files.
Both so that ``engine`` is imported from where the tests will import it: from the source tree whose tests run, even while the package is
also installed, and not from the environment because a plugin was loaded first.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PLUGIN = "engine.testing.pytest_plugin"


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load the plugin, unless a conftest has done so, or this project has an ``engine`` of its own that is not ours."""
    manager = early_config.pluginmanager
    if manager.has_plugin(PLUGIN) or not _is_ours():
        return
    manager.import_plugin(PLUGIN)


def _is_ours() -> bool:
    """Whether ``engine`` would be ours, found out without importing it: another one's import may do anything."""
    try:
        spec = importlib.util.find_spec("engine")
    except ValueError:  # imported already, by somebody who made it up
        return False
    places = () if spec is None else spec.submodule_search_locations or ()
    return any((Path(place) / "testing" / "pytest_plugin.py").is_file() for place in places)
