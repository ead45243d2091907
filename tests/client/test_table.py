from __future__ import annotations

import dataclasses

import pygame
import pytest

from game.client.form import Form
from game.client.sounds import SoundPlayer
from game.client.table import HEAD_PX, ROW_PX, SECTION_PX, Cell, Column, Table, TableRow
from tests.client.events import click, key, motion, wheel

COLUMNS = (Column("", 10), Column("NAME", 40, width=100), Column("PING", 300, "right"))


class Listed:
    """A table in a form, and what it told."""

    def __init__(self, rows: int = 5, height: int = HEAD_PX + 4 * ROW_PX) -> None:
        self.chosen: list[str] = []
        self.touched: list[tuple[str, int]] = []
        self.table = Table(
            (100, 100, 400, height),
            COLUMNS,
            self.chosen.append,
            touched=lambda key, column: self.touched.append((key, column)),
            touch_columns=frozenset({0}),
            sort_column=1,
            empty="Nothing",
        )
        self.table.show([row(f"key{n}", f"Server {n}", 100 - n) for n in range(rows)])
        self.form = Form([self.table], SoundPlayer(None), focus=self.table)

    def give(self, *events: pygame.event.Event) -> None:
        for event in events:
            self.form.handle_event(event)

    def keys(self) -> list[str]:
        return [row.key for row in self.table.rows]


def row(key: str, name: str, ping: int) -> TableRow:
    return TableRow(key, (Cell(symbol="star"), Cell(name), Cell(str(ping), ping_ms=ping, order=ping)))


def place(line: int, x: int = 60) -> tuple[int, int]:
    return 100 + x, 100 + HEAD_PX + line * ROW_PX + 10


@pytest.fixture
def listed():
    return Listed()


def test_arrows_select_and_enter_chooses(listed):
    listed.give(key(pygame.K_RETURN))
    assert not listed.chosen, "nothing is selected"
    listed.give(key(pygame.K_DOWN), key(pygame.K_DOWN), key(pygame.K_RETURN))
    assert listed.chosen == ["key1"]
    listed.give(key(pygame.K_END), key(pygame.K_RETURN), key(pygame.K_HOME), key(pygame.K_RETURN))
    assert listed.chosen == ["key1", "key4", "key0"]


def test_one_click_selects_and_two_choose(listed, surface):
    listed.form.draw(surface, 1.0)
    listed.give(*click(place(2)))
    assert listed.table.selected == "key2"
    assert not listed.chosen
    listed.form.draw(surface, 1.2)
    listed.give(*click(place(2)))
    assert listed.chosen == ["key2"]
    listed.form.draw(surface, 5.0)
    listed.give(*click(place(1)))
    listed.form.draw(surface, 7.0)
    listed.give(*click(place(1)))
    assert listed.chosen == ["key2"], "two slow clicks are not a double click"


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order(listed):
    listed.give(*click((100 + 290, 110)))
    assert listed.keys() == ["key4", "key3", "key2", "key1", "key0"]
    listed.give(*click((100 + 290, 110)))
    assert listed.keys() == ["key0", "key1", "key2", "key3", "key4"]


def test_a_column_of_switches_does_not_select(listed):
    listed.give(*click(place(1, x=18)))
    assert listed.touched == [("key1", 0)]
    assert listed.table.selected == ""


def test_the_selection_survives_new_rows_while_its_row_is_there(listed):
    listed.table.select("key3")
    listed.table.show([row("key3", "Aaa", 5), row("key9", "Zzz", 6)])
    assert listed.table.selected == "key3"
    listed.table.show([row("key9", "Zzz", 6)])
    assert listed.table.selected == ""


def test_long_lists_scroll_and_a_click_hits_what_is_seen():
    listed = Listed(rows=30)
    listed.give(motion(place(1)), wheel(-3), *click(place(0)))
    assert listed.table.selected == listed.keys()[3]
    listed.give(wheel(-1000), *click(place(3)))
    assert listed.table.selected == listed.keys()[29]
    listed.give(key(pygame.K_HOME), *click(place(0)))
    assert listed.table.selected == listed.keys()[0]
    listed.give(wheel(1000), *click(place(0)))
    assert listed.table.selected == listed.keys()[0]


def test_clicks_beside_rows_are_nothing(listed):
    listed.table.show([row("only", "Only", 1)])
    listed.give(*click(place(3)))
    assert listed.table.selected == ""


def test_it_draws_empty_and_full_with_names_of_any_length(surface):
    listed = Listed(rows=0)
    listed.form.draw(surface, 0.0)
    empty = pygame.image.tobytes(surface, "RGB")
    listed.table.show([row("a", "W" * 300, 9), row("b", "中文 \0 \ud800", 500), row("c", "", 80)])
    listed.table.select("b")
    listed.form.draw(surface, 0.0)
    assert pygame.image.tobytes(surface, "RGB") != empty
    assert surface.get_at((100 + 250, 100 + HEAD_PX + 17))[:3] != (234, 240, 252), "cut off before the next column"


def test_rows_of_a_section_stand_under_its_heading(surface) -> None:
    listed = Listed(rows=0, height=HEAD_PX + 6 * ROW_PX + SECTION_PX)
    rows = [row(f"key{n}", f"Server {n}", n) for n in range(4)]
    rows[0] = dataclasses.replace(rows[0], section="SILENT")
    listed.table.show(rows)
    assert listed.keys() == ["key1", "key2", "key3", "key0"], "behind the others, whatever it is sorted by"
    listed.give(*click(place(1)))
    assert listed.table.selected == "key2"
    listed.give(*click((160, 100 + HEAD_PX + 3 * ROW_PX + SECTION_PX // 2)))
    assert listed.table.selected == "key2", "a heading is no row"
    listed.give(*click((160, 100 + HEAD_PX + 3 * ROW_PX + SECTION_PX + 10)))
    assert listed.table.selected == "key0"
    listed.table.draw(surface, is_focused=True, is_hovered=False, now=0.0)
