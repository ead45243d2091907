"""Ctrl-C and SIGTERM while a command plays: the first one asks it to end in order, a second one ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Use as a context manager, and look at :attr:`is_wanted` in every frame.

    A flag and not an exception: a KeyboardInterrupt comes between any two steps, in the middle of a datagram too, and what is half
    done could neither say goodbye nor be counted.
    """

    def __init__(self, tell: Callable[[], None] | None = None) -> None:
        """``tell`` is called at the first signal, for those who look elsewhere than at the flag; it may raise KeyboardInterrupt."""
        self.is_wanted = False
        """Somebody asked for the end."""
        self._tell: Final = tell
        self._before: Final[dict[int, Callable[[int, FrameType | None], Any] | int | None]] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python takes no handlers
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's signature
        if self.is_wanted:
            raise KeyboardInterrupt
        self.is_wanted = True
        if self._tell is not None:
            self._tell()
