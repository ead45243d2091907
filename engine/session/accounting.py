"""On demand: what the bits of a running match's snapshots are spent on. Costs a match nothing until somebody asks."""

from __future__ import annotations

from engine.contract import HasInterest
from engine.errors import LocalProtocolError
from engine.ids import Seat
from engine.replication import BASELINE_TICKS_MAX, SnapshotEncoder, SnapshotLedger, read_ledger
from engine.session.match import Match


def snapshot_ledger(match: Match, seat: Seat) -> SnapshotLedger:
    """The ledger of a snapshot of the newest tick for this seat, against the newest baseline that it holds; without feedback.

    Nothing is sent and nothing counted. Takes about a millisecond: for a look, not for every tick. Raises :class:`LocalProtocolError` for
    a seat that nobody has.
    """
    state, world = match.seats.get(seat), match.past_world(match.tick)
    if state is None or world is None:
        raise LocalProtocolError(f"nobody has seat {seat}")
    tick = state.baseline.acknowledged_tick
    is_usable = tick is not None and not state.baseline.wants_complete and 1 <= world.tick - tick <= BASELINE_TICKS_MAX
    baseline = match.past_world(tick) if tick is not None and is_usable else None
    game = match.game
    mask = game.visible(world, seat) if isinstance(game, HasInterest) else None
    baseline_mask = game.visible(baseline, seat) if baseline is not None and isinstance(game, HasInterest) else None
    message = SnapshotEncoder(world.schema).encode(world, baseline, seat, None, mask, baseline_mask)
    return read_ledger(world.schema, message, seat, baseline, baseline_mask)
