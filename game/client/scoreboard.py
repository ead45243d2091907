"""The table of players: on TAB while playing, and as the results at the end. Drawn by hand from cached texts: 0.2 ms, against
20 ms for a list of a widget library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pygame

from engine.control.messages import Standing
from engine.world import World
from game.client import sprites, theme
from game.client.feed import Roster
from game.client.hud import ranking
from game.client.screen import LOGICAL_SIZE
from game.client.theme import Colour, Text, mix, texts

WIDTH, HEIGHT = LOGICAL_SIZE
ROWS_MAX: Final = 16
"""More players than this: the best, and ourselves on the last row."""

TABLE_WIDTH: Final = 680
_ROW: Final = 27
_COLUMNS: Final = {"kills": 430, "deaths": 520, "ping": 640}


@dataclass(frozen=True, slots=True)
class Row:
    """One player's line."""

    place: int
    name: str
    colour: Colour
    score: int
    deaths: int
    ping: str
    is_us: bool = False
    is_bot: bool = False
    is_away: bool = False


def rows_of_world(world: World, roster: Roster, own_seat: int) -> list[Row]:
    """The players of a running match, best first, at most :data:`ROWS_MAX`, ourselves always among them."""
    rows = []
    for place, seat in enumerate(ranking(world), start=1):
        person = roster.person(seat)
        ping = "bot" if person.is_bot else f"{person.ping_ms}" if person.is_connected else "away"
        score, deaths = int(world.player.score[seat]), int(world.player.deaths[seat])
        is_us = seat == own_seat
        rows.append(Row(place, person.name, person.colour, score, deaths, ping, is_us, person.is_bot, not person.is_connected))
    return _shortened(rows)


def rows_of_standings(standings: Sequence[Standing], own_name: str) -> list[Row]:
    """The final table, as the server sent it."""
    rows = []
    for place, line in enumerate(standings, start=1):
        colour = theme.player_colour(line.colour, place - 1)
        ping = "bot" if line.is_bot else ""
        rows.append(Row(place, line.name, colour, line.score, line.deaths, ping, line.name == own_name and not line.is_bot, line.is_bot))
    return _shortened(rows)


def _shortened(rows: list[Row]) -> list[Row]:
    if len(rows) <= ROWS_MAX:
        return rows
    ours = next((row for row in rows if row.is_us), rows[ROWS_MAX - 1])
    return rows[:ROWS_MAX] if ours.place <= ROWS_MAX else [*rows[: ROWS_MAX - 1], ours]


def draw_table(surface: pygame.Surface, rows: Sequence[Row], title: str, detail: str, top: int) -> int:
    """Draw the table centred, its upper edge at ``top``. Returns its height."""
    height = 84 + _ROW * len(rows) + 12
    left = (WIDTH - TABLE_WIDTH) // 2
    theme.draw_panel(surface, pygame.Rect(left, top, TABLE_WIDTH, height), 236, 12)
    texts.draw(surface, title, (left + 24, top + 30), 24, theme.TEXT)
    texts.draw(surface, detail, (left + TABLE_WIDTH - 24, top + 30), 14, theme.DIM, align="right")
    pygame.draw.line(surface, theme.PANEL_EDGE, (left + 20, top + 54), (left + TABLE_WIDTH - 20, top + 54))
    texts.draw(surface, "PLAYER", (left + 62, top + 68), 11, theme.FAINT)
    labels = {label: x for label, x in _COLUMNS.items() if label != "ping" or any(row.ping for row in rows)}
    for label, x in labels.items():
        texts.draw(surface, label.upper(), (left + x, top + 68), 11, theme.FAINT, align="right")
    for index, row in enumerate(rows):
        _draw_row(surface, row, left, top + 82 + index * _ROW, texts)
    return height


def _draw_row(surface: pygame.Surface, row: Row, left: int, top: int, text: Text) -> None:
    middle = top + _ROW / 2 - 1
    if row.is_us:
        pygame.draw.rect(surface, mix(theme.PANEL, row.colour, 0.22), (left + 12, top, TABLE_WIDTH - 24, _ROW - 2), border_radius=6)
    elif row.place % 2:
        pygame.draw.rect(surface, mix(theme.PANEL, theme.PANEL_EDGE, 0.35), (left + 12, top, TABLE_WIDTH - 24, _ROW - 2), border_radius=6)
    text.draw(surface, str(row.place), (left + 38, middle), 14, theme.GOLD if row.place == 1 else theme.FAINT, align="right")
    pygame.draw.rect(surface, row.colour, (left + 48, top + 6, 5, _ROW - 14), border_radius=2)
    tone = theme.FAINT if row.is_away else theme.TEXT if row.is_us else mix(row.colour, theme.WHITE, 0.55)
    width = text.draw(surface, row.name, (left + 62, middle), 15, tone)
    if row.place == 1 and row.score > 0:
        surface.blit(sprites.crown(), (left + 62 + width + 8, round(middle) - 8))
    text.draw(surface, str(row.score), (left + _COLUMNS["kills"], middle), 16, theme.TEXT, align="right")
    text.draw(surface, str(row.deaths), (left + _COLUMNS["deaths"], middle), 15, theme.DIM, align="right")
    text.draw(surface, row.ping, (left + _COLUMNS["ping"], middle), 14, _ping_colour(row), align="right")


def _ping_colour(row: Row) -> Colour:
    if not row.ping.isdecimal():
        return theme.FAINT
    ping = int(row.ping)
    return theme.GOOD if ping < 60 else theme.WARNING if ping < 140 else theme.BAD
