"""All planted bugs."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs import state, transport
from tests.planted_bugs.bug import Bug

BUGS: Final[tuple[Bug, ...]] = (*transport.BUGS, *state.BUGS)
