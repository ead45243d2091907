"""What a screen is: the one thing that the window shows at a time, and how it hands over to another.

The app loop owns the window and the current screen, and is the same three lines for all of them::

    for event in window.events():
        screen.handle_event(event)
    change = screen.update(now, dt)
    screen.draw(window.surface)

Events come with their mouse positions already in logical coordinates (1280x720), so no screen knows the window's size. A screen
that plays or gathers on a server drains that client's ``events()`` itself, in ``update``: exactly one screen is current.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

import pygame

LOGICAL_SIZE: Final = (1280, 720)
"""Every screen draws to a surface of this size, in pixels; the window scales it."""


class Destination(Enum):
    """Where a screen wants to go; the app loop knows how to make each."""

    MENU = "menu"
    PRACTICE = "practice"
    HOST = "host"
    SERVERS = "servers"
    SETTINGS = "settings"
    CONNECTING = "connecting"
    """On the way to a server; the change carries the order."""
    LOBBY = "lobby"
    """The room (or, without one, the rooms) of the server that we are connected to."""
    MATCH = "match"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class JoinOrder:
    """Join somebody's server."""

    host: str
    port: int
    password: str = ""
    accepts_new_certificate: bool = False
    """The player has been asked, and says that the server really has a new one."""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Start a server of our own and play on it."""

    is_practice: bool
    """For this computer only, ready at once."""
    name: str = ""
    port: int = 0
    """0: the first free one of the usual range."""
    password: str = ""
    bots: int = 0
    bot_level: int = 1
    map: str = ""
    """Empty: all maps, one after the other."""
    frag_limit: int = 20
    time_limit_s: int = 300


Order = JoinOrder | StartOrder


@dataclass(frozen=True, slots=True)
class ScreenChange:
    """Leave this screen. ``notice`` is a sentence for the player that the next screen shows (why a connection ended)."""

    to: Destination
    notice: str = ""
    order: Order | None = None
    """With CONNECTING: what to do. With SERVERS: what the player must be asked about: its password, or its new certificate."""


class Screen(Protocol):
    """One screen: menu, lobby, match."""

    def handle_event(self, event: pygame.event.Event) -> None:
        """Take one event of the window; mouse positions are logical."""

    def update(self, now: float, dt: float) -> ScreenChange | None:
        """Advance to ``now`` (seconds, monotonic), ``dt`` seconds after the last call. A value: leave for another screen."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the whole screen to the logical surface."""
