"""What happened in the arena, made visible: sparks, flashes, beams, rings, floating numbers, and the calls for sound and shake.

:mod:`game.client.sightings` finds out what has happened, each thing once.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import pygame

from engine.world import World
from game.client import sprites, theme
from game.client.camera import Camera
from game.client.feed import Roster
from game.client.particles import Particles
from game.client.sightings import NOBODY, Sight, Sighting, Watch
from game.client.sounds import SoundPlayer
from game.client.theme import WHITE, Colour, mix, texts
from game.simulation import rules
from game.simulation.arena_map import ArenaMap

FLASHES_MAX: Final = 48
RINGS_MAX: Final = 32
BEAMS_MAX: Final = 16
NUMBERS_MAX: Final = 24
_BEAM_LIFE_S: Final = 0.34
_NUMBER_LIFE_S: Final = 0.8
_BEAM_STEP_PIXELS: Final = 7


@dataclass(slots=True)
class _Flash:
    x: float
    y: float
    radius: int
    colour: Colour
    life_s: float
    age_s: float = 0.0


@dataclass(slots=True)
class _Ring:
    x: float
    y: float
    radius: float
    grows_to: float
    colour: Colour
    life_s: float
    age_s: float = 0.0


@dataclass(slots=True)
class _Beam:
    start: tuple[float, float]
    end: tuple[float, float]
    colour: Colour
    age_s: float = 0.0


@dataclass(slots=True)
class _Number:
    text: str
    x: float
    y: float
    colour: Colour
    age_s: float = 0.0


class Effects:
    """Everything short-lived on the screen. All places are map pixels."""

    def __init__(self, sounds: SoundPlayer, arena: ArenaMap) -> None:
        self.particles: Final = Particles()
        self._watch: Final = Watch(arena)
        self._sounds: Final = sounds
        self._flashes: Final[deque[_Flash]] = deque(maxlen=FLASHES_MAX)
        self._rings: Final[deque[_Ring]] = deque(maxlen=RINGS_MAX)
        self._beams: Final[deque[_Beam]] = deque(maxlen=BEAMS_MAX)
        self._numbers: Final[deque[_Number]] = deque(maxlen=NUMBERS_MAX)
        self._trail_due_s = 0.0
        self.hit_at = -math.inf
        """When we last hit somebody (the crosshair shows it)."""

    def play(self, world: World, own_seat: int, roster: Roster, camera: Camera, ear: tuple[float, float], now: float) -> None:
        """Start whatever is new in ``world``. ``ear`` is where the listener stands."""
        for sighting in self._watch.look(world, own_seat, now):
            if sighting.is_sure or camera.sees(*sighting.place, 0):
                self.start(sighting, own_seat, roster, camera, ear, now)

    def start(self, sighting: Sighting, own_seat: int, roster: Roster, camera: Camera, ear: tuple[float, float], now: float) -> None:
        """Show one thing that has happened, and let it sound."""
        what, place, amount = sighting.what, sighting.place, sighting.amount
        x, y = place
        is_own = sighting.seat == own_seat
        colour = roster.person(sighting.seat).colour if sighting.seat != NOBODY else WHITE
        burst = self.particles.burst
        if what is Sight.MUZZLE:
            aim = sighting.angle
            tip = x + math.cos(aim) * 8, y + math.sin(aim) * 8
            self._flashes.append(_Flash(*tip, 26, mix(colour, WHITE, 0.35), 0.09))
            burst(*tip, 4, mix(colour, WHITE, 0.3), speed=240, direction=aim, spread=0.4, life_s=0.18, radius=4)
            self._sounds.play_at("blaster", place, ear, 0.9 if is_own else 0.6)
            if is_own:
                camera.shake(0.10)
        elif what is Sight.IMPACT:
            self._flashes.append(_Flash(x, y, 22, colour, 0.14))
            burst(x, y, 9, colour, speed=200, life_s=0.32, radius=5)
            burst(x, y, 3, WHITE, speed=90, life_s=0.2, radius=4)
            self._sounds.play_at("impact", place, ear, 0.45)
        elif what is Sight.BEAM:
            other = sighting.end
            self._beams.append(_Beam(place, other, colour))
            self._flashes.append(_Flash(*place, 34, mix(colour, WHITE, 0.4), 0.12))
            self._flashes.append(_Flash(*other, 40, colour, 0.22))
            burst(*other, 18, colour, speed=260, life_s=0.5, radius=6)
            self._sounds.play_at("rail", place, ear, 1.0)
            if is_own:
                camera.shake(0.32)
        elif what is Sight.DEATH:
            self._explode(x, y, colour, camera, ear, is_own or amount == own_seat + 1)
        elif what is Sight.DASH:
            self._rings.append(_Ring(x, y, 8, 34, colour, 0.25))
            burst(x, y, 14, colour, speed=150, life_s=0.4, radius=6, scatter=5)
            self._sounds.play_at("dash", place, ear, 0.8 if is_own else 0.5)
        elif what is Sight.PICKUP:
            taken = sprites.PICKUP_COLOURS[amount % len(sprites.PICKUP_COLOURS)]
            self._rings.append(_Ring(x, y, 8, 44, taken, 0.4))
            burst(x, y, 14, taken, speed=130, life_s=0.6, radius=5, scatter=4)
            self._sounds.play_at("health" if amount == rules.PICKUP_HEALTH else "ammo", place, ear, 0.9 if is_own else 0.35)
        elif what is Sight.HIT:
            burst(x, y, 8, mix(colour, WHITE, 0.5), speed=180, life_s=0.3, radius=4)
            if is_own:
                self.hit_at = now
                self._numbers.append(_Number(str(amount), x, y - 20, theme.GOLD if amount >= rules.RAIL_DAMAGE else theme.TEXT))
                self._sounds.play("hit", 0.8)
        elif what is Sight.SPAWN:
            self._rings.append(_Ring(x, y, 52, 12, colour, 0.5))
            self._flashes.append(_Flash(x, y, 60, colour, 0.35))
            burst(x, y, 22, mix(colour, WHITE, 0.3), speed=120, life_s=0.7, radius=5, scatter=10)
            self._sounds.play_at("spawn", place, ear, 0.8 if is_own else 0.35)

    def _explode(self, x: float, y: float, colour: Colour, camera: Camera, ear: tuple[float, float], is_close_to_us: bool) -> None:
        burst = self.particles.burst
        self._flashes.append(_Flash(x, y, 110, mix(colour, (255, 190, 90), 0.5), 0.30))
        self._flashes.append(_Flash(x, y, 46, WHITE, 0.16))
        self._rings.append(_Ring(x, y, 14, 92, mix(colour, WHITE, 0.25), 0.5))
        self._rings.append(_Ring(x, y, 6, 56, (255, 190, 90), 0.38))
        burst(x, y, 36, colour, speed=330, life_s=0.9, radius=7, drag=3.2)
        burst(x, y, 22, (255, 160, 64), speed=210, life_s=0.65, radius=8, drag=3.6, scatter=6)
        burst(x, y, 10, WHITE, speed=140, life_s=0.4, radius=6)
        self._sounds.play_at("explosion", (x, y), ear, 1.0)
        distance = math.dist((x, y), ear)
        camera.shake(0.75 if is_close_to_us else max(0.0, 0.45 - distance / 900))

    def trails(self, world: World, roster: Roster, camera: Camera, dt: float) -> None:
        """Exhaust behind whoever moves, thicker while dashing; as dense at any frame rate."""
        self._trail_due_s += dt
        if self._trail_due_s < 1 / 45:
            return
        self._trail_due_s = 0.0
        player = world.player
        moving = (player.generation != 0) & (player.life == rules.ALIVE) & ((abs(player.vx) + abs(player.vy) > 24) | (player.dash > 0))
        for seat in np.flatnonzero(moving).tolist():
            x, y = int(player.x[seat]) / rules.UNITS_PER_PIXEL, int(player.y[seat]) / rules.UNITS_PER_PIXEL
            if not camera.sees(x, y, 60):
                continue
            dashing = int(player.dash[seat]) > 0
            heading = math.atan2(int(player.vy[seat]), int(player.vx[seat]))
            tail = x - math.cos(heading) * 12, y - math.sin(heading) * 12
            colour = roster.person(seat).colour
            if dashing:
                self.particles.burst(*tail, 5, colour, speed=60, life_s=0.45, radius=9, scatter=5)
            else:
                self.particles.burst(*tail, 1, colour, speed=30, direction=heading + math.pi, life_s=0.32, radius=4, scatter=2.5)

    def update(self, dt: float) -> None:
        """Let everything age."""
        self.particles.update(dt)
        for aging in (self._flashes, self._rings, self._beams, self._numbers):
            for item in aging:
                item.age_s += dt
        _drop_old(self._flashes)
        _drop_old(self._rings)
        while self._beams and self._beams[0].age_s > _BEAM_LIFE_S:
            self._beams.popleft()
        while self._numbers and self._numbers[0].age_s > _NUMBER_LIFE_S:
            self._numbers.popleft()

    def draw(self, surface: pygame.Surface, camera: Camera) -> None:
        """Add all light of effects, then the numbers."""
        for beam in self._beams:
            _draw_beam(surface, camera, beam)
        lights: list[tuple[pygame.Surface, tuple[float, float]]] = []
        for flash in self._flashes:
            share = flash.age_s / flash.life_s
            if share < 1.0 and camera.sees(flash.x, flash.y, flash.radius):
                picture = sprites.glow(flash.radius, flash.colour, round(1.0 - share, 1))
                lights.append((picture, (flash.x - camera.left - flash.radius, flash.y - camera.top - flash.radius)))
        for ring in self._rings:
            share = ring.age_s / ring.life_s
            if share < 1.0 and camera.sees(ring.x, ring.y, ring.grows_to):
                eased = 1.0 - (1.0 - share) ** 2
                radius = max(4, round((ring.radius + (ring.grows_to - ring.radius) * eased) / 3) * 3)
                picture = sprites.ring(radius, 3.5, ring.colour, round(1.0 - share, 1))
                lights.append((picture, (ring.x - camera.left - radius, ring.y - camera.top - radius)))
        surface.fblits(lights, pygame.BLEND_RGB_ADD)
        self.particles.draw(surface, camera)
        for number in self._numbers:
            share = number.age_s / _NUMBER_LIFE_S
            x, y = camera.to_screen(number.x, number.y - 26 * (1 - (1 - share) ** 2))
            alpha = 255 if share < 0.6 else round(255 * (1 - share) / 0.4)
            texts.draw(surface, number.text, (x, y), 17, number.colour, align="centre", shadow=True, alpha=alpha)


def _drop_old(items: deque[_Flash] | deque[_Ring]) -> None:
    """Drop finished ones from the old end; a long one in front keeps a few finished behind it, which are skipped when drawn."""
    while items and items[0].age_s >= items[0].life_s:
        items.popleft()


def _draw_beam(surface: pygame.Surface, camera: Camera, beam: _Beam) -> None:
    """A line of light that thins out: glows set along it, and a bright core."""
    share = beam.age_s / _BEAM_LIFE_S
    fade = round((1.0 - share) ** 1.3, 1)
    (x1, y1), (x2, y2) = camera.to_screen(*beam.start), camera.to_screen(*beam.end)
    if fade <= 0.0:
        return
    length = math.hypot(x2 - x1, y2 - y1)
    count = max(2, int(length / _BEAM_STEP_PIXELS))
    dx, dy = (x2 - x1) / count, (y2 - y1) / count
    picture = sprites.glow(13, beam.colour, 0.42 * fade)
    surface.fblits([(picture, (x1 + dx * i - 13, y1 + dy * i - 13)) for i in range(count + 1)], pygame.BLEND_RGB_ADD)
    if share < 0.6:  # later the light alone is left: a core dimmer than the floor would be a dark line
        core = mix(theme.FLOOR, mix(beam.colour, WHITE, 0.8), max(0.45, fade))
        if share < 0.3:
            pygame.draw.line(surface, core, (x1, y1), (x2, y2), 3)
        pygame.draw.aaline(surface, core, (x1, y1), (x2, y2))
