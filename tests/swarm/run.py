"""Plays the plan of one seed: the faults, the healing, and what must hold."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from engine.conditions import PERFECT
from engine.errors import DisconnectReason
from engine.testing import SimulatedClient, Simulation
from engine.testing.scenario import call, crash, flap, one_way, partition, pause, rebind, reset_stream, step_clock, weather
from engine.testing.simulation import Action
from tests.swarm import checks
from tests.swarm.checks import Book
from tests.swarm.drawing import Happening, Plan, draw
from tests.swarm.games import Player, SwarmClient, make_server

LOOK_S: Final = 0.25
"""Between two looks at the limits."""
LIVELINESS_LIMIT_S: Final = 10
"""After everything has healed, whoever should play plays again."""
GIVING_UP_S: Final = 11.0
"""A client gives an unanswered call up after 10 s at most, and says so."""
QUIESCENCE_S: Final = 1.0
BETWEEN_MATCHES_S: Final = 3
IN_FLIGHT_MAX_S: Final = 20.0
"""A segment of a stream that is lost again and again arrives 12.6 s later, and what is behind it with it."""
PROBLEM_CHARACTERS_MAX: Final = 300


@dataclass(slots=True)
class Outcome:
    """What a seed came to."""

    seed: int
    game: str
    problem: str | None
    """The first thing that was wrong, in one line."""
    trace: str
    simulated_s: float
    datagrams: int
    played_after_s: float
    """From the healing until everybody plays."""
    kinds: Counter[str] = field(default_factory=Counter)


class Problem(Exception):  # noqa: N818 - not an error of this program: what it looks for
    """Something did not hold."""


def run_seed(seed: int) -> Outcome:
    """Draw, play, check."""
    swarm = Swarm(draw(seed))
    problem = None
    try:
        swarm.play()
    except Problem as found:
        problem = str(found)
    except Exception as error:  # whatever is raised is what we look for
        where = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"{type(error).__name__} in {where.name} ({where.filename.rpartition('/')[2]}:{where.lineno}): {error}"
    if problem is not None:
        problem = " ".join(problem.split())[:PROBLEM_CHARACTERS_MAX]
    simulation = swarm.simulation
    return Outcome(
        seed,
        swarm.plan.game.value,
        problem,
        simulation.trace,
        simulation.now - simulation.begun_at,
        simulation.network.statistics().datagrams_sent,
        swarm.played_after_s,
        swarm.plan.kinds,
    )


class Swarm:
    """One plan, played."""

    def __init__(self, plan: Plan) -> None:
        self.plan: Final = plan
        self.simulation: Final = Simulation(plan.seed, plan.weather)
        self.book: Final = Book()
        self.played_after_s = 0.0
        self._incarnation = 0
        self._programs = 0
        self.host: Final = self.simulation.add_server(self._make_server(), clock_rate=1 + plan.server_drift_ppm / 1e6)
        self.players: Final[list[Player | None]] = [None] * len(plan.clients)
        self.nodes: Final[list[SimulatedClient | None]] = [None] * len(plan.clients)
        for number, client in enumerate(plan.clients):
            if client.joins_s:
                self.simulation.at(client.joins_s, call(partial(self._join, number), f"client {number} comes"))
            else:
                self._join(number)
            if client.leaves_s is not None:
                self.simulation.at(client.leaves_s, call(partial(self._leave, number), f"client {number} leaves"))
        for happening in plan.happenings:
            self.simulation.at(happening.at_s, call(partial(self._happen, happening), happening.kind))

    # --- who is there

    def _make_server(self) -> checks.Server:
        self._incarnation += 1
        server = make_server(self.plan, self._incarnation)
        self.book.listen(server, self._incarnation)
        return server

    def _make_player(self, number: int) -> Player:
        self._programs += 1
        self.players[number] = player = Player(self.plan, f"player {number}", self.plan.seed * 100 + self._programs)
        return player

    def _join(self, number: int) -> None:
        plan = self.plan.clients[number]
        player = self._make_player(number)
        node = self.simulation.add_client(
            player.client,
            conditions=plan.link,
            frame_hz=plan.frame_hz,
            clock_rate=1 + plan.drift_ppm / 1e6,
            script=player.frame,
            name=f"client {number}",
        )
        self.nodes[number] = node
        if plan.link_up is not None:
            self.simulation.set_conditions(plan.link_up, node, down=False)

    def _leave(self, number: int) -> None:
        player = self.players[number]
        if player is not None:
            player.leaves = True

    def _restart(self, number: int) -> None:
        node = self.nodes[number]
        if node is not None and node.is_down:
            player = self._make_player(number)
            player.leaves = self._has_left(number)
            node.script = player.frame
            node.restart(player.client)

    def _restart_server(self) -> None:
        if self.host.is_down:
            self.host.restart(self._make_server())

    def _has_left(self, number: int) -> bool:
        leaves_s = self.plan.clients[number].leaves_s
        return leaves_s is not None and self.simulation.now - self.simulation.begun_at >= leaves_s

    # --- what is done to them

    def _happen(self, happening: Happening) -> None:
        if happening.who is None:
            self._happen_to_all(happening)
        elif (node := self.nodes[happening.who]) is not None:
            self._happen_to(node, happening)

    def _happen_to_all(self, happening: Happening) -> None:
        simulation, host, seconds = self.simulation, self.host, happening.seconds
        if happening.kind == "weather":
            assert happening.weather is not None
            self._do(weather(happening.weather))
        elif happening.kind == "partition_all":
            self._do(partition(host, [node for node in self.nodes if node is not None]))
            simulation.at(seconds, Action("the partition of all heals", lambda _: self._unblock_all()))
        elif happening.kind == "server_pause":
            self._do(pause(host, seconds))
        elif happening.kind == "server_clock_step":
            self._do(step_clock(host, happening.amount))
        else:
            self._do(crash(host, silently=happening.kind == "server_crash_silent"))
            simulation.at(seconds, call(self._restart_server, "the server starts again"))

    def _happen_to(self, node: SimulatedClient, happening: Happening) -> None:
        kind, seconds, host = happening.kind, happening.seconds, self.host
        if kind in ("partition", "one_way_up", "one_way_down", "udp_blocked", "streams_blocked"):
            if kind.startswith("one_way"):
                self._do(one_way(node, host) if kind == "one_way_up" else one_way(host, node))
            else:
                self._do(partition(node, host, datagrams=kind != "streams_blocked", streams=kind != "udp_blocked"))
            self.simulation.at(seconds, call(node.unblock, f"{node.name} gets through again"))
        elif kind == "flap":
            period_s = 2 * happening.amount
            self._do(flap(node, host, up_s=happening.amount, down_s=happening.amount, times=max(1, int(seconds / period_s))))
        elif kind == "stream_reset":
            self._do(reset_stream(node))
        elif kind == "rebind":
            for turn in range(int(happening.amount)):
                self.simulation.at(turn * seconds / happening.amount, rebind(node))
        elif kind == "client_pause":
            self._do(pause(node, seconds))
        elif kind == "clock_step":
            self._do(step_clock(node, happening.amount))
        elif kind == "link_weather":
            assert happening.weather is not None
            self._do(weather(happening.weather, node))
        else:
            assert happening.who is not None
            number = happening.who
            self._do(crash(node, silently=kind == "client_crash_silent"))
            self.simulation.at(seconds, call(lambda: self._restart(number), f"{node.name} starts again"))

    def _do(self, action: Action) -> None:
        action.do(self.simulation)

    def _unblock_all(self) -> None:
        for node in self.nodes:
            if node is not None:
                node.unblock()

    # --- the run

    def play(self) -> None:
        """Raises :class:`Problem` for the first thing that does not hold."""
        end = self.simulation.begun_at + self.plan.faults_s
        while self.simulation.now < end:
            self.simulation.run_for(min(LOOK_S, end - self.simulation.now))
            self._check(checks.wrong_at_the_host(self._server))
            self._check(checks.beyond_limits(self._server, self._clients()))
        self._heal()
        self._wait_until_all_play()
        self.simulation.run_for(QUIESCENCE_S)
        for _ in range(BETWEEN_MATCHES_S):  # a match may have ended just now, and the next not begun
            if all(client.match is not None and client.match.snapshots for client in self._expected().values()):
                break
            self.simulation.run_for(1)
        self._check(self._wrong_at_the_end())

    def _heal(self) -> None:
        """Everything is good from now on; what the bad network still has on its way arrives first."""
        self._check(self._wrongly_closed())
        simulation = self.simulation
        simulation.network.heal(simulation.now)
        simulation.set_conditions(PERFECT)
        self._restart_server()
        for number in range(len(self.players)):
            self._restart(number)
        self._start_closed_ones_again()
        last = max((arrival[0] for arrival in simulation.network._heap), default=0.0)
        if last > simulation.now:
            simulation.run_for(min(last - simulation.now, IN_FLIGHT_MAX_S))

    def _start_closed_ones_again(self) -> bool:
        """A player whose program has told him why it ended starts it again. Whether there was one."""
        found = False
        for number, (node, player) in enumerate(zip(self.nodes, self.players, strict=True)):
            if node is not None and player is not None and player.client.closed_because is not None and not self._has_left(number):
                node.crash()
                self._restart(number)
                found = True
        return found

    def _wait_until_all_play(self) -> None:
        healed = counted_from = self.simulation.now
        wrong: dict[str, str] = {}
        while self.simulation.now - counted_from < LIVELINESS_LIMIT_S:
            if self.simulation.now - healed < GIVING_UP_S:  # a call that began in the bad network may still fail
                self._check(self._wrongly_closed())
                if self._start_closed_ones_again():
                    counted_from = self.simulation.now
            before = {name: checks.figures_of(self._server, client) for name, client in self._expected().items()}
            self.simulation.run_for(1)
            self._check(self._wrong_always())
            self._check(checks.beyond_limits(self._server, self._clients()))
            found = {name: checks.not_playing(self._server, client, before.get(name)) for name, client in self._expected().items()}
            wrong = {name: what for name, what in found.items() if what is not None}
            self.played_after_s = self.simulation.now - counted_from
            if not wrong:
                return
        name, what = next(iter(wrong.items()))
        raise Problem(f"{LIVELINESS_LIMIT_S} s after the healing {name} {what}")

    @property
    def _server(self) -> checks.Server:
        return self.host.server  # type: ignore[return-value]  # make_server made it

    def _clients(self) -> dict[str, SwarmClient]:
        return {f"client {number}": player.client for number, player in enumerate(self.players) if player is not None}

    def _expected(self) -> dict[str, SwarmClient]:
        """Who should be in the match."""
        here = self._clients()
        names = [f"client {number}" for number in range(len(self.players)) if not self._has_left(number)]
        return {name: here[name] for name in names if name in here}

    def _wrongly_closed(self) -> Iterator[str]:
        for name, client in self._clients().items():
            closed = client.closed_because
            if closed is None or (closed.reason is DisconnectReason.CLOSED_BY_US and name not in self._expected()):
                continue
            if closed.reason not in checks.EXPLAINED:
                yield f"{name} was closed: {closed.reason.value} {closed.detail}"

    def _wrong_always(self) -> Iterator[str]:
        yield from self.book.problems
        yield from checks.wrong_at_the_host(self._server)
        for name, client in self._clients().items():
            yield from checks.safety(name, client, self.book)

    def _wrong_at_the_end(self) -> Iterator[str]:
        yield from self._wrong_always()
        expected = self._expected()
        for name, client in expected.items():
            if client.closed_because is not None:
                yield f"{name} was closed in a good network: {client.closed_because.reason.value}"
            elif client.match is None:
                yield f"{name} plays no more: {client.state.value}"
            else:
                if (difference := checks.world_difference(self._server, client)) is not None:
                    yield f"{name}: {difference}"
                elif missing := self.book.missing_in(client.segments[-1], client.match.decoder.newest_tick or 0):
                    yield f"{name}: {missing} events were never heard"
        yield from checks.leaks(self._server, expected, self._programs)

    @staticmethod
    def _check(problems: Iterator[str]) -> None:
        for problem in problems:
            raise Problem(problem)
