"""What the player had on his screen when he gave each of his commands: what a prediction's step sees of the past.

The authority rewinds to what it knows that a player saw (:mod:`engine.timeline.lag_compensation`). His own client has that screen itself.
"""

from __future__ import annotations

from typing import Final

from engine.ids import Seat
from engine.world import Schema, World

RING_TICKS: Final = 64
"""Predicted worlds and screens kept. Further ahead of the newest snapshot nothing is predicted: the player's rows stand still."""


class PredictedPast:
    """The :class:`engine.contract.Past` of a prediction: the predicted seat's own screen, tick by tick."""

    def __init__(self, schema: Schema, seat: Seat) -> None:
        self.predicting: Final = seat
        self._screens: Final = [World(schema, tick=-1) for _ in range(RING_TICKS)]
        self._given: Final = [-1] * RING_TICKS
        self._tick = -1
        self.guessed_ticks = 0
        """From the newest snapshot to the tick being computed."""

    def begin(self, tick: int, known_tick: int) -> None:
        """The step of ``tick`` is next; the others are known up to ``known_tick``."""
        self._tick = tick
        self.guessed_ticks = tick - known_tick

    def show(self, tick: int, screen: World | None) -> None:
        """What the player saw when he gave his command for ``tick`` (copied); None: nothing special."""
        index = tick % RING_TICKS
        self._given[index] = -1 if screen is None else tick
        if screen is not None:
            self._screens[index].copy_from(screen)

    def seen_by(self, seat: Seat | int) -> World | None:
        """His screen, for him; None for everybody else, and for a tick without a command."""
        index = self._tick % RING_TICKS
        return self._screens[index] if seat == self.predicting and self._given[index] == self._tick else None

    def shown_to(self, seat: Seat | int) -> World | None:
        """As :meth:`seen_by`."""
        return self.seen_by(seat)

    def judged(self, seat: Seat | int, refused_by: str = "") -> None:
        """What counts is what the authority decides."""
