"""The list of who is in a room."""

from __future__ import annotations

import msgspec
import pygame

from game.client.member_list import PING_SETTLES_S, MemberList
from tests.client.fake_online import member


def picture(members: MemberList, surface: pygame.Surface, now: float) -> bytes:
    surface.fill((0, 0, 0))
    members.draw(surface, is_focused=False, is_hovered=False, now=now)
    return pygame.image.tobytes(surface, "RGB")


def test_a_newcomers_ping_is_shown_once_it_means_something(surface) -> None:
    here = member(2, "Bob")
    assert here.ping_ms
    members = MemberList((60, 134, 500, 448), lambda session_id: None)
    members.show([here], 1, 1)
    first = picture(members, surface, 10.0)
    members.show([msgspec.structs.replace(here, ping_ms=612)], 1, 1)
    assert picture(members, surface, 10.0 + PING_SETTLES_S / 2) == first
    assert picture(members, surface, 10.0 + PING_SETTLES_S) != first
