"""Which world a client's next snapshot is coded against: the ring of the match's last worlds, and one small record per client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.contract import Mask
from engine.replication.layout import BASELINE_TICKS_MAX
from engine.world import Schema, World

RING_TICKS: Final = BASELINE_TICKS_MAX + 1

SHARING_CLIENTS_MIN: Final = 32
"""Fewer do not share: coding a small world once more costs little, and every client's newest baseline the fewest bytes."""
SHARED_BASELINES: Final = 4
"""Coding 256 players is a millisecond; so many a tick are affordable, one for each tick of everybody's round trip is not."""
SHARED_TICKS_BACK_MAX: Final = 4
"""A client takes no baseline that is so much older than its own newest: its bytes would grow more than the work shrinks."""


def shared_baselines(acknowledged: Sequence[int], *, fewest: bool = False) -> tuple[int, ...]:
    """Of the newest ticks that clients have acknowledged, those to code snapshots against, newest first; none: to each its own.

    Where round trips differ, the newest baselines are of as many ticks, and the world would be coded for each of them. So the clients are
    taken in order, from the nearest to the farthest, in four equal groups, and the last of each group gives its tick. ``fewest``: there are
    as few as any choice leaves, whatever that costs in bytes (every client still takes one that is not too old for it).
    """
    ticks = sorted(set(acknowledged), reverse=True)
    count = len(acknowledged)
    if count < SHARING_CLIENTS_MIN or len(ticks) <= (1 if fewest else SHARED_BASELINES):
        return ()
    if not fewest:
        ordered = sorted(acknowledged, reverse=True)
        return tuple(sorted({ordered[count * group // SHARED_BASELINES - 1] for group in range(1, SHARED_BASELINES + 1)}, reverse=True))
    shared, nearest = [], ticks[0]  # of each stretch that one baseline can serve, its oldest tick
    for tick, older in zip(ticks, [*ticks[1:], ticks[-1] - SHARED_TICKS_BACK_MAX - 1], strict=True):
        if nearest - older > SHARED_TICKS_BACK_MAX:
            shared.append(tick)
            nearest = older
    return tuple(shared)


_HELD_MASK: Final = (1 << RING_TICKS) - 1


class BaselineRing:
    """The worlds of the last 64 ticks, shared by all clients of a match. Allocated once."""

    def __init__(self, schema: Schema) -> None:
        self._worlds: Final = [World(schema, -1) for _ in range(RING_TICKS)]

    def record(self, world: World) -> World:
        """Keep a copy of ``world`` under its tick; returns the copy: it does not change for 64 ticks, so encode from it."""
        held = self._worlds[world.tick % RING_TICKS]
        held.copy_from(world)
        return held

    def at(self, tick: int) -> World | None:
        """The world of ``tick``, or None where it is not held (any more)."""
        world = self._worlds[tick % RING_TICKS]
        return world if tick >= 0 and world.tick == tick else None


class ClientBaseline:
    """What one client holds, as far as the server knows: the newest snapshot that it acknowledged, and what each showed it."""

    __slots__ = ("_held", "_masks", "_sent_ticks", "acknowledged_tick", "has_mismatch", "newest_sent_tick", "wants_complete")

    def __init__(self) -> None:
        self.acknowledged_tick: int | None = None
        self.wants_complete = False
        self.has_mismatch = False
        """It wants a complete snapshot because a checksum did not match."""
        self.newest_sent_tick: int | None = None
        """The newest snapshot sent to this client: what it can claim to have seen."""
        self._held = 0
        """Bit ``i``: ``acknowledged_tick - i`` was acknowledged. The client keeps every snapshot that it applied for as long as we do."""
        self._sent_ticks: Final[list[int]] = [-1] * RING_TICKS
        self._masks: Final[list[Mask | None]] = [None] * RING_TICKS

    def acknowledge(self, tick: int | None, wants_complete: bool = False, has_mismatch: bool = False) -> None:
        """Take over what a client's message says. A tick that was never sent to it, or that is older than what we know, changes nothing.

        Messages overtake each other. A client stops wanting a complete snapshot only by applying a snapshot, so at one and the same
        acknowledged tick a wish can begin but not end.
        """
        known = self.acknowledged_tick
        if tick is not None and (known is None or tick > known) and self._sent_ticks[tick % RING_TICKS] == tick:
            self._held = 1 if known is None or tick - known >= RING_TICKS else (self._held << tick - known | 1) & _HELD_MASK
            self.acknowledged_tick = tick
            self.wants_complete, self.has_mismatch = wants_complete, has_mismatch
        elif known is None or tick == known:
            self.wants_complete |= wants_complete
            self.has_mismatch |= has_mismatch

    def choose(self, ring: BaselineRing, tick: int, shared: Sequence[int] = ()) -> tuple[World | None, Mask | None]:
        """The baseline for a snapshot of ``tick`` and the mask that held for it; (None, None): send a complete one.

        ``shared`` are ticks that others take too, newest first (see :func:`shared_baselines`): one of them rather than our newest, where
        this client has acknowledged it and it is not much older.
        """
        acknowledged = self.acknowledged_tick
        if acknowledged is None or self.wants_complete or not 1 <= tick - acknowledged <= BASELINE_TICKS_MAX:
            return None, None
        for other in shared:
            back = acknowledged - other
            if 0 <= back <= SHARED_TICKS_BACK_MAX and self._held >> back & 1 and tick - other <= BASELINE_TICKS_MAX:
                acknowledged = other
                break
        baseline = ring.at(acknowledged)
        return (None, None) if baseline is None else (baseline, self._masks[acknowledged % RING_TICKS])

    def forget_older(self) -> None:
        """Of what was acknowledged only the newest may be a baseline from now on."""
        self._held &= 1

    def sent(self, tick: int, mask: Mask | None = None) -> None:
        """Remember that the snapshot of ``tick`` went out, showing what ``mask`` lets through (kept by reference: do not change it)."""
        self._sent_ticks[tick % RING_TICKS] = tick
        self._masks[tick % RING_TICKS] = mask
        self.newest_sent_tick = tick
