"""``pytest --seed N``: replays a failed simulation. Registered with ``pytest_plugins = ["engine.testing.pytest_plugin"]``.

A test that takes ``seed`` gets one of its own, from its name, the same in every run; with ``--seed`` it gets that one. The report of a
test that failed says which it was.
"""

from __future__ import annotations

import zlib

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--seed", type=int, default=None, help="the seed of every test that takes one (default: by the test's name)")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test's simulations."""
    given = request.config.getoption("--seed")
    chosen = int(given) if given is not None else zlib.crc32(request.node.nodeid.encode()) % 100_000
    request.node.user_properties.append(("seed", chosen))
    request.node.add_report_section("setup", "seed", f"pytest --seed {chosen} replays this")
    return chosen
