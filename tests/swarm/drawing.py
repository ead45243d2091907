"""From a seed to a plan: which game, who plays, what weather, what happens and when. The same seed is the same plan, everywhere.

Everything that happens is over when the plan's ``faults_s`` are: then the network heals, whoever is down is started, whoever is frozen
runs, and the rest of the run must be a good match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from random import Random
from typing import Final

from engine.conditions import NetConditions

CLIENTS_MAX: Final = 6
HAPPENINGS_MAX: Final = 6
LOSS_PCT_MAX: Final = 40
CLOCK_BACK_S_MAX: Final = 0.5

Drawn = Callable[[str, float], bool]
"""Whether a kind of fault is drawn, which has such a share; counts it."""

LONG_SHARE: Final = 0.1
"""Of scenarios in which a fault may outlast every timeout: datagrams' 8 s, the streams' 10 s, a seat's time."""


class GameKind(Enum):
    """What is played."""

    TOY = "toy"
    """One match, no rooms."""
    ROOMS = "rooms"
    """The toy in the permanent room of the real lobby."""
    ARENA = "arena"


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """One player."""

    joins_s: float
    """0: there from the beginning."""
    frame_hz: float
    drift_ppm: float
    link: NetConditions | None
    """Of its own; None is everybody's weather."""
    link_up: NetConditions | None
    """Other conditions on the way up."""
    leaves_s: float | None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is done to somebody. ``who``: a client's number, or None for the server (or the weather of all)."""

    at_s: float
    kind: str
    who: int | None
    seconds: float = 0.0
    amount: float = 0.0
    weather: NetConditions | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole scenario."""

    seed: int
    game: GameKind
    settings: dict[str, int]
    seats: int
    seat_kept_s: int
    checks_rollbacks: bool
    weather: NetConditions
    clients: tuple[ClientPlan, ...]
    happenings: tuple[Happening, ...]
    faults_s: float
    server_drift_ppm: float
    kinds: Counter[str] = field(default_factory=Counter)
    """How often each kind of fault was drawn."""


TO_A_CLIENT: Final = {
    "partition": 3, "one_way_up": 2, "one_way_down": 2, "flap": 2, "udp_blocked": 3, "streams_blocked": 2, "stream_reset": 3,
    "rebind": 3, "client_pause": 3, "client_crash": 2, "client_crash_silent": 1, "clock_step": 1, "link_weather": 3,
}  # fmt: skip
TO_ALL: Final = {
    "partition_all": 1, "server_pause": 3, "server_crash": 1, "server_crash_silent": 1, "server_clock_step": 1, "weather": 3,
}  # fmt: skip


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    roll = Random(f"swarm/{seed}")
    kinds: Counter[str] = Counter()
    game = roll.choices(tuple(GameKind), (8, 7, 1))[0]
    is_arena = game is GameKind.ARENA
    is_long = not is_arena and _drawn(roll, kinds, "long", LONG_SHARE)
    faults_s = round(roll.uniform(3, 5) if is_arena else roll.uniform(15, 30) if is_long else roll.uniform(4, 10), 3)
    settings = {"event_ticks": roll.choice((5, 20, 60)), "fog": int(roll.random() < 0.3)}
    settings["end_ticks"] = roll.randrange(360, 900) if roll.random() < 0.2 else 0
    count = roll.randint(2, 4 if is_arena else CLIENTS_MAX)
    clients = tuple(_draw_client(roll, kinds, faults_s, is_first=number == 0) for number in range(count))
    happenings = tuple(_draw_happening(roll, kinds, faults_s, count) for _ in range(roll.randint(0, HAPPENINGS_MAX)))
    plan = Plan(
        seed=seed,
        game=game,
        settings={} if is_arena else settings,
        seats=16,
        seat_kept_s=roll.choice((3, 10, 60)),
        checks_rollbacks=not is_arena and roll.random() < 0.2,
        weather=_draw_weather(roll, kinds),
        clients=clients,
        happenings=tuple(sorted(happenings, key=lambda happening: happening.at_s)),
        faults_s=faults_s,
        server_drift_ppm=roll.uniform(-200, 200) if _drawn(roll, kinds, "server_drift", 0.2) else 0.0,
        kinds=kinds,
    )
    return replace(plan, happenings=tuple(_set_back(roll, kinds, happening) for happening in plan.happenings))


def _set_back(roll: Random, kinds: Counter[str], happening: Happening) -> Happening:
    """Some of the clocks that are set are set back. (A monotonic clock never is: less far, then.)"""
    if happening.kind not in ("clock_step", "server_clock_step") or not _drawn(roll, kinds, "clock_back", 0.4):
        return happening
    return replace(happening, amount=-min(happening.amount, CLOCK_BACK_S_MAX))


def _drawn(roll: Random, kinds: Counter[str], kind: str, share: float) -> bool:
    is_drawn = roll.random() < share
    if is_drawn:
        kinds[kind] += 1
    return is_drawn


def _draw_client(roll: Random, kinds: Counter[str], faults_s: float, *, is_first: bool) -> ClientPlan:
    joins_s = round(roll.uniform(0.5, faults_s * 0.8), 3) if not is_first and _drawn(roll, kinds, "late_join", 0.25) else 0.0
    leaves = not is_first and _drawn(roll, kinds, "leave", 0.12)
    return ClientPlan(
        joins_s=joins_s,
        frame_hz=roll.choice((30.0, 60.0, 60.0, 60.0, 75.0)),
        drift_ppm=roll.uniform(-200, 200) if _drawn(roll, kinds, "drift", 0.3) else 0.0,
        link=_draw_weather(roll, kinds) if _drawn(roll, kinds, "own_link", 0.3) else None,
        link_up=_draw_weather(roll, kinds) if _drawn(roll, kinds, "own_link_up", 0.15) else None,
        leaves_s=round(roll.uniform(joins_s + 0.3, faults_s), 3) if leaves else None,
    )


def _draw_happening(roll: Random, kinds: Counter[str], faults_s: float, clients: int) -> Happening:
    is_for_all = roll.random() < 0.3
    table = TO_ALL if is_for_all else TO_A_CLIENT
    kind = roll.choices(tuple(table), tuple(table.values()))[0]
    kinds[kind] += 1
    who = None if is_for_all else roll.randrange(clients)
    begin = round(roll.uniform(0.0, faults_s - 0.5), 3)
    left = faults_s - begin
    seconds = round(min(left, roll.choice((roll.uniform(0.05, 0.6), roll.uniform(0.5, 4.0), left))), 3)
    amount = {"flap": roll.uniform(0.1, 1.0), "clock_step": roll.choice((0.05, 1.0, 30.0)), "rebind": roll.randint(1, 5)}.get(kind, 0.0)
    if kind == "server_clock_step":
        amount = roll.choice((0.05, 1.0, 5.0))
    weather = _draw_weather(roll, kinds) if kind in ("weather", "link_weather") else None
    return Happening(begin, kind, who, seconds, round(float(amount), 3), weather)


def _draw_weather(roll: Random, kinds: Counter[str]) -> NetConditions:
    """Each kind of trouble by itself, so that all of them meet sooner or later; often a network without most of them."""

    def drawn(kind: str, share: float) -> bool:
        return _drawn(roll, kinds, kind, share)

    has = _draw_delays(roll, drawn) | _draw_damage(roll, drawn) | _draw_line(roll, drawn)
    return NetConditions(**{name: round(value, 3) for name, value in has.items()})


def _draw_delays(roll: Random, drawn: Drawn) -> dict[str, float]:
    has = {}
    if drawn("latency", 0.8):
        has["latency_ms"] = roll.choice((roll.uniform(1, 60), roll.uniform(20, 250)))
    if drawn("jitter", 0.4):
        has["jitter_ms"] = roll.uniform(1, 40)
    if drawn("normal_jitter", 0.3):
        has["normal_ms"] = roll.uniform(0.5, 15)
    if drawn("spikes", 0.2):
        has |= {"spikes_pct": roll.uniform(0.2, 3), "spike_ms": roll.uniform(20, 200)}
    return has


def _draw_damage(roll: Random, drawn: Drawn) -> dict[str, float]:
    has = {}
    if drawn("loss", 0.5):
        has["loss_pct"] = roll.choice((roll.uniform(0.1, 5), roll.uniform(1, 20), roll.uniform(10, LOSS_PCT_MAX)))
        if drawn("burst", 0.4):
            has |= {"burst": roll.uniform(2, 20), "density_pct": roll.uniform(60, 100)}
    if drawn("duplicate", 0.25):
        has["duplicate_pct"] = roll.uniform(0.5, 50)
    if drawn("reorder", 0.25):
        has["reorder_pct"] = roll.uniform(0.5, 30)
    if drawn("corrupt", 0.2):
        has |= {"corrupt_pct": roll.uniform(0.5, 30), "corrupt_bits": float(roll.randint(1, 8))}
    if drawn("truncate", 0.15):
        has["truncate_pct"] = roll.uniform(0.5, 20)
    return has


def _draw_line(roll: Random, drawn: Drawn) -> dict[str, float]:
    has: dict[str, float] = {}
    if drawn("rate", 0.2):
        has |= {"rate_kbit_s": roll.choice((128.0, 256.0, 512.0, 2000.0)), "queue_ms": roll.uniform(50, 1000)}
    if drawn("mtu", 0.1):
        has["mtu_bytes"] = float(roll.choice((1280, 1400, 1492)))
    if drawn("split", 0.25):
        has["split_pct"] = roll.uniform(5, 80)
    if drawn("reset", 0.1):
        has["reset_pct"] = roll.uniform(0.1, 3)
    return has
