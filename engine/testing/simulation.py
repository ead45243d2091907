"""One server, any number of clients, a bad network, and time that passes as fast as it can be computed.

    simulation = Simulation(seed=7, conditions=NetConditions.parse("latency=80,jitter=20,loss=5"))
    simulation.add_server(server)
    alice = simulation.add_client(client)
    simulation.run_until(lambda: client.match is not None, limit_s=5)
    simulation.run_for(10)

Event-driven: the participant whose wake is next runs, and just before it the network delivers what has arrived by then. Nothing happens in
between, so a simulated second costs what its frames and ticks cost. Frames of different clients are not in step (their phases come from the
seed), as they are not on different machines.

Everything follows from the seed: ``trace`` of two runs is the same, or something read a clock, a set's order or its own dice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Final

from engine.conditions import PERFECT, NetConditions
from engine.errors import LocalProtocolError
from engine.ids import DEFAULT_PORT, Address
from engine.testing.clock import VirtualClock
from engine.testing.misuse import MisuseError
from engine.testing.network import SimulatedNetwork
from engine.testing.participants import CLIENT_PORT, Participant, Script, SimulatedClient, SimulatedServer, Woken
from engine.testing.verbs import ClientUnderTest, ServerUnderTest

SERVER_ADDRESS: Final = Address("10.0.0.1", DEFAULT_PORT)
SERVER_WAKE_HZ: Final = 240.0
"""Four times a tick at 60 Hz: what the real tick thread does."""

FRAME_HZ: Final = 60.0
CLIENTS_MAX: Final = 60_000
HAPPENINGS_MAX: Final = 100
"""Actions kept for the failure report; the oldest go."""


class SimulationStalledError(AssertionError):
    """What a test waited for did not happen in time; the message has the seed and the last arrivals."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that may be done to a simulation, and how a report calls it."""

    words: str
    do: Callable[[Simulation], None]


@dataclass(frozen=True, slots=True)
class At:
    """An action and its time, in seconds after the scenario began."""

    seconds: float
    action: Action


class _Happening:
    """An action that waits for its time."""

    def __init__(self, time: float, simulation: Simulation, action: Action) -> None:
        self.is_stopped = False
        self._time: Final = time
        self._simulation: Final = simulation
        self._action: Final = action

    def next_wake(self) -> float:
        """Its time."""
        return self._time

    def wake(self, now: float) -> None:
        """Happen."""
        self.is_stopped = True
        self._simulation.happened.append(f"{now - self._simulation.begun_at:.6f} {self._action.words}")
        self._action.do(self._simulation)


class Simulation:
    """Drives servers and clients over a :class:`SimulatedNetwork` in virtual time."""

    def __init__(self, seed: int = 0, conditions: NetConditions = PERFECT, *, start: float = 1000.0, report_lines: int = 64) -> None:
        """``start`` is what the clock shows at the beginning; ``report_lines`` arrivals and losses at most are told when a test fails."""
        self.seed: Final = seed
        self.clock: Final = VirtualClock(start)
        self.network: Final = SimulatedNetwork(seed, conditions, recent_max=report_lines)
        self.servers: Final[list[SimulatedServer]] = []
        self.clients: Final[list[SimulatedClient]] = []
        self.happened: Final[deque[str]] = deque(maxlen=HAPPENINGS_MAX)
        """What was done to the network and the hosts, with its time in seconds after the beginning."""
        self.begun_at: Final = start
        self._conditions = conditions
        self._random: Final = Random(f"{seed}/phases")
        self._wakes: Final[list[tuple[float, int, Woken]]] = []
        self._participants = 0

    @property
    def now(self) -> float:
        """The simulation's time, in seconds."""
        return self.clock.now

    @property
    def trace(self) -> str:
        """SHA-256 over everything that crossed the network so far, and when."""
        return self.network.trace

    def add_server(
        self,
        server: ServerUnderTest,
        *,
        address: Address = SERVER_ADDRESS,
        wake_hz: float = SERVER_WAKE_HZ,
        clock_rate: float = 1.0,
        name: str = "",
    ) -> SimulatedServer:
        """Put a server on the network; it runs from now on, ``wake_hz`` times a second. The first is called ``server``."""
        simulated = SimulatedServer(server, self.network, address, wake_hz, self._first_wake(wake_hz), clock_rate)
        simulated.name = name or (f"server {len(self.servers) + 1}" if self.servers else "server")
        self.servers.append(simulated)
        self._schedule(simulated)
        return simulated

    def add_client(
        self,
        client: ClientUnderTest,
        *,
        server: Address | None = None,
        conditions: NetConditions | None = None,
        frame_hz: float = FRAME_HZ,
        clock_rate: float = 1.0,
        script: Script | None = None,
        name: str = "",
    ) -> SimulatedClient:
        """Put a client on the network, in a host of its own, called ``client 1`` and so on.

        It connects to ``server`` (the first one added) when it wants a stream. ``conditions`` are those of its link, both ways; otherwise
        the simulation's. ``clock_rate`` 1.0002 runs 200 ppm fast.
        """
        if server is None:
            if not self.servers:
                raise LocalProtocolError("add the server first, or name its address")
            server = self.servers[0].address
        if len(self.clients) >= CLIENTS_MAX:
            raise LocalProtocolError(f"at most {CLIENTS_MAX} clients")
        number = len(self.clients) + 1
        address = Address(f"10.1.{number >> 8}.{number & 255}", CLIENT_PORT)
        first_wake = self._first_wake(frame_hz)
        simulated = SimulatedClient(client, self.network, address, server, frame_hz, first_wake, clock_rate, script)
        simulated.name = name or f"client {number}"
        self.clients.append(simulated)
        if conditions is not None:
            self.set_conditions(conditions, simulated)
        self._schedule(simulated)
        return simulated

    def set_conditions(
        self, conditions: NetConditions, client: SimulatedClient | None = None, *, up: bool = True, down: bool = True
    ) -> None:
        """Change the weather from now on: for everybody, or on one client's link, or one direction of it."""
        if client is None:
            self._conditions = conditions
            self.network.set_conditions(conditions)
            return
        ours, theirs = client.address.host, client.server_address.host
        if up:
            self.network.set_conditions(conditions, ours, theirs)
        if down:
            self.network.set_conditions(conditions, theirs, ours)

    @property
    def conditions(self) -> NetConditions:
        """The weather for everybody who has none of his own."""
        return self._conditions

    def node(self, name: str) -> Participant:
        """The server or client of this name."""
        found = [node for node in (*self.servers, *self.clients) if node.name == name]
        if not found:
            known = ", ".join(node.name for node in (*self.servers, *self.clients))
            raise LocalProtocolError(f"nobody here is called {name!r}; here are: {known}")
        return found[-1]

    def at(self, seconds: float, action: Action) -> None:
        """Let something happen, so many seconds from now: see :mod:`engine.testing.scenario`."""
        __tracebackhide__ = True
        self.play(timed(seconds, action))

    def play(self, *scenario: At) -> None:
        """Let a scenario happen, beginning now."""
        __tracebackhide__ = True
        for each in scenario:
            if not isinstance(each, At):
                raise MisuseError(f"a scenario is made of at(seconds, action), and {_what(each)}")
        for each in scenario:
            self._schedule(_Happening(self.now + each.seconds, self, each.action))

    def waiting_for(self) -> list[str]:
        """What each host is doing or waiting for, a line each."""
        from engine.testing.report import describe_node

        return [describe_node(node, self) for node in (*self.servers, *self.clients)]

    def run_for(self, seconds: float, unless: Callable[[], object] | None = None) -> bool:
        """Let this much time pass; less where ``unless`` comes to hold (looked at after each wake). Returns whether it did."""
        __tracebackhide__ = True  # of what goes wrong the user's line is of interest, and not this one
        return self._run(self.now + seconds, unless)

    def run_until(self, condition: Callable[[], object], limit_s: float, what: str = "what the test waits for") -> float:
        """Let time pass until the condition holds (looked at after each wake); returns the seconds that took.

        Raises :class:`SimulationStalledError` when it does not within ``limit_s``.
        """
        __tracebackhide__ = True
        check_condition(condition)
        begun = self.now
        if condition() or self._run(begun + limit_s, condition):
            return self.now - begun
        from engine.testing.report import describe_simulation

        raise SimulationStalledError(
            f"{what} did not happen within {limit_s:g} s of virtual time (seed {self.seed}).\n{describe_simulation(self)}"
        )

    def _run(self, end: float, condition: Callable[[], object] | None) -> bool:
        wakes, clock, network = self._wakes, self.clock, self.network
        while wakes and wakes[0][0] <= end:
            time, order, participant = heappop(wakes)
            if participant.is_stopped:
                continue
            due = participant.next_wake()
            if due > time:  # paused after it was scheduled
                heappush(wakes, (due, order, participant))
                continue
            clock.now = time
            network.advance(time)
            participant.wake(time)
            heappush(wakes, (participant.next_wake(), order, participant))
            if condition is not None and condition():
                return True
        clock.advance_to(end)
        network.advance(end)
        return False

    def _first_wake(self, hz: float) -> float:
        return self.now + self._random.random() / hz

    def _schedule(self, participant: Woken) -> None:
        self._participants += 1
        heappush(self._wakes, (participant.next_wake(), self._participants, participant))


def timed(seconds: float, action: Action) -> At:
    """An action at its time. Raises :class:`MisuseError` for what is neither."""
    __tracebackhide__ = True
    if not isinstance(seconds, int | float) or not seconds >= 0:
        raise MisuseError(f"at: {seconds!r} is no time from now in seconds")
    if not isinstance(action, Action):
        name = getattr(action, "__name__", repr(action))
        raise MisuseError(f"at: {name} is not an action of engine.testing.scenario, as heal() is; call(function) makes one of anything")
    return At(seconds, action)


def check_condition(condition: object) -> None:
    """Say that ``run_until(x > 5)`` was told the answer before time began to pass."""
    __tracebackhide__ = True
    if not callable(condition):
        raise MisuseError(f"run_until wants a function that it can ask again and again, run_until(lambda: ...), not {condition!r}")


def _what(each: object) -> str:
    if isinstance(each, Action):
        return f"{each.words!r} has no time"
    if isinstance(each, tuple | list):
        return "this is several at once: write *every(...), with the star"
    return f"{each!r} is none"
