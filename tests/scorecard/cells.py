"""Which networks are played over."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from engine.conditions import NetConditions

LOSSES_PCT = (0.0, 2.0, 5.0, 10.0, 20.0)
RTTS_MS = (0.0, 50.0, 100.0, 200.0)
JITTERS_MS = (0.0, 10.0, 30.0)
INPUT_DELAYS_TICKS = (0, 1, 2, 3)
SETTLE_S = 6.0
"""Played before anything is counted: the countdown, the warm-up of the match, the first steps of the clocks."""
BLACKOUT_S = 0.5


@dataclass(frozen=True)
class Cell:
    """One network, and how long it is played over. Jitter is +- per one-way delay, evenly, in order; loss is per direction."""

    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_pct: float = 0.0
    burst: float = 1.0
    """Mean number of datagrams lost in a row; 1: every loss for itself."""
    seconds: float = 60.0
    players: int = 4
    seed: int = 1
    frame_hz: float = 60.0
    input_delay_ticks: int = 0

    @property
    def name(self) -> str:
        """``round trip/jitter/loss``, and the burst length where there are bursts, and the input delay where there is one."""
        burst = f" b{self.burst:g}" if self.burst > 1 else ""
        delay = f" delay {self.input_delay_ticks}" if self.input_delay_ticks else ""
        return f"{self.rtt_ms:g}/{self.jitter_ms:g}/{self.loss_pct:g}{burst}{delay}"

    @property
    def conditions(self) -> NetConditions:
        """For the simulated network."""
        return NetConditions(latency_ms=self.rtt_ms, jitter_ms=self.jitter_ms, loss_pct=self.loss_pct, burst=self.burst)


TARGETS = ((0.0, 0.0, 0.0, 1.0), (100.0, 20.0, 5.0, 1.0), (100.0, 30.0, 5.0, 1.0), (200.0, 30.0, 10.0, 4.0))
"""Round trip, jitter, loss, burst of the cells that have figures to reach."""
BURSTS = ((0.0, 0.0, 10.0, 4.0), (50.0, 10.0, 5.0, 8.0), (100.0, 20.0, 5.0, 4.0), (200.0, 30.0, 10.0, 4.0), (200.0, 30.0, 10.0, 8.0))
DELAYED = ((100.0, 20.0, 5.0, 1.0), (200.0, 30.0, 10.0, 4.0))
"""Played with each input delay as well."""
QUICK = (*TARGETS, (50.0, 10.0, 2.0, 1.0), (100.0, 0.0, 0.0, 1.0), (100.0, 20.0, 5.0, 4.0))


def grid(seed: int, *, quick: bool) -> list[Cell]:
    """All cells of a run, each with the same seed."""
    if quick:
        return [Cell(*numbers, seconds=20.0, seed=seed) for numbers in QUICK]
    plain = [(rtt, jitter, loss, 1.0) for loss in LOSSES_PCT for rtt in RTTS_MS for jitter in JITTERS_MS]
    more = [numbers for numbers in (*TARGETS, *BURSTS) if numbers not in plain]
    delayed = [Cell(*numbers, seed=seed, input_delay_ticks=ticks) for numbers in DELAYED for ticks in INPUT_DELAYS_TICKS if ticks]
    return [*(Cell(*numbers, seed=seed) for numbers in (*plain, *dict.fromkeys(more))), *delayed]


def parse(text: str, seed: int, seconds: float, input_delay_ticks: int = 0) -> Cell:
    """Read ``100/20/5`` or ``200/30/10/4`` (round trip, jitter, loss, burst). Raises ValueError with a sentence for people."""
    try:
        rtt_ms, jitter_ms, loss_pct, *burst = (float(part) for part in text.split("/"))
    except ValueError:
        raise ValueError(f"{text!r} is not a cell: write RTT/JITTER/LOSS or RTT/JITTER/LOSS/BURST, as in 100/20/5") from None
    if len(burst) > 1:
        raise ValueError(f"{text!r} is not a cell: it has more than RTT/JITTER/LOSS/BURST")
    shown = f"latency={rtt_ms:g},jitter={jitter_ms:g},loss={loss_pct:g},burst={burst[0] if burst else 1:g}"
    try:
        NetConditions.parse(shown)
    except ValueError as error:
        raise ValueError(f"{text!r}: {str(error).removeprefix('network conditions: ')}") from None
    return Cell(rtt_ms, jitter_ms, loss_pct, burst[0] if burst else 1.0, seed=seed, seconds=seconds, input_delay_ticks=input_delay_ticks)


def cell_text(text: str) -> str:
    """A ``type`` for arguments that name a cell, whose seed and length are given by others."""
    try:
        parse(text, seed=1, seconds=1.0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
