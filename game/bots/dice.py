"""A bot's chance: a small generator of its own, so that the same seed plays the same match."""

from __future__ import annotations

from game.simulation.integers import mix


class Dice:
    """A linear congruential generator of 64 bits (Knuth's MMIX constants), its upper bits used."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = mix(seed, 1) << 30 | mix(seed, 2)

    def below(self, limit: int) -> int:
        """0 to limit - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self._state >> 33) % limit

    def spread(self, size: int) -> int:
        """-size to size, the middle likelier than the ends."""
        return (self.below(2 * size + 1) + self.below(2 * size + 1)) // 2 - size if size else 0

    def side(self) -> int:
        """-1 or 1."""
        return 1 if self.below(2) else -1
