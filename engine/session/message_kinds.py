"""The first byte of a datagram connection's messages: what follows, per direction (``engine/PROTOCOL.md``)."""

from __future__ import annotations

from typing import Final

COMMANDS_MESSAGE: Final = 1
"""To the server."""
SNAPSHOT_MESSAGE: Final = 1
"""To the client."""
ANNOUNCEMENTS_MESSAGE: Final = 2
"""To the client."""
