"""What players ask for, carried out or refused: who may do what in rooms. Sans-IO policy.

A request that cannot be carried out raises :class:`Refusal`, with a sentence, and has changed nothing.
"""

from __future__ import annotations

import hmac
from typing import Final

from engine.contract import Settings
from engine.control.messages import (
    ChangeRoom,
    ChatSaid,
    CreateRoom,
    JoinRoom,
    KickMember,
    LeaveRoom,
    LeftRoom,
    ListRooms,
    Request,
    RequestTicket,
    SayChat,
    SetReady,
    StartMatch,
)
from engine.control.text import clean_line
from engine.errors import DisconnectReason
from engine.ids import RoomId, SessionId
from server.config import ServerConfig
from server.outbox import Outbox
from server.registry import Registry
from server.room import Guest, Member, Phase, Room
from server.rounds import Rounds
from server.rules import Rules


class Refusal(Exception):  # noqa: N818 - not an error: an answer
    """A request is not carried out; caught in one place and answered."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Final = reason
        self.sentence: Final = sentence


def refusal(reason: DisconnectReason) -> Refusal:
    """For a reason that has a sentence of its own."""
    return Refusal(reason.value, reason.sentence)


class Requests:
    """Carries out requests, in the rooms of a registry."""

    def __init__(self, config: ServerConfig, rules: Rules, registry: Registry, rounds: Rounds, outbox: Outbox) -> None:
        self._config: Final = config
        self._rules: Final = rules
        self._registry: Final = registry
        self._rounds: Final = rounds
        self._outbox: Final = outbox

    def carry_out(self, guest: Guest, request: Request, now: float) -> None:
        """Do what a player wants. Raises :class:`Refusal`."""
        match request:
            case ListRooms():
                self._outbox.list_rooms(guest, list(self._registry.rooms.values()))
            case CreateRoom():
                self._create(guest, request, now)
            case JoinRoom():
                self._join(guest, request, now)
            case LeaveRoom():
                self._member(guest)
                self._registry.leave(guest, now)
                self._outbox.tell(guest.session_id, LeftRoom(DisconnectReason.CLOSED_BY_US.value))
                self._outbox.list_rooms(guest, list(self._registry.rooms.values()))
            case SetReady():
                self._set_ready(guest, request.ready, now)
            case ChangeRoom():
                self._change(guest, request)
            case StartMatch():
                self._start(guest, now)
            case KickMember():
                self._kick(guest, SessionId(request.session_id), now)
            case SayChat():
                self._chat(guest, request.text, now)
            case RequestTicket():
                room, member = self._member(guest)
                if not self._rounds.new_ticket(room, member):
                    raise Refusal("no_seat", "You have no seat in a running match.")

    def _create(self, guest: Guest, request: CreateRoom, now: float) -> None:
        settings = self._config.rooms
        if not settings.players_create:
            raise Refusal("not_allowed", "This server keeps its own rooms only.")
        if len(self._registry.rooms) >= settings.rooms_max:
            raise Refusal("rooms_max", f"This server has room for {settings.rooms_max} rooms, and they are all taken.")
        if not 2 <= request.seats <= settings.seats_max:
            raise Refusal("settings", f"A room of this server has 2 to {settings.seats_max} seats.")
        completed = self._complete(request.settings, request.seats)
        self._registry.leave(guest, now)
        room = self._registry.open(
            request.name or f"{guest.name}'s room",
            completed,
            request.seats,
            password=request.password,
            bots=min(request.bots, request.seats - 1),
        )
        self._outbox.log(f"{guest.name} opens the room {room.name}")
        self._registry.enter(guest, room, now)

    def _join(self, guest: Guest, request: JoinRoom, now: float) -> None:
        room = self._registry.first_open(guest) if request.room_id == 0 else self._registry.rooms.get(RoomId(request.room_id))
        if room is None:
            raise refusal(DisconnectReason.NO_SUCH_ROOM)
        if guest.room_id == room.room_id:
            self._outbox.show_to(room, guest, now)
            return
        if guest.session_id in room.kicked:
            raise refusal(DisconnectReason.KICKED)
        if room.password and not hmac.compare_digest(room.password.encode(), request.password.encode()):
            raise refusal(DisconnectReason.WRONG_PASSWORD)
        if room.is_full:
            raise refusal(DisconnectReason.ROOM_FULL)
        self._registry.leave(guest, now)
        self._registry.enter(guest, room, now)

    def _set_ready(self, guest: Guest, ready: bool, now: float) -> None:
        room, member = self._member(guest)
        if member.ready == ready and (member.seat is not None or not (ready and room.is_running)):
            return
        member.ready = ready
        room.is_changed = True
        if room.is_running and ready:
            self._rounds.seat(room, member, now)
        elif room.is_running and member.seat is not None:
            self._rounds.unseat(room, member, now)
        self._rounds.readiness_changed(room, now)

    def _change(self, guest: Guest, request: ChangeRoom) -> None:
        room = self._owned(guest)
        if room.phase not in (Phase.GATHERING, Phase.RESULTS):
            raise Refusal("running", "A room can be changed between matches only.")
        room.settings = self._complete({**room.settings, **request.settings}, room.seats)
        room.bots_wanted = min(request.bots, room.seats - 1)
        room.is_changed = True
        self._rounds.fit_bots(room)

    def _start(self, guest: Guest, now: float) -> None:
        room = self._owned(guest)
        if room.phase is not Phase.GATHERING:
            raise Refusal("running", "The match is on its way already.")
        room.members[guest.session_id].ready = True
        self._rounds.start_countdown(room, now, is_forced=True)

    def _kick(self, guest: Guest, session_id: SessionId, now: float) -> None:
        room = self._owned(guest)
        kicked = room.members.get(session_id)
        if kicked is None or session_id == guest.session_id:
            raise Refusal("no_such_member", "There is no such member to remove.")
        room.kicked.add(session_id)
        self._registry.leave(kicked.guest, now)
        self._outbox.tell(session_id, LeftRoom(DisconnectReason.KICKED.value))
        self._outbox.say(room, f"{kicked.guest.name} was removed by {guest.name}.", now)
        self._outbox.log(f"{guest.name} removes {kicked.guest.name} from {room.name}")

    def _chat(self, guest: Guest, text: str, now: float) -> None:
        room, _ = self._member(guest)
        cleaned = clean_line(text)
        if not cleaned:
            return
        self._outbox.tell_members(room, ChatSaid(guest.session_id, guest.name, cleaned), now)

    # --- small

    def _complete(self, settings: Settings, seats: int) -> dict[str, int | str]:
        try:
            return self._rules.complete(settings, seats)
        except ValueError as error:
            raise Refusal("settings", str(error)) from None

    def _member(self, guest: Guest) -> tuple[Room, Member]:
        room = self._registry.room_of(guest)
        if room is None:
            raise Refusal("no_room", "You are not in a room.")
        return room, room.members[guest.session_id]

    def _owned(self, guest: Guest) -> Room:
        room, _ = self._member(guest)
        if room.owner != guest.session_id:
            raise Refusal("not_owner", "Only the owner of the room may do that.")
        return room
