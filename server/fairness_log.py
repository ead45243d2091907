"""The fairness reports of ended matches, with the players' names: lines for the server's log, and the newest ones for its statistics."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from engine.ids import MatchId, SessionId
from engine.session.values import FairnessReported
from server.outbox import Outbox

MATCHES_KEPT: Final = 16
"""Of which the statistics tell; the log has had all."""


class FairnessLog:
    """Remembers who was seated in each running match, because who has left by its end has no name any more."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox: Final = outbox
        self._names: Final[dict[MatchId, dict[SessionId, str]]] = {}
        self._reports: Final[deque[list[dict[str, Any]]]] = deque(maxlen=MATCHES_KEPT)

    def seated(self, match_id: MatchId, session_id: SessionId, name: str) -> None:
        """A player got a seat in a match that runs. Its end clears it."""
        self._names.setdefault(match_id, {})[session_id] = name

    def reported(self, event: FairnessReported) -> None:
        """A match has ended."""
        names = self._names.pop(event.match_id, {})
        lines = []
        for account in event.players:
            name = names.get(account.session_id, "somebody")
            self._outbox.log(f"match {event.match_id}, {name}: {account.sentence()}")
            lines.append({"match": int(event.match_id), "name": name, **account.plain()})
        if lines:
            self._reports.append(lines)

    def reports(self) -> list[dict[str, Any]]:
        """One entry per player of each of the last :data:`MATCHES_KEPT` matches, oldest first."""
        return [line for lines in self._reports for line in lines]
