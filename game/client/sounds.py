"""Playing sounds, where there is something to play them on.

A machine without an audio device is a normal machine: then every call here does nothing. Sounds in the arena are quieter with
distance and come from their side. One sound does not start twice within a few milliseconds: sixteen blasters are not sixteen times loud.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pygame

CHANNELS: Final = 24
HEARD_PIXELS: Final = 900.0
"""Beyond this distance nothing is heard."""

REPEAT_S: Final = 0.045
NAMES: Final = (
    "blaster",
    "rail",
    "impact",
    "explosion",
    "hit",
    "hurt",
    "kill",
    "dash",
    "health",
    "ammo",
    "spawn",
    "tick",
    "go",
    "win",
    "chat",
    "move",
    "choose",
)
"""Every sound there is; ``assets/sounds/make_sounds.py`` makes them."""


class SoundPlayer:
    """The sounds of this process. Silent without a mixer, a device or the files."""

    def __init__(self, folder: Path | None, volume: float = 0.7, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._volume = max(0.0, min(1.0, volume))
        self._sounds: Final[dict[str, pygame.mixer.Sound]] = {}
        self._started_at: Final[dict[str, float]] = {}
        self.problem = ""
        """Why nothing is heard, or empty."""
        self._load(folder)

    def _load(self, folder: Path | None) -> None:
        if folder is None or not folder.is_dir():
            self.problem = "no sound files"
            return
        try:
            if not pygame.mixer.get_init():
                pygame.mixer.init(44100, -16, 2, 512)
            pygame.mixer.set_num_channels(CHANNELS)
        except (pygame.error, NotImplementedError) as error:  # no device, or a pygame built without a mixer
            self.problem = str(error)
            return
        for name in NAMES:
            with contextlib.suppress(pygame.error, FileNotFoundError):  # a missing file is one silent sound
                self._sounds[name] = pygame.mixer.Sound(str(folder / f"{name}.wav"))

    @property
    def volume(self) -> float:
        """0 to 1."""
        return self._volume

    def set_volume(self, volume: float) -> None:
        """How loud everything is, 0 to 1."""
        self._volume = max(0.0, min(1.0, volume))

    def play(self, name: str, volume: float = 1.0, pan: float = 0.0) -> None:
        """Start a sound; ``pan`` from -1 (left) to 1 (right). Unknown names are silent: a sound is never worth a crash."""
        sound = self._sounds.get(name)
        loudness = volume * self._volume
        if sound is None or loudness < 0.01:
            return
        now = self._clock()
        if now - self._started_at.get(name, -math.inf) < REPEAT_S:
            return
        channel = sound.play()
        if channel is not None:
            self._started_at[name] = now
            channel.set_volume(loudness * min(1.0, 1.0 - pan), loudness * min(1.0, 1.0 + pan))

    def play_at(self, name: str, place: tuple[float, float], ear: tuple[float, float], volume: float = 1.0) -> None:
        """Start a sound somewhere in the arena (map pixels)."""
        dx, dy = place[0] - ear[0], place[1] - ear[1]
        distance = math.hypot(dx, dy)
        if distance < HEARD_PIXELS:
            nearness = 1.0 - distance / HEARD_PIXELS
            self.play(name, volume * nearness * nearness, max(-0.8, min(0.8, dx / 500.0)))
