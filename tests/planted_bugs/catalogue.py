"""All planted bugs."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs import around, play, state, transport
from tests.planted_bugs.bug import Bug

BUGS: Final[tuple[Bug, ...]] = (*transport.BUGS, *around.BUGS, *state.BUGS, *play.BUGS)
