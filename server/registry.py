"""Which rooms there are and who is in which: rooms open, players enter and leave, ownership passes on, rooms close."""

from __future__ import annotations

from typing import Final

from engine.contract import Settings
from engine.control.messages import ROOM_NAME_CHARACTERS_MAX
from engine.control.text import DEFAULT_ROOM_NAME, clean_line
from engine.ids import RoomId
from server.config import ServerConfig
from server.outbox import Outbox
from server.room import NOBODY, Guest, Member, Room
from server.rounds import Rounds
from server.rules import Rules


class Registry:
    """The rooms of a server."""

    def __init__(self, config: ServerConfig, rules: Rules, rounds: Rounds, outbox: Outbox) -> None:
        """Raises ValueError, with a sentence, if the configured permanent room cannot be played (an unknown map)."""
        self._config: Final = config
        self._rounds: Final = rounds
        self._outbox: Final = outbox
        self.rooms: Final[dict[RoomId, Room]] = {}
        """In the order in which they were opened."""
        self.rooms_peak = 0
        self._next_room_id = 1
        self._permanent_settings: Settings = {}
        if config.arena.enabled:
            self._open_permanent(rules)

    def room_of(self, guest: Guest) -> Room | None:
        """The room that a guest is in."""
        return None if guest.room_id is None else self.rooms[guest.room_id]

    def first_open(self, guest: Guest) -> Room | None:
        """The room that "any" means: his own if he is in one, else the first without password or ban, not full if possible."""
        if guest.room_id is not None:
            return self.rooms[guest.room_id]
        open_rooms = [room for room in self.rooms.values() if not room.password and guest.session_id not in room.kicked]
        return next((room for room in open_rooms if not room.is_full), open_rooms[0] if open_rooms else None)

    def open(self, name: str, settings: dict[str, int | str], seats: int, *, password: str, bots: int) -> Room:
        """A new room, empty yet, by that name or one like it."""
        room = Room(self._take_id(), self._unique_name(name), settings, seats, password=password, bots_wanted=bots)
        self._add(room)
        return room

    def enter(self, guest: Guest, room: Room, now: float) -> None:
        """Make a guest a member; he is shown the room at once."""
        guest.room_id = room.room_id
        room.members[guest.session_id] = Member(guest)
        if room.owner == NOBODY:
            room.owner = room.next_owner()
        room.is_changed = True
        self._rounds.fit_bots(room)
        self._outbox.show_to(room, guest, now)
        self._outbox.log(f"{guest.name} enters {room.name}")

    def leave(self, guest: Guest, now: float) -> None:
        """Out of his room, if he is in one; the room goes on, changes owner, or closes."""
        room = self.room_of(guest)
        guest.room_id = None
        if room is None:
            return
        member = room.members.pop(guest.session_id)
        room.is_changed = True
        self._rounds.unseat(room, member, now)
        if room.owner == guest.session_id:
            room.owner = room.next_owner()
            if room.owner != NOBODY:
                self._outbox.say(room, f"{room.members[room.owner].guest.name} owns the room now.", now)
        if room.members:
            self._rounds.readiness_changed(room, now)
        elif room.is_permanent:
            self._reset(room)
        else:
            del self.rooms[room.room_id]
            self._outbox.log(f"the room {room.name} closes")

    def _open_permanent(self, rules: Rules) -> None:
        arena = self._config.arena
        maps = arena.maps or rules.maps()
        for name in maps[1:]:
            rules.complete({"map": name}, arena.seats)  # every map of the rotation must work before the first player comes
        self._permanent_settings = rules.complete({"map": maps[0]} if maps else {}, arena.seats)
        room = Room(
            self._take_id(),
            self._unique_name(arena.name),
            dict(self._permanent_settings),
            arena.seats,
            bots_wanted=arena.bots,
            is_permanent=True,
            has_owner=arena.has_owner,
            maps=tuple(maps),
        )
        self._add(room)

    def _reset(self, room: Room) -> None:
        """The permanent room without members: what its last owner chose is forgotten; the rotation of maps goes on."""
        self._rounds.stop_countdown(room)
        room.settings = {**self._permanent_settings, **({"map": room.settings["map"]} if room.maps else {})}
        room.bots_wanted = self._config.arena.bots
        room.kicked.clear()
        self._rounds.fit_bots(room)

    def _add(self, room: Room) -> None:
        self.rooms[room.room_id] = room
        self.rooms_peak = max(self.rooms_peak, len(self.rooms))
        self._rounds.fit_bots(room)

    def _unique_name(self, wanted: str) -> str:
        """Cleaned, and no other room's."""
        name = clean_line(wanted, ROOM_NAME_CHARACTERS_MAX) or DEFAULT_ROOM_NAME
        taken = {room.name.casefold() for room in self.rooms.values()}
        unique, number = name, 2
        while unique.casefold() in taken:
            tail = f" {number}"
            unique = name[: ROOM_NAME_CHARACTERS_MAX - len(tail)] + tail
            number += 1
        return unique

    def _take_id(self) -> RoomId:
        room_id = RoomId(self._next_room_id)
        self._next_room_id += 1
        return room_id
