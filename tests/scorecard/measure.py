"""From a played cell to its figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.session.client_match import ClientMatch
from engine.timeline.interpolation import DELAY_INTERVALS_MAX
from engine.timeline.lateness import MARGIN_TICKS_MAX
from tests.scorecard.cells import BLACKOUT_S, SETTLE_S, Cell
from tests.scorecard.corrections import by_sort, in_lines, of_stage, sizes
from tests.scorecard.links import first_arrival_s, needed_leads_s, snapshot_ages_s, transit_s
from tests.scorecard.screen import WatchedClient
from tests.scorecard.shots import agreement, describe, verdicts
from tests.scorecard.stage import Stage
from tests.scorecard.truth import Truth

TICK_S: Final = 1 / 60
QUARTER_WIDTH_UNITS: Final = 104
RECOVERY_WATCHED_S: Final = 2.5
LEAD_TICKS_MAX: Final = MARGIN_TICKS_MAX
"""For the limits: a clock is never further ahead of what a usual command needs than this."""


@dataclass(frozen=True)
class Mark:
    """Counters of one client at a moment."""

    late: int
    missing: int
    used: int
    frames: int
    starved: int
    bytes_in: int
    bytes_out: int
    causes: dict[str, int]


def play(cell: Cell) -> dict[str, Any]:
    """Play one cell; returns ``figures`` (the keys that are published), ``limits`` and ``more``."""
    stage = Stage(cell)
    stage.start()
    stage.simulation.run_for(SETTLE_S)
    start = stage.simulation.now
    before = [_mark(stage, client) for client in stage.clients]
    sampled: list[tuple[float, float, int]] = []
    for _ in range(round(cell.seconds)):
        stage.simulation.run_for(1.0)
        matches = [match_of(client) for client in stage.clients]
        for match in matches:
            pending = match.prediction.statistics().ahead_ticks
            sampled.append((match.interpolation.statistics().delay_ms, 1000 * TICK_S * match.clock.ahead_ticks, pending))
    end = stage.simulation.now
    after = [_mark(stage, client) for client in stage.clients]
    figures = {
        "rtt_ms": cell.rtt_ms,
        "jitter_ms": cell.jitter_ms,
        "loss_pct": cell.loss_pct,
        "burst": cell.burst,
        "input_delay_ticks": cell.input_delay_ticks,
        **_counted(before, after, cell),
        **sizes(stage, start, end),
        "corrections": by_sort(of_stage(stage, start, end), cell.seconds / 60 * cell.players),
        "interpolation_delay_ms": round(float(np.mean([sample[0] for sample in sampled])), 1),
        "ahead_ms": round(float(np.mean([sample[1] for sample in sampled])), 1),
        "predicted_ticks": round(float(np.mean([sample[2] for sample in sampled])), 1),
    }
    shots = verdicts(stage, start, end)
    agreement_pct, more = agreement(shots)
    more |= _view_ages(stage, start, end) | _effects(stage, start, end)
    limits, bounds = _limits(stage, start, end)
    # With input delay a shot is not on the screen yet when the diary notes its command: what was seen of it is not known.
    figures["hit_agreement_pct"] = None if cell.input_delay_ticks else agreement_pct
    figures |= _traffic(before, after, cell)
    figures["recovery_ms"], bounds["limit_recovery_ms"] = _recovery_ms(stage)
    figures |= bounds
    explained = [*in_lines(figures["corrections"]), *(describe(one) for one in shots if not one.is_credited)]
    return {"name": cell.name, "figures": figures, "limits": limits, "more": more, "explain": explained}


def match_of(client: WatchedClient) -> ClientMatch:
    """The client's match, which runs."""
    assert client.match is not None
    return client.match


def _mark(stage: Stage, client: WatchedClient) -> Mark:
    match, running = match_of(client), stage.server.running_match()
    assert running is not None
    buffer = running.seats[match.seat].buffer.statistics()
    display, link = match.interpolation.statistics(), match.connection.statistics()
    causes = dict(match.prediction.statistics().corrections_by_cause)
    return Mark(buffer.late, buffer.missing, buffer.used, display.frames, display.frames_starved, link.bytes_in, link.bytes_out, causes)


def _counted(before: list[Mark], after: list[Mark], cell: Cell) -> dict[str, Any]:
    def total(name: str) -> int:
        return int(sum(getattr(mark, name) for mark in after) - sum(getattr(mark, name) for mark in before))

    steps = total("used") + total("missing")
    minutes = cell.seconds / 60 * cell.players
    causes = Counter[str]()
    for old, new in zip(before, after, strict=True):
        causes.update({name: count - old.causes.get(name, 0) for name, count in new.causes.items()})
    return {
        # A step without its command is counted once: as late if the command came afterwards, as missing if it never came.
        "late_commands_pct": round(100 * total("late") / steps, 3),
        "missing_commands_pct": round(100 * max(0, total("missing") - total("late")) / steps, 3),
        "mispredictions_per_min": {name: round(count / minutes, 2) for name, count in sorted(causes.items())},
        "starved_frames_pct": round(100 * total("starved") / total("frames"), 3),
    }


def _traffic(before: list[Mark], after: list[Mark], cell: Cell) -> dict[str, Any]:
    seconds = cell.seconds * cell.players
    return {
        "bytes_down_per_s": round(sum(new.bytes_in - old.bytes_in for old, new in zip(before, after, strict=True)) / seconds),
        "bytes_up_per_s": round(sum(new.bytes_out - old.bytes_out for old, new in zip(before, after, strict=True)) / seconds),
    }


def _view_ages(stage: Stage, start: float, end: float) -> dict[str, Any]:
    """How old what a shooter saw is when his command is carried out."""
    ages = [tick - client.diary.views[tick] for client in stage.clients for tick, at in client.diary.made_at.items() if start <= at < end]
    return {
        "view_age_ms_mean": round(1000 * TICK_S * float(np.mean(ages)), 1),
        "view_age_ms_p99": round(1000 * TICK_S * float(np.percentile(ages, 99)), 1),
    }


def _effects(stage: Stage, start: float, end: float) -> dict[str, Any]:
    """Own muzzle flashes, beams and dashes on the screen that never were on the server, and how soon they were seen."""
    wrong = right = 0
    waits = []
    for client in stage.clients:
        for (what, slot, birth), at in client.diary.effects.items():
            if not start <= at < end:
                continue
            right += (what, slot, birth) in stage.truth.effects
            wrong += (what, slot, birth) not in stage.truth.effects
            if birth in client.diary.made_at:
                waits.append(at - client.diary.made_at[birth])
    return {
        "effects_right": right,
        "effects_wrong": wrong,
        "effect_wait_ms_p50": round(1000 * float(np.median(waits)), 2) if waits else None,
        "effect_wait_ms_p99": round(1000 * float(np.percentile(waits, 99)), 2) if waits else None,
    }


# --- limits -----------------------------------------------------------------------------------------------------------------------------


def _limits(stage: Stage, start: float, end: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What no client could do better over the very same datagrams: at our lead and delay, and at the greatest that are allowed."""
    needed, ages, leads, delays, too_late, too_old = [], [], [], [], [], []
    server = stage.host.address.host
    for host, client in zip(stage.hosts, stage.clients, strict=True):
        up = stage.links.between(host.address.host, server, start, end)
        down = stage.links.between(server, host.address.host, start - 1.0, end)
        needed.append(needed_leads_s(up[:-60]))
        too_late.append(needed[-1] > np.median(needed[-1]) + LEAD_TICKS_MAX * TICK_S)
        frames = [frame for frame in client.diary.frames if start <= frame.now < end]
        ages.append(snapshot_ages_s(down, np.array([frame.now for frame in frames])))
        too_old.append(ages[-1] > transit_s(down) + DELAY_INTERVALS_MAX * TICK_S)
        stepped = stage.truth.stepped_at
        made = client.diary.made_at
        leads += [stepped[tick] - at for tick, at in made.items() if start <= at < end and tick in stepped]
        delays += [frame.now - _stepped(stepped, frame.view) for frame in frames if int(frame.view) in stepped]
    need, age = np.concatenate(needed), np.concatenate(ages)
    lead, delay = float(np.mean(leads)), float(np.mean(delays))
    late, starved = 100 * float(np.mean(np.concatenate(too_late))), 100 * float(np.mean(np.concatenate(too_old)))
    more = {
        "lead_ms": round(1000 * lead, 1),
        "late_at_this_lead_pct": round(100 * float(np.mean(need > lead)), 3),
        "lead_for_1_pct_ms": round(1000 * float(np.percentile(need, 99)), 1),
        "lead_for_0.2_pct_ms": round(1000 * float(np.percentile(need, 99.8)), 1),
        "behind_ms": round(1000 * delay, 1),
        "starved_at_this_delay_pct": round(100 * float(np.mean(age > delay)), 3),
        "behind_for_2_pct_ms": round(1000 * float(np.percentile(age, 98)), 1),
        "behind_for_0.5_pct_ms": round(1000 * float(np.percentile(age, 99.5)), 1),
    }
    return more, {
        "limit_late_or_missing_pct": round(late, 3),
        "limit_starved_frames_pct": round(starved, 3),
        "limit_hit_agreement_pct": round(100 - late - starved, 2),
    }


def _stepped(stepped: dict[int, float], view: float) -> float:
    tick = int(view)
    return stepped[tick] + (view - tick) * TICK_S


# --- blackout ---------------------------------------------------------------------------------------------------------------------------


def _recovery_ms(stage: Stage) -> tuple[float | None, float]:
    """Nothing gets through for half a second. How long after its end all is well: own commands count, others move, prediction is true.

    Beside it the limit: nobody can play before the first datagram after the hole has come in either direction.
    """
    for host in stage.hosts:
        host.block()
    stage.simulation.run_for(BLACKOUT_S)
    for host in stage.hosts:
        host.unblock()
    end = stage.simulation.now
    stage.simulation.run_for(RECOVERY_WATCHED_S)
    truth, server, waits, firsts = stage.truth, stage.host.address.host, [], []
    for host in stage.hosts:
        ways = ((host.address.host, server), (server, host.address.host))
        firsts += [first_arrival_s(stage.links.between(*way, end, stage.simulation.now), end) for way in ways]
    limit = round(1000 * max(firsts), 1)
    for client in stage.clients:
        seat = match_of(client).seat
        used = [truth.stepped_at[tick] for tick, was in stage.server.used[seat].items() if was and truth.stepped_at.get(tick, 0.0) >= end]
        frames = [frame for frame in client.diary.frames if frame.now >= end]
        shown = [frame.now for frame in frames if not frame.is_starved]
        right = [frame.now for frame in frames if _is_right(truth, seat, frame)]
        if not (used and shown and right):
            return None, limit
        waits.append(max(used[0], shown[0], right[0]) - end)
    return round(1000 * max(waits), 1), limit


def _is_right(truth: Truth, seat: int, frame: Any) -> bool:
    """Whether the predicted place is (within a quarter of a player) where the server puts us in that tick, or we are dead there."""
    then = truth.players.get(frame.tick)
    if then is None:
        return False
    return bool(then.life[seat] != 1) or bool(
        np.hypot(float(then.x[seat]) - frame.own_x, float(then.y[seat]) - frame.own_y) <= QUARTER_WIDTH_UNITS
    )
