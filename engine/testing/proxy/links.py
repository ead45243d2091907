"""What the datagrams and the streams of one client share: the bottlenecks of the link that they pretend to be on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.conditions import Bottleneck
from engine.ids import Address

LINKS_MAX: Final = 1024
"""Clients' hosts remembered; beyond it all are forgotten, and their queues are empty again."""


@dataclass(frozen=True, slots=True)
class Link:
    """One client's host."""

    up: Bottleneck = field(default_factory=Bottleneck)
    down: Bottleneck = field(default_factory=Bottleneck)


class Links:
    """A link per client's host, and where the server is."""

    def __init__(self, server: Address) -> None:
        self.server = server
        """The first address of its name, until a stream has found out which one answers."""
        self._links: Final[dict[str, Link]] = {}

    def of(self, host: str) -> Link:
        """The link of this client."""
        if host not in self._links and len(self._links) >= LINKS_MAX:
            self._links.clear()
        return self._links.setdefault(host, Link())
