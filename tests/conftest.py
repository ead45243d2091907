"""For all tests: properties bound what happens, never how long it takes on a busy machine; nothing makes a sound or needs a screen."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # without it, ALSA complains on every start
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
