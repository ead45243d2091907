"""Bugs beside the game: discovery, and the simulated networks by which all else is tested."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs.bug import Bug

BUGS: Final = (
    Bug(
        "discovery_answer_longer_than_the_question",
        "engine/discovery/query.py",
        "if not QUERY_BYTES <= len(data) <= QUERY_BYTES_MAX or not data.startswith(QUERY_MAGIC):",
        "if not _QUERY.size <= len(data) <= QUERY_BYTES_MAX or not data.startswith(QUERY_MAGIC):",
        "15 bytes with a forged sender bring its victim 256: an amplifier.",
        "tests/discovery",
    ),
    Bug(
        "discovery_believes_unasked_answers",
        "engine/discovery/client.py",
        '            self._dropped["not asked"] += 1\n            return',
        "            sent_at = now",
        "Anybody puts servers into everybody's list.",
        "tests/discovery",
    ),
    Bug(
        "simulated_loss_applied_twice",
        "engine/conditions.py",
        "if self._loss and self._loses():",
        "if self._loss and (self._loses() or self._loses()):",
        "A network of 5 % loss loses 10 %: every figure measured over it is wrong.",
        "tests/test_conditions.py",
    ),
    Bug(
        "simulated_reordering_loses",
        "engine/conditions.py",
        "            due += REORDER_HOLD_S  # without telling _newest_due: that is what lets the next ones pass",
        "            return ()",
        "A datagram that should be late never comes.",
        "tests/test_conditions.py",
    ),
    Bug(
        "simulated_jitter_overtakes",
        "engine/conditions.py",
        "self._newest_due = due = max(due, self._newest_due)",
        "self._newest_due = due",
        "Jitter alone changes the order of datagrams.",
        "tests/test_conditions.py",
    ),
    Bug(
        "simulated_dice_from_hash",
        "engine/testing/network.py",
        'random = Random(f"{self.seed}/{direction[0]}>{direction[1]}/{purpose}")',
        "random = Random(hash((self.seed, *direction, purpose)))",
        "The same seed is another network in the next process: no failure can be replayed.",
        "tests/testing",
    ),
    Bug(
        "test_seed_from_hash",
        "engine/testing/pytest_plugin.py",
        "zlib.crc32(request.node.nodeid.encode()) % SEEDS",
        "hash(request.node.nodeid) % SEEDS",
        "A test has another network in every run.",
        "tests/testing",
    ),
)
