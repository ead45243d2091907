"""A connection to a server as the screens use it: the client's events pass through here to whichever screen is current.

On the way through, what outlives a screen is remembered: the chat, the tally of kills and figures, why the connection was lost, and the
friends' addresses of a server of our own. Here is also what a player does not do by hand: enter the first room, be ready in practice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from engine.control.messages import JoinRoom, LeaveRoom, Member, Request, RoomState, RoomSummary, SetReady
from engine.session import ClientStatistics
from engine.session import client_events as e
from engine.session.client import ClientState
from engine.session.client_match import ClientMatch
from engine.world import World
from game.client.chat import ChatLog
from game.client.connection import Connection
from game.client.tally import Tally


class Entering(Enum):
    """Which room is entered without being asked."""

    FIRST = "first"
    """Whichever is open: a command line, a server of our own."""
    ONLY = "only"
    """The one that there is; with several, the player chooses."""


class Online:
    """One connection. A :class:`~game.client.feed.MatchFeed`; poll it once per frame."""

    def __init__(
        self,
        connection: Connection,
        *,
        entering: Entering = Entering.ONLY,
        password: str = "",
        is_practice: bool = False,
        friends: Sequence[str] = (),
    ) -> None:
        self.connection: Final = connection
        self.client: Final = connection.client
        self.chat: Final = ChatLog()
        self.is_practice: Final = is_practice
        self.friends: Final = tuple(friends)
        """Where others join: addresses of a server that we host."""
        self.tally: Final = Tally(self.client)
        self.lost_because = ""
        """Why the connection is lost, while it is being resumed; else ""."""
        self.is_leaving = False
        """We asked to leave the room, and the server has not said yet that we have."""
        self._lost_at = -math.inf
        self._now = 0.0
        self._entering: Final = entering
        self._password: Final = password
        self._has_entered = False
        self._asked_in: RoomState | None = None
        self._last_report: dict[str, Any] | None = None

    # --- once per frame

    def poll(self) -> float:
        """Drive the connection. Returns its time."""
        self._now = self.connection.poll()
        return self._now

    def events(self) -> list[e.ClientEvent]:
        """Drain: for the screen that is current."""
        events = self.client.events()
        for event in events:
            self.tally.take(event)
            self._note(event)
        return events

    def _note(self, event: e.ClientEvent) -> None:
        if isinstance(event, e.LobbyEntered):
            self.lost_because = ""
            if self._entering is Entering.FIRST or self._has_entered:  # entered before: the server was started again
                self._enter()
        elif isinstance(event, e.RoomsListed):
            if self._entering is Entering.ONLY and not self._has_entered and [room.has_password for room in self.rooms] == [False]:
                self._enter()
            self._has_entered = True
        elif isinstance(event, e.RoomChanged):
            self._get_ready()
        elif isinstance(event, e.RoomLeft):
            self.is_leaving = False
        elif isinstance(event, e.ConnectionLost):
            self.lost_because, self._lost_at = event.reason.sentence, self._now
        elif isinstance(event, (e.ConnectionResumed, e.Closed)):
            self.lost_because = ""

    def _enter(self) -> None:
        self.request(JoinRoom(0, self._password if self._entering is Entering.FIRST else ""))

    def _get_ready(self) -> None:
        """In practice nobody waits for us to be ready."""
        me = self.me
        if self.is_practice and me is not None and not me.ready and self._asked_in is not self.room:
            self._asked_in = self.room
            self.request(SetReady(True))

    # --- what screens ask

    @property
    def me(self) -> Member | None:
        """Our own line in the room."""
        room = self.room
        return next((member for member in room.members if member.session_id == self.session_id), None) if room is not None else None

    @property
    def is_owner(self) -> bool:
        """Whether the room is ours."""
        return self.room is not None and self.room.owner == self.session_id

    @property
    def has_ended(self) -> bool:
        """Whether the session is over."""
        return self.client.state is ClientState.CLOSED

    @property
    def resume_left_s(self) -> float:
        """How long it goes on trying to come back, while the connection is lost."""
        return max(0.0, self.client.resume_s - (self._now - self._lost_at))

    @property
    def silent_s(self) -> float:
        """How long no snapshot has come, while the connection is not yet given up as lost; 0 outside a match."""
        last = self.match.last_snapshot_at if self.match is not None else None
        return 0.0 if last is None or self.lost_because else max(0.0, self._now - last)

    @property
    def session_id(self) -> int | None:
        """Ours; None before the welcome."""
        return self.client.session_id

    @property
    def resume_s(self) -> int:
        """How long the server keeps the seat of a lost connection."""
        return self.client.resume_s

    @property
    def player_name(self) -> str:
        """Ours, as the server made it unique."""
        return self.client.player_name

    @property
    def server_name(self) -> str:
        """The server's own name."""
        return self.client.server_name

    @property
    def rooms(self) -> tuple[RoomSummary, ...]:
        """The rooms that there are."""
        return self.client.rooms

    @property
    def room(self) -> RoomState | None:
        """The room that we are in."""
        return self.client.room

    @property
    def match(self) -> ClientMatch | None:
        """The match that we are in."""
        return self.client.match

    def scene(self, now: float) -> World | None:
        """What to draw."""
        return self.client.scene(now)

    def statistics(self) -> ClientStatistics:
        """The figures."""
        return self.client.statistics()

    # --- what screens want

    def request(self, request: Request) -> None:
        """Ask the server; nothing happens once the session is over."""
        if isinstance(request, (JoinRoom, LeaveRoom)):
            self._has_entered = True
            self.is_leaving = isinstance(request, LeaveRoom) and self.room is not None
        if not self.has_ended:
            self.client.request(request)

    def set_command(self, **fields: int) -> None:
        """What the player wants."""
        self.client.set_command(**fields)

    def leave(self, now: float) -> None:
        """Say goodbye. The figures are those of the moment before: whoever leaves was there until then."""
        if not self.has_ended:
            self._last_report = self.tally.report()
        self.client.leave(now)

    def close(self) -> None:
        """Say goodbye and free the sockets."""
        self.connection.close()

    def report(self) -> dict[str, Any]:
        """For ``--json``."""
        return self.tally.report() if self._last_report is None else self._last_report
