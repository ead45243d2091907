# ruff: noqa: D102, ARG002 - the members are documented where Widget has them, and not every widget needs every argument
"""Who is in a room: colour, name, owner's crown, ping, ready; the owner removes people here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pygame

from engine.control.messages import Member
from game.client import sprites, theme
from game.client.icons import icon, ping_bars
from game.client.theme import mix, texts
from game.client.widgets import FIELD, Widget

ROW_PX: Final = 32
FREE: Final[theme.Colour] = (14, 18, 29)
PING_SETTLES_S: Final = 3.0
"""The server has asked a newcomer only once or twice, while his program was still loading: no figure yet."""
MEMBERS_REMEMBERED_MAX: Final = 256


class MemberList(Widget):
    """Scrolls with the wheel; arrows select, Delete (or the cross) removes where we may."""

    def __init__(self, rect: tuple[int, int, int, int], kick: Callable[[int], None]) -> None:
        super().__init__(rect)
        self._kick: Final = kick
        self._members: Sequence[Member] = ()
        self._owner = 0
        self._own = 0
        self._seats = 0
        self._index = 0
        self._top = 0
        self._seen_at: dict[int, float] = {}
        """When each member was first drawn, by session id."""

    @property
    def free(self) -> pygame.Rect:
        """The room that is left under the last member."""
        top = min(self.rect.bottom, self.rect.y + ROW_PX * len(self._members))
        return pygame.Rect(self.rect.x, top, self.rect.width, self.rect.bottom - top)

    def show(self, members: Sequence[Member], owner: int, own: int, seats: int = 0) -> None:
        """Take over who is there, of how many ``seats``: ``owner`` and ``own`` are session ids."""
        self._members, self._owner, self._own, self._seats = members, owner, own, seats
        self._index = min(self._index, max(0, len(members) - 1))
        self._scroll(0)

    def key(self, event: pygame.event.Event) -> bool:
        if event.key in (pygame.K_UP, pygame.K_DOWN):
            target = self._index + (1 if event.key == pygame.K_DOWN else -1)
            if not 0 <= target < len(self._members):
                return False
            self._index = target
            self._top = min(max(self._top, target - self._page() + 1), target)
            return True
        if event.key == pygame.K_DELETE and self._members:
            self._kick_at(self._index)
            return True
        return False

    def pressed(self, position: tuple[int, int]) -> None:
        index = (position[1] - self.rect.y) // ROW_PX + self._top
        if 0 <= index < len(self._members):
            self._index = index
            if position[0] > self.rect.right - 36:
                self._kick_at(index)

    def wheel(self, steps: int) -> bool:
        self._scroll(-steps)
        return True

    def _page(self) -> int:
        return max(1, self.rect.height // ROW_PX)

    def _scroll(self, steps: int) -> None:
        self._top = min(max(0, self._top + steps), max(0, len(self._members) - self._page()))

    def _may_kick(self, member: Member) -> bool:
        return self._owner == self._own and not member.is_bot and member.session_id != self._own

    def _kick_at(self, index: int) -> None:
        member = self._members[index]
        if self._may_kick(member):
            self._kick(member.session_id)

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        here = [member.session_id for member in self._members if not member.is_bot][:MEMBERS_REMEMBERED_MAX]
        self._seen_at = {session_id: self._seen_at.get(session_id, now) for session_id in here}
        for place, member in enumerate(self._members[self._top : self._top + self._page()]):
            index = place + self._top
            self._draw_row(surface, member, index, self.rect.y + place * ROW_PX, now, is_marked=is_focused and index == self._index)
        for place in range(len(self._members), min(self._seats, self._page())):  # free seats: hardly to be seen
            band = pygame.Rect(self.rect.x, self.rect.y + place * ROW_PX + 1, self.rect.width, ROW_PX - 2)
            pygame.draw.rect(surface, FREE, band, border_radius=6)
        over = len(self._members) - self._page()
        if over > 0:
            room = self.rect.height
            height = room * self._page() // len(self._members)
            y = self.rect.y + (room - height) * self._top // over
            pygame.draw.rect(surface, theme.PANEL_EDGE, (self.rect.right + 4, y, 4, height), border_radius=2)

    def _draw_row(self, surface: pygame.Surface, member: Member, index: int, top: int, now: float, *, is_marked: bool) -> None:
        colour = theme.player_colour(member.colour, member.seat if member.seat >= 0 else index)
        is_us = member.session_id == self._own and not member.is_bot
        band = pygame.Rect(self.rect.x, top + 1, self.rect.width, ROW_PX - 2)
        pygame.draw.rect(surface, mix(FIELD, colour, 0.20 if is_us else 0.05), band, border_radius=6)
        if is_marked:
            pygame.draw.rect(surface, theme.ACCENT, band, width=1, border_radius=6)
        middle = top + ROW_PX // 2
        right = self.rect.right - 14
        pygame.draw.rect(surface, colour, (band.x + 10, top + 8, 6, ROW_PX - 16), border_radius=3)
        tone = theme.FAINT if not member.is_connected else theme.WHITE if is_us else mix(colour, theme.WHITE, 0.6)
        width = texts.draw(surface, member.name, (band.x + 28, middle), 16, tone)
        if member.session_id == self._owner and not member.is_bot:
            surface.blit(sprites.crown(), (band.x + 36 + width, middle - 8))
        if self._may_kick(member):
            surface.blit(icon("cross", theme.mix(theme.BAD, theme.PANEL, 0.25), 14), (right - 12, middle - 7))
        if self._owner == self._own:
            right -= 30  # the column of crosses
        if member.is_bot:
            width = texts.draw(surface, "bot", (right, middle), 13, theme.FAINT, align="right")
            surface.blit(icon("bot", theme.FAINT), (right - width - 22, middle - 8))
            return
        if not member.is_connected:
            texts.draw(surface, "connection lost", (right, middle), 13, theme.WARNING, align="right")
            return
        if member.seat >= 0:
            texts.draw(surface, "playing", (right, middle), 13, theme.ACCENT, align="right")
        elif member.ready:
            width = texts.draw(surface, "ready", (right, middle), 13, theme.GOOD, align="right")
            surface.blit(icon("tick", theme.GOOD, 14), (right - width - 20, middle - 7))
        else:
            texts.draw(surface, "not ready", (right, middle), 13, theme.FAINT, align="right")
        if not member.ping_ms or now - self._seen_at.get(member.session_id, now) < PING_SETTLES_S:
            texts.draw(surface, "...", (right - 92, middle), 12, theme.FAINT, align="right")
            return
        surface.blit(ping_bars(member.ping_ms), (right - 158, middle - 7))
        texts.draw(surface, f"{member.ping_ms} ms", (right - 92, middle), 12, theme.DIM, align="right")
