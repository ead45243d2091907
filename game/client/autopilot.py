"""Plays without a person: walks through the lobby, gives the seat to a bot, counts kills and deaths: ``--headless`` and ``bots``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from engine.contract import Pilot
from engine.control.messages import JoinRoom, SetReady
from engine.session import ClientStatistics, MatchClient
from engine.session import client_events as e
from game.arena import Arena, Kill, read_announcement
from game.bots import Bot


class Autopilot:
    """Drives one client's lobby and seat. Call :meth:`update` after every poll."""

    def __init__(self, client: MatchClient, *, level: int, seed: int, password: str = "") -> None:
        self.client: Final = client
        self.kills = 0
        self.deaths = 0
        self.problem = ""
        """Why the lobby did not let us play, in a sentence."""
        self._level: Final = level
        self._seed = seed
        self._password: Final = password

    def update(self) -> list[e.ClientEvent]:
        """React to what happened; returns it, for whoever wants to show it."""
        events = self.client.events()
        for event in events:
            if isinstance(event, e.LobbyEntered):
                self.client.request(JoinRoom(0, self._password))
            elif isinstance(event, e.RequestDenied):
                self.problem = event.sentence
            elif isinstance(event, e.RoomChanged):
                self._get_ready()
            elif isinstance(event, e.MatchStarted):
                self._take_seat()
            elif isinstance(event, e.GameAnnounced):
                self._count(event.body)
        return events

    def report(self) -> dict[str, Any]:
        """The statistics with what only the game knows, ready for JSON."""
        return report(self.client.statistics(), kills=self.kills, deaths=self.deaths)

    def scoreboard(self) -> list[tuple[str, int, int]]:
        """Name, score and deaths of everybody in the match, best first; empty outside a match."""
        match, room = self.client.match, self.client.room
        if match is None or match.predicted is None or room is None or not isinstance(match.game, Arena):
            return []
        names = {member.seat: member.name for member in room.members}
        return [(names.get(seat, f"seat {seat}"), score, deaths) for seat, score, deaths in match.game.standings(match.predicted)]

    def _get_ready(self) -> None:
        room = self.client.room
        me = next((member for member in room.members if member.session_id == self.client.session_id), None) if room else None
        if me is not None and not me.ready:
            self.client.request(SetReady(True))

    def _take_seat(self) -> None:
        match = self.client.match
        if match is not None and isinstance(match.game, Arena):
            self._seed += 1
            pilot: Pilot = Bot(match.game, self._level, self._seed)
            self.client.pilot = pilot

    def _count(self, body: bytes) -> None:
        happening = read_announcement(body)
        if isinstance(happening, Kill) and self.client.match is not None:
            seat = self.client.match.seat
            self.kills += happening.killer == seat and happening.victim != seat
            self.deaths += happening.victim == seat


def report(statistics: ClientStatistics, *, kills: int, deaths: int) -> dict[str, Any]:
    """One JSON object: the engine's figures, rounded for reading, and the game's."""
    values = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(statistics).items()}
    return {**values, "kills": kills, "deaths": deaths}
