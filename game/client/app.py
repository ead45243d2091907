"""The window's program: owns the window, the sounds, the player's files, the current screen, and the connection.

One frame, always in this order::

    pace -> events of the window to the screen -> poll the connection -> screen.update -> perhaps another screen -> draw -> show

Nothing in it waits but the pacing. Screens say where they want to go (:class:`~game.client.screen.ScreenChange`); this is the
only place that knows how each is made and what must end when one is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pygame

from engine.drivers import Pacer, lan_addresses, now
from engine.drivers.console import say
from engine.errors import DisconnectReason
from game.assets import assets_folder
from game.client import sprites, theme
from game.client.attempt import Attempt
from game.client.backdrop import Backdrop
from game.client.connecting_page import ConnectingPage
from game.client.connection import DEFAULT_OPTIONS, Connection, sentence, server_name
from game.client.headless import Ending, hinted
from game.client.lobby_page import LobbyPage
from game.client.local_server import STOP_S_MAX, LocalServer
from game.client.lost_overlay import draw_silence
from game.client.match_screen import MatchOptions, MatchScreen
from game.client.menu_page import MenuPage, SettingsPage
from game.client.online import Entering, Online
from game.client.pages import Stage
from game.client.preferences import PlayerFiles
from game.client.remarks import SLOW_AFTER_S, tell_missing_snapshots, tell_no_match, tell_slowness
from game.client.report import show_report
from game.client.screen import Destination, JoinOrder, Screen, ScreenChange
from game.client.servers_page import ServersPage
from game.client.sounds import SoundPlayer
from game.client.splash import open_window
from game.client.start_pages import HostPage, PracticePage
from game.client.tally import ScoreLine
from game.client.window import Window

FRAME_HZ_MAX: Final = 144.0
FRAME_HZ_USUAL: Final = 60.0
"""Where the display does not say."""

UNSEEN_HZ: Final = 20.0
"""Pictures per second while the window has not the focus. A match goes on at its full rate behind them."""

TITLE: Final = "Skirmish"
_CAPTIONS: Final = {
    Destination.PRACTICE: f"{TITLE}: play against bots",
    Destination.HOST: f"{TITLE}: host a game",
    Destination.SERVERS: f"{TITLE}: join a game",
    Destination.SETTINGS: f"{TITLE}: settings",
    Destination.CONNECTING: f"{TITLE}: connecting",
    Destination.LOBBY: f"{TITLE}: lobby",
    Destination.MATCH: f"{TITLE}: match",
}
"""The window's title says where one is: in a list of windows it is all that is seen."""

KEY_REPEAT_MS: Final = (380, 34)
DT_S_MAX: Final = 0.1
"""A frame after a pause (a suspended laptop) does not fast-forward what is on the screen."""

PAUSE_S: Final = 1.0
"""A frame that comes so long after the one before says nothing of how fast the computer is: it slept, or somebody held the window by its
title bar. It is not counted.
"""


class App:
    """One run of the program with a window."""

    def __init__(self, files: PlayerFiles, window: Window | None = None) -> None:
        """``window``: that is open already."""
        self._files: Final = files
        self._window = window
        self._stage: Stage | None = None
        self._screen: Screen | None = None
        self._online: Online | None = None
        self._options = DEFAULT_OPTIONS
        """Of the command line, for every connection."""
        self._server: LocalServer | None = None
        self._ending: list[tuple[LocalServer, float]] = []
        """Servers that were asked to end, and by when they must have."""
        self._report: dict[str, Any] | None = None
        self._scoreboard: list[ScoreLine] = []
        self._match_frames = 0
        self._match_s = 0.0
        """Of the session: time in matches."""
        self._report_s = 0.0
        """That of the session that the report is of."""
        self._menu_index = 0
        self._is_focused = True
        self._is_hidden = False
        self._drawn_at = 0.0
        self._last = 0.0

    # --- the two ways in

    def run(self) -> None:
        """The menu."""
        try:
            self.begin(ScreenChange(Destination.MENU, self._files.problem))
            self._loop(None)
        finally:
            self.shut()

    def play(
        self, connection: Connection, *, seconds: float | None = None, password: str = "", as_json: bool = False, is_practice: bool = False
    ) -> int:
        """Play on a connection that has been begun; returns the exit code. A refusal is one line, and no window.

        At the end the figures are printed: for people, or with ``as_json`` as one object. Whatever server is joined or started afterwards
        from the menu is played on with the options of this connection.
        """
        self._options = connection.options
        friends = [server_name(host, connection.port) for host in lan_addresses()] if connection.is_own_server and not is_practice else []
        self._online = Online(connection, entering=Entering.FIRST, password=password, is_practice=is_practice, friends=friends)
        for friend in friends:
            say(f"Friends join with: skirmish join {friend}")
        until = None if seconds is None else now() + seconds
        was_in = False
        try:
            was_in = _is_let_in(self._online)
            if was_in:
                self.begin(ScreenChange(Destination.LOBBY))
                self._loop(until)
            end = connection.end  # before we say goodbye ourselves
            self._end_session()
        finally:
            self.shut()
        if not was_in:
            why = "the server gave no answer"
            if end is not None:
                why = hinted(end.reason, sentence(end), was_in=False, has_password=connection.has_password)
            say(f"skirmish: {why}")
        elif self._report is not None:
            if self._report_s > SLOW_AFTER_S:
                tell_slowness(self._report["frames_per_s"])
            tell_no_match([self._report])
            tell_missing_snapshots([self._report])
            show_report(self._report, self._scoreboard, as_json=as_json)
        return 0 if end is None else Ending(end.reason, "", was_in).exit_code

    # --- the loop

    @property
    def screen(self) -> Screen | None:
        """What is shown now; None once the program wants to end."""
        return self._screen

    @property
    def surface(self) -> pygame.Surface:
        """The picture."""
        assert self._window is not None
        return self._window.surface

    def begin(self, first: ScreenChange) -> None:
        """Open the window on its first screen. Whoever calls this calls :meth:`shut` as well."""
        if self._window is None:
            self._window = open_window(is_fullscreen=self._files.preferences.is_fullscreen)
        pygame.joystick.init()
        pygame.display.set_icon(sprites.player(theme.ACCENT, 0, 0))
        sounds = SoundPlayer(assets_folder() / "sounds", self._files.preferences.sound_volume_pct / 100)
        self._stage = Stage(self._files, sounds, Backdrop())
        sprites.warm_up()
        self._last = now()
        self._screen = self._make(first)

    def _loop(self, until: float | None) -> None:
        pacer = Pacer(_display_hz(), catch_up_max=0)
        while self._screen is not None and (until is None or now() < until):
            pacer.wait()
            self.frame()

    def frame(self) -> None:
        """One frame, without the pacing."""
        assert self._window is not None
        assert self._screen is not None
        for event in self._window.events():
            self._watch_focus(event)
            self._screen.handle_event(event)
        if self._online is not None:
            self._online.poll()
        self._reap()
        time_now = now()
        since, self._last = time_now - self._last, time_now
        if isinstance(self._screen, MatchScreen) and since < PAUSE_S:
            self._match_frames += 1
            self._match_s += since
        dt = min(DT_S_MAX, since)
        change = self._screen.update(time_now, dt) or self._after_our_server()
        if change is not None:
            self._go(change)
        if self._screen is not None and self._is_picture_due(time_now):
            self._drawn_at = time_now
            self._screen.draw(self._window.surface)
            if self._online is not None and isinstance(self._screen, MatchScreen):
                draw_silence(self._window.surface, self._online.silent_s)
            self._window.present()

    def _after_our_server(self) -> ScreenChange | None:
        """A server of our own that broke down does not come back: no use in trying for a minute."""
        if self._server is None or self._online is None or self._server.is_running:
            return None
        said = next((line for line in reversed(self._server.take_lines()) if line.strip()), "")
        return ScreenChange(Destination.MENU, f"The server on this computer has ended. {said}".strip())

    def _is_picture_due(self, time_now: float) -> bool:
        return not self._is_hidden and (self._is_focused or time_now - self._drawn_at >= 1 / UNSEEN_HZ)

    def _watch_focus(self, event: pygame.event.Event) -> None:
        if event.type == pygame.WINDOWFOCUSLOST:
            self._is_focused = False
        elif event.type == pygame.WINDOWFOCUSGAINED:
            self._is_focused = True
        elif event.type in (pygame.WINDOWMINIMIZED, pygame.WINDOWHIDDEN):
            self._is_hidden = True
        elif event.type in (pygame.WINDOWRESTORED, pygame.WINDOWSHOWN, pygame.WINDOWMAXIMIZED, pygame.WINDOWEXPOSED):
            self._is_hidden = False

    # --- from screen to screen

    def _go(self, change: ScreenChange) -> None:
        """Leave the current screen for another."""
        assert self._stage is not None
        left = self._screen
        if isinstance(left, MatchScreen):
            self._files.preferences.sound_volume_pct = round(self._stage.sounds.volume * 100)
        if isinstance(left, ConnectingPage):
            self._take_over(left.attempt)
        if self._online is not None:
            change = self._corrected(self._online, change)
        if change.to in (Destination.MENU, Destination.QUIT):
            self._end_session()
        self._screen = None if change.to is Destination.QUIT else self._make(change)

    def _corrected(self, online: Online, change: ScreenChange) -> ScreenChange:
        """A screen does not know everything: that practice has no lobby, and what the connection says about its end."""
        if change.to is Destination.LOBBY and online.is_practice and online.is_leaving:
            return ScreenChange(Destination.MENU)
        end = online.connection.end
        if change.to in (Destination.LOBBY, Destination.MATCH) and end is not None:
            change = ScreenChange(Destination.MENU)
        if change.to is Destination.MENU and end is not None:
            return ScreenChange(Destination.MENU, "" if end.reason is DisconnectReason.CLOSED_BY_US else sentence(end))
        return change

    def _take_over(self, attempt: Attempt) -> None:
        """What an attempt made is ours now; what it began in vain must end."""
        if attempt.server is not None:
            if attempt.online is not None:
                self._server = attempt.server
            else:
                attempt.server.ask_to_stop()
                self._ending.append((attempt.server, now() + STOP_S_MAX))
        self._online = attempt.online

    def _make(self, change: ScreenChange) -> Screen:
        assert self._stage is not None
        is_match = change.to is Destination.MATCH
        pygame.key.set_repeat(*((0, 0) if is_match else KEY_REPEAT_MS))
        if not is_match:
            pygame.mouse.set_visible(True)
        makers: dict[Destination, Callable[[ScreenChange], Screen]] = {
            Destination.MENU: self._make_menu,
            Destination.PRACTICE: lambda change: PracticePage(self._the_stage, change.notice),
            Destination.HOST: lambda change: HostPage(self._the_stage, change.notice),
            Destination.SERVERS: self._make_servers,
            Destination.SETTINGS: self._make_settings,
            Destination.CONNECTING: self._make_connecting,
            Destination.LOBBY: self._make_lobby,
            Destination.MATCH: self._make_match,
        }
        if change.to in (Destination.PRACTICE, Destination.SERVERS, Destination.HOST, Destination.SETTINGS):
            order = (Destination.PRACTICE, Destination.SERVERS, Destination.HOST, Destination.SETTINGS)
            self._menu_index = order.index(change.to)
        screen = makers[change.to](change)
        pygame.display.set_caption(_CAPTIONS.get(change.to, TITLE))
        return screen

    @property
    def _the_stage(self) -> Stage:
        assert self._stage is not None
        return self._stage

    def _make_menu(self, change: ScreenChange) -> Screen:
        return MenuPage(self._the_stage, change.notice, self._menu_index)

    def _make_servers(self, change: ScreenChange) -> Screen:
        return ServersPage(self._the_stage, change.notice, change.order if isinstance(change.order, JoinOrder) else None)

    def _make_settings(self, change: ScreenChange) -> Screen:  # noqa: ARG002 - nothing to tell
        window = self._window
        assert window is not None
        return SettingsPage(self._the_stage, is_fullscreen=lambda: window.is_fullscreen, set_fullscreen=window.set_fullscreen)

    def _make_connecting(self, change: ScreenChange) -> Screen:
        assert change.order is not None
        return ConnectingPage(self._the_stage, Attempt(change.order, self._files, self._options))

    def _make_lobby(self, change: ScreenChange) -> Screen:
        assert self._online is not None
        return LobbyPage(self._the_stage, self._online, change.notice)

    def _make_match(self, change: ScreenChange) -> Screen:  # noqa: ARG002 - nothing to tell
        assert self._online is not None
        assert self._window is not None
        options = MatchOptions(shows_net_graph=self._files.preferences.has_net_graph)
        screen = MatchScreen(self._online, self._the_stage.sounds, self._online.chat, options)
        place = pygame.mouse.get_pos() if pygame.mouse.get_focused() else pygame.display.get_window_size()
        motion = pygame.event.Event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(0, 0, 0))
        screen.handle_event(self._window.to_logical(motion))  # the crosshair begins where the pointer was
        return screen

    # --- ends

    def _end_session(self) -> None:
        """Off the server; a server of our own ends with it."""
        if self._online is not None:
            per_s = self._match_frames / self._match_s if self._match_s > 0 else 0.0
            self._report, self._report_s = {**self._online.report(), "frames_per_s": round(per_s, 2)}, self._match_s
            self._scoreboard = self._online.tally.scoreboard()
            self._match_frames, self._match_s = 0, 0.0
            self._online.close()
            self._online = None
        if self._server is not None:
            self._server.ask_to_stop()
            self._ending.append((self._server, now() + STOP_S_MAX))
            self._server = None

    def _reap(self) -> None:
        """Servers that have ended are cleared away, frames after they were asked to; one that does not listen is ended."""
        for entry in list(self._ending):
            server, by = entry
            if not server.is_running:
                server.stop()
                self._ending.remove(entry)
            elif now() > by:
                server.kill()

    def shut(self) -> None:
        """Leave nothing behind: session, window, children. Also after a mistake of ours."""
        if isinstance(self._screen, ConnectingPage):
            self._screen.attempt.cancel()
            self._take_over(self._screen.attempt)
        if isinstance(self._screen, SettingsPage):
            self._screen.keep()
        self._end_session()
        self._screen = None
        if self._window is not None:
            self._files.preferences.is_fullscreen = self._window.is_fullscreen
            self._files.save()
        pygame.display.quit()  # the window goes at once, before children are waited for; fonts stay, texts are kept in them
        pygame.mixer.quit()
        for server, _ in self._ending:
            server.stop()
        self._ending.clear()


def _is_let_in(online: Online) -> bool:
    """Wait, before there is a window, for the server's yes or no."""
    pacer = Pacer(FRAME_HZ_USUAL)
    while online.session_id is None and online.connection.end is None:
        pacer.wait()
        online.poll()
        online.events()
    return online.connection.end is None


def _display_hz() -> float:
    """The display's own rate, within bounds."""
    try:
        rates = pygame.display.get_desktop_refresh_rates()
    except pygame.error:
        rates = []
    rate = float(rates[0]) if rates and rates[0] else FRAME_HZ_USUAL
    return min(FRAME_HZ_MAX, max(FRAME_HZ_USUAL, rate))
