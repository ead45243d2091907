"""The first byte of a datagram connection's messages: what follows, per direction (``engine/PROTOCOL.md``)."""

from __future__ import annotations

from typing import Final

COMMANDS_MESSAGE: Final = 1
"""To the server."""
HEARD_MESSAGE: Final = 2
"""To the server: the number of the newest announcement that this client has (u32), then commands as behind COMMANDS_MESSAGE."""
SNAPSHOT_MESSAGE: Final = 1
"""To the client."""
ANNOUNCEMENTS_MESSAGE: Final = 2
"""To the client."""
