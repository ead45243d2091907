"""The arena as a player sees it: one world in, one picture out.

Order is the picture: floor and walls (one blit), pick-ups, shadows, players, then all light on top (shields, bolts, effects), then names
and bars, which must be legible whatever burns below them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pygame

from engine.world import Table, World
from game.client import sprites, theme
from game.client.camera import Camera
from game.client.effects import Effects
from game.client.feed import Roster
from game.client.map_picture import MARGIN, TILE, draw_map
from game.client.screen import LOGICAL_SIZE
from game.client.sounds import SoundPlayer
from game.client.theme import Colour, mix, scaled, texts
from game.simulation import rules
from game.simulation.arena_map import ArenaMap

UNITS: Final = rules.UNITS_PER_PIXEL
_NAME_SIZE: Final = 13
_BAR_SIZE: Final = (38, 5)
PULSE_S: Final = 1.4
"""After the own player has appeared, rings run together on him for so long."""
PULSES: Final = 3
_FLASH_S: Final = 0.12
"""How long somebody who was hurt is drawn white."""


class ArenaView:
    """Draws the matches of one map for one player. Make one per match: it draws the map once."""

    def __init__(self, arena: ArenaMap, own_seat: int, sounds: SoundPlayer, *, marks_own: bool = True) -> None:
        """``marks_own``: with a ring and a chevron; not where nobody plays."""
        self._own_seat: Final = own_seat
        self._marks_own: Final = marks_own
        pads = [(x / UNITS, y / UNITS, sprites.PICKUP_COLOURS[kind % 3]) for kind, x, y in arena.pickups]
        spawns = [(x / UNITS, y / UNITS, theme.WALL_EDGE) for x, y in arena.spawns]
        self._picture: Final = draw_map(arena, spawns + pads)
        self._hot: Final = [(int(x) * TILE, int(y) * TILE) for y, x in zip(*np.nonzero(arena.hazard), strict=True)]
        self._ember_due_s = 0.0
        self._rng: Final = np.random.default_rng(5)  # embers only
        self.camera: Final = Camera(arena.width * TILE, arena.height * TILE)
        self.effects: Final = Effects(sounds, arena)
        self.mouse = (LOGICAL_SIZE[0] // 2, LOGICAL_SIZE[1] // 2)
        self._focus = (arena.width * TILE / 2, arena.height * TILE / 2)
        self._health: dict[int, int] = {}
        self._hurt_at: dict[int, float] = {}
        self._appeared_at = -math.inf
        self._was_alive = False
        self.hurt_at = -math.inf
        """When we were last hurt (the screen's edge flashes)."""
        sprites.warm_up()

    @property
    def focus(self) -> tuple[float, float]:
        """Where the own player is (or was last), map pixels."""
        return self._focus

    def own_on_screen(self) -> tuple[float, float]:
        """Where the own player stands on the screen: what the mouse aims from."""
        return self.camera.to_screen(*self._focus)

    def update(self, world: World, roster: Roster, now: float, dt: float) -> None:
        """Follow the own player, start new effects, age the old."""
        player = world.player
        if player.generation[self._own_seat] and player.life[self._own_seat] != rules.WAITING:
            self._focus = int(player.x[self._own_seat]) / UNITS, int(player.y[self._own_seat]) / UNITS
        self._watch_own_life(player, now)
        self.camera.update(self._focus, self.mouse, now, dt)
        self._watch_health(player, now)
        self.effects.update(dt)
        self.effects.play(world, self._own_seat, roster, self.camera, self._focus, now)
        self.effects.trails(world, roster, self.camera, dt)
        self._embers(dt)

    def crowd(self, world: World) -> list[tuple[float, float]]:
        """Where living players stand on the screen."""
        player = world.player
        return [self.camera.to_screen(int(player.x[seat]) / UNITS, int(player.y[seat]) / UNITS) for seat in self._seats_seen(player)]

    def _watch_own_life(self, player: Table, now: float) -> None:
        is_alive = bool(player.generation[self._own_seat]) and int(player.life[self._own_seat]) == rules.ALIVE
        if is_alive and not self._was_alive:
            self._appeared_at = now
        self._was_alive = is_alive

    def _watch_health(self, player: Table, now: float) -> None:
        for seat in player.rows().tolist():
            health = int(player.health[seat])
            if health < self._health.get(seat, health):
                self._hurt_at[seat] = now
                if seat == self._own_seat:
                    self.hurt_at = now
                    self.camera.shake(0.22)
            self._health[seat] = health

    def _embers(self, dt: float) -> None:
        self._ember_due_s += dt
        if not self._hot or self._ember_due_s < 0.05:
            return
        self._ember_due_s = 0.0
        for index in self._rng.integers(0, len(self._hot), 3).tolist():
            x, y = self._hot[index][0] + TILE / 2, self._hot[index][1] + TILE / 2
            if self.camera.sees(x, y, TILE):
                self.effects.particles.burst(x, y, 1, (255, 110, 40), speed=26, life_s=1.1, radius=4, drag=0.6, scatter=9)

    def draw(self, surface: pygame.Surface, world: World, roster: Roster, now: float) -> None:
        """Draw everything that stands in the arena."""
        camera = self.camera
        view = (camera.left + MARGIN, camera.top + MARGIN, *LOGICAL_SIZE)
        if not self._picture.get_rect().contains(view):
            surface.fill(theme.VOID)
        surface.blit(self._picture, (0, 0), view)
        self._draw_pickups(surface, world.pickup, now)
        seen = self._seats_seen(world.player)
        self._draw_players(surface, world.player, seen, roster, now)
        self._draw_bolts(surface, world.projectile, roster)
        self.effects.draw(surface, camera)
        texts.settle()  # bars and names come over the numbers
        self._draw_labels(surface, world, seen, roster, now)

    def _seats_seen(self, player: Table) -> list[int]:
        """Living players on the screen, the own one last (on top)."""
        alive = np.flatnonzero((player.generation != 0) & (player.life == rules.ALIVE))
        own = self._own_seat
        seen = [seat for seat in alive.tolist() if seat != own and self.camera.sees(player.x[seat] / UNITS, player.y[seat] / UNITS, 60)]
        return [*seen, own] if own in alive else seen

    def _draw_pickups(self, surface: pygame.Surface, pickup: Table, now: float) -> None:
        lights: list[tuple[pygame.Surface, tuple[float, float]]] = []
        solid: list[tuple[pygame.Surface, tuple[float, float]]] = []
        for slot in pickup.rows().tolist():
            x, y = int(pickup.x[slot]) / UNITS, int(pickup.y[slot]) / UNITS
            if not self.camera.sees(x, y, 40):
                continue
            x, y = self.camera.to_screen(x, y)
            kind, wait = int(pickup.type[slot]), int(pickup.wait[slot])
            colour = sprites.PICKUP_COLOURS[kind % 3]
            if wait:
                share = 1.0 - wait / rules.PICKUP_WAIT_TICKS[kind % 3]
                box = (round(x) - 17, round(y) - 17, 35, 35)
                pygame.draw.arc(surface, scaled(colour, 0.75), box, math.pi / 2, math.pi / 2 + share * 2 * math.pi, 3)
                continue
            bob = math.sin(now * 2.6 + slot * 1.7)
            pulse = sprites.glow(30, colour, 0.42 + 0.04 * round(bob * 3), 1.6)
            lights.append((pulse, (x - 30, y - 30)))
            solid.append((sprites.shadow(14), (x - 14, y - 5)))
            solid.append((sprites.pickup(kind), (x - 13, y - 16 + bob * 3.0)))
        surface.fblits(lights, pygame.BLEND_RGB_ADD)
        surface.fblits(solid)

    def _draw_players(self, surface: pygame.Surface, player: Table, seen: list[int], roster: Roster, now: float) -> None:
        lights: list[tuple[pygame.Surface, tuple[float, float]]] = []
        bodies: list[tuple[pygame.Surface, tuple[float, float]]] = []
        over: list[tuple[pygame.Surface, tuple[float, float]]] = []
        shadow = sprites.shadow(20)
        for seat in seen:
            x, y = self.camera.to_screen(int(player.x[seat]) / UNITS, int(player.y[seat]) / UNITS)
            colour = roster.person(seat).colour
            lights.append((sprites.glow(38, colour, 0.34), (x - 38, y - 38)))
            bodies.append((shadow, (x - 19, y - 15)))
            picture = sprites.player(colour, int(player.weapon[seat]), sprites.turn_of(int(player.aim[seat])))
            bodies.append((picture, (x - picture.get_width() / 2, y - picture.get_height() / 2)))
            if seat == self._own_seat and self._marks_own:
                over.append((sprites.ring(26, 2.5, theme.WHITE, 0.9), (x - 26, y - 26)))
                over += self._pulse(x, y, now)
            if player.shield[seat]:
                over.append((sprites.shield(colour, int(now * 30) % 24), (x - 25, y - 25)))
            if now - self._hurt_at.get(seat, -math.inf) < _FLASH_S:
                over.append((sprites.glow(19, theme.WHITE, 0.55, 1.0), (x - 19, y - 19)))
        surface.fblits(lights, pygame.BLEND_RGB_ADD)
        surface.fblits(bodies)
        surface.fblits(over, pygame.BLEND_RGB_ADD)

    def _pulse(self, x: float, y: float, now: float) -> list[tuple[pygame.Surface, tuple[float, float]]]:
        """Rings that lead the eye to where we have appeared."""
        age = (now - self._appeared_at) / PULSE_S
        if not 0.0 <= age < 1.0:
            return []
        share = age * PULSES % 1.0
        radius = round((sprites.PULSE_PIXELS - (sprites.PULSE_PIXELS - 27) * share) / 3) * 3
        return [(sprites.ring(radius, 3.5, theme.WHITE, round(0.3 + 0.6 * share, 1)), (x - radius, y - radius))]

    def _draw_bolts(self, surface: pygame.Surface, projectile: Table, roster: Roster) -> None:
        rows = projectile.rows()
        if not rows.size:
            return
        x = projectile.x[rows] / UNITS - self.camera.left
        y = projectile.y[rows] / UNITS - self.camera.top
        turns = (
            np.rint(np.arctan2(projectile.vy[rows], projectile.vx[rows]) * (sprites.TURNS / (2 * math.pi))).astype(np.int32) % sprites.TURNS
        )
        on_screen = (x > -40) & (y > -40) & (x < LOGICAL_SIZE[0] + 40) & (y < LOGICAL_SIZE[1] + 40)
        per_seat = projectile.kind.per_seat or 1
        lights = []
        for slot, left, top, turn, seen in zip(rows.tolist(), x.tolist(), y.tolist(), turns.tolist(), on_screen.tolist(), strict=True):
            if not seen:
                continue
            colour = roster.person(slot // per_seat).colour
            halo = sprites.glow(28, colour, 0.26)
            lights.append((halo, (left - 28, top - 28)))
            picture = sprites.bolt(colour, turn)
            lights.append((picture, (left - picture.get_width() / 2, top - picture.get_height() / 2)))
        surface.fblits(lights, pygame.BLEND_RGB_ADD)

    def _draw_labels(self, surface: pygame.Surface, world: World, seen: list[int], roster: Roster, now: float) -> None:
        player = world.player
        leader = int(world.match.leader[0]) - 1
        blits: list[tuple[pygame.Surface, tuple[float, float]]] = []
        for seat in seen:
            x, y = self.camera.to_screen(int(player.x[seat]) / UNITS, int(player.y[seat]) / UNITS)
            x, top = round(x), round(y) - 30
            if seat == leader:
                blits.append((sprites.crown(), (x - 9, top - (16 if seat == self._own_seat and self._marks_own else 34))))
            person = roster.person(seat)
            if seat == self._own_seat and self._marks_own:
                blits.append((sprites.chevron(person.colour), (x - 11, top - (34 if seat == leader else 18) + 2.0 * math.sin(now * 4.0))))
                continue
            name = texts.render(person.name, _NAME_SIZE, mix(person.colour, theme.WHITE, 0.45), shadow=True)
            blits.append((name, (x - name.get_width() // 2, top - name.get_height())))
            share = int(player.health[seat]) / rules.HEALTH_MAX
            left = x - _BAR_SIZE[0] // 2
            surface.fill(theme.VOID, (left - 1, top - 1, _BAR_SIZE[0] + 2, _BAR_SIZE[1] + 2))
            surface.fill((52, 58, 80), (left, top, *_BAR_SIZE))
            surface.fill(health_colour(share), (left, top, max(1, round(_BAR_SIZE[0] * share)), _BAR_SIZE[1]))
        surface.fblits(blits)


def health_colour(share: float) -> Colour:
    """Green, then amber, then red."""
    return mix(theme.WARNING, theme.GOOD, share * 2 - 1) if share > 0.5 else mix(theme.BAD, theme.WARNING, share * 2)
