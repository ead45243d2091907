"""The server as a process: an event loop for streams and lobby, a thread for datagrams and ticks, and what starts and ends them.

::

    event loop (this thread)                          tick thread
    TcpServer - ControlSide (control, lobby)          UdpPort - MatchHost (matches)
         \\--- requests: TickThread.post ----------------->/
          <--- events: TickThread.take_events ------------/

Only frozen values cross, through bounded queues. SIGTERM, SIGINT, the end of ``--seconds`` or of standard input drain: players are told,
their last bytes go out, the process ends within seconds; a second signal ends it at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from types import FrameType
from typing import Any, Final

from engine.contract import game_digest
from engine.discovery import SERVER_ID_BYTES, DiscoveryResponder
from engine.drivers import (
    NoFreePortError,
    TcpServer,
    TcpServerLimits,
    TickThread,
    join_discovery_groups,
    lan_addresses,
    now,
    open_server_sockets,
)
from engine.drivers.ports import ServerSockets
from engine.drivers.tick_thread import REQUESTS_MAX
from engine.drivers.udp import open_udp_socket
from engine.ids import DEFAULT_PORT, PORTS_TRIED, VERSION, Address
from engine.session.config import HostConfig
from engine.session.host import MatchHost
from engine.session.values import CarriedToSend, FairnessReported, HostEvent
from engine.verbs import StreamWrapper
from server.config import ServerConfig
from server.control_side import ControlSide
from server.listing import server_info
from server.pace_log import PaceLog
from server.posting import Posting
from server.resting import BREATH_S, CARRYING_S, PING_SPREAD_S, part_of, rest_s
from server.rules import Rules

ROUND_S: Final = 0.01
"""The loop wakes this often when nothing arrives: deadlines, countdowns and carried datagrams do not need it finer."""
LAST_POSTS: Final = 100
"""At the end: the tick's thread has a second of rounds to take what still waits for it."""
LISTING_S: Final = 0.5
"""How old the line in LAN lists may be."""
GROUPS_S: Final = 5.0
"""How often the server looks for networks that came after it (a cable, a Wi-Fi): multicast must be joined on each of them."""
MISTAKES_MAX: Final = 20
"""Of our own, each logged with its trace; a server that makes more of them ends rather than limping on."""
COLLECTIONS_OF_ALL_APART: Final = 500
"""Collections of the middle generation between two of everything (default 10): with 256 players one of everything takes 15 ms, a whole
tick, and came every 5 s; now every four minutes, and sooner where many come and go."""
SWITCH_INTERVAL_S: Final = 0.001
"""How long the loop's thread may keep the interpreter from the tick's thread (default 5 ms: a third of a tick)."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How a server is started, beyond its settings."""

    seconds: float | None = None
    is_local: bool = False
    """Loopback only, and no answer to LAN lists: practice."""
    exit_with_stdin: bool = False
    seed: int | None = None
    """Of what chance decides in matches and bots; keys and ids are random always."""


class Service:
    """One server process. ``say`` prints a line for whoever (or whatever) started it, ``log`` one for its log."""

    def __init__(
        self,
        config: ServerConfig,
        rules: Rules,
        options: ServiceOptions,
        *,
        stream_wrapper: Callable[[], StreamWrapper] | None,
        say: Callable[[str], None],
        log: Callable[[str], None],
    ) -> None:
        """Raises NoFreePortError or ValueError, each with a sentence: the port is taken, a map is unknown."""
        self._config: Final = config
        self._options: Final = options
        self._say: Final = say
        self._log: Final = log
        self._sockets: Final = _open_sockets(config, is_local=options.is_local)
        try:
            chance = os.urandom if options.seed is None else Random(options.seed).randbytes
            self._side: Final = ControlSide(config, rules, udp_port=0, entropy=os.urandom, chance=chance, ping_spread_s=PING_SPREAD_S)
        except ValueError:
            self._sockets.close()
            raise
        self._host: Final = MatchHost(rules.make_game, entropy=os.urandom, config=HostConfig(requests_max=2 * REQUESTS_MAX))
        self._responder: Final = DiscoveryResponder()
        self._tick: Final = TickThread(
            self._host, self._sockets.udp, responder=self._responder, on_events=self._wake, may_be_lost=_is_datagram
        )
        self._server_id: Final = os.urandom(SERVER_ID_BYTES)
        self._schema_digest: Final = game_digest(rules.schema, rules.command)
        self._listed_at = self._groups_at = 0.0
        self._carried_at = -CARRYING_S
        connections_max = 2 * config.server.players_max + 64
        self._tcp: Final = TcpServer(
            self._side,
            self._sockets.listeners,
            stream_wrapper=stream_wrapper,
            limits=TcpServerLimits(connections_max=connections_max),
        )
        self._posting: Final = Posting(self._tick.post)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._hurry: asyncio.Event | None = None
        self._pace: Final = PaceLog()
        self._mistakes = 0

    @property
    def port(self) -> int:
        """TCP and UDP."""
        return self._sockets.port

    # --- life

    async def run(self) -> int:
        """Serve until told to stop. Returns the exit code."""
        self._loop = asyncio.get_running_loop()
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._listen_for_the_end(self._loop)
        await self._tcp.start()
        self._tick.start()
        self._introduce()
        gc.collect()
        gc.freeze()  # what was made until now stays: no later collection looks at it, which keeps ticks on time
        gc.set_threshold(*gc.get_threshold()[:2], COLLECTIONS_OF_ALL_APART)
        while not self._stop.is_set():
            await self._tcp.arrival(ROUND_S)
            await self._round()
            if (pause_s := rest_s(self._tcp.statistics().connections, is_carrying=self._is_carrying)) > 0.0:
                await asyncio.sleep(pause_s)
            if self._tick.failure is not None or self._posting.is_stuck or self._mistakes > MISTAKES_MAX:
                break
        code = self._judge()
        await self._drain()
        return code

    def stop(self) -> None:
        """Drain and end; a second call ends at once. From the loop's thread."""
        if self._stop is not None and self._hurry is not None:
            (self._hurry if self._stop.is_set() else self._stop).set()
            self._tcp.arrived.set()

    def statistics(self) -> dict[str, Any]:
        """The final line of ``--json``; call it after :meth:`run`."""
        lobby, _ = self._side.statistics()
        host, tick = self._host.statistics(), self._tick.statistics()
        return {
            "port": self.port,
            "players_peak": lobby.players_peak,
            "rooms_peak": lobby.rooms_peak,
            "ticks": host.ticks,
            "tick_ms_p50": round(tick.tick_ms_p50, 3),
            "tick_ms_p99": round(tick.tick_ms_p99, 3),
            "tick_late_ms_p99": round(tick.tick_late_ms_p99, 3),
            "ticks_dropped": host.ticks_dropped,
            "load_pct": round(host.load.load_pct, 1),
            "snapshot_spread_ticks": host.load.spread_ticks,
            "snapshots_slowed": host.load.slowed,
            "lines_slowed": host.lines_slowed,
            "datagrams_in": host.endpoint.datagrams_in,
            "datagrams_out": host.endpoint.datagrams_out,
            "dropped": dict(host.endpoint.dropped),
            "checksum_mismatches": host.checksum_mismatches,
            "complete_snapshots": host.complete_snapshots,
            "rows_held_back": host.rows_held_back,
            "fairness": self._side.lobby.fairness.reports(),
        }

    # --- one round

    async def _round(self) -> None:
        time = now()
        players = self._tcp.statistics().connections
        part = part_of(players, is_carrying=self._is_carrying)
        await self._in_parts(self._tcp.delivering(time, part))  # first: it happened before now
        time = now()  # anew: its stops would count into the round trips of the pings of this round
        for event in self._tick.take_events():
            if isinstance(event, CarriedToSend):
                self._carried_at = time
            self._carefully(partial(self._side.host_event, event, time))
        self._carefully(partial(self._side.advance, time))
        self._carefully(self._post_requests)
        await self._in_parts(self._tcp.flushing(time, part))
        if self._is_listed and time >= self._listed_at + LISTING_S:
            self._listed_at = time
            self._carefully(self._show_in_lists)
        if self._is_listed and time >= self._groups_at + GROUPS_S:
            self._groups_at = time
            self._carefully(self._join_groups)
        for line in [*self._side.log_lines(), *self._pace.lines(self._host.load, time)]:
            self._log(line)

    @property
    def _is_carrying(self) -> bool:
        return now() - self._carried_at < CARRYING_S

    async def _in_parts(self, parts: Iterator[None]) -> None:
        """Do all of it, with a breath for the tick's thread after each part."""
        is_done = False

        def take_part() -> None:
            nonlocal is_done
            is_done = next(parts, True) is True  # also in the part after one that raised: a generator that did is over

        while not is_done:
            self._carefully(take_part)
            if not is_done:
                await asyncio.sleep(BREATH_S)

    def _carefully(self, action: Callable[[], None]) -> None:
        """One player's request or one match's end that we got wrong must not end everybody's evening, nor take the next event with it."""
        try:
            action()
        except Exception:  # noqa: BLE001 - logged with its trace, counted, and too many of them end the server
            self._mistakes += 1
            self._log(f"a mistake of the server, number {self._mistakes}:")
            for line in traceback.format_exc().splitlines():
                self._log(line)

    def _post_requests(self) -> None:
        self._posting.add(self._side.host_requests())

    @property
    def _is_listed(self) -> bool:
        return self._config.server.lan and not self._options.is_local

    def _join_groups(self) -> None:
        join_discovery_groups(self._sockets.udp)  # where it is a member already, nothing changes

    def _show_in_lists(self) -> None:
        self._responder.info = server_info(  # one assignment, which the tick thread sees whole
            self._config,
            self._side.lobby.rooms,
            port=0,  # the one that was asked: right behind a forwarded port as well
            server_id=self._server_id,
            schema_digest=self._schema_digest,
            version=VERSION,
        )

    # --- start and end

    def _introduce(self) -> None:
        """First the line that programs read, then the ones for people."""
        self._say(f"listening tcp={self.port} udp={self.port}")
        if not self._config.server.port and self.port != DEFAULT_PORT and not self._options.is_local:
            self._log(f"Port {DEFAULT_PORT} is in use; this server listens on {self.port}.")
        if self._options.is_local:
            self._say("Practice: only this computer can join.")
            return
        joined = join_discovery_groups(self._sockets.udp) if self._is_listed else 0
        hosts = [self._config.server.host] if self._config.server.host else lan_addresses()
        for host in hosts:
            self._say(f"Friends join with: skirmish join {Address(host, self.port)}")
        if not hosts:
            self._say("This computer is on no network: only players on it can join.")
        if self._is_listed and not joined:
            self._say("No network here takes part in multicast: LAN lists may not show this server; the address works all the same.")

    def _listen_for_the_end(self, loop: asyncio.AbstractEventLoop) -> None:
        def by_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
            loop.call_soon_threadsafe(self.stop)

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, by_signal)
            signal.signal(signal.SIGINT, by_signal)
        if self._options.seconds is not None:
            loop.call_later(self._options.seconds, self.stop)
        if self._options.exit_with_stdin:
            threading.Thread(target=self._wait_for_stdin, name="stdin", daemon=True).start()

    def _wait_for_stdin(self) -> None:
        with suppress(OSError, ValueError):  # closed under us: the end that is waited for
            while os.read(sys.stdin.fileno(), 4096):
                pass
        with suppress(RuntimeError):  # the loop has ended already
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.stop)

    def _wake(self) -> None:
        """From the tick thread: it has events."""
        with suppress(RuntimeError):  # the loop has ended already
            if self._loop is not None and not self._tcp.arrived.is_set():  # a round that takes events clears it first
                self._loop.call_soon_threadsafe(self._tcp.arrived.set)

    def _judge(self) -> int:
        """The exit code: 0 unless we broke down."""
        failure = self._tick.failure
        if failure is not None:
            self._log("the tick thread broke down:")
            for line in traceback.format_exception(failure):
                self._log(line.rstrip("\n"))
        if self._posting.is_stuck:
            self._log("the tick thread broke down: it takes no requests any more")
        return 1 if failure is not None or self._posting.is_stuck or self._mistakes > MISTAKES_MAX else 0

    async def _drain(self) -> None:
        assert self._hurry is not None
        self._responder.info = None
        self._side.drain(now())
        self._post_requests()
        if lost := await self._posting.finish(LAST_POSTS if self._tick.is_running else 0, partial(asyncio.sleep, ROUND_S)):
            self._log(f"{lost} requests did not reach the matches: some players hear no farewell, some fairness reports are missing")
        self._tick.stop()  # its last slice carries the requests out and sends the players' disconnects
        for event in self._tick.take_events():
            if isinstance(event, FairnessReported):  # of the matches that were just ended; the rest is nobody's concern any more
                self._side.host_event(event, now())
        closing = asyncio.ensure_future(self._tcp.close())
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({closing, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        for task in (closing, hurrying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for line in self._side.log_lines():
            self._log(line)
        self._sockets.close()


def _is_datagram(event: HostEvent) -> bool:
    return isinstance(event, CarriedToSend)


def _open_sockets(config: ServerConfig, *, is_local: bool) -> ServerSockets:
    """A port that was asked for, or the first free one of those that LAN lists ask."""
    settings = config.server
    hosts = ("127.0.0.1", "::1") if is_local else (settings.host,) if settings.host else ("0.0.0.0", "::")  # noqa: S104 - a server
    if settings.host:
        _check_is_ours(settings.host)
    if settings.port:
        return open_server_sockets(settings.port, ports_tried=1, hosts=hosts)
    try:
        return open_server_sockets(DEFAULT_PORT, ports_tried=PORTS_TRIED, hosts=hosts)
    except NoFreePortError:
        if not is_local:
            raise
        return open_server_sockets(0, hosts=hosts)  # no list need find it


def _check_is_ours(host: str) -> None:
    """An address of another computer would otherwise look like a port that is taken. Raises ValueError."""
    try:
        open_udp_socket(socket.AF_INET6 if ":" in host else socket.AF_INET, host, 0).close()
    except OSError:
        raise ValueError(f"{host} is not an address of this computer; without --host the server listens on all that it has") from None
