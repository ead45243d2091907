"""The screen on which a match is played: takes the client's scene and events, shows them, and turns input into commands.

One frame is ``update`` then ``draw``: events of the client, command, the world to draw, what is new in it. Nothing here decides
anything about the match; without a scene (joining, reconnecting) it says so and keeps the last picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pygame

from engine.control.messages import LeaveRoom, SayChat, Standing
from engine.errors import DisconnectReason
from engine.session.carrier import CarrierKind
from engine.session.client_events import (
    CarrierChanged,
    ChatReceived,
    ClientEvent,
    Closed,
    ConnectionLost,
    ConnectionResumed,
    GameAnnounced,
    MatchFinished,
    MatchStarted,
    Noticed,
    RequestDenied,
    RoomLeft,
)
from engine.world import World
from game.arena import read_announcement
from game.client import sprites, theme
from game.client.arena_view import ArenaView
from game.client.chat import ChatBox, ChatLog
from game.client.controls import Controls
from game.client.feed import MatchFeed, Roster
from game.client.hud import LAST_SECONDS, Hud, ranking
from game.client.kill_feed import Banner, DeathScreen, KillFeed
from game.client.lost_overlay import draw_lost
from game.client.net_graph import NetGraph, NetView
from game.client.particles import Particles
from game.client.pause_menu import PauseChoice, PauseMenu
from game.client.plates import Plates
from game.client.scoreboard import draw_table, rows_of_standings, rows_of_world
from game.client.screen import LOGICAL_SIZE, Destination, ScreenChange
from game.client.sounds import SoundPlayer
from game.client.theme import texts
from game.client.toast import Toast
from game.simulation import rules
from game.simulation.happenings import Happening, Kill, RoundOver, RoundStarted

WIDTH, HEIGHT = LOGICAL_SIZE
RESULTS_STAY_S: Final = 6.0
"""After the server has ended the match, the table stays this long (or until a key), then the lobby comes."""

HELP_S: Final = 15.0
"""The controls are shown this long when a player enters his first match."""
_HIT_MARK_S: Final = 0.18


@dataclass(slots=True)
class MatchOptions:
    """What a player may like otherwise."""

    shows_net_graph: bool = False


class MatchScreen:
    """A :class:`~game.client.screen.Screen`. Make one when a match starts; it also takes over into the next match of the room."""

    def __init__(self, client: MatchFeed, sounds: SoundPlayer, chat: ChatLog | None = None, options: MatchOptions | None = None) -> None:
        self._client: Final = client
        self._sounds: Final = sounds
        self._options: Final = options or MatchOptions()
        self._roster: Final = Roster()
        self._controls: Final = Controls()
        self._chat: Final = ChatBox(chat or ChatLog())
        self._pause: Final = PauseMenu(sounds)
        self._net_graph: Final = NetGraph(NetView.SMALL if self._options.shows_net_graph else NetView.NONE)
        self._plates: Final = Plates()
        self._toast: Final = Toast()
        self._shows_scores = False
        self._trouble = ""
        self._trouble_at = 0.0
        self._now = 0.0
        self._entered_at: float | None = None
        self._change: ScreenChange | None = None
        self._standings: Sequence[Standing] | None = None
        self._standings_at = math.inf
        self._begin()

    def _begin(self) -> None:
        """Forget the last match."""
        self._match_id: int | None = None
        self._world: World | None = None
        self._view: ArenaView | None = None
        self._hud: Hud | None = None
        self._feed = KillFeed()
        self._banner = Banner()
        self._death: DeathScreen | None = None
        self._seat = -1
        self._second_told = -1
        self._standings, self._standings_at = None, math.inf

    @property
    def particles(self) -> Particles | None:
        """The running match's sparks (None before the first scene): benches count them."""
        return self._view.effects.particles if self._view is not None else None

    # --- input ----------------------------------------------------------------------------------------------------------------------

    def handle_event(self, event: pygame.event.Event) -> None:
        """Chat and menu take events first; what is left plays."""
        if event.type == pygame.QUIT:
            self._leave(Destination.QUIT)
        elif event.type == pygame.KEYUP and event.key == pygame.K_TAB:
            self._shows_scores = False  # whatever has been opened meanwhile
        elif self._chat.is_open:
            self._chat_event(event)
        elif self._pause.is_open:
            self._pause_event(event)
        elif (
            self._standings is not None and event.type == pygame.KEYDOWN and event.key in (pygame.K_RETURN, pygame.K_ESCAPE, pygame.K_SPACE)
        ):
            self._change = ScreenChange(Destination.LOBBY)
        elif event.type == pygame.KEYDOWN and event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            self._controls.release_all()
            self._chat.open()
        elif event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
            self._controls.release_all()
            self._pause.open()
        elif event.type == pygame.KEYDOWN and event.key == pygame.K_F3:
            self._net_graph.view = self._net_graph.view.next
        elif event.type == pygame.KEYDOWN and event.key == pygame.K_TAB:
            self._shows_scores = True
        else:
            self._controls.handle_event(event)
            if event.type == pygame.WINDOWFOCUSLOST:
                self._shows_scores = False

    def _chat_event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.MOUSEMOTION:
            self._controls.handle_event(event)
        said = self._chat.handle_event(event)
        if said is not None:
            self._client.request(SayChat(said))

    def _pause_event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.MOUSEMOTION:
            self._controls.handle_event(event)
        choice = self._pause.handle_event(event)
        destination = {
            PauseChoice.LOBBY: Destination.LOBBY,
            PauseChoice.MENU: Destination.MENU,
            PauseChoice.QUIT: Destination.QUIT,
        }.get(choice or PauseChoice.RESUME)
        if destination is not None:
            self._leave(destination)

    def _leave(self, destination: Destination) -> None:
        """To the lobby means out of the room; further away means off the server."""
        if destination is Destination.LOBBY:
            self._client.request(LeaveRoom())
        else:
            self._client.leave(self._now)
        self._change = ScreenChange(destination)

    # --- the frame ------------------------------------------------------------------------------------------------------------------

    def update(self, now: float, dt: float) -> ScreenChange | None:
        """One frame's worth of the match."""
        self._now = now
        for event in self._client.events():
            self._take(event)
        self._roster.update(self._client.room)
        self._follow_match()
        self._give_command()
        scene = self._client.scene(now)
        if scene is not None and self._view is not None and self._hud is not None:
            self._world = scene
            if self._entered_at is None:
                self._entered_at = self._now
            self._view.mouse = self._controls.mouse
            self._view.update(scene, self._roster, now, dt)
            self._hud.update(scene, dt)
            self._plates.update(self._view.crowd(scene), dt)
            self._count_down(scene)
        self._net_graph.update(self._client.statistics, dt)
        if self._standings is not None and now - self._standings_at > RESULTS_STAY_S:
            self._change = ScreenChange(Destination.LOBBY)
        self._show_pointer(self._change is not None or self._pause.is_open or self._is_over() or self._world is None)
        change, self._change = self._change, None
        return change

    def _is_over(self) -> bool:
        world = self._world
        return self._standings is not None or (world is not None and int(world.match.phase[0]) == rules.RESULTS)

    @staticmethod
    def _show_pointer(is_shown: bool) -> None:
        """While we fight the crosshair is the pointer."""
        if pygame.display.get_init() and pygame.mouse.get_visible() != is_shown:
            pygame.mouse.set_visible(is_shown)

    def _follow_match(self) -> None:
        """A match that we have not drawn yet needs its own map, camera and HUD."""
        match = self._client.match
        if match is None or (match.match_id == self._match_id and match.seat == self._seat):
            return
        self._begin()
        self._match_id, self._seat = match.match_id, match.seat
        self._view = ArenaView(match.game.map, match.seat, self._sounds)
        self._hud = Hud(match.seat)
        self._death = DeathScreen(match.seat)

    def _give_command(self) -> None:
        if self._view is None or self._client.match is None:
            return
        resting = self._chat.is_open or self._pause.is_open
        self._client.set_command(**(self._controls.resting() if resting else self._controls.fields(self._view.own_on_screen())))

    def _count_down(self, world: World) -> None:
        """A tick for each of the last seconds of a phase."""
        if int(world.match.phase[0]) == rules.RESULTS:
            return
        second = -(-int(world.match.time_left[0]) // rules.TICK_RATE_HZ)
        limit = 3 if int(world.match.phase[0]) == rules.WARMUP else LAST_SECONDS
        if second != self._second_told and 0 < second <= limit:
            self._sounds.play("tick", 0.7)
        self._second_told = second

    # --- events ---------------------------------------------------------------------------------------------------------------------

    def _take(self, event: ClientEvent) -> None:
        if isinstance(event, GameAnnounced):
            happening = read_announcement(event.body)
            if happening is not None:
                self._happened(happening)
        elif isinstance(event, ChatReceived):
            self._heard(event)
        elif isinstance(event, Noticed):
            self._chat.log.add("", event.text, theme.WARNING, self._now)
        elif isinstance(event, RequestDenied):
            self._chat.log.add("", event.sentence, theme.BAD, self._now)
        elif isinstance(event, MatchFinished):
            self._standings, self._standings_at = event.standings, self._now
        elif isinstance(event, MatchStarted):
            self._standings, self._standings_at = None, math.inf
        elif isinstance(event, ConnectionLost):
            self._trouble, self._trouble_at = event.reason.sentence, self._now
        elif isinstance(event, ConnectionResumed):
            self._trouble = ""
            self._banner.show("RECONNECTED", "Your seat was kept", theme.GOOD, self._now)
        elif isinstance(event, CarrierChanged):
            is_blocked = event.carrier is CarrierKind.CONTROL
            text = "UDP is blocked: the match goes through the control connection" if is_blocked else "UDP gets through again"
            self._toast.show(text, theme.WARNING if is_blocked else theme.GOOD, self._now)
        elif isinstance(event, RoomLeft):
            notice = "" if event.reason is DisconnectReason.CLOSED_BY_US else event.reason.sentence
            self._change = self._change or ScreenChange(Destination.LOBBY, notice)
        elif isinstance(event, Closed):
            notice = f"{event.reason.sentence} {event.detail}".strip()
            self._change = self._change or ScreenChange(Destination.MENU, notice)

    def _happened(self, happening: Happening) -> None:
        roster, now = self._roster, self._now
        if isinstance(happening, Kill):
            self._feed.add(happening, roster, self._seat, now)
            if happening.victim == self._seat:
                self._sounds.play("hurt")
                if self._death is not None:
                    self._death.killed(happening, roster)
            elif happening.killer == self._seat:
                self._sounds.play("kill")
                self._banner.show("", f"Eliminated {roster.person(happening.victim).name}", theme.GOLD, now)
        elif isinstance(happening, RoundStarted):
            self._sounds.play("go")
            self._banner.show("FIGHT", f"Round {happening.number}", theme.ACCENT, now)
        elif isinstance(happening, RoundOver):
            self._sounds.play("win")

    def _heard(self, event: ChatReceived) -> None:
        room = self._client.room
        member = next((m for m in room.members if m.session_id == event.session_id), None) if room is not None else None
        colour = theme.player_colour(member.colour, max(0, member.seat)) if member is not None else theme.WARNING
        self._chat.log.add(event.name if event.session_id else "", event.text, colour, self._now)
        self._sounds.play("chat", 0.7)

    # --- the picture ----------------------------------------------------------------------------------------------------------------

    def draw(self, surface: pygame.Surface) -> None:
        """The arena, then what is laid over it."""
        world, view, hud, now = self._world, self._view, self._hud, self._now
        if world is None or view is None or hud is None:
            self._draw_waiting(surface)
            return
        view.draw(surface, world, self._roster, now)
        is_results = self._is_over()
        if not is_results:
            if self._death is not None and not self._shows_scores:
                self._death.draw(surface, world)
            hud.draw(surface, world, self._roster, now, view.hurt_at, self._plates)
            self._feed.draw(surface, now, self._plates)
            self._draw_phase(surface, world)
            if not (self._is_dead(world) or self._shows_scores or self._trouble):
                self._banner.draw(surface, now)
            self._toast.draw(surface, now, self._plates)
        if not (self._chat.is_open or self._shows_scores):
            self._chat.draw(surface, now)
        if is_results:
            self._draw_results(surface, world)
        elif self._shows_scores:
            self._draw_scores(surface, world)
        if not (self._shows_scores and self._net_graph.view is NetView.LARGE):  # both do not fit
            self._net_graph.draw(surface, self._plates)
        if self._chat.is_open:
            self._chat.draw(surface, now)
        if self._trouble:
            self._draw_trouble(surface)
        if self._pause.is_open:
            self._pause.draw(surface)
        elif not is_results:
            self._draw_crosshair(surface, view, now)

    def _is_dead(self, world: World) -> bool:
        return bool(world.player.generation[self._seat]) and int(world.player.life[self._seat]) == rules.DEAD

    def _draw_waiting(self, surface: pygame.Surface) -> None:
        surface.fill(theme.VOID)
        texts.draw(surface, "Entering the arena", (WIDTH / 2, HEIGHT / 2 - 14), 26, theme.TEXT, align="centre")
        dots = int(self._now * 3) % 4
        for index in range(3):
            tone = theme.ACCENT if index < dots else theme.PANEL_EDGE
            pygame.draw.circle(surface, tone, (WIDTH // 2 - 18 + index * 18, HEIGHT // 2 + 24), 4)
        if self._trouble:
            self._draw_trouble(surface)
        if self._pause.is_open:
            self._pause.draw(surface)

    def _draw_phase(self, surface: pygame.Surface, world: World) -> None:
        if self._entered_at is not None and self._now - self._entered_at < HELP_S and not self._pause.is_open:
            width, height = theme.controls_size(rows=2)
            x, y = WIDTH // 2 - 34, HEIGHT - 53  # between health and weapons
            self._plates.draw(surface, "controls", (x - width // 2, y - height // 2, width, height), 190, radius=10)
            theme.draw_controls(surface, x, y, rows=2)
        if int(world.match.phase[0]) != rules.WARMUP:
            return
        seconds = -(-int(world.match.time_left[0]) // rules.TICK_RATE_HZ)
        self._plates.draw(surface, "phase", (WIDTH // 2 - 143, 81, 286, 30), 200, radius=9)
        texts.draw(surface, "Warm-up: kills do not count yet", (WIDTH / 2, 96), 15, theme.TEXT, align="centre")
        if seconds <= 5 and not self._is_dead(world):  # whose own count stands there
            theme.draw_band(surface, (WIDTH / 2, 182), (300, 100))
            texts.draw(surface, str(max(1, seconds)), (WIDTH / 2, 180), 84, theme.ACCENT, align="centre", shadow=True)

    def _draw_scores(self, surface: pygame.Surface, world: World) -> None:
        room = self._client.room
        rows = rows_of_world(world, self._roster, self._seat)
        limit = int(world.match.frag_limit[0])
        detail = f"{self._map_title()}   ·   {f'first to {limit}' if limit else 'most kills'}   ·   {len(ranking(world))} players"
        draw_table(surface, rows, room.name if room is not None else "Scores", detail, max(86, (HEIGHT - 96 - 27 * len(rows)) // 2))

    def _draw_results(self, surface: pygame.Surface, world: World) -> None:
        texts.settle()
        surface.fill((78, 82, 100), special_flags=pygame.BLEND_RGB_MULT)
        if self._standings is not None:
            rows = rows_of_standings(self._standings, self._client.player_name)
        else:
            rows = rows_of_world(world, self._roster, self._seat)
        best = rows[0] if rows else None
        is_draw = len(rows) > 1 and rows[0].score == rows[1].score and rows[0].deaths == rows[1].deaths
        top = max(126, (HEIGHT - 96 - 27 * len(rows)) // 2 + 30)
        if best is not None:
            title = "A DRAW" if is_draw else "YOU WIN" if best.is_us else f"{best.name} wins"
            tone = theme.TEXT if is_draw else theme.GOLD if best.is_us else best.colour
            texts.draw(surface, title, (WIDTH / 2, top - 62), 46, tone, align="centre", shadow=True)
        if self._standings is None:
            left_s = -(-int(world.match.time_left[0]) // rules.TICK_RATE_HZ)
            then = f"Back to the room in {left_s}"
        else:
            then = "ENTER: back to the room"
        draw_table(surface, rows, "Results", self._map_title(), top)
        texts.draw(surface, then, (WIDTH / 2, min(HEIGHT - 24, top + 116 + 27 * len(rows))), 14, theme.DIM, align="centre", shadow=True)

    def _map_title(self) -> str:
        match = self._client.match
        return (match.game.map.title or match.game.map.name) if match is not None else ""

    def _draw_trouble(self, surface: pygame.Surface) -> None:
        of_s = self._client.resume_s
        draw_lost(surface, self._trouble, max(0.0, of_s - (self._now - self._trouble_at)), of_s, self._now)

    def _draw_crosshair(self, surface: pygame.Surface, view: ArenaView, now: float) -> None:
        mark = now - view.effects.hit_at < _HIT_MARK_S
        picture = sprites.crosshair(mark)
        texts.draw_mark(surface, picture, self._controls.mouse)
