"""What is said of figures that would mislead whoever reads them alone: a computer too slow to play, a server too slow to send.

The same for a player with a window and for bots without one, at the end, on standard error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.drivers.console import say

FRAME_HZ: Final = 60.0
"""Frames and snapshots per second that there should be at least."""
SLOW_PART: Final = 0.8
"""Fewer of them than this are worth a remark."""
SLOW_AFTER_S: Final = 2.0
"""What was shorter says nothing."""


def tell_slowness(frames_per_s: float) -> None:
    """Of this computer."""
    if frames_per_s < SLOW_PART * FRAME_HZ:
        managed = f"{frames_per_s:.0f} of {FRAME_HZ:.0f} frames a second"
        say(f"This computer managed {managed}: the figures are about it and not about the network.")


def tell_no_match(reports: Sequence[Mapping[str, Any]]) -> None:
    """Figures that are all nothing need a reason, where nothing went wrong."""
    went_well = any(report["disconnect_reason"] is None for report in reports)
    if went_well and not any(report["snapshots"] for report in reports):
        say("No match was played by the end, so there are no figures: connecting, the lobby and a room's countdown count, too.")


def tell_missing_snapshots(reports: Sequence[Mapping[str, Any]]) -> None:
    """Of all players' matches: a server that has too much to do sends less often, and everything else looks well."""
    enough = SLOW_PART * FRAME_HZ
    played = [report for report in reports if report["ticks"] > SLOW_AFTER_S * FRAME_HZ and report["frames_per_s"] >= enough]
    came_per_s = sum(report["snapshots_per_s"] for report in played) / len(played) if played else FRAME_HZ
    if came_per_s < enough:
        say(
            f"Of {FRAME_HZ:.0f} snapshots a second {came_per_s:.0f} came: "
            "the server has too much to do, or the way from it carries or keeps less (a computer that stalls looks the same)."
        )
