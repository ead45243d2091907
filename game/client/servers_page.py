# ruff: noqa: D102, ARG002 - the members are documented where Page has them
"""The servers of this LAN, which fill in by themselves; favourites and recent addresses; and an address typed by hand."""

from __future__ import annotations

from typing import Final

import pygame

from engine.drivers.addresses import numeric_address
from game.client import theme
from game.client.connection import server_name
from game.client.form import Form, as_key
from game.client.lan import FoundServer, found_server, new_browser, read_address
from game.client.map_card import draw_map_card, map_choices, map_title
from game.client.pages import Page, Stage, card
from game.client.preferences import ADDRESSES_MAX
from game.client.prompts import PasswordPrompt, Prompt, QuestionPrompt
from game.client.screen import Destination, JoinOrder, ScreenChange
from game.client.table import Cell, Column, Table, TableRow
from game.client.text_field import TextField
from game.client.theme import texts
from game.client.widgets import Button, CheckBox

RECENT_SHOWN: Final = 5
LIST_EVERY_S: Final = 0.25
"""The list is put together so often: numbers that change faster cannot be read."""

_STAR: Final = 0
_REMEMBERED: Final = "FAVOURITES AND RECENT ADDRESSES THAT DO NOT ANSWER NOW"


class ServersPage(Page):
    """Finds, sorts, joins."""

    title = "Join a LAN game"
    help = "ENTER  join      F5  refresh      TAB  next      ESC  back"
    _BOX: Final = pygame.Rect(40, 92, 1200, 580)

    def __init__(self, stage: Stage, notice: str = "", retry: JoinOrder | None = None) -> None:
        super().__init__(stage, notice)
        self._asker, self._browser = new_browser()
        self._found: dict[str, FoundServer] = {}
        self._asked: Final[dict[str, str]] = {}
        """Favourites and recent addresses, as they are remembered and as they answer."""
        self._listed_at = -1.0
        self._entered_at: float | None = None
        columns = (
            Column("", 16),
            Column("SERVER", 46, width=240),
            Column("PLAYERS", 380, "right"),
            Column("MAP", 410, width=120),
            Column("PING", 620, "right"),
            Column("", 650, "centre"),
            Column("VERSION", 680, width=92),
        )
        self.table: Final = Table(
            (60, 128, 800, 420),
            columns,
            self._join_key,
            selected=self._show_selected,
            touched=self._toggle_favourite,
            touch_columns=frozenset({_STAR}),
            sort_column=1,
        )
        self.search: Final = TextField((890, 146, 330, 40), "Find", placeholder="name or map", changed=self._changed)
        self.hides_full: Final = CheckBox((890, 194, 150, 32), "Hide full", False, self._toggled)
        self.hides_locked: Final = CheckBox((1040, 194, 180, 32), "Hide locked", False, self._toggled)
        self.address: Final = TextField(
            (60, 592, 452, 44), "Address", characters_max=270, placeholder="192.168.1.5 or 192.168.1.5:7778 or [fe80::1]:7777"
        )
        self._join: Final = Button((524, 592, 150, 44), "Join", self.join, look="primary")
        refresh = Button((686, 592, 174, 44), "Refresh", self.refresh)
        back = Button((1090, 592, 130, 44), "Back", self.back, look="quiet")
        widgets = [self.table, self.address, self._join, refresh, back, self.search, self.hides_full, self.hides_locked]
        self.form = Form(widgets, stage.sounds, main=self.join, focus=self.table)
        self.prompt: Prompt | None = None
        for text in (*stage.files.preferences.favourites, *stage.files.preferences.recent[:RECENT_SHOWN]):
            self._ask(text)
        if retry is not None:
            self._ask_again(retry, notice)

    # --- events

    def handle_event(self, event: pygame.event.Event) -> None:
        if self.prompt is not None and event.type != pygame.QUIT:
            self.prompt.handle_event(as_key(event))
            if not self.prompt.is_open:
                self.prompt = None
        elif event.type == pygame.KEYDOWN and event.key == pygame.K_F5:
            self.refresh()
        else:
            super().handle_event(event)

    def refresh(self) -> None:
        """Ask everybody again, now."""
        self._asker.refresh()
        self._found.clear()
        self._listed_at = -1.0

    def join(self) -> None:
        """The typed address, or else the selected server."""
        if self.form.focus is self.table and self.table.selected:
            self._join_key(self.table.selected)
        elif self.address.text.strip():
            found = read_address(self.address.text)
            if found is None:
                self.say("That is no address: type HOST or HOST:PORT, with a port of 1 to 65535.", theme.BAD)
                self.form.focus = self.address
            else:
                self._join_address(*found)
        elif self.table.selected:
            self._join_key(self.table.selected)
        else:
            self.say("Choose a server, or type an address.")

    def _join_key(self, key: str) -> None:
        found = read_address(key)
        if found is not None:
            self._join_address(*found)

    def _join_address(self, host: str, port: int) -> None:
        server = self._found.get(server_name(host, port))
        if server is not None and server.has_password:
            self._prompt_for(host, port)
        else:
            self._leave_for(JoinOrder(host, port))

    def _prompt_for(self, host: str, port: int, problem: str = "") -> None:
        def given(password: str) -> None:
            self._leave_for(JoinOrder(host, port, password))

        server = self._found.get(server_name(host, port))
        self.prompt = PasswordPrompt(server.name if server is not None else server_name(host, port), self.stage.sounds, given, problem)

    def _ask_again(self, order: JoinOrder, notice: str) -> None:
        """Joining came to a question that only the player can answer."""
        self._notice = ""
        self.address.text = server_name(order.host, order.port)
        if order.accepts_new_certificate:
            self.prompt = QuestionPrompt(
                f"Is this really {self.address.text}?",
                f"{notice.split(' If you expected')[0]} Join only if you know why: the server was installed anew, say.",
                "Trust it and join",
                self.stage.sounds,
                lambda: self._leave_for(order),
            )
        else:
            self._prompt_for(order.host, order.port, "That was not it." if order.password else "")

    def _leave_for(self, order: JoinOrder) -> None:
        self.go(Destination.CONNECTING, order=order)

    def _show_selected(self, key: str) -> None:
        self.address.text = key

    def _toggle_favourite(self, key: str, column: int) -> None:
        favourites = self.stage.files.preferences.favourites
        if key in favourites:
            favourites.remove(key)
        elif len(favourites) < ADDRESSES_MAX:
            favourites.append(key)
            self._ask(key)
        else:
            self.say(f"There is room for {ADDRESSES_MAX} favourites.")
        self.stage.files.save()
        self._listed_at = -1.0

    def _changed(self, text: str) -> None:
        self._listed_at = -1.0

    def _toggled(self, is_on: bool) -> None:
        self._listed_at = -1.0

    def _ask(self, text: str) -> None:
        """A favourite may be outside this LAN: it is asked directly, where its address is a number."""
        found = read_address(text)
        address = None if found is None else numeric_address(*found)
        if address is not None and self._asker.ask(address):
            self._asked[text] = server_name(*address)

    # --- the frame

    def advance(self, now: float, dt: float) -> None:
        self._entered_at = now if self._entered_at is None else self._entered_at
        self._browser.poll()
        if now - self._listed_at >= LIST_EVERY_S:
            self._listed_at = now
            self._list()
        is_looking = now - self._entered_at < 1.5
        self.table.empty = "Looking around ..." if is_looking else "No server answers on this network. Host one, or type an address below."

    def update(self, now: float, dt: float) -> ScreenChange | None:
        change = super().update(now, dt)
        if change is not None:
            self._browser.close()
        return change

    def _list(self) -> None:
        self._found = {}
        for entry in self._asker.servers():
            server = found_server(entry)
            self._found[server.join_address] = server
        rows = [self._row(address, server) for address, server in self._found.items() if self._is_wanted(server)]
        aliases = {server_name(host, server.port) for server in self._found.values() for host in server.addresses}
        chosen = self.stage.files.preferences
        remembered = dict.fromkeys((*chosen.favourites, *chosen.recent[:RECENT_SHOWN]))
        sought = self.search.text.casefold()
        rows += [
            self._silent_row(text) for text in remembered if aliases.isdisjoint((text, self._asked.get(text))) and sought in text.casefold()
        ]
        self.table.show(rows)

    def _is_wanted(self, server: FoundServer) -> bool:
        sought = self.search.text.casefold()
        if sought not in server.name.casefold() and sought not in map_title(server.map).casefold():
            return False
        is_full = server.players >= server.seats
        return not (is_full and self.hides_full.is_on) and not (server.has_password and self.hides_locked.is_on)

    def _star(self, key: str) -> Cell:
        is_favourite = key in self.stage.files.preferences.favourites
        symbol = "star" if is_favourite else "star hollow"
        return Cell(symbol=symbol, colour=theme.GOLD if is_favourite else theme.PANEL_EDGE, order=not is_favourite)

    def _row(self, key: str, server: FoundServer) -> TableRow:
        is_full = server.players >= server.seats
        tone = theme.TEXT if server.compatible else theme.FAINT
        is_known = server.map in dict(map_choices())
        return TableRow(
            key,
            (
                self._star(key),
                Cell(server.name or key, tone, order=(False, server.name.casefold())),
                Cell(
                    f"{server.players}/{server.seats}",
                    theme.BAD if is_full else tone if server.players else theme.DIM,
                    order=server.players,
                ),
                Cell(map_title(server.map), tone if is_known else theme.DIM),
                Cell(f"{server.ping_ms:.0f} ms", tone, ping_ms=server.ping_ms, order=server.ping_ms),
                Cell(symbol="lock" if server.has_password else "", colour=theme.WARNING, order=server.has_password),
                Cell(
                    server.version if server.compatible else "other",
                    theme.GOOD if server.compatible else theme.BAD,
                    "dot",
                    order=(not server.compatible, server.version),
                ),
            ),
        )

    def _silent_row(self, key: str) -> TableRow:
        """An address that we know and that does not answer the question of lists, or a name, which is not asked: it may still be joined."""
        dim = theme.FAINT
        return TableRow(
            key,
            (
                self._star(key),
                Cell(key, dim, order=(True, key)),
                Cell("", dim, order=-1),
                Cell("", dim),
                Cell("no answer" if key in self._asked else "not asked", dim, order=1e9),
                Cell("", order=False),
                Cell("", dim, order=(True, "")),
            ),
            section=_REMEMBERED,
        )

    # --- the picture

    def draw_page(self, surface: pygame.Surface) -> None:
        card(surface, self._BOX)
        count = len(self._found)
        text = f"{count} server{'s' if count != 1 else ''} found" if count or not self.table.rows else self.table.empty
        texts.draw(surface, text, (60, 110), 13, theme.ACCENT if count else theme.DIM)
        box = pygame.Rect(890, 244, 330, 304)
        server = self._found.get(self.table.selected)
        if server is None:
            pygame.draw.rect(surface, theme.PANEL_EDGE, box, width=1, border_radius=8)
            texts.draw(surface, "Select a server to see its map", box.center, 14, theme.FAINT, align="centre", weight="regular")
            return
        draw_map_card(surface, server.map, pygame.Rect(box.x, box.y, box.width, 200))
        bots = f" and {server.bots} bots" if server.bots else ""
        people = f"{server.players} of {server.seats} seats{bots}"
        last = (f"skirmish join {server.join_address}", 13, theme.FAINT)
        if not server.compatible:
            last = (f"Another version ({server.version}): install the same on both", 13, theme.BAD)
        lines = ((server.name, 17, theme.TEXT), (people, 14, theme.DIM), last)
        for index, (line, size, tone) in enumerate(lines):
            texts.draw(surface, line, (box.x + 2, box.y + 226 + index * 26), size, tone)

    def draw_over(self, surface: pygame.Surface) -> None:
        if self.prompt is not None:
            self.prompt.draw(surface, self.now)
