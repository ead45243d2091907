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
PACED_SNAPSHOT_MESSAGE: Final = 3
"""To the client, from a server that has too much to do: how many ticks its messages of commands shall be apart (u8, 1 to PACE_TICKS_MAX),
then a snapshot as behind SNAPSHOT_MESSAGE."""
PACE_TICKS_MAX: Final = 8
