"""Keys, mouse and gamepad into the fields of a command.

What is held is remembered from press and release events, not polled, so that tests and scripts drive it with events alone. The keyboard
gives eight directions, a stick any; whichever was used last decides where aim comes from.
"""

from __future__ import annotations

import math
from typing import Final

import pygame

from game.simulation.rules import ANGLES, BLASTER, MOVE_MAX, RAIL

_LEFT: Final = frozenset({pygame.K_a, pygame.K_LEFT})
_RIGHT: Final = frozenset({pygame.K_d, pygame.K_RIGHT})
_UP: Final = frozenset({pygame.K_w, pygame.K_UP})
_DOWN: Final = frozenset({pygame.K_s, pygame.K_DOWN})
_DASH: Final = frozenset({pygame.K_SPACE, pygame.K_LSHIFT, pygame.K_RSHIFT})

STICK_REST: Final = 0.22
"""Share of a stick's way that counts as not touched: sticks do not come back to the very middle."""

_AXIS_MOVE: Final = (0, 1)
_AXIS_AIM: Final = ((2, 3), (3, 4))
"""Right stick of most pads, and of those whose left trigger is axis 2."""
_PAD_DASH: Final = frozenset({0, 4})
_PAD_SWITCH: Final = frozenset({2, 3})
_PAD_FIRE: Final = frozenset({5, 7})


class Controls:
    """What the player wants right now."""

    def __init__(self) -> None:
        self._keys: Final[set[int]] = set()
        self._is_firing = False
        self._is_dashing = False
        self._weapon = BLASTER
        self._aim = 0
        self._axes: Final[dict[int, float]] = {}
        self._pads: Final[dict[int, object]] = {}
        self._pad_axes = 4
        self._pad_fire = False
        self._aims_with_pad = False
        self.mouse: tuple[int, int] = (0, 0)

    @property
    def weapon(self) -> int:
        """The weapon that is asked for."""
        return self._weapon

    def release_all(self) -> None:
        """Let go of everything: a menu opened, the window lost the focus."""
        self._keys.clear()
        self._is_firing = self._is_dashing = self._pad_fire = False
        self._axes.clear()

    def handle_event(self, event: pygame.event.Event) -> None:
        """Take one event; those that mean nothing here change nothing."""
        if event.type == pygame.KEYDOWN:
            self._pressed(event.key)
        elif event.type == pygame.KEYUP:
            self._keys.discard(event.key)
        elif event.type == pygame.MOUSEMOTION:
            self.mouse = event.pos
            self._aims_with_pad = False
        elif event.type == pygame.MOUSEBUTTONDOWN:
            self._clicked(event.button)
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
            self._is_firing = False
        elif event.type == pygame.MOUSEWHEEL and event.y:
            self._switch()
        elif event.type == pygame.WINDOWFOCUSLOST:
            self.release_all()
        else:
            self._pad_event(event)

    def _pressed(self, key: int) -> None:
        self._keys.add(key)
        if key == pygame.K_q:
            self._switch()
        elif key == pygame.K_1:
            self._weapon = BLASTER
        elif key == pygame.K_2:
            self._weapon = RAIL
        elif key in _DASH:
            self._is_dashing = True

    def _clicked(self, button: int) -> None:
        self._aims_with_pad = False
        if button == 1:
            self._is_firing = True
        elif button == 3:
            self._is_dashing = True

    def _switch(self) -> None:
        self._weapon = BLASTER if self._weapon == RAIL else RAIL

    def _pad_event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.JOYDEVICEADDED:
            pad = pygame.joystick.Joystick(event.device_index)
            self._pads[pad.get_instance_id()] = pad  # a pad speaks only while somebody holds it
            self._pad_axes = pad.get_numaxes()
        elif event.type == pygame.JOYDEVICEREMOVED:
            self._pads.pop(event.instance_id, None)
            self.release_all()
        elif event.type == pygame.JOYAXISMOTION:
            self._axes[event.axis] = event.value
            if event.axis in self._aim_axes() and abs(event.value) > STICK_REST:
                self._aims_with_pad = True
        elif event.type == pygame.JOYBUTTONDOWN:
            if event.button in _PAD_DASH:
                self._is_dashing = True
            elif event.button in _PAD_SWITCH:
                self._switch()
            elif event.button in _PAD_FIRE:
                self._pad_fire = True
        elif event.type == pygame.JOYBUTTONUP and event.button in _PAD_FIRE:
            self._pad_fire = False

    def _aim_axes(self) -> tuple[int, int]:
        return _AXIS_AIM[1] if self._pad_axes >= 6 else _AXIS_AIM[0]

    def fields(self, own_on_screen: tuple[float, float]) -> dict[str, int]:
        """The command's fields. A press of dash counts once, however short it was (the command latches it)."""
        move_x, move_y = self._move()
        fields = {
            "move_x": move_x,
            "move_y": move_y,
            "aim": self._aim_from(own_on_screen),
            "fire": int(self._is_firing or self._pad_fire),
            "weapon": self._weapon,
            "dash": int(self._is_dashing or bool(self._keys & _DASH)),
        }
        self._is_dashing = False
        return fields

    def resting(self) -> dict[str, int]:
        """The fields of somebody who reads a menu: stands still, keeps aim and weapon."""
        return {"move_x": 0, "move_y": 0, "aim": self._aim, "fire": 0, "weapon": self._weapon, "dash": 0}

    def _move(self) -> tuple[int, int]:
        keys = self._keys
        x = bool(keys & _RIGHT) - bool(keys & _LEFT)
        y = bool(keys & _DOWN) - bool(keys & _UP)
        if x or y:
            return x * MOVE_MAX, y * MOVE_MAX
        stick_x, stick_y = (self._axes.get(axis, 0.0) for axis in _AXIS_MOVE)
        length = math.hypot(stick_x, stick_y)
        if length < STICK_REST:
            return 0, 0
        reach = min(1.0, (length - STICK_REST) / (1.0 - STICK_REST)) * MOVE_MAX / length
        return _clamped(stick_x * reach), _clamped(stick_y * reach)

    def _aim_from(self, own_on_screen: tuple[float, float]) -> int:
        if self._aims_with_pad:
            dx, dy = (self._axes.get(axis, 0.0) for axis in self._aim_axes())
            if math.hypot(dx, dy) < STICK_REST:
                return self._aim
        else:
            dx, dy = self.mouse[0] - own_on_screen[0], self.mouse[1] - own_on_screen[1]
            if abs(dx) + abs(dy) < 1.0:
                return self._aim
        self._aim = round(math.atan2(dy, dx) * ANGLES / (2 * math.pi)) % ANGLES
        return self._aim


def _clamped(value: float) -> int:
    return max(-MOVE_MAX, min(MOVE_MAX, round(value)))
