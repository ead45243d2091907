"""``--rollback-log FILE``: every rollback of this process's players, explained (:mod:`engine.timeline.rollback_lines` has the lines)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from engine.timeline.rollback_lines import RollbackLines

if TYPE_CHECKING:
    from engine.session import MatchClient
    from engine.session.client_match import ClientMatch

LINES_MAX: Final = 100_000
"""About 12 MB; the file then ends with a line that says so."""


class RollbackLog:
    """One file for all players of a process. Nothing but opening it raises: a full disk ends the log and not the game."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be written."""
        self._file: Final[TextIO] = path.open("w", encoding="utf-8", buffering=1)
        self._watched: Final[dict[MatchClient, tuple[ClientMatch, RollbackLines]]] = {}
        self._lines = 0
        self._is_broken = False

    def look(self, client: MatchClient) -> None:
        """Once per frame and player."""
        match = client.match
        watched = self._watched.get(client)
        if watched is not None and watched[0] is not match:
            self._write(client, watched, None)
            del self._watched[client]
            watched = None
        if match is None:
            return
        if watched is None:
            watched = self._watched[client] = match, RollbackLines(match.prediction)
        if (newest := match.decoder.newest_tick) is not None:
            self._write(client, watched, newest)

    def forget(self, client: MatchClient) -> None:
        """A player has left: write what remains of his."""
        if (watched := self._watched.pop(client, None)) is not None:
            self._write(client, watched, None)

    def close(self) -> None:
        """Write what is left."""
        for client, watched in self._watched.items():
            self._write(client, watched, None)
        self._watched.clear()
        with suppress(OSError):  # what could not be written before cannot be written now
            self._file.close()

    def _write(self, client: MatchClient, watched: tuple[ClientMatch, RollbackLines], newest_tick: int | None) -> None:
        match, lines = watched
        for line in lines.take(newest_tick):
            if self._is_broken or self._lines > LINES_MAX:
                return
            self._lines += 1
            text = f"player={client.player_name!r} match={match.match_id} {line}" if self._lines <= LINES_MAX else "the log is full"
            try:
                self._file.write(text + "\n")
            except OSError:  # the disk is full, the stick was pulled: there is nowhere to write that
                self._is_broken = True
