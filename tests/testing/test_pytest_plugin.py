"""The plugin in projects of their own: marker, fixtures, seeds, and what a failure says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.testing.runs import ROOT, run_pytest, run_with_plugin, write_files

GAME = (ROOT / "tests" / "testing" / "toy.py").read_text(encoding="utf-8")
CONFTEST = """
import pytest

@pytest.fixture
def netsim_game():
    from runners import RUNNERS
    return RUNNERS
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_files(tmp_path, {"runners.py": GAME, "conftest.py": CONFTEST, "pytest.ini": "[pytest]\npythonpath = .\n"})
    return tmp_path


def test_marker_and_fixtures_give_a_match_over_the_marked_network(project: Path) -> None:
    write_files(
        project,
        {
            "test_play.py": """
import pytest
from engine.conditions import PRESETS
from engine.testing.scenario import at, heal, partition

pytestmark = pytest.mark.netsim("bad_wifi")

@pytest.mark.netsim(loss=20, clients=3)
def test_three(netsim_match, netsim, net_seed):
    assert netsim_match.simulation is netsim
    assert netsim.conditions.loss_pct == 20
    assert netsim.conditions.burst == PRESETS["bad_wifi"].burst
    assert netsim.seed == net_seed
    assert len(netsim_match.clients) == 3
    client = netsim_match.clients[0]
    seat, runner = netsim_match.seat(client), netsim_match.world.runner
    begun = runner.x[seat]
    client.set_command(dx=1)
    netsim_match.run_until(lambda: runner.x[seat] > begun + 500)

@pytest.mark.netsim("lan", clients=1, seed=77, scenario=[at(1, partition("client 1", "server")), at(2, heal())])
def test_one(netsim_match, netsim):
    assert netsim.seed == 77
    assert netsim.conditions == PRESETS["lan"]
    netsim_match.run_for(3)
    assert len(netsim.happened) == 2

class TestPerfect:
    pytestmark = pytest.mark.netsim("none")
    def test_nobody(self, netsim):
        assert netsim.conditions.is_perfect
        assert netsim.clients == []
"""
        },
    )
    run = run_with_plugin(project)
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout


FAILING = """
import pytest

@pytest.mark.netsim(latency=40, loss=10)
def test_fails(netsim_match):
    netsim_match.run_for(0.5)
    assert netsim_match.world.runner.x[0] == 4711

@pytest.mark.netsim(latency=40)
def test_stalls(netsim_match):
    netsim_match.run_until(lambda: False, 0.5, "the end of the world")

def test_without_network():
    assert not 1
"""


def test_a_failure_says_seed_conditions_and_the_last_datagrams_and_how_to_replay(project: Path) -> None:
    write_files(project, {"test_play.py": FAILING})
    run = run_with_plugin(project)
    assert run.returncode == 1
    assert "3 failed" in run.stdout
    assert run.stdout.count("simulated network") == 2
    fails, stalls = run.stdout.split("test_stalls", 1)
    (replay,) = re.findall(r"replay: pytest test_play.py::test_fails --net-seed (\d+)\n", fails)
    assert f"seed: {replay}\n" in fails
    assert "conditions: latency=40,loss=10\n" in fails
    assert re.search(r"client 1 to server #\d+, ack \d+: has snapshot \d+, commands \d+ to \d+ \(neutral\)", fails)
    assert re.search(r"server to client 2 #\d+, ack \d+: snapshot \d+ built on \d+, \d+ bytes", fails)
    assert "the end of the world did not happen within 0.5 s" in stalls
    assert "client 2 (10.1.0.2:40000): match: plays seat " in stalls
    stall_report, _ = stalls.split("short test summary info")
    assert stall_report.count("what everybody waits for") == 1


def sequences(folder: Path, *arguments: str, **environment: str) -> list[str]:
    """What the failure report of ``test_fails`` shows of the traffic: a trace that can be compared."""
    run = run_with_plugin(folder, "-k", "test_fails", *arguments, **environment)
    found = [line for line in run.stdout.splitlines() if re.match(r"\s+\d+\.\d{6} 10\.", line)]
    assert len(found) == 64
    return found


def test_the_seed_follows_from_the_name_and_net_seed_replays_another(project: Path) -> None:
    write_files(project, {"test_play.py": FAILING})
    by_name = sequences(project, PYTHONHASHSEED="1")
    assert sequences(project, PYTHONHASHSEED="2") == by_name
    other = sequences(project, "--net-seed", "123456")
    assert other != by_name
    assert sequences(project, "--net-seed=123456") == other


SCENARIO = "from engine.testing.scenario import at, every, heal, pause, weather"


def is_a_sentence_alone(said: str) -> bool:
    return not any(words in said for words in ("Traceback", "During handling", "engine/testing", "Error:"))


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("latence=5", "network conditions: 'latence' is unknown (did you mean latency?); known are latency, jitter"),
        ("loss='much'", "network conditions: loss needs a number"),
        ("'wifi'", "'wifi' is unknown (did you mean bad_wifi?); known are latency, "),
        ("'lan', 5", "takes one preset, and everything else by keyword"),
        ("5", "network conditions: '5' is unknown; known are latency, "),
        ("seed='a'", "@pytest.mark.netsim: seed must be a whole number, 0 to 4294967295, not 'a'"),
        ("seed=-1", "@pytest.mark.netsim: seed must be a whole number, 0 to 4294967295, not -1"),
        ("scenario=at(1, heal())", "@pytest.mark.netsim: scenario is a list: scenario=[at(1, ...), at(2, ...)]"),
        ("scenario=heal()", "@pytest.mark.netsim: scenario is a list: scenario=[at(1, ...), at(2, ...)]"),
        ("scenario=[heal()]", "a scenario is made of at(seconds, action), and 'all partitions heal' has no time"),
        ("scenario=[every(1, heal(), times=2)]", "and this is several at once: write *every(...), with the star"),
        ("scenario=['heal']", "a scenario is made of at(seconds, action), and 'heal' is none"),
    ],
)
def test_a_wrong_marker_is_told_in_a_sentence(project: Path, marker: str, words: str) -> None:
    code = f"import pytest\n{SCENARIO}\n@pytest.mark.netsim({marker})\ndef test_it(netsim): pass\n"
    write_files(project, {"test_play.py": code})
    run = run_with_plugin(project)
    assert run.returncode == 1
    assert words in run.stdout
    assert is_a_sentence_alone(run.stdout)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("clients=5", "@pytest.mark.netsim: the marker wants 5 clients, netsim_game has 4 seats"),
        ("clients=0", "@pytest.mark.netsim: clients must be a whole number, 1 or more, not 0"),
        ("clients=-2", "@pytest.mark.netsim: clients must be a whole number, 1 or more, not -2"),
        ("clients='two'", "@pytest.mark.netsim: clients must be a whole number, 1 or more, not 'two'"),
    ],
)
def test_a_wrong_number_of_clients_is_told_before_any_time_passes(project: Path, marker: str, words: str) -> None:
    write_files(project, {"test_play.py": f"import pytest\n@pytest.mark.netsim({marker})\ndef test_it(netsim_match): pass\n"})
    run = run_with_plugin(project)
    assert words in run.stdout
    assert is_a_sentence_alone(run.stdout)
    assert "simulated network" not in run.stdout, "of which there is nothing to be said yet"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("@pytest.mark.netsim(scenario=[at(1, weather('foo'))])", "network conditions: 'foo' is unknown; known are latency"),
        ("@pytest.mark.netsim(scenario=[at(1, heal)])", "at: heal is not an action of engine.testing.scenario, as heal() is"),
        ("@pytest.mark.netsim(scenario=[at(1, pause('server', -3))])", "pause: seconds must be a number and not negative, not -3"),
    ],
)
def test_a_wrong_action_is_a_sentence_at_its_line_and_not_a_way_through_the_engine(project: Path, line: str, sentence: str) -> None:
    write_files(project, {"test_play.py": f"import pytest\n{SCENARIO}\n{line}\ndef test_it(netsim): pass\n"})
    run = run_with_plugin(project)
    assert f"E   engine.testing.misuse.MisuseError: {sentence}" in run.stdout
    assert f"    {line}" in run.stdout
    assert "engine/testing" not in run.stdout
    assert "During handling" not in run.stdout


def test_a_game_that_is_none_is_told_in_a_sentence(project: Path) -> None:
    write_files(
        project,
        {
            "conftest.py": CONFTEST.replace("from runners import RUNNERS", "from runners import make_runners as RUNNERS"),
            "test_play.py": "def test_it(netsim_match): pass\n",
        },
    )
    run = run_with_plugin(project)
    assert "the fixture netsim_game must return a GameUnderTest, not <function make_runners" in run.stdout
    half = """from engine.testing import GameUnderTest
    class Half:
        def __init__(self, settings, seats): ...
    RUNNERS = GameUnderTest(Half)"""
    write_files(project, {"conftest.py": CONFTEST.replace("from runners import RUNNERS", half)})
    run = run_with_plugin(project)
    assert "netsim_game: Half is no game yet: it has no tick_rate_hz, schema, command, new_world, join, leave, step" in run.stdout
    assert is_a_sentence_alone(run.stdout)


@pytest.mark.parametrize("seed", ["-1", "4294967296", "x", "1.5"])
def test_a_seed_that_is_none_is_refused(project: Path, seed: str) -> None:
    write_files(project, {"test_play.py": FAILING})
    run = run_with_plugin(project, f"--net-seed={seed}")
    assert run.returncode == 4
    assert f"argument --net-seed: '{seed}' is not a whole number from 0 to 4294967295" in run.stderr


def test_the_replay_line_can_be_pasted_where_pytest_was_started(project: Path) -> None:
    code = """
import pytest

@pytest.mark.parametrize("word", ["it's"])
def test_it(netsim_match, word):
    assert not netsim_match.clients
"""
    write_files(project / "inner", {"test_play.py": code})
    run = run_with_plugin(project, f"--rootdir={project}", "test_play.py", within="inner")
    (replay,) = re.findall(r"replay: pytest (.*)", run.stdout)
    arguments = shlex.split(replay)
    assert arguments[0] == "test_play.py::test_it[it's]"
    again = run_with_plugin(project, f"--rootdir={project}", *arguments, within="inner")
    assert "1 failed" in again.stdout


def test_a_failures_lines_are_as_many_as_are_asked_for_and_say_times_after_the_beginning(project: Path) -> None:
    write_files(project, {"test_play.py": FAILING})
    run = run_with_plugin(project, "--net-lines=3")
    assert run.stdout.count("the last 3 arrivals and losses:") == 2
    times = [float(time) for time in re.findall(r"^E? +(\d+\.\d{6}) 10\.", run.stdout, re.M)]
    assert len(times) == 6
    assert all(0 < time < 5 for time in times)
    none = run_with_plugin(project, "--net-lines=0")
    assert "what everybody waits for:" in none.stdout
    assert "arrivals and losses" not in none.stdout


def test_a_stall_shows_the_tests_own_line_and_its_message_in_the_summary(project: Path) -> None:
    write_files(project, {"test_play.py": FAILING})
    run = run_with_plugin(project, "-k", "test_stalls", COLUMNS="120")
    assert "FAILED test_play.py::test_stalls - the end of the world did not happen within 0.5 s" in run.stdout
    assert "engine/testing/" not in run.stdout
    assert "test_play.py:11: " in run.stdout


def test_without_a_game_the_fixture_says_what_to_write(tmp_path: Path) -> None:
    write_files(tmp_path, {"test_play.py": "def test_it(netsim_match): pass\n"})
    run = run_with_plugin(tmp_path)
    assert "netsim_match needs your game. In conftest.py:" in run.stdout
    assert "def netsim_game():" in run.stdout
    assert "simulated network" not in run.stdout


def test_it_costs_nothing_where_nobody_asks_for_it(tmp_path: Path) -> None:
    heavy = ("numpy", "cryptography", "msgspec", "engine.session", "engine.testing.simulation", "asyncio")
    write_files(tmp_path, {"test_other.py": f"import sys\ndef test_it(): assert not [name for name in {heavy!r} if name in sys.modules]\n"})
    run = run_with_plugin(tmp_path)
    assert run.returncode == 0, run.stdout
    assert "engine.testing.pytest_plugin" in run_with_plugin(tmp_path, "--trace-config").stdout


def test_a_project_with_another_engine_is_left_alone(tmp_path: Path) -> None:
    files = {"engine/__init__.py": "raise SystemExit('imported')", "pytest.ini": "[pytest]\npythonpath = .\n"}
    write_files(tmp_path, {**files, "test_other.py": "def test_it(): pass\n"})
    environment = tmp_path / "site-packages"
    environment.mkdir()
    shutil.copy(ROOT / "skirmish_testing.py", environment)
    run = run_pytest(tmp_path, "-p", "skirmish_testing", PYTHONPATH=f"{tmp_path}:{environment}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def installed_copy(folder: Path) -> Path:
    """What an installation of the package looks like: our modules, and metadata with the entry point."""
    site = folder / "site-packages"
    shutil.copytree(ROOT / "engine", site / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "skirmish_testing.py", site)
    write_files(
        site / "skirmish-0.0.1.dist-info",
        {
            "METADATA": "Metadata-Version: 2.1\nName: skirmish\nVersion: 0.0.1\n",
            "entry_points.txt": "[pytest11]\nskirmish_testing = skirmish_testing\n",
            "RECORD": "".join(f"{path.relative_to(site)},,\n" for path in sorted(site.rglob("*.py"))),
        },
    )
    return site


def test_an_installed_package_loads_by_its_entry_point(project: Path) -> None:
    site = installed_copy(project)
    write_files(project, {"test_play.py": "import engine\ndef test_it(netsim_match): assert 'site-packages' in engine.__file__\n"})
    run = run_pytest(project, PYTHONPATH=str(site))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "skirmish" in run.stdout  # among the plugins in the header


def test_tests_of_the_source_tree_test_the_source_tree_though_the_package_is_installed(project: Path) -> None:
    site = installed_copy(project / "installed")
    shutil.copytree(ROOT / "engine", project / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "conftest.py", project)
    write_files(project, {"tests/__init__.py": "", "tests/conftest.py": CONFTEST})
    write_files(
        project, {"tests/test_play.py": "import engine\ndef test_it(netsim_match): assert 'site-packages' not in engine.__file__\n"}
    )
    (project / "pytest.ini").unlink()
    (project / "runners.py").rename(site / "runners.py")
    run = run_pytest(project, PYTHONPATH=str(site), PYTHONSAFEPATH="1")  # without the current folder on the path, as plain `pytest` runs
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
