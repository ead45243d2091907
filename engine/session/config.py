"""What may be chosen about a session. Every number has its unit in its name; wrong ones raise ValueError when the config is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INPUT_DELAY_TICKS_MAX: Final = 3
"""As in lightyear's balanced mode."""


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value}: must be {low} to {high}")


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The datagram side of a server."""

    tick_rate_hz: int = 60
    """All matches of a host run at one rate, so that one wake-up serves them all."""
    snapshot_interval_ticks: int = 1
    """1: a snapshot a tick (a LAN); 2 or 3 where bandwidth asks (figures: DDNet 25 to 50 Hz, Quake III 20 Hz)."""
    snapshot_interval_ticks_max: int = 6
    """A client whose line does not carry that gets them less often, down to this: 10 Hz at 60, the least that still is a game. Equal to
    ``snapshot_interval_ticks``: never."""
    matches_max: int = 64
    requests_max: int = 4096
    """Requests waiting for the next advance; more is a mistake of the caller."""
    catch_up_ticks_max: int = 5
    """After a pause (a suspended laptop) at most so many ticks are made up for at once; the rest is dropped: no fast-forward."""
    rewind_ms_max: int = 250
    """Lag compensation never looks further back than this beyond the shooter's round trip, which the server itself measures."""
    rewind_round_trip_ms_max: int = 250
    """Of that round trip so much counts. 0: the limit is one for everybody, and who is far away has to lead his shots."""

    def __post_init__(self) -> None:
        _check("tick_rate_hz", self.tick_rate_hz, 1, 240)
        _check("snapshot_interval_ticks", self.snapshot_interval_ticks, 1, 12)
        _check("snapshot_interval_ticks_max", self.snapshot_interval_ticks_max, 1, 30)
        _check("matches_max", self.matches_max, 1, 1024)
        _check("catch_up_ticks_max", self.catch_up_ticks_max, 1, 60)
        _check("rewind_ms_max", self.rewind_ms_max, 0, 1000)
        _check("rewind_round_trip_ms_max", self.rewind_round_trip_ms_max, 0, 1000)


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The client side."""

    reconnect_first_s: float = 0.25
    reconnect_longest_s: float = 2.0
    """Waits between attempts to come back: 0.25, 0.5, 1, 2, 2 s. A Wi-Fi hole is over in a second; a dead server is not hammered."""
    rollback_ticks_max: int = 30
    """Prediction never replays more (GGPO 8, lightyear 20, netfox 64)."""
    input_delay_ticks: int = 0
    """The own player is shown so many ticks behind his commands (17 ms each at 60 Hz): so much less is predicted, and what others do
    to him is known so much sooner. At most :data:`INPUT_DELAY_TICKS_MAX`; 0 is an answer in the same frame."""

    def __post_init__(self) -> None:
        _check("reconnect_first_s", self.reconnect_first_s, 0.01, 60)
        _check("reconnect_longest_s", self.reconnect_longest_s, self.reconnect_first_s, 60)
        _check("rollback_ticks_max", self.rollback_ticks_max, 1, 63)
        _check("input_delay_ticks", self.input_delay_ticks, 0, INPUT_DELAY_TICKS_MAX)
