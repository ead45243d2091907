"""Hosts and programs for the tests of this folder. Opt-in: ``pytest -m netns``; they need root, iproute2 and nftables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.network.lan import CannotMakeHostsError, Host, Lan, remove_leftovers, what_is_missing
from tests.network.programs import Program

SERVING_S_MAX = 300.0
PLAYING_S_MAX = 120.0
"""What a killed run leaves behind ends by itself."""

MakeLan = Callable[..., Lan]
Start = Callable[..., Program]
Serve = Callable[..., Program]
Join = Callable[..., Program]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They take minutes and change what root may change: nobody gets them without asking."""
    here = Path(__file__).parent
    ours = [item for item in items if item.path.is_relative_to(here)]
    for item in ours:
        item.add_marker(pytest.mark.netns)
        if "netns" not in config.getoption("markexpr"):
            item.add_marker(pytest.mark.skip(reason="real hosts in network namespaces, as root: pytest -m netns"))


@contextmanager
def or_skip(what: str) -> Iterator[None]:
    """For what not every kernel has: without it the test is skipped, with the kernel's own words."""
    try:
        yield
    except CannotMakeHostsError as error:
        pytest.skip(f"this kernel has no {what}: {error}")


@pytest.fixture
def make_lan() -> Iterator[MakeLan]:
    """Makes LANs: ``make_lan("alpha", "beta")``, ``make_lan("alpha", "beta", is_switched=True)``."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    remove_leftovers()
    made: list[Lan] = []

    def make(*names: str, is_switched: bool | None = None) -> Lan:
        lan = Lan(names, is_switched=is_switched)
        try:
            made.append(lan.__enter__())
        except CannotMakeHostsError as error:
            pytest.skip(f"this machine makes no network namespaces: {error}")
        return lan

    yield make
    for lan in made:
        lan.close()


@pytest.fixture
def start(make_lan: MakeLan, tmp_path: Path) -> Iterator[Start]:
    """Starts programs: ``start(host, "server", "--json")``. One settings folder per host and test, as people have it."""
    running: list[Program] = []

    def begin(host: Host, module: str, *arguments: str, label: str = "", state: str = "") -> Program:
        folder = tmp_path / (state or f"{host.name}-{module}")
        folder.mkdir(exist_ok=True)
        program = Program(host, module, *arguments, state=folder, label=label)
        running.append(program)
        return program

    yield begin
    for program in running:
        program.close()
    for program in running:
        print(program.transcript())


@pytest.fixture
def serve(start: Start) -> Serve:
    """Starts a server and waits until it listens."""

    def begin(host: Host, *arguments: str, label: str = "server") -> Program:
        server = start(host, "server", "--port", "7777", "--json", "--seconds", str(SERVING_S_MAX), *arguments, label=label)
        server.wait_for("listening tcp=7777")
        return server

    return begin


@pytest.fixture
def join(start: Start) -> Join:
    """Starts a headless player, who plays until he is stopped."""

    def begin(host: Host, address: str, *arguments: str, name: str = "Ada", seconds: float = PLAYING_S_MAX) -> Program:
        target = f"[{address}]:7777" if ":" in address else f"{address}:7777"
        words = ("join", target, "--headless", "--seconds", str(seconds), "--json", "--name", name, "--seed", "7", *arguments)
        return start(host, "game", *words, label=name, state=f"{host.name}-{name}")

    return begin
