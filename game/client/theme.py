"""The look, in one place: colours, fonts, panels, and text that is rendered once.

A dark arena and bright, clean shapes: every colour that means something (players, health, danger) is light and saturated, everything
else stays dark and bluish. ``Font.render`` costs more than drawing all players, so :class:`Text` keeps what it rendered; the
strings of a match (names, numbers up to 999, seconds) are few.
"""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pygame

Colour = tuple[int, int, int]
Weight = Literal["regular", "bold", "mono"]
Align = Literal["left", "centre", "right"]

VOID: Final[Colour] = (6, 8, 14)
FLOOR: Final[Colour] = (17, 21, 34)
FLOOR_ALTERNATE: Final[Colour] = (20, 25, 39)
GRID: Final[Colour] = (30, 37, 58)
WALL: Final[Colour] = (43, 52, 82)
WALL_SIDE: Final[Colour] = (24, 29, 48)
WALL_EDGE: Final[Colour] = (104, 136, 214)

PANEL: Final[Colour] = (11, 14, 24)
PANEL_EDGE: Final[Colour] = (44, 54, 84)
TEXT: Final[Colour] = (234, 240, 252)
DIM: Final[Colour] = (142, 154, 184)
FAINT: Final[Colour] = (84, 94, 122)
ACCENT: Final[Colour] = (86, 204, 255)
GOOD: Final[Colour] = (104, 226, 146)
WARNING: Final[Colour] = (255, 194, 84)
BAD: Final[Colour] = (255, 88, 98)
GOLD: Final[Colour] = (255, 212, 96)
WHITE: Final[Colour] = (255, 255, 255)

PLAYER_COLOURS: Final[tuple[Colour, ...]] = (
    (64, 196, 255),
    (255, 146, 56),
    (112, 226, 112),
    (255, 104, 178),
    (250, 222, 72),
    (168, 122, 255),
    (255, 84, 84),
    (58, 226, 196),
    (190, 236, 72),
    (96, 134, 255),
    (232, 92, 255),
    (255, 170, 142),
)

TEXTS_KEPT_MAX: Final = 2048
"""Rendered texts kept; the one unused for longest goes first."""

TEXTS_HELD_MAX: Final = 512
"""Texts of one picture that are held back; more are drawn where they are, and scaled with it."""

_FONT_FILES: Final[dict[Weight, str]] = {"regular": "NotoSans-Regular.ttf", "bold": "NotoSans-Bold.ttf", "mono": "FiraCode-Regular.ttf"}


def player_colour(colour: int, seat: int) -> Colour:
    """What a player is drawn in: ``colour`` 0 is "any" (the seat chooses), 1 and up are :data:`PLAYER_COLOURS` in order."""
    return PLAYER_COLOURS[(colour - 1 if colour else seat) % len(PLAYER_COLOURS)]


CONTROLS_HELP: Final = (
    ("WASD", "move"),
    ("MOUSE", "aim and fire"),
    ("SPACE", "dash"),
    ("1 2 WHEEL", "weapon"),
    ("TAB", "scores"),
    ("ENTER", "chat"),
    ("F3", "network"),
    ("ESC", "menu"),
)
"""What a new player must know, in the order he needs it."""


@lru_cache(maxsize=4)
def _controls_columns(rows: int) -> list[int]:
    """How wide each column is, in so many rows."""
    columns = -(-len(CONTROLS_HELP) // rows)
    needed = [font(14).size(key)[0] + 8 + font(14, "regular").size(what)[0] + 22 for key, what in CONTROLS_HELP]
    return [max(needed[column::columns]) for column in range(columns)]


def controls_size(rows: int = 1) -> tuple[int, int]:
    """Room that :func:`draw_controls` takes."""
    return sum(_controls_columns(rows)) - 22 + 36, 10 + 24 * rows


def draw_controls(surface: pygame.Surface, centre_x: float, y: float, rows: int = 1) -> None:
    """The controls in ``rows`` lines; ``y`` is their middle. The plate under them is the caller's."""
    widths = _controls_columns(rows)
    columns = len(widths)
    left = centre_x - controls_size(rows)[0] / 2
    for index, (key, what) in enumerate(CONTROLS_HELP):
        row, column = divmod(index, columns)
        x, middle = left + 18 + sum(widths[:column]), y + 24 * (row - (rows - 1) / 2)
        texts.draw(surface, key, (x, middle), 14, ACCENT)
        texts.draw(surface, what, (x + font(14).size(key)[0] + 8, middle), 14, TEXT, weight="regular")


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``share`` 0 is ``one``, 1 is ``other``."""
    keep = 1.0 - share
    return (
        round(one[0] * keep + other[0] * share),
        round(one[1] * keep + other[1] * share),
        round(one[2] * keep + other[2] * share),
    )


def scaled(colour: Colour, factor: float) -> Colour:
    """The colour made darker or lighter, each channel clamped to 0..255."""
    return (
        max(0, min(255, round(colour[0] * factor))),
        max(0, min(255, round(colour[1] * factor))),
        max(0, min(255, round(colour[2] * factor))),
    )


@lru_cache(maxsize=160)
def font(size_px: int, weight: Weight = "bold", script: str = "") -> pygame.font.Font:
    """A font of the interface. The files come with ``pygame_gui``; without them, pygame's own font does."""
    if not pygame.font.get_init():
        pygame.font.init()
    path = _font_file(script or _FONT_FILES[weight])
    return pygame.font.Font(str(path) if path else None, size_px)


def _font_file(name: str) -> Path | None:
    spec = importlib.util.find_spec("pygame_gui")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / name
    return path if path.is_file() else None


def _script_file(text: str) -> str:
    """The font file for a text that NotoSans has no glyphs for, or "" (names and chat come in any script)."""
    for character in text:
        code = ord(character)
        if code < 0x0590:
            continue
        if code < 0x0600:
            return "NotoSansHebrew-Regular.ttf"
        if code < 0x0780:
            return "NotoSansArabic-Bold.ttf"
        if 0x10A0 <= code < 0x1100:
            return "NotoSansGeorgian-Bold.ttf"
        if 0x3040 <= code < 0x3100:
            return "NotoSansJP-Bold.otf"
        if 0xAC00 <= code < 0xD7B0:
            return "NotoSansKR-Bold.ttf"
        if 0x4E00 <= code < 0xA000:
            return "NotoSansSC-Bold.otf"
    return ""


class _Line(NamedTuple):
    """A text and where it stands. (Dozens are made in a frame: a frozen dataclass takes three times as long.)"""

    text: str
    position: tuple[float, float]
    size_px: int
    colour: Colour
    weight: Weight
    align: Align
    shadow: bool
    alpha: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """A picture that lies over texts, and its middle."""

    picture: pygame.Surface
    centre: tuple[float, float]


class Text:
    """Rendered texts, kept. One per process is enough (:data:`texts`).

    A picture that will be scaled is told by :meth:`hold_for`: its texts are held back and drawn by :meth:`release` at their real size, when
    the rest has been scaled. What is drawn over texts that are there must :meth:`settle` them first, or they would shine through: plates
    and bands do (:func:`draw_panel`, :func:`draw_band`), who darkens or covers the picture by other means does it himself.
    """

    def __init__(self, kept_max: int = TEXTS_KEPT_MAX) -> None:
        self._held_for: pygame.Surface | None = None
        self._held: Final[list[_Line | _Mark]] = []
        self._boxes: Final[list[pygame.Rect]] = []
        """Where they are."""
        self._kept_max: Final = kept_max
        self._kept: Final[OrderedDict[tuple[str, int, Colour, Weight, bool], pygame.Surface]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def render(self, text: str, size_px: int, colour: Colour = TEXT, weight: Weight = "bold", shadow: bool = False) -> pygame.Surface:
        """The text as a surface with alpha, shared: never draw on it. ``shadow`` keeps it legible over the arena."""
        key = (text, size_px, colour, weight, shadow)
        surface = self._kept.get(key)
        if surface is None:
            surface = self._kept[key] = _rendered(text, size_px, colour, weight, shadow)
            if len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return surface

    def draw(
        self,
        surface: pygame.Surface,
        text: str,
        position: tuple[float, float],
        size_px: int,
        colour: Colour = TEXT,
        *,
        weight: Weight = "bold",
        align: Align = "left",
        shadow: bool = False,
        alpha: int = 255,
    ) -> int:
        """Draw one line; ``position`` is its left, centre or right end and its vertical middle. Returns its width in pixels."""
        line = _Line(text, position, size_px, colour, weight, align, shadow, alpha)
        if surface is not self._held_for:
            return self._blit(surface, line)
        width, height = self.render(text, size_px, colour, weight, shadow).get_size()
        self._hold(line, pygame.Rect(_corner(line, width, height), (width, height)))
        return width

    def draw_mark(self, surface: pygame.Surface, picture: pygame.Surface, centre: tuple[float, float]) -> None:
        """Draw a picture over the texts that are there. It is held back as they are, and then scaled by itself."""
        mark = _Mark(picture, centre)
        if surface is self._held_for:
            self._hold(mark, picture.get_rect(center=centre))
        else:
            _blit_mark(surface, mark)

    def _hold(self, thing: _Line | _Mark, box: pygame.Rect) -> None:
        self._held.append(thing)
        self._boxes.append(box)
        if len(self._held) >= TEXTS_HELD_MAX:
            self.settle()

    def hold_for(self, surface: pygame.Surface | None) -> None:
        """From now on hold back what is drawn on this surface; None: nothing."""
        self.settle()
        self._held_for = surface

    def settle(self, area: pygame.Rect | None = None) -> None:
        """Something will be drawn over the texts that are there (in an area: over those that reach into it). They become a part of the
        picture, and soft with it.
        """
        covered = range(len(self._held)) if area is None else area.collidelistall(self._boxes)
        if self._held_for is not None:
            for index in covered:
                self._show(self._held_for, self._held[index])
        for index in reversed(covered):
            del self._held[index], self._boxes[index]

    def release(self, target: pygame.Surface, area: pygame.Rect, scale: float) -> None:
        """Draw what was held back on the ``area`` where its picture now stands, ``scale`` times as large. Sizes are rounded down: no line
        becomes longer than its place.
        """
        target.set_clip(area)
        for thing in self._held:
            x, y = thing.position if isinstance(thing, _Line) else thing.centre
            place = (area.x + x * scale, area.y + y * scale)
            if isinstance(thing, _Line):
                self._blit(target, thing._replace(position=place, size_px=max(1, int(thing.size_px * scale))))
            else:
                _blit_mark(target, _Mark(pygame.transform.smoothscale_by(thing.picture, scale), place))
        target.set_clip(None)
        self._held.clear()
        self._boxes.clear()

    def _show(self, surface: pygame.Surface, thing: _Line | _Mark) -> None:
        if isinstance(thing, _Line):
            self._blit(surface, thing)
        else:
            _blit_mark(surface, thing)

    def _blit(self, surface: pygame.Surface, line: _Line) -> int:
        rendered = self.render(line.text, line.size_px, line.colour, line.weight, line.shadow)
        width, height = rendered.get_size()
        if line.alpha < 255:
            rendered = rendered.copy()
            rendered.set_alpha(max(0, line.alpha))
        surface.blit(rendered, _corner(line, width, height))
        return width


def _corner(line: _Line, width: int, height: int) -> tuple[int, int]:
    """Where a line begins that is so large when it is rendered."""
    x = line.position[0] - (0 if line.align == "left" else width / 2 if line.align == "centre" else width)
    return round(x), round(line.position[1] - height / 2)


def _blit_mark(surface: pygame.Surface, mark: _Mark) -> None:
    surface.blit(mark.picture, mark.picture.get_rect(center=mark.centre))


def letters_of(text: str, size_px: int, colour: Colour = TEXT, weight: Weight = "bold") -> pygame.Surface:
    """Render a text and keep nothing: for what changes with every key. Names come from strangers, so no text is an error."""
    face = font(size_px, weight, _script_file(text))
    try:
        return face.render(text.replace("\0", ""), True, colour)
    except (pygame.error, UnicodeError):  # nothing to see in it (only marks without width), or no text at all (half a surrogate)
        return pygame.Surface((1, face.get_height()), pygame.SRCALPHA)


def _rendered(text: str, size_px: int, colour: Colour, weight: Weight, shadow: bool) -> pygame.Surface:
    letters = letters_of(text, size_px, colour, weight)
    if not shadow:
        return letters
    offset = max(1, size_px // 14)
    dark = letters_of(text, size_px, VOID, weight)
    whole = pygame.Surface((letters.get_width() + 2 * offset, letters.get_height() + 2 * offset), pygame.SRCALPHA)
    for place in ((0, offset), (2 * offset, offset), (offset, 0), (offset, 2 * offset), (2 * offset, 2 * offset)):
        whole.blit(dark, place)
    whole.blit(letters, (offset, offset))
    return whole


texts: Final = Text()
"""The rendered texts of this process."""


@lru_cache(maxsize=8)
def band(width: int, height: int, alpha: int = 190) -> pygame.Surface:
    """A dark strip that fades out to its left and right, behind large words. Shared: never draw on it."""
    surface = pygame.Surface((width, height), pygame.SRCALPHA)
    for x in range(width):
        from_edge = min(x, width - 1 - x) / (width / 2)
        pygame.draw.line(surface, (*PANEL, round(alpha * min(1.0, 2.2 * from_edge))), (x, 0), (x, height - 1))
    return surface


def draw_band(surface: pygame.Surface, centre: tuple[float, float], size: tuple[int, int], share: float = 1.0) -> None:
    """A :func:`band` round a place; ``share`` of it is seen, 0 to 1."""
    strip = band(*size)
    if share < 1.0:
        strip = strip.copy()
        strip.set_alpha(round(255 * max(0.0, share)))
    place = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    texts.settle(pygame.Rect(place, size))
    surface.blit(strip, place)


@lru_cache(maxsize=256)
def panel(width: int, height: int, alpha: int = 205, radius: int = 8, edge: Colour | None = PANEL_EDGE) -> pygame.Surface:
    """A rounded, see-through plate to put text on. Shared: never draw on it."""
    surface = pygame.Surface((width, height), pygame.SRCALPHA)
    pygame.draw.rect(surface, (*PANEL, alpha), (0, 0, width, height), border_radius=radius)
    if edge is not None:
        pygame.draw.rect(surface, (*edge, min(255, alpha + 30)), (0, 0, width, height), width=1, border_radius=radius)
    return surface


def draw_panel(surface: pygame.Surface, box: pygame.Rect, alpha: int, radius: int = 8, edge: Colour | None = PANEL_EDGE) -> None:
    """Draw a :func:`panel`. It covers the texts that are there."""
    texts.settle(box)
    surface.blit(panel(box.width, box.height, alpha, radius, edge), box)


def bar(surface: pygame.Surface, rect: tuple[int, int, int, int], share: float, colour: Colour, back: Colour = (30, 36, 56)) -> None:
    """A filled bar; ``share`` outside 0..1 is clamped."""
    x, y, width, height = rect
    radius = height // 2
    pygame.draw.rect(surface, back, rect, border_radius=radius)
    filled = round(width * max(0.0, min(1.0, share)))
    if filled > 0:
        pygame.draw.rect(surface, colour, (x, y, max(filled, min(height, width)), height), border_radius=radius)
