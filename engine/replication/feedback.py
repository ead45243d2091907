"""What the server tells a client about its commands, in every snapshot: it steers the client's clock and explains mispredictions."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from engine.wire import BitReader, ReadError

SLACK_16THS_MIN: Final = -128
SLACK_16THS_MAX: Final = 127
COUNT_MAX: Final = 15
TICK_MAX: Final = 2**32 - 1

_SLACK_BITS: Final = 8
_NEWEST_ORDER: Final = 2
_LAST_USED_ORDER: Final = 0


class CommandFeedback(NamedTuple):
    """The commands of one seat as the server saw them up to a snapshot."""

    newest_command_tick: int | None = None
    """The highest tick for which a command has come; None before the first."""
    last_used_tick: int | None = None
    """The last tick whose step used a command of that very tick (not a repeated one); None before the first."""
    slack_16ths: int | None = None
    """The least time to spare, in 16ths of a tick, of the commands that came since the last snapshot to this client; negative is too late,
    -128 and 127 mean "or beyond". None where no new command came."""
    missing: int = 0
    """Steps since the last snapshot that had to do without their command, 15 meaning "or more"."""
    late: int = 0
    """Commands that came after their step since the last snapshot, 15 meaning "or more"."""


def feedback_code(feedback: CommandFeedback, tick: int) -> tuple[int, int]:
    """It as bits, and how many; ticks are told relative to the snapshot's own ``tick``."""
    newest, last_used, slack, missing, late = feedback
    return _code(None if newest is None else newest - tick, None if last_used is None else last_used - tick, slack, missing, late)


@lru_cache(maxsize=4096)
def _code(newest: int | None, last_used: int | None, slack: int | None, missing: int, late: int) -> tuple[int, int]:
    """The same, of ticks that are relative already: most snapshots say what others said before them."""
    code = size = 0
    for ahead, order in ((newest, _NEWEST_ORDER), (last_used, _LAST_USED_ORDER)):
        if ahead is None:
            code, size = code << 1, size + 1
            continue
        golomb = (2 * ahead if ahead >= 0 else -2 * ahead - 1) + (1 << order)
        bits = 2 * golomb.bit_length() - order
        code, size = code << bits | 1 << bits - 1 | golomb, size + bits
    if slack is None:
        code, size = code << 1, size + 1
    else:
        shown = SLACK_16THS_MIN if slack < SLACK_16THS_MIN else SLACK_16THS_MAX if slack > SLACK_16THS_MAX else slack
        code, size = code << 1 + _SLACK_BITS | 1 << _SLACK_BITS | shown - SLACK_16THS_MIN, size + 1 + _SLACK_BITS
    if missing > 0 or late > 0:
        return code << 9 | 1 << 8 | min(missing, COUNT_MAX) << 4 | min(late, COUNT_MAX), size + 9
    return code << 1, size + 1


def read_feedback(reader: BitReader, tick: int) -> CommandFeedback:
    """Read what :func:`feedback_code` made. Raises ReadError."""
    newest = _read_tick(reader, tick, _NEWEST_ORDER)
    last_used = _read_tick(reader, tick, _LAST_USED_ORDER)
    slack = reader.read_range(SLACK_16THS_MIN, SLACK_16THS_MAX) if reader.read_bool() else None
    missing = late = 0
    if reader.read_bool():
        missing, late = reader.read(4), reader.read(4)
        if missing == late == 0:
            raise ReadError("counts that are announced and not there")
    return CommandFeedback(newest, last_used, slack, missing, late)


def _read_tick(reader: BitReader, tick: int, order: int) -> int | None:
    if not reader.read_bool():
        return None
    told = tick + reader.read_signed_golomb(order)
    if not 0 <= told <= TICK_MAX:
        raise ReadError(f"tick {told}")
    return told
