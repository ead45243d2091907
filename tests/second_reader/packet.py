"""One packet, as the engine wrote it and as it is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Packet(NamedTuple):
    """What was written, what it means, and what the second reader makes of it."""

    kind: str
    data: bytes
    meant: Any
    understood: Callable[[], Any]
