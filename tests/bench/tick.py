"""What a server's tick thread does, without sockets: ``python -m tests.bench.tick --clients 256 --seconds 5 --json``.

The host of the matches in virtual time, four slices a tick as its thread gives it, with light players
(:mod:`tests.bench.light`) who take turns over the tick: everything between the system calls, and nothing else. What is
timed is this thread's own time; of all ticks the cheapest tenth counts (``us_per_client_tick``), which neighbours on the machine disturb
least, with the median beside it. ``receive``, ``advance`` and ``send`` are its parts, ``step`` is the game's own part of ``advance``.

``trace_sha256`` names every byte that the server sent: two versions of the code that print the same one do the same, so they may be
compared in time. Asserts nothing.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Sequence
from random import Random
from time import perf_counter
from typing import Any, Final

import numpy as np

from engine.ids import Address, MatchId, Seat, SessionId
from engine.session import HostConfig, MatchHost
from engine.session.values import AdmitSeat, AnnouncementMade, MatchFailed, OpenMatch, TicketIssued
from game.arena import Arena, make_arena
from tests.bench.light import LightPlayer, light_moves, view_fractions
from tests.command_line import JSON_HELP, SECONDS, SEED, SEED_HELP, number, tool

HZ: Final = 60
SLICES: Final = 4
WARM_UP_TICKS: Final = 120
CHEAPEST: Final = 0.1
MAP: Final = "reactor"
PARTS: Final = ("receive", "advance", "send", "step")


class Bench:
    """One host, one match, its players, and how long each tick of it took."""

    def __init__(self, clients: int, seed: int) -> None:
        self.spent: Final[list[list[float]]] = []
        """Seconds per tick, a place for each of :data:`PARTS`."""
        self.trace: Final = hashlib.sha256()
        self.datagrams_out = self.bytes_out = self.told_by_control = 0
        self._step_s = 0.0
        self._now = 1000.0
        self._host: Final = MatchHost(self._make, entropy=Random(f"{seed}/host").randbytes, config=HostConfig(requests_max=2048))
        self._host.request(OpenMatch(MatchId(1), {"map": MAP, "frag_limit": 0, "time_limit_s": 3600, "warmup_s": 0}, max(clients, 2), seed))
        for seat in range(clients):
            self._host.request(AdmitSeat(MatchId(1), Seat(seat), SessionId(seat + 1)))
        self._host.advance(self._now)
        moves, fractions = light_moves(MAP, seed), view_fractions(seed, clients)
        self.players: Final[list[LightPlayer]] = []
        self._targets: Final[dict[Address, LightPlayer]] = {}
        for event in self._host.events():
            if isinstance(event, TicketIssued):
                index = len(self.players)
                player = LightPlayer(event.ticket, index, moves[index % len(moves)], fractions[index])
                self.players.append(player)
                self._targets[Address("10.0.0.1", 10_000 + index)] = player

    def _make(self, settings: Any, seats: int) -> Arena:
        arena = make_arena(settings, seats)
        step = arena.step

        def timed_step(*arguments: Any) -> None:
            began = perf_counter()
            step(*arguments)
            self._step_s += perf_counter() - began

        arena.step = timed_step  # type: ignore[method-assign]
        return arena

    @property
    def announced(self) -> int:
        """Announcements so far."""
        match = self._host.match(MatchId(1))
        assert match is not None
        return match.announcements.newest

    def tick(self) -> None:
        """Four slices: a quarter of the players each time, the host, what it sends."""
        host, sums = self._host, [0.0] * len(PARTS)
        self._step_s = 0.0
        for part in range(SLICES):
            now = self._now = self._now + 1 / (HZ * SLICES)
            datagrams = []
            for address, player in list(self._targets.items())[part::SLICES]:
                if (datagram := player.datagram(now)) is not None:
                    datagrams.append((datagram, address))
            times = [perf_counter()]
            for datagram, address in datagrams:
                host.receive_datagram(datagram, address, now)
            times.append(perf_counter())
            host.advance(now)
            times.append(perf_counter())
            out = host.datagrams_to_send(now)
            times.append(perf_counter())
            for event in host.events():
                assert not isinstance(event, MatchFailed), event
                self.told_by_control += isinstance(event, AnnouncementMade)
            for index in range(len(times) - 1):
                sums[index] += times[index + 1] - times[index]
            for address, datagram in out:
                self.trace.update(datagram)
                self.bytes_out += len(datagram)
                self._targets[address].receive(datagram, now)
            self.datagrams_out += len(out)
        sums[PARTS.index("step")] = self._step_s
        self.spent.append(sums)


def measure(clients: int, seconds: float, seed: int) -> dict[str, Any]:
    """One run."""
    bench = Bench(clients, seed)
    for _ in range(WARM_UP_TICKS):
        bench.tick()
    bench.spent.clear()
    bench.datagrams_out = bench.bytes_out = bench.told_by_control = 0
    announced = bench.announced
    for player in bench.players:
        player.snapshots = player.snapshot_bytes = 0
    gc.collect()
    gc.freeze()
    ticks = int(seconds * HZ)
    for _ in range(ticks):
        bench.tick()
    spent = np.array(bench.spent) * 1e6 / clients
    whole = spent[:, :3].sum(axis=1)
    cheapest = spent[np.argsort(whole)[: max(1, int(ticks * CHEAPEST))]].mean(axis=0)
    snapshots = sum(player.snapshots for player in bench.players)
    return {
        "clients": clients,
        "ticks": ticks,
        "us_per_client_tick": round(float(cheapest[:3].sum()), 2),
        "us_per_client_tick_p50": round(float(np.median(whole)), 2),
        **{f"{name}_us": round(float(value), 2) for name, value in zip(PARTS, cheapest, strict=True)},
        "snapshots_pct": round(100 * snapshots / (clients * ticks), 2),
        "bytes_per_snapshot": round(sum(player.snapshot_bytes for player in bench.players) / max(1, snapshots), 1),
        "bytes_per_client_tick": round(bench.bytes_out / (clients * ticks), 1),
        "datagrams_per_client_tick": round(bench.datagrams_out / (clients * ticks), 3),
        "announcements_per_s": round((bench.announced - announced) * HZ / ticks, 1),
        "announcements_by_control_per_s": round(bench.told_by_control * HZ / ticks, 1),
        "trace_sha256": bench.trace.hexdigest(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = tool("tests.bench.tick", __doc__)
    parser.add_argument("--clients", type=number(1, 256), default=256, metavar="N", help="1 to 256")
    parser.add_argument("--seconds", type=SECONDS, default=5.0, metavar="S", help="of virtual time, after two of warming up")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    result = measure(options.clients, options.seconds, options.seed)
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:32} {value}")


if __name__ == "__main__":
    main()
