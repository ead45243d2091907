"""What the fairness report is told about shots: which were decided by what their shooter saw, and which of his were refused, by what rule.

``shooter_dead``: he pulled the trigger while his screen still showed him alive, but had died by the tick that it was for. ``target_gone``
(:mod:`game.simulation.weapons`): the rail met somebody on his screen who has died, left or come back since. No wall of the arena opens or
closes, so none can come between. Nothing here changes the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.world import World
from game.simulation.damage import Hit
from game.simulation.rules import ALIVE, DEAD, RAIL, RESPAWN_TICKS

SHOOTER_DEAD: Final = "shooter_dead"
TARGET_GONE: Final = "target_gone"
UNAWARE_TICKS: Final = 30
"""Longer dead than this, and he knows: half a second is as far as the engine looks back (250 ms, and 250 ms of the round trip)."""


def note_decided(hits: Iterable[Hit], judged: Callable[[int, str], None]) -> None:
    """These hits stand."""
    for hit in hits:
        if hit.attacker is not None:
            judged(hit.attacker, "")


def note_shots_of_the_dead(
    world: World, orders: NDArray[np.int32], shown_to: Callable[[int], World | None], judged: Callable[[int, str], None]
) -> None:
    """Before the step: who would have fired, had he not died since what he saw. Nothing is judged by that, so it is only looked at."""
    player = world.player
    dead = (orders[3] != 0) & (player.life == DEAD) & (player.respawn > RESPAWN_TICKS - UNAWARE_TICKS)
    if not np.count_nonzero(dead):
        return
    for seat in dead.nonzero()[0].tolist():
        by_rail = orders[4, seat] == RAIL
        cooldown, ammo = (player.cooldown_rail, player.ammo_rail) if by_rail else (player.cooldown_blaster, player.ammo_blaster)
        seen = shown_to(seat) if cooldown[seat] == 0 and ammo[seat] > 0 else None
        if seen is not None and seen.player.life[seat] == ALIVE and seen.player.generation[seat] == player.generation[seat]:
            judged(seat, SHOOTER_DEAD)
