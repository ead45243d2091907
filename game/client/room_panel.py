"""Inside a room: who is here, what will be played, what is said, and the buttons that start it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pygame

from engine.control.messages import (
    CHAT_CHARACTERS_MAX,
    ChangeRoom,
    KickMember,
    LeaveRoom,
    RoomState,
    SayChat,
    SetReady,
    StartMatch,
)
from game.client import theme
from game.client.chat import ChatLine
from game.client.form import Form
from game.client.map_card import draw_map_card, map_choices
from game.client.member_list import MemberList
from game.client.online import Online
from game.client.pages import HEIGHT, WIDTH, Stage, card, chip, heading
from game.client.start_pages import FRAG_CHOICES, TIME_CHOICES, bot_choices, kills_in_words, map_options, time_in_words
from game.client.text_field import TextField
from game.client.theme import mix, texts
from game.client.widgets import Button, Chooser

_MEMBERS: Final = pygame.Rect(40, 92, 540, 510)
_MATCH: Final = pygame.Rect(600, 92, 640, 258)
_CHAT: Final = pygame.Rect(600, 362, 640, 240)
_MAP: Final = pygame.Rect(620, 128, 272, 204)
_CHAT_ROWS: Final = 6
_FRIEND_PX: Final = 15
_FRIENDS_RIGHT: Final = 868
_INVITATION_PX: Final = 120
"""Room that the invitation takes among the free seats, without addresses."""
_INVITED_MAX: Final = 3
"""Addresses told there."""
_CHAT_ROW_PX: Final = 22

_PHASES: Final = {
    "gathering": ("WAITING FOR PLAYERS", theme.DIM),
    "countdown": ("STARTING", theme.WARNING),
    "playing": ("MATCH RUNNING", theme.GOOD),
    "results": ("RESULTS", theme.ACCENT),
}


class RoomPanel:
    """The part of the lobby that is shown in a room."""

    def __init__(self, stage: Stage, online: Online, leave_server: Callable[[], None]) -> None:
        self._online: Final = online
        self._stage: Final = stage
        self._shown: RoomState | None = None
        self._second_told = 0
        self.members: Final = MemberList((60, 134, 500, 448), lambda session_id: online.request(KickMember(session_id)))
        x, width = 912, 308
        first = map_choices()[0][0] if map_choices() else ""
        self.map: Final = Chooser((x, 140, width, 38), "Map", map_options(with_any=False), first, self._changed)
        self.frags: Final = Chooser((x, 208, 148, 38), "First to", FRAG_CHOICES, 20, self._changed, kills_in_words)
        self.time: Final = Chooser((x + 160, 208, 148, 38), "Time", TIME_CHOICES, 300, self._changed, time_in_words)
        self.bots: Final = Chooser((x, 276, width, 38), "Bots", bot_choices(), 0, self._changed)
        self.chat: Final = TextField(
            (620, 556, 600, 36), characters_max=CHAT_CHARACTERS_MAX, placeholder="Say something to everybody: type, then ENTER"
        )
        self.ready: Final = Button((880, 620, 170, 50), "Ready", self.toggle_ready, look="primary", size_px=19)
        self.start: Final = Button((1064, 620, 176, 50), "Start now", lambda: online.request(StartMatch()))
        self.leave: Final = Button((40, 620, 150, 50), "Leave room", self.leave_room, look="quiet")
        self.leave_server: Final = Button(
            (204, 620, 186, 50), "Close the server" if online.friends else "Leave the server", leave_server, look="quiet"
        )
        widgets = [
            self.ready,
            self.start,
            self.members,
            self.map,
            self.frags,
            self.time,
            self.bots,
            self.chat,
            self.leave,
            self.leave_server,
        ]
        self.form: Final = Form(widgets, stage.sounds, main=self.say, focus=self.ready)

    # --- what the player does

    def say(self) -> None:
        """Enter: send the line, or start one."""
        text = " ".join(self.chat.text.split())
        if text:
            self._online.request(SayChat(text))
        self.chat.text = ""
        self.form.focus = self.chat

    def toggle_ready(self) -> None:
        """Ready, or not after all; while a match runs: take a seat in it."""
        me = self._online.me
        if me is not None:
            self._online.request(SetReady(not me.ready))

    def leave_room(self) -> None:
        """Back to the rooms."""
        self._online.request(LeaveRoom())

    def _changed(self, value: Any) -> None:  # noqa: ARG002 - all settings are sent together
        settings = {"map": self.map.value, "frag_limit": self.frags.value, "time_limit_s": self.time.value}
        self._online.request(ChangeRoom(settings, bots=self.bots.value))

    # --- the frame

    def update(self) -> None:
        """Take over the newest state of the room."""
        room = self._online.room
        if room is None or room is self._shown:
            return
        self._shown = room
        own = self._online.session_id or 0
        self.members.show(room.members, room.owner, own, room.seats)
        may_change = self._online.is_owner and room.phase in ("gathering", "results")
        for widget in (self.map, self.frags, self.time, self.bots):
            widget.is_enabled = may_change
        self.map.choose(str(room.settings.get("map", "")))
        self.frags.choose(room.settings.get("frag_limit", 0))
        self.time.choose(room.settings.get("time_limit_s", 0))
        self.bots.choose(sum(member.is_bot for member in room.members))
        me = self._online.me
        is_ready = me is not None and me.ready
        is_playing = room.phase == "playing"
        self.ready.label = "Join the match" if is_playing else "Not ready" if is_ready else "Ready"
        self.ready.look = "normal" if is_ready and not is_playing else "primary"
        self.start.is_visible = self._online.is_owner and not is_playing
        self.start.is_enabled = room.phase == "gathering"
        self.ready.rect.right = 1050 if self.start.is_visible else 1240
        if room.phase == "countdown" and room.countdown_s != self._second_told:
            self._stage.sounds.play("tick", 0.8)
        self._second_told = room.countdown_s

    def draw_over_list(self, surface: pygame.Surface) -> None:
        """Over the form."""
        if self._shown is not None:
            self._draw_invitation(surface, self._shown)

    def draw(self, surface: pygame.Surface) -> None:
        """Under the form."""
        room = self._shown
        if room is None:
            return
        heading(surface, room.name, f"on {self._online.server_name}")
        label, colour = _PHASES.get(room.phase, (room.phase.upper(), theme.DIM))
        chip(surface, label, WIDTH - 40, 51, colour)
        card(surface, _MEMBERS, "Players")
        people = sum(not member.is_bot for member in room.members)
        texts.draw(surface, f"{people} of {room.seats}", (_MEMBERS.right - 20, _MEMBERS.y + 22), 13, theme.DIM, align="right")
        card(surface, _MATCH, "Match")
        draw_map_card(surface, str(room.settings.get("map", "")), _MAP)
        if not self._online.is_owner:
            owner = next((member.name for member in room.members if member.session_id == room.owner and not member.is_bot), "")
            if owner:
                texts.draw(surface, f"{owner} chooses", (1220, 114), 13, theme.FAINT, align="right")
        card(surface, _CHAT, "Chat")
        self._draw_chat(surface)

    def _draw_chat(self, surface: pygame.Surface) -> None:
        lines: list[ChatLine] = list(self._online.chat.lines)[-_CHAT_ROWS:]
        if not lines:
            texts.draw(
                surface, "Nothing has been said yet", (_CHAT.centerx, _CHAT.centery - 6), 15, theme.FAINT, weight="regular", align="centre"
            )
        for index, line in enumerate(lines):
            x, y = 622, 406 + index * _CHAT_ROW_PX
            if line.name:
                x += texts.draw(surface, line.name, (x, y), 15, mix(line.colour, theme.WHITE, 0.3)) + 8
            texts.draw(surface, line.text, (x, y), 15, theme.TEXT if line.is_said else line.colour, weight="regular")

    def _draw_invitation(self, surface: pygame.Surface, room: RoomState) -> None:
        """Where seats are free: how many, and how friends come here. In a full list what matters goes beside the buttons."""
        free, friends = self.members.free, self._online.friends[:_INVITED_MAX]
        middle, y = free.centerx, free.centery - 14 * len(friends) - 12
        if free.height < _INVITATION_PX + 28 * len(friends):
            self._draw_friends(surface)
            return
        count = room.seats - len(room.members)
        if count > 0:
            texts.draw(surface, f"{count} {'seats' if count > 1 else 'seat'} free", (middle, y), 15, theme.DIM, align="centre")
        if friends:
            text = "Friends on this network see the game in their list, or join it at"
            texts.draw(surface, text, (middle, y + 28), 14, theme.DIM, weight="regular", align="centre")
        for index, address in enumerate(friends):
            texts.draw(surface, address, (middle, y + 60 + 28 * index), 20, theme.GOLD, align="centre")

    def _draw_friends(self, surface: pygame.Surface) -> None:
        if not self._online.friends:
            return
        texts.draw(surface, "FRIENDS JOIN AT", (412, 627), 11, theme.FAINT)
        x, y = 412, 646
        for address in self._online.friends:
            width = theme.font(_FRIEND_PX).size(address)[0]
            if x > 412 and x + width > _FRIENDS_RIGHT:
                x, y = 412, y + 20
            x += texts.draw(surface, address, (x, y), _FRIEND_PX, theme.GOLD) + 22

    def draw_countdown(self, surface: pygame.Surface) -> None:
        """Over everything: 3, 2, 1."""
        room = self._shown
        if room is None or room.phase != "countdown" or room.countdown_s <= 0:
            return
        theme.draw_panel(surface, pygame.Rect(WIDTH // 2 - 120, HEIGHT // 2 - 110, 240, 190), 235, 18, theme.WARNING)
        texts.draw(surface, str(room.countdown_s), (WIDTH / 2, HEIGHT / 2 - 30), 96, theme.TEXT, align="centre")
        texts.draw(surface, "The match starts", (WIDTH / 2, HEIGHT / 2 + 50), 16, theme.WARNING, align="centre")
