"""What the rooms want sent: news to players, requests to the match host, lines for the server's log. Collected, then drained.

A room's whole state is told at most once per drain however much changed in it, and in large rooms not at every drain either: telling
256 members about each of 256 arrivals would be gigabytes. Who must not wait (somebody who just came, a match that starts) is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.control.messages import ChatSaid, News, Rooms
from engine.ids import SessionId
from engine.session.values import HostRequest
from server.room import NOBODY, Guest, Room

SMALL_ROOM_MEMBERS: Final = 16
"""Up to so many, each change is told with the next drain."""
LARGE_ROOM_INTERVAL_S: Final = 0.004
"""Per member of a larger room: the least time between two tellings (256 members: about one a second)."""
LOG_LINES_MAX: Final = 1024
"""Log lines between two drains; more are dropped, the newest first: a log must not fill memory."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """News and who is told."""

    session_ids: tuple[SessionId, ...]
    news: News


class Outbox:
    """Collects what goes out. One per lobby."""

    def __init__(self) -> None:
        self._news: list[Delivery] = []
        self._requests: list[HostRequest] = []
        self._log: list[str] = []

    def tell(self, session_id: SessionId, news: News) -> None:
        """News for one player; reliable: kept for him while his connection is lost."""
        self._news.append(Delivery((session_id,), news))

    def tell_all(self, session_ids: tuple[SessionId, ...], news: News) -> None:
        """The same for several."""
        self._news.append(Delivery(session_ids, news))

    def tell_members(self, room: Room, news: News, now: float) -> None:
        """News for everybody in a room, after the state of the room that it speaks about."""
        if room.is_changed:
            self.show(room, now)
        self._news.append(Delivery(tuple(room.members), news))

    def say(self, room: Room, text: str, now: float) -> None:
        """A line of chat from the server itself."""
        self.tell_members(room, ChatSaid(NOBODY, "", text), now)

    def show(self, room: Room, now: float) -> None:
        """Tell a room's state to its connected members now. Who is away gets the newest one when he is back."""
        room.is_changed = False
        room.shown_at = now
        for member in room.members.values():
            member.shown_ping_ms = member.guest.ping_ms
        connected = tuple(session_id for session_id, member in room.members.items() if member.guest.is_connected)
        self._news.append(Delivery(connected, room.state(now)))

    def show_to(self, room: Room, guest: Guest, now: float) -> None:
        """Tell a room's state to one member now."""
        self.tell(guest.session_id, room.state(now))

    def show_changed(self, rooms: list[Room], now: float) -> None:
        """Tell whatever changed, as far as the size of the room allows now."""
        for room in rooms:
            if room.is_changed and now >= next_showing_s(room):
                self.show(room, now)

    def list_rooms(self, guest: Guest, rooms: list[Room]) -> None:
        """The list of rooms for one player."""
        self.tell(guest.session_id, Rooms([room.summary() for room in rooms]))

    def ask(self, request: HostRequest) -> None:
        """A request to the match host."""
        self._requests.append(request)

    def log(self, line: str) -> None:
        """A line for whoever runs the server; names in it have been cleaned of control characters."""
        if len(self._log) < LOG_LINES_MAX:
            self._log.append(line)

    def drain_news(self) -> list[Delivery]:
        """News in order."""
        drained, self._news = self._news, []
        return drained

    def drain_requests(self) -> list[HostRequest]:
        """Requests in order."""
        drained, self._requests = self._requests, []
        return drained

    def drain_log(self) -> list[str]:
        """Log lines in order."""
        drained, self._log = self._log, []
        return drained


def next_showing_s(room: Room) -> float:
    """When everybody may be told the state of a room again, if it has changed."""
    members = len(room.members)
    return room.shown_at + (0.0 if members <= SMALL_ROOM_MEMBERS else members * LARGE_ROOM_INTERVAL_S)
