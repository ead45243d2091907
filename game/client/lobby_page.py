# ruff: noqa: D102, ARG002 - the members are documented where Page has them
"""On a server, outside a match: the rooms, or the room that we are in. Goes to the match by itself when one starts."""

from __future__ import annotations

from typing import Final

import pygame

from engine.control.messages import JoinRoom, LeaveRoom
from engine.errors import DisconnectReason
from engine.session import client_events as e
from game.client import theme
from game.client.form import Form, as_key
from game.client.lost_overlay import draw_lost
from game.client.online import Online
from game.client.pages import HEIGHT, WIDTH, Page, Stage
from game.client.room_panel import RoomPanel
from game.client.rooms_panel import RoomsPanel
from game.client.screen import Destination
from game.client.theme import texts


class LobbyPage(Page):
    """One page with two panels; which one is the connection's state, not ours."""

    help = "TAB  next      ENTER  choose      ESC  leave"

    def __init__(self, stage: Stage, online: Online, notice: str = "") -> None:
        super().__init__(stage, notice)
        self.online: Final = online
        self._rooms: RoomsPanel | None = None
        self._room: RoomPanel | None = None
        self._room_id: int | None = None
        self._choose_panel()

    def _choose_panel(self) -> None:
        room = self.online.room
        if (self.online.is_practice and room is None) or self.online.is_leaving:
            self._rooms = self._room = self._room_id = None  # for a moment: on the way in, or out
            self.form = Form([], self.stage.sounds)
        elif room is None:
            if self._rooms is None:
                self._rooms, self._room, self._room_id = RoomsPanel(self.stage, self.online, self.leave_server), None, None
                self.form = self._rooms.form
        elif self._room is None or self._room_id != room.room_id:
            self._rooms, self._room, self._room_id = None, RoomPanel(self.stage, self.online, self.leave_server), room.room_id
            self.form = self._room.form

    @property
    def room_panel(self) -> RoomPanel | None:
        """What is shown in a room."""
        return self._room

    @property
    def rooms_panel(self) -> RoomsPanel | None:
        """What is shown outside rooms."""
        return self._rooms

    # --- events

    def leave_server(self) -> None:
        """To the menu."""
        self.online.leave(self.now)
        self.go(Destination.MENU)

    def back(self) -> None:
        """Escape: out of the chat line, out of the room, off the server, one step each. The last step only marks the button at first, as in
        the menu: who leaves by mistake loses his place, and a host everybody else's.
        """
        panel = self._room or self._rooms
        if self._room is not None and self.form.focus is self._room.chat:
            self._room.chat.text = ""
            self.form.focus = self._room.ready
        elif self._room is not None and not self.online.is_practice and len(self.online.rooms) > 1:
            self.online.request(LeaveRoom())
        elif panel is None or self.online.is_practice or self.form.focus is panel.leave_server:
            self.leave_server()
        else:
            self.form.focus = panel.leave_server

    def handle_event(self, event: pygame.event.Event) -> None:
        prompt = self._rooms.prompt if self._rooms is not None else None
        if prompt is not None and event.type != pygame.QUIT:
            prompt.handle_event(as_key(event))
            if not prompt.is_open and self._rooms is not None:
                self._rooms.prompt = None
        else:
            super().handle_event(event)

    # --- the frame

    def advance(self, now: float, dt: float) -> None:
        for event in self.online.events():
            self._take(event)
        self._choose_panel()
        if self._rooms is not None:
            self._rooms.update()
        if self._room is not None:
            self._room.update()
        if self.online.match is not None and not self.online.is_leaving and self._change is None:
            self.go(Destination.MATCH)

    def _take(self, event: e.ClientEvent) -> None:
        if isinstance(event, e.RequestDenied):
            self._denied(event)
        elif isinstance(event, e.RoomLeft):
            if event.reason is not DisconnectReason.CLOSED_BY_US:
                self.say(event.reason.sentence)
        elif isinstance(event, e.ChatReceived):
            self._heard(event)
        elif isinstance(event, e.Noticed):
            self.say(event.text)
        elif isinstance(event, e.ConnectionResumed):
            self.say("Reconnected; your seat was kept.", theme.GOOD)
        elif isinstance(event, e.Closed):
            self.go(Destination.MENU, f"{event.reason.sentence} {event.detail}".strip())

    def _denied(self, event: e.RequestDenied) -> None:
        is_password = event.reason == DisconnectReason.WRONG_PASSWORD.value and event.request == JoinRoom.__name__
        if is_password and self._rooms is not None:
            self._rooms.refused_password()
        else:
            self.say(event.sentence, theme.BAD)

    def _heard(self, event: e.ChatReceived) -> None:
        room = self.online.room
        member = next((m for m in room.members if m.session_id == event.session_id), None) if room is not None else None
        colour = theme.player_colour(member.colour, max(0, member.seat)) if member is not None else theme.WARNING
        self.online.chat.add(event.name if event.session_id else "", event.text, colour, self.now, 590)
        self.stage.sounds.play("chat", 0.7)

    def draw_page(self, surface: pygame.Surface) -> None:
        panel = self._rooms or self._room
        if panel is not None:
            panel.draw(surface)
        else:
            texts.draw(surface, "Entering the arena", (WIDTH / 2, HEIGHT / 2), 26, theme.TEXT, align="centre")

    def draw_over(self, surface: pygame.Surface) -> None:
        if self._room is not None:
            self._room.draw_over_list(surface)
            self._room.draw_countdown(surface)
        if self._rooms is not None and self._rooms.prompt is not None:
            self._rooms.prompt.draw(surface, self.now)
        if self.online.lost_because:
            draw_lost(surface, self.online.lost_because, self.online.resume_left_s, self.online.resume_s, self.now)
