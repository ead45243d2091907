# ruff: noqa: D102, ARG002 - the members are documented where Widget has them, and not every widget needs every argument
"""A list with columns: sorted by a click on a heading, scrolled, chosen from with keyboard or mouse. 25 rows cost 0.2 ms to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pygame

from game.client import theme
from game.client.icons import icon, ping_bars
from game.client.theme import Align, Colour, mix, texts
from game.client.widgets import FIELD, Widget

HEAD_PX: Final = 30
ROW_PX: Final = 34
SECTION_PX: Final = 34
"""The line with a section's name."""
DOUBLE_CLICK_S: Final = 0.4
_LETTERS_MEASURED: Final = 64
"""No column holds more; a longer text is not worth trying."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``x`` is the offset of its text's left, middle or right from the table's left edge."""

    title: str
    x: int
    align: Align = "left"
    is_sortable: bool = True
    width: int = 0
    """Texts that are wider are cut off with an ellipsis; 0: no limit."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place: a text, a symbol of :mod:`.icons`, or a ping. ``order`` is what the column is sorted by."""

    text: str = ""
    colour: Colour = theme.TEXT
    symbol: str = ""
    ping_ms: float | None = None
    order: Any = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line. ``key`` tells it apart when the rows are replaced."""

    key: str
    cells: tuple[Cell, ...]
    section: str = ""
    """Rows of a section stand together, under a line that says its name; those of none come first."""


class Table(Widget):
    """``chosen(key)`` on Enter or a double click, ``touched(key, column)`` on a click into a column that is in ``touch_columns``."""

    def __init__(
        self,
        rect: tuple[int, int, int, int] | pygame.Rect,
        columns: Sequence[Column],
        chosen: Callable[[str], None],
        *,
        selected: Callable[[str], None] | None = None,
        touched: Callable[[str, int], None] | None = None,
        touch_columns: frozenset[int] = frozenset(),
        sort_column: int = 0,
        empty: str = "",
    ) -> None:
        super().__init__(rect)
        self.columns: Final = tuple(columns)
        self.empty = empty
        self._chosen: Final = chosen
        self._selected_action: Final = selected
        self._touched: Final = touched
        self._touch_columns: Final = touch_columns
        self._sort_column = sort_column
        self._is_descending = False
        self._rows: list[TableRow] = []
        self._selected = ""
        self._top = 0
        self._clicked: tuple[str, float] = ("", -1.0)
        self._now = 0.0

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """As they are shown, sorted."""
        return tuple(self._rows)

    @property
    def selected(self) -> str:
        """The key of the marked row; empty: none."""
        return self._selected

    def show(self, rows: Sequence[TableRow]) -> None:
        """Replace the rows; what was selected stays so while it is there."""
        self._rows = sorted(rows, key=self._order, reverse=self._is_descending)
        self._rows.sort(key=lambda row: row.section)
        if self._selected and all(row.key != self._selected for row in rows):
            self._selected = ""
        self._scroll_to(self._top)

    def select(self, key: str) -> None:
        """Mark a row and bring it into sight."""
        index = next((index for index, row in enumerate(self._rows) if row.key == key), None)
        if index is None:
            return
        self._selected = key
        self._scroll_to(min(max(self._top, index - self._page() + 1), index))
        if self._selected_action is not None:
            self._selected_action(key)

    def key(self, event: pygame.event.Event) -> bool:
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER) and self._selected:
            self._chosen(self._selected)
            return True
        steps = {
            pygame.K_UP: -1,
            pygame.K_DOWN: 1,
            pygame.K_PAGEUP: -self._page(),
            pygame.K_PAGEDOWN: self._page(),
            pygame.K_HOME: -len(self._rows),
            pygame.K_END: len(self._rows),
        }.get(event.key)
        if steps is None or not self._rows:
            return False
        index = next((index for index, row in enumerate(self._rows) if row.key == self._selected), None)
        target = min(max(0 if index is None else index + steps, 0), len(self._rows) - 1)
        if target == index and abs(steps) == 1:
            return False  # over the end: on to the next widget
        self.select(self._rows[target].key)
        return True

    def pressed(self, position: tuple[int, int]) -> None:
        if position[1] < self.rect.y + HEAD_PX:
            self._press_head(position[0] - self.rect.x)
            return
        shown = range(self._top, min(len(self._rows), self._top + self._page()))
        index = next((index for index in shown if 0 <= position[1] - self._row_top(index) < ROW_PX), None)
        if index is None:
            return
        key = self._rows[index].key
        column = self._column_at(position[0] - self.rect.x)
        if column in self._touch_columns and self._touched is not None:
            self._touched(key, column)
            return
        is_double = self._clicked[0] == key and self._now - self._clicked[1] < DOUBLE_CLICK_S
        self._clicked = ("", -1.0) if is_double else (key, self._now)
        self.select(key)
        if is_double:
            self._chosen(key)

    def wheel(self, steps: int) -> bool:
        self._scroll_to(self._top - steps)
        return True

    def _press_head(self, x: int) -> None:
        column = self._column_at(x)
        if not self.columns[column].is_sortable:
            return
        self._is_descending = not self._is_descending if column == self._sort_column else False
        self._sort_column = column
        self.show(self._rows)

    def _column_at(self, x: int) -> int:
        lefts = [column.x if column.align == "left" else column.x - 60 for column in self.columns]
        return max((index for index, left in enumerate(lefts) if left <= x + 8), default=0)

    def _order(self, row: TableRow) -> tuple[Any, str]:
        cell = row.cells[self._sort_column]
        return (cell.text.casefold() if cell.order is None else cell.order, row.key)

    def _page(self) -> int:
        headings = len({row.section for row in self._rows if row.section})
        return max(1, (self.rect.height - HEAD_PX - headings * SECTION_PX) // ROW_PX)

    def _row_top(self, index: int) -> int:
        """Where a row that is in sight is drawn: below the others, and below the headings of the sections down to its own."""
        headings = len({row.section for row in self._rows[self._top : index + 1] if row.section})
        return self.rect.y + HEAD_PX + (index - self._top) * ROW_PX + headings * SECTION_PX

    def _scroll_to(self, top: int) -> None:
        self._top = min(max(0, top), max(0, len(self._rows) - self._page()))

    def draw(self, surface: pygame.Surface, *, is_focused: bool, is_hovered: bool, now: float) -> None:
        self._now = now
        rect = self.rect
        pygame.draw.rect(surface, FIELD, rect, border_radius=8)
        for index, column in enumerate(self.columns):
            tone = theme.TEXT if index == self._sort_column and column.is_sortable else theme.FAINT
            width = texts.draw(surface, column.title, (rect.x + column.x, rect.y + HEAD_PX / 2), 12, tone, align=column.align)
            if index == self._sort_column and column.is_sortable and column.title:
                end = column.x + (width if column.align == "left" else width // 2 if column.align == "centre" else 0) + 4
                surface.blit(icon("down" if not self._is_descending else "up", theme.ACCENT, 11), (rect.x + end, rect.y + HEAD_PX // 2 - 5))
        pygame.draw.line(surface, theme.PANEL_EDGE, (rect.x + 8, rect.y + HEAD_PX), (rect.right - 9, rect.y + HEAD_PX))
        shown = self._rows[self._top : self._top + self._page()]
        for index, row in enumerate(shown):
            top = self._row_top(index + self._top)
            if row.section and (index == 0 or shown[index - 1].section != row.section):
                texts.draw(surface, row.section, (rect.x + 18, top - SECTION_PX // 2 + 2), 12, theme.DIM)
                pygame.draw.line(surface, theme.PANEL_EDGE, (rect.x + 8, top - 4), (rect.right - 9, top - 4))
            self._draw_row(surface, row, top, bool((index + self._top) % 2))
        if not self._rows and self.empty:
            texts.draw(surface, self.empty, rect.center, 15, theme.DIM, align="centre", weight="regular")
        if len(self._rows) > self._page():
            room = rect.height - HEAD_PX - 8
            height = max(24, room * self._page() // len(self._rows))
            y = rect.y + HEAD_PX + 4 + (room - height) * self._top // (len(self._rows) - self._page())
            pygame.draw.rect(surface, theme.PANEL_EDGE, (rect.right - 8, y, 5, height), border_radius=2)
        pygame.draw.rect(surface, theme.ACCENT if is_focused else theme.PANEL_EDGE, rect, 2 if is_focused else 1, border_radius=8)

    def _draw_row(self, surface: pygame.Surface, row: TableRow, top: int, is_odd: bool) -> None:
        band = (self.rect.x + 4, top + 1, self.rect.width - 8, ROW_PX - 2)
        if row.key == self._selected:
            pygame.draw.rect(surface, mix(theme.PANEL, theme.ACCENT, 0.28), band, border_radius=6)
        elif is_odd:
            pygame.draw.rect(surface, mix(FIELD, theme.PANEL_EDGE, 0.28), band, border_radius=6)
        middle = top + ROW_PX / 2
        for column, cell in zip(self.columns, row.cells, strict=True):
            x = self.rect.x + column.x
            if cell.symbol:
                surface.blit(icon(cell.symbol, cell.colour), (x - (8 if column.align == "centre" else 0), round(middle) - 8))
                x += 22
            if cell.ping_ms is not None:
                surface.blit(ping_bars(cell.ping_ms), (x - 74, round(middle) - 8))
            if cell.text:
                texts.draw(surface, _fitting(cell.text, column.width), (x, middle), 15, cell.colour, align=column.align)


@lru_cache(maxsize=512)
def _fitting(text: str, width: int) -> str:
    """The text, or as much of it as fits with an ellipsis. Names come from strangers: any text is measured as it is drawn."""

    def fits(part: str) -> bool:
        return theme.letters_of(part, 15).get_width() <= width

    if not width or fits(text):
        return text
    shown = text[:_LETTERS_MEASURED]
    return next((f"{shown[:n].rstrip()}…" for n in range(len(shown), 0, -1) if fits(f"{shown[:n]}…")), "…")
