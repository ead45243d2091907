"""The pytest plugin: a network that is bad on purpose, by marker and fixture, and a failure report that says how to replay it.

    @pytest.mark.netsim("bad_wifi", loss=10, clients=3)
    def test_everybody_sees_the_same(netsim_match):
        netsim_match.run_for(10)
        netsim_match.check_worlds_agree()

It loads in every run of pytest where the engine is installed (see ``skirmish_testing.py``), so it imports nothing but pytest until a test
asks for one of its fixtures, and its names all begin with ``net``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import zlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from engine.testing.match import SimulatedMatch
    from engine.testing.simulation import Simulation
    from engine.testing.tested_game import GameUnderTest

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
CLIENTS: Final = 2
SEEDS: Final = 100_000
"""Of which a test's name chooses one."""
SEED_MAX: Final = 2**32 - 1
"""What a game's world can hold in a field or two."""
LINES: Final = 64
LINES_MAX: Final = 10_000

_simulations: Final = pytest.StashKey["list[Simulation]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("netsim", "simulated network")
    group.addoption(
        "--net-seed", type=_seed, default=None, metavar="N", help="seed of every simulated network (default: by the test's name)"
    )
    group.addoption(
        "--net-lines", type=_lines, default=LINES, metavar="N", help=f"arrivals and losses that a failure report shows (default: {LINES})"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, also to --strict-markers."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def net_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test: from ``--net-seed``, else from its marker, else from its name and so the same in every run."""
    given = request.config.getoption("--net-seed")
    if given is None:
        given = _asked(request.node).get("seed")
    chosen = zlib.crc32(request.node.nodeid.encode()) % SEEDS if given is None else _whole("seed", given, 0, SEED_MAX)
    request.node.user_properties.append(("net_seed", chosen))
    return chosen


@pytest.fixture
def netsim(request: pytest.FixtureRequest, net_seed: int) -> Simulation:
    """A simulation with the marker's conditions and scenario and nobody in it yet; on a failure its report is shown."""
    from engine.testing.misuse import MisuseError, read_conditions
    from engine.testing.simulation import At, Simulation

    asked = _asked(request.node)
    asked.pop("clients", None)
    asked.pop("seed", None)
    scenario = asked.pop("scenario", ())
    preset = asked.pop("preset", "")
    words = ",".join(([str(preset)] if preset else []) + [f"{key}={value}" for key, value in asked.items()])
    if isinstance(scenario, At) or not hasattr(scenario, "__iter__"):
        raise _wrong("scenario is a list: scenario=[at(1, ...), at(2, ...)]")
    try:
        simulation = Simulation(net_seed, read_conditions(words), report_lines=request.config.getoption("--net-lines"))
        simulation.play(*scenario)
    except MisuseError as error:
        raise _wrong(str(error)) from None
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
    from engine.testing.misuse import MisuseError
    from engine.testing.tested_game import GameUnderTest

    if not isinstance(netsim_game, GameUnderTest):
        pytest.fail(f"the fixture netsim_game must return a GameUnderTest, not {netsim_game!r}", pytrace=False)
    seats = netsim_game.seats
    clients = _whole("clients", _asked(request.node).get("clients", min(CLIENTS, seats)), 1, None)
    if clients > seats:
        raise _wrong(f"the marker wants {clients} clients, netsim_game has {seats} {'seat' if seats == 1 else 'seats'}")
    try:
        match = SimulatedMatch(netsim_game, clients=clients, simulation=netsim)
    except MisuseError as error:
        raise pytest.fail.Exception(f"netsim_game: {error}", pytrace=False) from None
    match.start()
    return match


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the simulated network can say to the report of a failure."""
    report = yield
    simulations = [simulation for simulation in item.stash.get(_simulations, []) if _has_begun(simulation)]
    if report.failed and simulations:
        for simulation in simulations:
            report.sections.append(("simulated network", _describe(simulation, item, call)))
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None and crash.message.startswith("engine."):  # pytest's summary has a line for it, and begins with the module
            crash.message = crash.message.partition(": ")[2] or crash.message
    return report


def _has_begun(simulation: Simulation) -> bool:
    """Of one in which no time has passed and nobody is there can nothing be said: the test was wrong, not the network."""
    return simulation.now > simulation.begun_at or bool(simulation.servers or simulation.clients)


def _describe(simulation: Simulation, item: pytest.Item, call: pytest.CallInfo[None]) -> str:
    from engine.testing.report import describe_simulation
    from engine.testing.simulation import SimulationStalledError

    replay = f"replay: pytest {shlex.quote(_nodeid_from_here(item))} --net-seed {simulation.seed}"
    if call.excinfo is not None and isinstance(call.excinfo.value, SimulationStalledError):
        return replay  # the error itself has said the rest
    try:
        return f"{replay}\n{describe_simulation(simulation)}"
    except Exception as error:  # noqa: BLE001 - a report about a broken thing must not hide what broke
        return f"{replay}\nthe simulation cannot be described: {error!r}"


def _nodeid_from_here(item: pytest.Item) -> str:
    """The test's id as pytest is given it: a node's own is relative to the project's root, wherever pytest was started."""
    file, colons, names = item.nodeid.partition("::")
    path = item.config.rootpath / file
    try:
        file = os.path.relpath(path, item.config.invocation_params.dir)
    except ValueError:  # on another drive
        file = str(path)
    return file + colons + names


def _asked(node: Any) -> dict[str, Any]:
    """What the markers of this test ask for; the nearest wins, key by key."""
    asked: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("netsim"))):
        if len(marker.args) > 1:
            raise _wrong("it takes one preset, and everything else by keyword")
        if marker.args:
            asked = {key: value for key, value in asked.items() if key in ("clients", "seed", "scenario")}
            asked["preset"] = marker.args[0]
        asked.update(marker.kwargs)
    return asked


def _wrong(words: str) -> BaseException:
    """A failure without a traceback: what is wrong is in the marker, and no line of code shows it."""
    return pytest.fail.Exception(f"@pytest.mark.netsim: {words}", pytrace=False)


def _whole(name: str, value: object, low: int, high: int | None) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value and (high is None or value <= high):
        return value
    raise _wrong(f"{name} must be a whole number, {low} {'or more' if high is None else f'to {high}'}, not {value!r}")


def _seed(text: str) -> int:
    return _number(text, SEED_MAX)


def _lines(text: str) -> int:
    return _number(text, LINES_MAX)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {most}")
    return int(text)
