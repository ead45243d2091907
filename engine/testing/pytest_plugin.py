"""The pytest plugin: a network that is bad on purpose, by marker and fixture, and a failure report that says how to replay it.

    @pytest.mark.netsim("bad_wifi", loss=10, clients=3)
    def test_everybody_sees_the_same(netsim_match):
        netsim_match.run_for(10)
        netsim_match.check_worlds_agree()

It loads in every run of pytest where the engine is installed (see ``skirmish_testing.py``), so it imports nothing but pytest until a test
asks for one of its fixtures, and its names all begin with ``net``.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from engine.testing.match import GameUnderTest, SimulatedMatch
    from engine.testing.simulation import Simulation

MARKER: Final = (
    "netsim(preset='', *, clients=2, seed=None, scenario=(), latency=0, jitter=0, loss=0, ...): the simulated network of this test; "
    "conditions as for --net, by keyword"
)
NO_GAME: Final = """netsim_match needs your game. In conftest.py:

    @pytest.fixture
    def netsim_game():
        from engine.testing import GameUnderTest
        return GameUnderTest(make_game, seats=4)
"""
SEEDS: Final = 100_000

_simulations: Final = pytest.StashKey["list[Simulation]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("netsim", "simulated network")
    group.addoption("--net-seed", type=int, default=None, metavar="N", help="seed of every simulated network (default: by the test's name)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to --strict-markers."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def net_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test: from ``--net-seed``, else from its marker, else from its name and so the same in every run."""
    given = request.config.getoption("--net-seed")
    if given is None:
        given = _asked(request.node).get("seed")
    chosen = zlib.crc32(request.node.nodeid.encode()) % SEEDS if given is None else int(given)
    request.node.user_properties.append(("net_seed", chosen))
    return chosen


@pytest.fixture
def netsim(request: pytest.FixtureRequest, net_seed: int) -> Simulation:
    """A simulation with the marker's conditions and scenario and nobody in it yet; on a failure its report is shown."""
    from engine.conditions import NetConditions
    from engine.testing.simulation import Simulation

    asked = _asked(request.node)
    asked.pop("clients", None)
    asked.pop("seed", None)
    scenario = asked.pop("scenario", ())
    preset = asked.pop("preset", "")
    words = ",".join(([preset] if preset else []) + [f"{key}={value}" for key, value in asked.items()])
    try:
        conditions = NetConditions.parse(words)
    except ValueError as error:
        pytest.fail(f"@pytest.mark.netsim: {error}", pytrace=False)
    simulation = Simulation(net_seed, conditions)
    simulation.play(*scenario)
    request.node.stash.setdefault(_simulations, []).append(simulation)
    return simulation


@pytest.fixture
def netsim_game() -> GameUnderTest:
    """Your game: define a fixture of this name in your conftest.py."""
    pytest.fail(NO_GAME, pytrace=False)


@pytest.fixture
def netsim_match(request: pytest.FixtureRequest, netsim: Simulation, netsim_game: GameUnderTest) -> SimulatedMatch:
    """A server of your game and the marker's number of clients, all of whom play already."""
    from engine.testing.match import SimulatedMatch

    match = SimulatedMatch(netsim_game, clients=int(_asked(request.node).get("clients", 2)), simulation=netsim)
    match.start()
    return match


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the simulated network can say to the report of a failure."""
    report = yield
    if report.failed:
        for simulation in item.stash.get(_simulations, []):
            report.sections.append(("simulated network", _describe(simulation, item.nodeid, call)))
    return report


def _describe(simulation: Simulation, nodeid: str, call: pytest.CallInfo[None]) -> str:
    from engine.testing.report import describe_simulation
    from engine.testing.simulation import SimulationStalledError

    replay = f"pytest '{nodeid}' --net-seed {simulation.seed}"
    if call.excinfo is not None and isinstance(call.excinfo.value, SimulationStalledError):
        return f"replay: {replay}"  # the error itself has said the rest
    try:
        return describe_simulation(simulation, replay)
    except Exception as error:  # noqa: BLE001 - a report about a broken thing must not hide what broke
        return f"replay: {replay}\nthe simulation cannot be described: {error!r}"


def _asked(node: Any) -> dict[str, Any]:
    """What the markers of this test ask for; the nearest wins, key by key."""
    asked: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("netsim"))):
        if len(marker.args) > 1:
            pytest.fail("@pytest.mark.netsim takes one preset, and everything else by keyword", pytrace=False)
        if marker.args:
            asked = {key: value for key, value in asked.items() if key in ("clients", "seed", "scenario")}
            asked["preset"] = marker.args[0]
        asked.update(marker.kwargs)
    return asked
