"""A connection without a network, as the lobby's pages see it."""

from __future__ import annotations

from engine.control.messages import Member, Request, RoomState, RoomSummary
from engine.session.client_events import ClientEvent
from game.client.chat import ChatLog

SETTINGS: dict[str, int | str] = {"map": "courtyard", "mode": "deathmatch", "frag_limit": 20, "time_limit_s": 300, "warmup_s": 5}


def member(session_id: int, name: str, *, ready: bool = False, is_bot: bool = False, is_connected: bool = True, seat: int = -1) -> Member:
    return Member(session_id, name, 0, ready, seat, 17 * session_id % 200, is_connected, is_bot)


def room(*members: Member, owner: int = 1, phase: str = "gathering", countdown_s: int = 0, room_id: int = 3) -> RoomState:
    return RoomState(room_id, "Friday night", dict(SETTINGS), 16, owner, phase, countdown_s, False, list(members))


def summary(room_id: int, name: str, *, has_password: bool = False, members: int = 2, seats: int = 16) -> RoomSummary:
    return RoomSummary(room_id, name, dict(SETTINGS), members, seats, has_password, False)


class FakeOnline:
    """The members of :class:`game.client.online.Online` that pages use."""

    def __init__(self) -> None:
        self.chat = ChatLog()
        self.session_id = 1
        self.player_name = "Ada"
        self.server_name = "Cellar"
        self.rooms: tuple[RoomSummary, ...] = ()
        self.room: RoomState | None = None
        self.match: object | None = None
        self.is_practice = False
        self.is_leaving = False
        self.friends: tuple[str, ...] = ()
        self.lost_because = ""
        self.resume_left_s = 42.0
        self.resume_s = 60
        self.requests: list[Request] = []
        self.has_left = False
        self._events: list[ClientEvent] = []

    @property
    def me(self) -> Member | None:
        return next((m for m in self.room.members if m.session_id == self.session_id), None) if self.room is not None else None

    @property
    def is_owner(self) -> bool:
        return self.room is not None and self.room.owner == self.session_id

    def tell(self, *events: ClientEvent) -> None:
        self._events.extend(events)

    def events(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events

    def request(self, request: Request) -> None:
        self.requests.append(request)

    def leave(self, now: float) -> None:
        self.has_left = True
