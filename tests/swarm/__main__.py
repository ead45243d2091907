"""``python -m tests.swarm``: plays random matches in virtual time, a scenario per seed, and checks what must hold in each.

From its seed a scenario draws one of three games, its players, their networks, and what is done to them: loss, partitions, crashes,
pauses, clocks that are set. Once everything is good again, everybody must play on, with the server's world, no event lost or taken
twice, nothing left over. Each failing seed is one line with the command that plays it again.

Failures go to standard output as they are found (with --json to standard error, so that the object is the last line of standard output),
progress to standard error; Ctrl-C ends it with what it has. Exit code 1 where a seed failed. Results are taken in the order of the seeds
and not kept: the length of a run does not show in its memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from tests.command_line import JOBS, JSON_HELP, tool
from tests.swarm.run import Outcome, run_seed

FAILURES_KEPT_MAX: Final = 1000
SEED_MAX: Final = 2**63 - 1
SEEDS_MAX: Final = 10_000_000
"""In one run: months of it."""
PROGRESS_S: Final = 10.0
SEEDS_PER_PROCESS: Final = 100
"""After which a worker is replaced by a fresh one."""


class Totals:
    """What all seeds together came to."""

    def __init__(self) -> None:
        self.seeds = self.failed = self.datagrams = self.worst_seed = 0
        self.simulated_s = self.worst_s = 0.0
        self.failures: Final[list[dict[str, Any]]] = []
        self.kinds: Final[Counter[str]] = Counter()
        self.games: Final[Counter[str]] = Counter()
        self._trace: Final = hashlib.sha256()

    def add(self, outcome: Outcome) -> None:
        """One more seed, in the order of the seeds."""
        self.seeds += 1
        self.datagrams += outcome.datagrams
        self.simulated_s += outcome.simulated_s
        self.kinds.update(outcome.kinds)
        self.games[outcome.game] += 1
        self._trace.update(f"{outcome.seed} {outcome.trace} {outcome.problem}\n".encode())
        if outcome.played_after_s > self.worst_s:
            self.worst_seed, self.worst_s = outcome.seed, outcome.played_after_s
        if outcome.problem is not None:
            self.failed += 1
            if len(self.failures) < FAILURES_KEPT_MAX:
                self.failures.append({"seed": outcome.seed, "game": outcome.game, "problem": outcome.problem})

    def report(self, wall_s: float) -> dict[str, Any]:
        """For --json."""
        return {
            "seeds": self.seeds,
            "failed": self.failed,
            "failures": self.failures,
            "simulated_s": round(self.simulated_s, 1),
            "wall_s": round(wall_s, 1),
            "datagrams": self.datagrams,
            "all_play_after_s_max": round(self.worst_s, 1),
            "all_play_after_s_max_seed": self.worst_seed,
            "games": dict(sorted(self.games.items())),
            "faults": dict(sorted(self.kinds.items())),
            "trace_sha256": self._trace.hexdigest(),
        }


def replay(seed: int) -> str:
    """The command that plays one seed again."""
    return f"python -m tests.swarm --seeds {seed}..{seed}"


@contextmanager
def outcomes(seeds: Iterable[int], jobs: int) -> Iterator[Iterator[Outcome]]:
    """Those of all seeds, in their order."""
    if jobs == 1:
        yield map(run_seed, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=SEEDS_PER_PROCESS) as pool:
        yield pool.imap(run_seed, seeds, chunksize=1)


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = tool("tests.swarm", __doc__)
    parser.add_argument("--seeds", required=True, type=_range, metavar="A..B", help=f"both included, or one number; 0 to {SEED_MAX}")
    parser.add_argument("--jobs", type=JOBS, default=1, metavar="N", help="processes")
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    totals, begun, told_at = Totals(), time.monotonic(), time.monotonic()
    with suppress(KeyboardInterrupt), outcomes(options.seeds, options.jobs) as found:  # what was played until then is told
        for outcome in found:
            totals.add(outcome)
            if outcome.problem is not None:
                line = f"seed {outcome.seed} ({outcome.game}): {outcome.problem}   [{replay(outcome.seed)}]"
                print(line, file=sys.stderr if options.json else sys.stdout, flush=True)
            if time.monotonic() - told_at >= PROGRESS_S:
                told_at = time.monotonic()
                done = f"{totals.seeds} of {_seeds(len(options.seeds))}, {totals.failed} failed"
                print(f"{done}, {totals.simulated_s:.0f} s played in {told_at - begun:.0f} s", file=sys.stderr, flush=True)
    report = totals.report(time.monotonic() - begun)
    if options.json:
        print(json.dumps(report))
    else:
        print(f"{_seeds(totals.seeds)}, {totals.failed} failed, {totals.simulated_s:.0f} s played, trace {report['trace_sha256']}")
    return 1 if totals.failed else 0


def _range(text: str) -> range:
    first, dots, last = text.partition("..")
    try:
        seeds = range(int(first), int(last if dots else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: write A..B, for example 1..200") from None
    shown = text[:40]
    if not seeds:
        raise argparse.ArgumentTypeError(f"{shown!r}: the first is greater than the last")
    if seeds[0] < 0 or seeds[-1] > SEED_MAX or len(seeds) > SEEDS_MAX:
        raise argparse.ArgumentTypeError(f"{shown!r}: seeds are 0 to {SEED_MAX}, and {SEEDS_MAX} at most are played at once")
    return seeds


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
