"""What one client's evening came to: kills and deaths, the scoreboard, the figures of all its matches.

The engine reports a match at a time and knows no kills. Feed every event of the client to :meth:`Tally.take`. Kills and deaths are
counted by the game's reliable events, so each counts once whatever the network does; those of the warm-up count as little as in the
standings, and a suicide is a death and no kill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from engine.control.messages import Standing
from engine.session import ClientMatch, ClientStatistics, MatchClient
from engine.session import client_events as e
from engine.session.client_statistics import make_statistics
from game.arena import Arena, Kill, RoundStarted, read_announcement
from game.client.figures import of_matches


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One line of the scoreboard."""

    name: str
    score: int
    deaths: int


class Tally:
    """Counts for one client."""

    def __init__(self, client: MatchClient) -> None:
        self.client: Final = client
        self._match: ClientMatch | None = None
        """The one that runs, or the last."""
        self._finished: Final[list[ClientStatistics]] = []
        self._names: dict[int, str] = {}
        self._standings: tuple[Standing, ...] = ()
        self._kills_before = self._deaths_before = 0
        self._kills_now = self._deaths_now = 0

    @property
    def kills(self) -> int:
        """Of all matches."""
        return self._kills_before + self._kills_now

    @property
    def deaths(self) -> int:
        """Of all matches."""
        return self._deaths_before + self._deaths_now

    @property
    def matches(self) -> int:
        """Played or begun."""
        return len(self._finished) + (self._match is not None)

    def take(self, event: e.ClientEvent) -> None:
        """Note what an event changes."""
        if isinstance(event, e.MatchStarted):
            self._next_match()
        elif isinstance(event, e.RoomChanged):
            self._note_names()
        elif isinstance(event, e.GameAnnounced):
            self._count(event.body)
        elif isinstance(event, e.MatchFinished) and event.standings:
            self._standings = event.standings

    def report(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        latest = self.client.statistics()
        figures = of_matches([*self._finished, latest])
        return {**figures, "kills": self.kills, "deaths": self.deaths, "matches": self.matches, "name": self.client.player_name}

    def scoreboard(self) -> list[ScoreLine]:
        """Best first: the running match as it stands, else the results of the last one. Empty if none was played."""
        if self._standings:
            return [ScoreLine(line.name, line.score, line.deaths) for line in self._standings]
        match = self._match
        if match is None or not isinstance(match.game, Arena) or match.predicted is None:
            return []
        lines = match.game.standings(match.predicted)
        return [ScoreLine(self._names.get(seat, f"seat {seat}"), score, deaths) for seat, score, deaths in lines]

    def _next_match(self) -> None:
        if self._match is not None:
            self._finished.append(make_statistics(self._match, is_connected=True, reason=None))
        self._match = self.client.match
        self._standings = ()
        self._names = {}
        self._kills_before, self._deaths_before = self.kills, self.deaths
        self._kills_now = self._deaths_now = 0
        self._note_names()

    def _note_names(self) -> None:
        """Kept beyond the room: it is gone when a connection has ended and the scoreboard is wanted."""
        if self.client.room is not None:
            self._names.update({member.seat: member.name for member in self.client.room.members if member.seat >= 0})

    def _count(self, body: bytes) -> None:
        if self._match is None:
            return
        happening = read_announcement(body)
        if isinstance(happening, Kill):
            seat = self._match.seat
            self._kills_now += happening.killer == seat and happening.victim != seat
            self._deaths_now += happening.victim == seat
        elif isinstance(happening, RoundStarted):
            self._kills_now = self._deaths_now = 0
