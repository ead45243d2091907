"""How the thread of the control connections keeps out of the tick thread's way: both share one interpreter, and the tick must be on time.

With few players it does not: what comes is answered at once. With many it rests between its rounds, does a round in parts, and sees to
it that what comes once a second from each of them does not come from all of them in one moment.
"""

from __future__ import annotations

import sys
from typing import Final

PLAYERS_FEW: Final = 32
"""So many cost next to nothing: nothing of them rests or stops."""
PAUSE_S_PER_PLAYER: Final = 0.0002
PAUSE_S_MAX: Final = 0.05
"""With more players than a few the loop rests after each round: a round looks at all of them, each of them wakes it, and what it does is
taken from the tick's thread."""
PAUSE_S_CARRYING: Final = 0.004
"""While somebody's datagrams travel by his control connection: a quarter of a tick, so that no two of his snapshots go together."""
PART: Final = 16
BREATH_S: Final = 0.002
"""With more players than a few a round stops after so many of them, for so long: 200 at a stretch would be ten milliseconds in which the
tick's thread gets the interpreter in turns only. No stop while datagrams are carried, which would be late."""
PING_SPREAD_S: Final = 0.25
"""Players come together, when a match begins or the server does, and their pings would be due in one round for ever."""
CARRYING_S: Final = 0.25
"""So long after the last of such datagrams."""


def rest_s(players: int, *, is_carrying: bool = False) -> float:
    """How long the loop of the control connections rests between two rounds."""
    longest_s = PAUSE_S_CARRYING if is_carrying else PAUSE_S_MAX
    return min(longest_s, PAUSE_S_PER_PLAYER * players) if players > PLAYERS_FEW else 0.0


def part_of(players: int, *, is_carrying: bool = False) -> int:
    """After how many of them a round stops for :data:`BREATH_S`."""
    return PART if players > PLAYERS_FEW and not is_carrying else sys.maxsize
