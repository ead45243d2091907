"""``python -m tests.second_reader --packets N --seed S [--json]``: the engine writes, the second reader reads, and both must agree."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import time
from collections import Counter
from typing import Any, Final

from tests.command_line import JSON_HELP, SEED, SEED_HELP, number, tool
from tests.second_reader.generator import packets

DISAGREEMENTS_SHOWN_MAX: Final = 20
PROGRESS_PACKETS: Final = 50_000


def compare(count: int, seed: int) -> dict[str, Any]:
    """Read so many packets twice."""
    kinds: Counter[str] = Counter()
    digest, begun, total, wrong = hashlib.sha256(), time.process_time(), 0, 0
    disagreements: list[dict[str, Any]] = []
    for index, packet in enumerate(itertools.islice(packets(seed), count), 1):
        kinds[packet.kind] += 1
        total += len(packet.data)
        digest.update(packet.data)
        try:
            understood = packet.understood()
        except ValueError as error:
            understood = f"refused: {error}"
        if understood != packet.meant:
            wrong += 1
            if len(disagreements) < DISAGREEMENTS_SHOWN_MAX:
                shown = {"packet": index, "kind": packet.kind, "hex": packet.data.hex()[:400]}
                disagreements.append({**shown, "meant": repr(packet.meant)[:600], "understood": repr(understood)[:600]})
        if index % PROGRESS_PACKETS == 0:
            print(f"{index} of {count} packets, {wrong} disagreements", file=sys.stderr, flush=True)
    return {
        "packets": count,
        "seed": seed,
        "disagreed": wrong,
        "disagreements": disagreements,
        "bytes": total,
        "kinds": dict(sorted(kinds.items())),
        "cpu_s": round(time.process_time() - begun, 1),
        "sha256": digest.hexdigest(),
    }


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = tool("tests.second_reader", __doc__)
    parser.add_argument("--packets", type=number(1, 100_000_000), default=10_000, metavar="N", help="how many")
    parser.add_argument("--seed", type=SEED, default=1, metavar="N", help=SEED_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    options = parser.parse_args(arguments)
    report = compare(options.packets, options.seed)
    if options.json:
        print(json.dumps(report))
    else:
        for each in report["disagreements"]:
            print(each)
        print(f"{report['packets']} packets, {report['disagreed']} disagreements, {report['cpu_s']} s of CPU time")
    return 1 if report["disagreed"] else 0


if __name__ == "__main__":
    sys.exit(main())
