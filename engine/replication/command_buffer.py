"""One seat's commands on the server: exactly one command per tick, whatever arrives.

One command is one tick: more messages, earlier or later ones, buy nothing, so holding a stream of commands back and releasing it at once (a
"lag switch") or sending twice as many (a speed hack) gains not one step. A command that comes after its step is dropped and counted; a step
without its command repeats the last one, three ticks at most, and then does nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.contract import Command, CommandSchema
from engine.replication.commands import CommandEntry
from engine.replication.feedback import COUNT_MAX, SLACK_16THS_MAX, SLACK_16THS_MIN, CommandFeedback

AHEAD_TICKS_MAX: Final = 64
"""Commands for later ticks are not kept: half a round trip of 2 s at 60 Hz, far beyond what can be played."""

REPEATS_TICKS_MAX: Final = 3
"""50 ms at 60 Hz: covers a burst of losses; longer, and a player who fell off the network would keep running."""

_HISTORY_TICKS: Final = 64
"""How far back a late command is told from one that came in time and is merely repeated."""

_KNOWN_TICKS: Final = 256
"""More than history and future together, so that no two ticks in play share a place."""


@dataclass(frozen=True, slots=True)
class CommandBufferStatistics:
    """Counters since the start, in commands or ticks."""

    received: int
    """Commands that came for the first time, late ones too."""
    late: int
    """Came after their step."""
    too_early: int
    """Meant for a tick more than 64 ahead."""
    used: int
    """Steps that had their command."""
    missing: int
    """Steps that had none, from the first command on."""
    waiting: int
    """Commands held now."""
    withdrawn: int = 0
    """Held, and given up because the client set its clock back."""

    @property
    def late_pct(self) -> float:
        """Late ones among the received, in percent."""
        return 100.0 * self.late / self.received if self.received else 0.0


class CommandBuffer:
    """Receives one seat's commands, hands out one per tick, and reports how that went."""

    __slots__ = (
        "_known",
        "_last",
        "_last_used_tick",
        "_late",
        "_late_now",
        "_missing",
        "_missing_now",
        "_newest_tick",
        "_received",
        "_repeats",
        "_schema",
        "_slack_ticks",
        "_taken_tick",
        "_too_early",
        "_used",
        "_waiting",
        "_withdrawn",
        "wants_all",
    )

    def __init__(self, schema: CommandSchema) -> None:
        self._schema: Final = schema
        self._waiting: Final[dict[int, CommandEntry]] = {}
        self._known: Final[list[int]] = [-1] * _KNOWN_TICKS
        """Per tick mod 256: the tick whose command has been counted as received."""
        self.wants_all = False
        """The last message had a command that came too early, so what is sent again may be something new."""
        self._last: Command = schema.neutral
        self._repeats = REPEATS_TICKS_MAX
        self._taken_tick = -1
        self._newest_tick: int | None = None
        self._last_used_tick: int | None = None
        self._slack_ticks: float | None = None
        self._missing_now = self._late_now = 0
        self._received = self._late = self._too_early = self._used = self._missing = self._withdrawn = 0

    def receive(self, entries: Sequence[CommandEntry], next_tick: int, now_in_ticks: float, is_newest: bool = False) -> None:
        """Take in a message's commands, oldest first, or those of them that were not in the message before it, where ``wants_all`` does not
        say that others may be news too. ``next_tick`` is the tick whose step comes next; ``now_in_ticks`` is the server's tick clock at
        arrival, on which the step of tick T happens at T: a command's slack is T minus that. ``is_newest``: this client has sent nothing
        later that has come before it, so if it ends earlier than what we hold, the client has set its clock back.
        """
        if is_newest and self._newest_tick is not None and entries and entries[-1].tick < self._newest_tick:
            self._set_back(entries[-1].tick)
        self.wants_all = False
        for entry in entries:
            tick = entry.tick
            if tick > next_tick + AHEAD_TICKS_MAX:
                self.wants_all = True
                self._too_early += 1
                continue
            if tick <= next_tick - _HISTORY_TICKS or tick <= self._known[tick % _KNOWN_TICKS]:
                continue  # sent again, or from long ago
            self._known[tick % _KNOWN_TICKS] = tick
            self._received += 1
            self._newest_tick = tick if self._newest_tick is None else max(tick, self._newest_tick)
            slack = tick - now_in_ticks
            self._slack_ticks = slack if self._slack_ticks is None else min(slack, self._slack_ticks)
            if tick < next_tick:
                self._late += 1
                self._late_now += 1
            else:
                self._waiting[tick] = entry

    def receive_newest(self, entry: CommandEntry, next_tick: int, now_in_ticks: float, is_newest: bool = False) -> None:
        """The same of one command."""
        tick, newest, index = entry[0], self._newest_tick, entry[0] % _KNOWN_TICKS
        if (
            newest is None
            or not newest < tick <= next_tick + AHEAD_TICKS_MAX
            or tick <= next_tick - _HISTORY_TICKS
            or tick <= self._known[index]
        ):
            return self.receive((entry,), next_tick, now_in_ticks, is_newest)
        # One tick later than all that came: what of 60 messages a second 60 are, as long as nothing goes wrong.
        self.wants_all = False
        self._known[index] = self._newest_tick = tick
        self._received += 1
        slack = tick - now_in_ticks
        if self._slack_ticks is None or slack < self._slack_ticks:
            self._slack_ticks = slack
        if tick < next_tick:
            self._late += 1
            self._late_now += 1
        else:
            self._waiting[tick] = entry
        return None

    def _set_back(self, tick: int) -> None:
        """The client has set its clock back to ``tick`` (we stood still for a while, and it went on): what it meant for later ticks was
        given blind, and is not what it predicts with any more.
        """
        for later in [waiting for waiting in self._waiting if waiting > tick]:
            del self._waiting[later]
            self._known[later % _KNOWN_TICKS] = -1
            self._withdrawn += 1
        self._newest_tick = tick

    def take(self, tick: int) -> tuple[Command, CommandEntry | None]:
        """The command for the step of ``tick``, and its entry (None: it is missing, this is the last one repeated, or neutral).

        Call it once per tick. A repeated command is repeated without its latched presses: a press counts once.
        """
        entry = self._waiting.pop(tick, None)
        if tick != self._taken_tick + 1:  # only where the caller left ticks out
            for passed in [waiting for waiting in self._waiting if waiting < tick]:
                del self._waiting[passed]
        self._taken_tick = tick
        if entry is not None:
            self._used += 1
            self._last_used_tick = tick
            self._repeats = 0
            self._last = entry.command
            return entry.command, entry
        if self._newest_tick is not None:
            self._missing += 1
            self._missing_now += 1
        if self._repeats >= REPEATS_TICKS_MAX:
            return self._schema.neutral, None
        if self._repeats == 0:
            self._last = tuple(
                field.neutral if field.latch else value for field, value in zip(self._schema.fields, self._last, strict=True)
            )
        self._repeats += 1
        return self._last, None

    def take_feedback(self) -> CommandFeedback:
        """What the next snapshot to this client tells; slack and counts start anew."""
        missing = late = 0
        if self._missing_now or self._late_now:
            missing, late = min(self._missing_now, COUNT_MAX), min(self._late_now, COUNT_MAX)
            self._missing_now = self._late_now = 0
        slack = None if self._slack_ticks is None else _slack_16ths(self._slack_ticks)
        self._slack_ticks = None
        return tuple.__new__(
            CommandFeedback, (self._newest_tick, self._last_used_tick, slack, missing, late)
        )  # its own way is twice the price

    def statistics(self) -> CommandBufferStatistics:
        """Counters since the start."""
        return CommandBufferStatistics(
            self._received, self._late, self._too_early, self._used, self._missing, len(self._waiting), self._withdrawn
        )


def _slack_16ths(slack_ticks: float) -> int:
    slack = math.floor(slack_ticks * 16)
    return SLACK_16THS_MIN if slack < SLACK_16THS_MIN else SLACK_16THS_MAX if slack > SLACK_16THS_MAX else slack
