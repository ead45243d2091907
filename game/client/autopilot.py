"""Plays without a person: walks through the lobby, is ready, gives the seat to a bot: ``--headless`` and ``bots``."""

from __future__ import annotations

from typing import Any, Final

from engine.contract import Pilot
from engine.control.messages import JoinRoom, SetReady
from engine.errors import DisconnectReason
from engine.session import MatchClient
from engine.session import client_events as e
from game.arena import Arena
from game.bots import Bot
from game.client.tally import ScoreLine, Tally


class Autopilot:
    """Drives one client's lobby and seat. Call :meth:`update` after every poll."""

    def __init__(self, client: MatchClient, *, level: int, seed: int, room: str = "", password: str = "") -> None:
        """``room``: its name; empty is any that is open. The password is the room's, for one that has any."""
        self.client: Final = client
        self.tally: Final = Tally(client)
        self.problem: DisconnectReason | None = None
        """Why there is no place for us in a room: nothing more will happen."""
        self.problem_sentence = ""
        self._level: Final = level
        self._seed: Final = seed
        self._room: Final = room
        self._password: Final = password
        self._is_in = False
        self._has_asked = False
        """To be ready: once until the server says that we are."""

    def update(self) -> list[e.ClientEvent]:
        """React to what happened; returns it, for whoever wants to show it."""
        events = self.client.events()
        for event in events:
            self.tally.take(event)
            self._react(event)
        return events

    def report(self) -> dict[str, Any]:
        """The figures with what only the game knows, ready for JSON."""
        return self.tally.report()

    def scoreboard(self) -> list[ScoreLine]:
        """Everybody in the match, best first."""
        return self.tally.scoreboard()

    def _react(self, event: e.ClientEvent) -> None:
        if isinstance(event, e.LobbyEntered):
            self._is_in = self._has_asked = False
            if not self._room:
                self._enter(0)
        elif isinstance(event, e.RoomsListed):
            self._look_for_room()
        elif isinstance(event, e.RequestDenied):
            self._take_denial(event)
        elif isinstance(event, e.RoomChanged):
            self._get_ready()
        elif isinstance(event, e.MatchStarted):
            self._take_seat()
        elif isinstance(event, e.RoomLeft) and event.reason is DisconnectReason.KICKED:
            self._give_up(event.reason, event.reason.sentence)

    def _look_for_room(self) -> None:
        """The list comes by itself, once at the door and again whenever it changes."""
        if not self._room or self._is_in:
            return
        rooms = {room.name.casefold(): room.room_id for room in self.client.rooms}
        room_id = rooms.get(self._room.casefold())
        if room_id is None:
            self._give_up(DisconnectReason.NO_SUCH_ROOM, f"There is no room {self._room!r} on this server. {self._rooms()}")
        else:
            self._enter(room_id)

    def _enter(self, room_id: int) -> None:
        if self.client.closed_because is not None:
            return  # the goodbye came in the same breath as the welcome
        self._is_in = True
        self.client.request(JoinRoom(room_id, self._password))

    def _take_denial(self, event: e.RequestDenied) -> None:
        self._has_asked = False
        if event.request == "JoinRoom":
            reason = _reason(event.reason)
            is_any = reason is DisconnectReason.NO_SUCH_ROOM and not self._room
            self._give_up(reason, f"No room of this server is open: name one with --room. {self._rooms()}" if is_any else event.sentence)

    def _rooms(self) -> str:
        return f"Rooms: {', '.join(room.name for room in self.client.rooms) or 'none'}."

    def _give_up(self, reason: DisconnectReason, sentence: str) -> None:
        self.problem, self.problem_sentence = reason, sentence

    def _get_ready(self) -> None:
        room = self.client.room
        me = next((member for member in room.members if member.session_id == self.client.session_id), None) if room else None
        if me is None or me.ready:
            self._has_asked = False
        elif not self._has_asked and self.client.closed_because is None:
            self._has_asked = True
            self.client.request(SetReady(True))

    def _take_seat(self) -> None:
        match = self.client.match
        if match is not None and isinstance(match.game, Arena):
            pilot: Pilot = Bot(match.game, self._level, (self._seed * 1009 + self.tally.matches) & 0x7FFFFFFF)
            self.client.pilot = pilot


def _reason(word: str) -> DisconnectReason:
    try:
        return DisconnectReason(word)
    except ValueError:  # a reason of the lobby's own, such as "too_fast"
        return DisconnectReason.CLOSED_BY_PEER
