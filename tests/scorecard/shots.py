"""Shots: which hit on the shooter's screen, which the server credited, and for each that it did not, why.

A shot hit if, on the screen of who fired it, the rail's beam met somebody or the bolt ended on somebody who was alive and without
protection there. It agrees if the server hurt that victim by that weapon, about then. Three things the rules of the game decide and no
network could mend, so they are told apart and not counted: the shooter was dead on the server before his shot was carried out; the victim
was dead or protected by then (somebody else, or the floor, was first); the victim was dashing out of a bolt's way, which is what a dash is
for, whatever the shooter saw. Both weapons count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tests.scorecard.screen import SeenHit, WatchedClient
from tests.scorecard.stage import Stage
from tests.scorecard.truth import CreditedHit, Truth

TICK_S: Final = 1 / 60
CREDIT_WITHIN_TICKS: Final = 7
"""A bolt may meet its victim a little earlier or later. The next one comes after 8 ticks."""
SAME_PLACE_UNITS: Final = 2.0
"""Less is rounding: a place between two ticks is told in 256ths."""


@dataclass(frozen=True)
class Verdict:
    """One shot that hit on a screen."""

    hit: SeenHit
    is_fair: bool
    """By the rules it could have counted."""
    is_credited: bool
    why: str
    """Empty for one that agrees."""
    figures: dict[str, Any]


def verdicts(stage: Stage, start: float, end: float) -> list[Verdict]:
    """Of every shot that hit on its shooter's screen between two times."""
    truth, found = stage.truth, []
    seen = [(client, hit) for client in stage.clients for hit in client.diary.hits if start <= client.diary.made_at[hit.tick] < end]
    credited = _credited([hit for _, hit in seen], truth.hits)
    for number, (client, hit) in enumerate(seen):
        if number in credited:
            found.append(Verdict(hit, True, True, "", {}))
            continue
        reason = _ruled_out(truth, hit)
        why, figures = _explain(stage, client, hit)
        found.append(Verdict(hit, not reason, False, reason or why, figures))
    return found


def agreement(found: list[Verdict]) -> tuple[float | None, dict[str, Any]]:
    """Of the shots that could count, those that did; and how many of each kind there were."""
    more: dict[str, Any] = {}
    for weapon in ("rail", "blaster"):
        seen = [one for one in found if one.hit.weapon == weapon]
        fair = [one for one in seen if one.is_fair]
        credited = sum(one.is_credited for one in fair)
        more |= {f"{weapon}_seen": len(seen), f"{weapon}_fair": len(fair), f"{weapon}_credited": credited}
    fair = [one for one in found if one.is_fair]
    more["shots_not_credited"] = dict(sorted(Counter(one.why for one in found if not one.is_credited).items()))
    return (round(100 * sum(one.is_credited for one in fair) / len(fair), 2) if fair else None), more


def describe(one: Verdict) -> str:
    """A line for ``--explain``."""
    hit = one.hit
    figures = " ".join(f"{name}={value}" for name, value in one.figures.items())
    who = f"{hit.weapon} of seat {hit.attacker} on {hit.victim} at tick {hit.tick}"
    return f"{who}: {one.why}{'' if one.is_fair else ' (not counted)'}; {figures}"


def _credited(seen: list[SeenHit], given: list[CreditedHit]) -> set[int]:
    """Which of the seen hits were credited: each credit goes to the nearest in time of the same shooter, victim and weapon."""
    by_shot: dict[tuple[int, int, str], list[int]] = {}
    for number, credit in enumerate(given):
        by_shot.setdefault((credit.attacker, credit.victim, credit.weapon), []).append(number)
    pairs = [
        (abs(given[index].tick - hit.tick), number, index)
        for number, hit in enumerate(seen)
        for index in by_shot.get((hit.attacker, hit.victim, hit.weapon), ())
        if abs(given[index].tick - hit.tick) <= CREDIT_WITHIN_TICKS
    ]
    matched: set[int] = set()
    used: set[int] = set()
    for _, number, index in sorted(pairs):
        if number not in matched and index not in used:
            matched.add(number)
            used.add(index)
    return matched


def _ruled_out(truth: Truth, hit: SeenHit) -> str:
    """Why it could not count by the rules; empty if it could."""
    before = truth.players.get(hit.tick - 1)
    fired = truth.players.get(hit.born - 1)
    if before is None or fired is None or fired.life[hit.attacker] != 1 or before.life[hit.attacker] != 1:
        return "shooter dead"
    if not truth.could_be_hurt(hit.victim, hit.tick):
        return "victim dead or protected"
    after = truth.players.get(hit.tick)
    if after is None:
        return "not carried out yet"
    if after.deaths[hit.victim] > before.deaths[hit.victim]:
        return "victim dead or protected"  # in the same tick, by a shot that was first
    if hit.weapon == "blaster" and after.dash[hit.victim] > 0:
        return "victim dashed out of its way"
    return ""


def _explain(stage: Stage, client: WatchedClient, hit: SeenHit) -> tuple[str, dict[str, Any]]:
    truth, seat = stage.truth, hit.attacker
    view = client.diary.views[hit.tick]
    judgement = truth.judgements.get((seat, hit.tick))
    there = truth.place_at(hit.victim, judgement.view) if judgement is not None else None
    then = truth.place_at(hit.victim, view)
    figures: dict[str, Any] = {
        "fired": hit.born,
        "view": round(view, 2),
        "age_ms": round(1000 * TICK_S * (hit.tick - view)),
        "judged_view": None if judgement is None else round(judgement.view, 2),
        "is_guess": hit.is_guess,
        "screen_vs_judged_units": _gap(hit.other, there),
        "screen_vs_then_units": _gap(hit.other, then),
        "own_off_units": _own_gap(truth, hit),
        "speed_off_units": None if judgement is None else _gap(hit.speed, truth.speed_at(hit.victim, judgement.view)),
    }
    if any(not stage.server.used[seat].get(tick, False) for tick in {hit.born, hit.tick}):
        return "late command", figures
    own_off = figures["own_off_units"]
    if own_off is None:
        return "shot not fired on the server, or ended before", figures
    if judgement is not None and abs(judgement.view - view) > 1 / 128:
        return "clamped", figures
    if hit.is_guess:
        return "shown by extrapolation", figures
    if own_off > SAME_PLACE_UNITS:
        return "own position differed", figures
    screen_off = figures["screen_vs_judged_units"]
    if screen_off is None or screen_off > SAME_PLACE_UNITS:
        return "victim shown elsewhere", figures
    if figures["speed_off_units"]:
        return "victim shown with another speed", figures
    return "judged otherwise", figures


def _gap(one: tuple[int, int], other: tuple[float, float] | None) -> float | None:
    return None if other is None else round(float(np.hypot(one[0] - other[0], one[1] - other[1])), 1)


def _own_gap(truth: Truth, hit: SeenHit) -> float | None:
    """How far from the shooter's prediction the server had him (rail), or his bolt; None where it had no such bolt any more."""
    if hit.weapon == "rail":
        players = truth.players.get(hit.tick)
        return None if players is None else _gap(hit.own, (float(players.x[hit.attacker]), float(players.y[hit.attacker])))
    bolts = truth.bolts.get(hit.tick - 1)
    if bolts is None or int(bolts.generation[hit.slot]) != 1 + hit.born % 1024:
        return None
    return _gap(hit.own, (float(bolts.x[hit.slot]), float(bolts.y[hit.slot])))
