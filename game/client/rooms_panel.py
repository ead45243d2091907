"""The rooms of a server: choose one, or open one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pygame

from engine.control.messages import PASSWORD_CHARACTERS_MAX, ROOM_NAME_CHARACTERS_MAX, CreateRoom, JoinRoom, ListRooms, RoomSummary
from game.client import theme
from game.client.form import Form
from game.client.map_card import draw_map_card, map_choices, map_title
from game.client.online import Online
from game.client.pages import Stage, card, heading
from game.client.prompts import PasswordPrompt
from game.client.start_pages import FRAG_CHOICES, TIME_CHOICES, bot_choices, map_options
from game.client.table import Cell, Column, Table, TableRow
from game.client.text_field import TextField
from game.client.widgets import Button, Chooser

SEAT_CHOICES: Final = tuple((count, f"{count} seats") for count in (2, 4, 6, 8, 10, 12, 16))
_LIST: Final = pygame.Rect(40, 92, 700, 510)
_NEW: Final = pygame.Rect(760, 92, 480, 510)


class RoomsPanel:
    """The part of the lobby that is shown outside rooms."""

    def __init__(self, stage: Stage, online: Online, leave: Callable[[], None]) -> None:
        self._stage: Final = stage
        self._online: Final = online
        self._shown: tuple[RoomSummary, ...] | None = None
        self.prompt: PasswordPrompt | None = None
        columns = (
            Column("ROOM", 18, width=250),
            Column("MAP", 290, width=130),
            Column("PLAYERS", 500, "right"),
            Column("STATE", 530),
            Column("", 660, "centre"),
        )
        self.table: Final = Table((60, 128, 660, 458), columns, self._join_key, empty="There is no room yet: open one.")
        x, y = 790, 92
        self.name: Final = TextField(
            (x, y + 70, 420, 42),
            "Name",
            f"{online.player_name}'s room"[:ROOM_NAME_CHARACTERS_MAX],
            characters_max=ROOM_NAME_CHARACTERS_MAX,
        )
        self.password: Final = TextField(
            (x, y + 140, 420, 42),
            "Password",
            characters_max=PASSWORD_CHARACTERS_MAX,
            placeholder="none: everybody may enter",
            is_secret=True,
        )
        maps = map_choices()
        self.map: Final = Chooser((x, y + 210, 204, 42), "Map", map_options(with_any=False), maps[0][0] if maps else "")
        self.seats: Final = Chooser((x + 216, y + 210, 204, 42), "Room for", SEAT_CHOICES, 16)
        self.frags: Final = Chooser((x, y + 280, 204, 42), "First to", FRAG_CHOICES, 20)
        self.time: Final = Chooser((x + 216, y + 280, 204, 42), "Time", TIME_CHOICES, 300)
        self.bots: Final = Chooser((x, y + 350, 204, 42), "Bots", bot_choices(), 0)
        create = Button((x + 216, y + 350, 204, 42), "Open this room", self.create)
        self._join: Final = Button((40, 620, 180, 48), "Enter", self.join, look="primary")
        refresh = Button((234, 620, 150, 48), "Refresh", lambda: online.request(ListRooms()))
        self.leave_server: Final = Button((1060, 620, 180, 48), "Leave the server", leave, look="quiet")
        widgets = [
            self.table,
            self._join,
            refresh,
            self.name,
            self.password,
            self.map,
            self.seats,
            self.frags,
            self.time,
            self.bots,
            create,
            self.leave_server,
        ]
        self.form: Final = Form(widgets, stage.sounds, main=self.join, focus=self.table)

    def join(self) -> None:
        """Enter the selected room."""
        if self.form.focus in (self.name, self.password):
            self.create()
        elif self.table.selected:
            self._join_key(self.table.selected)

    def create(self) -> None:
        """Open a room as the form says."""
        settings = {"map": self.map.value, "frag_limit": self.frags.value, "time_limit_s": self.time.value}
        seats = self.seats.value
        request = CreateRoom(
            " ".join(self.name.text.split()), settings, seats, password=self.password.text, bots=min(self.bots.value, seats - 1)
        )
        self._online.request(request)

    def _join_key(self, key: str) -> None:
        room = next((room for room in self._online.rooms if str(room.room_id) == key), None)
        if room is None:
            return
        if room.has_password:
            self.ask_password(room, "")
        else:
            self._online.request(JoinRoom(room.room_id))

    def ask_password(self, room: RoomSummary, problem: str) -> None:
        """A window over the list."""

        def given(password: str) -> None:
            self._online.request(JoinRoom(room.room_id, password))

        self.prompt = PasswordPrompt(room.name, self._stage.sounds, given, problem)

    def refused_password(self) -> None:
        """The last one was wrong: ask again."""
        room = next((room for room in self._online.rooms if str(room.room_id) == self.table.selected), None)
        if room is not None:
            self.ask_password(room, "That was not it.")

    def update(self) -> None:
        """Take over the newest list."""
        if self._online.rooms is not self._shown:
            self._shown = self._online.rooms
            self.table.show([_row(room) for room in self._shown])
            if not self.table.selected and self._shown:
                self.table.select(self.table.rows[0].key)
        self._join.is_enabled = bool(self.table.selected)

    def draw(self, surface: pygame.Surface) -> None:
        """Under the form."""
        heading(surface, self._online.server_name or "Rooms", "Choose a room, or open your own")
        card(surface, _LIST, "Rooms")
        card(surface, _NEW, "A room of your own")
        draw_map_card(surface, self.map.value, pygame.Rect(790, 494, 420, 98))


def _row(room: RoomSummary) -> TableRow:
    is_full = room.members >= room.seats
    return TableRow(
        str(room.room_id),
        (
            Cell(room.name),
            Cell(map_title(str(room.settings.get("map", ""))), theme.DIM),
            Cell(f"{room.members}/{room.seats}", theme.BAD if is_full else theme.TEXT, order=room.members),
            Cell("playing" if room.is_playing else "waiting", theme.GOOD if room.is_playing else theme.DIM, "dot"),
            Cell(symbol="lock" if room.has_password else "", colour=theme.WARNING, order=room.has_password),
        ),
    )
