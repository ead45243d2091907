"""``--seed``: the same matches and bots every time, and never the same keys."""

from __future__ import annotations

import os
from random import Random

import pytest

from engine.session.values import HostRequest, OpenMatch
from engine.testing import Simulation
from server.config import ServerConfig
from server.match import RoomServer
from tests.server.lobby_bench import ToyRules
from tests.server.test_match import Party


class Seeded(Party):
    """A party whose server draws its chance from a seed and its secrets from the system."""

    def __init__(self, seed: int) -> None:
        self.simulation = Simulation(1)
        self.server = RoomServer(ServerConfig(), ToyRules(), entropy=os.urandom, chance=Random(seed).randbytes)
        self.simulation.add_server(self.server)


def test_the_same_seed_opens_the_same_match_with_other_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_match(seed: int) -> tuple[int, int]:
        """Its seed, and the number of its first connection."""
        opened: list[OpenMatch] = []
        party = Seeded(seed)
        request = party.server.host.request

        def note(asked: HostRequest) -> None:
            if isinstance(asked, OpenMatch):
                opened.append(asked)
            request(asked)

        monkeypatch.setattr(party.server.host, "request", note)
        player = party.playing()
        return opened[0].seed, player.client.match.connection_id

    first, again, other = first_match(5), first_match(5), first_match(6)
    assert first[0] == again[0] != other[0]
    assert first[1] != again[1]
