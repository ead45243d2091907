"""What may be done to a simulation, and when: conditions that change over time, partitions, pauses, crashes, clocks that are set.

    simulation.play(at(5, partition("client 1", "server")), at(9, heal()))
    simulation.at(12, weather("bad_wifi"))

Hosts are given as they are (what ``add_client`` returned) or by name, so that a scenario can be written down before anybody is there.
Times are seconds after the scenario began. What is on its way when something happens keeps its arrival time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from engine.conditions import NetConditions
from engine.testing.misuse import MisuseError, read_conditions
from engine.testing.participants import Participant, SimulatedClient, SimulatedServer
from engine.testing.simulation import Action, At, Simulation, timed
from engine.testing.verbs import ClientUnderTest, ServerUnderTest

Node: TypeAlias = Participant | str
Nodes: TypeAlias = Node | Iterable[Node]


def at(seconds: float, action: Action) -> At:
    """Do it so many seconds after the scenario began."""
    __tracebackhide__ = True
    return timed(seconds, action)


def every(interval_s: float, action: Action, *, times: int, first_s: float | None = None) -> tuple[At, ...]:
    """Do it again and again; use as ``play(*every(5, rebind("client 1"), times=10))``. The first time after an interval."""
    __tracebackhide__ = True
    begin = interval_s if first_s is None else first_s
    _not_negative("every", interval_s=interval_s, times=times, first_s=begin)
    return tuple(At(begin + index * interval_s, action) for index in range(times))


# --- between hosts


def partition(one: Nodes, other: Nodes, *, datagrams: bool = True, streams: bool = True) -> Action:
    """Let nothing through between these hosts, either way, until :func:`heal`. Datagrams are lost, streams wait."""

    def do(simulation: Simulation) -> None:
        for a in _hosts(simulation, one):
            for b in _hosts(simulation, other):
                simulation.network.block(a, b, datagrams=datagrams, streams=streams)
                simulation.network.block(b, a, datagrams=datagrams, streams=streams)

    return Action(f"partition between {_names(one)} and {_names(other)}{_which(datagrams, streams)}", do)


def one_way(source: Nodes, target: Nodes, *, datagrams: bool = True, streams: bool = True) -> Action:
    """Let nothing through from ``source`` to ``target``; the other way goes on."""

    def do(simulation: Simulation) -> None:
        for a in _hosts(simulation, source):
            for b in _hosts(simulation, target):
                simulation.network.block(a, b, datagrams=datagrams, streams=streams)

    return Action(f"nothing goes from {_names(source)} to {_names(target)}{_which(datagrams, streams)}", do)


def heal() -> Action:
    """Let everything through again. The weather stays: see :func:`weather`."""
    return Action("all partitions heal", lambda simulation: simulation.network.heal(simulation.now))


def flap(one: Nodes, other: Nodes, *, up_s: float, down_s: float, times: int) -> Action:
    """The link between these hosts is down for ``down_s``, up for ``up_s``, and so on, so many times; it ends up."""
    __tracebackhide__ = True
    _not_negative("flap", up_s=up_s, down_s=down_s, times=times)
    down = partition(one, other)
    up = Action(
        f"the link between {_names(one)} and {_names(other)} is back",
        lambda simulation: _unblock(simulation, _hosts(simulation, one), _hosts(simulation, other)),
    )

    def do(simulation: Simulation) -> None:
        for index in range(times):
            simulation.at(index * (down_s + up_s), down)
            simulation.at(index * (down_s + up_s) + down_s, up)

    return Action(f"flapping, {times} times {down_s:g} s down and {up_s:g} s up", do)


def weather(conditions: NetConditions | str, client: Node | None = None, *, up: bool = True, down: bool = True) -> Action:
    """Other conditions from now on: for everybody, or for one client's link, or for one direction of it. Text as for ``--net``."""
    __tracebackhide__ = True
    wanted = read_conditions(conditions)

    def do(simulation: Simulation) -> None:
        simulation.set_conditions(wanted, None if client is None else _client(simulation, client), up=up, down=down)

    return Action(f"weather{'' if client is None else f' of {_names(client)}'}: {wanted.describe()}", do)


# --- to a host


def pause(node: Node, seconds: float) -> Action:
    """Freeze it, as SIGSTOP, a closed lid or a long garbage collection does."""
    __tracebackhide__ = True
    _not_negative("pause", seconds=seconds)
    return Action(f"{_names(node)} pauses for {seconds:g} s", lambda simulation: _node(simulation, node).pause(seconds))


def step_clock(node: Node, seconds: float) -> Action:
    """Set its clock forward or back."""
    return Action(f"the clock of {_names(node)} steps by {seconds:+g} s", lambda simulation: _node(simulation, node).step_clock(seconds))


def drift(node: Node, ppm: float) -> Action:
    """Let its clock run fast (or, negative, slow) from now on, by so many millionths."""
    return Action(
        f"the clock of {_names(node)} drifts by {ppm:+g} ppm", lambda simulation: _node(simulation, node).set_clock_rate(1 + ppm / 1e6)
    )


def rebind(client: Node) -> Action:
    """Give it another datagram address, as a NAT does that forgot it."""
    return Action(f"{_names(client)} is rebound", lambda simulation: _client(simulation, client).rebind())


def reset_stream(client: Node) -> Action:
    """Break its stream, as a router does that forgot it."""
    return Action(f"the stream of {_names(client)} is reset", lambda simulation: _client(simulation, client).cut_stream())


def crash(node: Node, *, silently: bool = False) -> Action:
    """End its process without a goodbye; ``silently``: the whole machine, so that nobody is told."""
    return Action(
        f"{_names(node)} crashes{' silently' if silently else ''}", lambda simulation: _node(simulation, node).crash(silently=silently)
    )


def restart(node: Node, make: Callable[[], ServerUnderTest | ClientUnderTest]) -> Action:
    """Start it again after a crash: ``make`` gives the new server or client, which knows nothing of what was."""

    def do(simulation: Simulation) -> None:
        found = _node(simulation, node)
        assert isinstance(found, SimulatedServer | SimulatedClient)
        found.restart(make())  # type: ignore[arg-type]  # whoever names a server makes a server

    return Action(f"{_names(node)} starts again", do)


def call(function: Callable[[], object], words: str = "") -> Action:
    """Anything else, at its time."""

    def do(_: Simulation) -> None:
        function()

    return Action(words or getattr(function, "__name__", "a call"), do)


# --- inside


def _not_negative(action: str, **numbers: float) -> None:
    __tracebackhide__ = True
    for name, number in numbers.items():
        if not isinstance(number, int | float) or not number >= 0:
            raise MisuseError(f"{action}: {name} must be a number and not negative, not {number!r}")


def _unblock(simulation: Simulation, ours: list[str], theirs: list[str]) -> None:
    for a in ours:
        for b in theirs:
            simulation.network.unblock(a, b, simulation.now)
            simulation.network.unblock(b, a, simulation.now)


def _node(simulation: Simulation, node: Node) -> Participant:
    return simulation.node(node) if isinstance(node, str) else node


def _client(simulation: Simulation, node: Node) -> SimulatedClient:
    found = _node(simulation, node)
    if not isinstance(found, SimulatedClient):
        raise TypeError(f"{found.name} is not a client")
    return found


def _hosts(simulation: Simulation, nodes: Nodes) -> list[str]:
    return [_node(simulation, node).address.host for node in _listed(nodes)]


def _listed(nodes: Nodes) -> list[Node]:
    return [nodes] if isinstance(nodes, Participant | str) else list(nodes)


def _names(nodes: Nodes) -> str:
    return ", ".join(node if isinstance(node, str) else node.name for node in _listed(nodes))


def _which(datagrams: bool, streams: bool) -> str:
    return "" if datagrams and streams else " (datagrams only)" if datagrams else " (streams only)"
