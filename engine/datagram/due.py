"""When an owner of many connections has to look at them again."""

from __future__ import annotations

from engine.verbs import ALWAYS


class Due:
    """Before these times none of its owner's connections has anything to do, unless one of them brings it forward."""

    __slots__ = ("advance_at", "send_at")

    def __init__(self) -> None:
        self.advance_at = self.send_at = ALWAYS
