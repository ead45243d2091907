"""The page of servers: which of the remembered addresses are asked, and what stands in the list of those that do not answer."""

from __future__ import annotations

import pytest

from engine.ids import Address
from game.client import servers_page
from game.client.backdrop import Backdrop
from game.client.lan import FoundServer
from game.client.pages import Stage
from game.client.preferences import PlayerFiles
from game.client.servers_page import ServersPage
from game.client.sounds import SoundPlayer


class LanOfOne:
    """Asker and browser in one: who was asked, and a server of this address that answers."""

    def __init__(self, answering: Address) -> None:
        self.asked: list[Address] = []
        self.server = FoundServer("Attic", *answering, 1, 0, 8, "yard", "", False, 1.0, "0.1.0", 1, True, (answering.host,))

    def ask(self, address: Address) -> bool:
        self.asked.append(address)
        return True

    def servers(self) -> list[FoundServer]:
        return [self.server] if Address(self.server.address, self.server.port) in self.asked else []

    def poll(self) -> None:
        """Nothing moves here."""


@pytest.fixture
def lan(monkeypatch):
    lan = LanOfOne(Address("127.0.0.1", 7777))
    monkeypatch.setattr(servers_page, "new_browser", lambda: (lan, lan))
    monkeypatch.setattr(servers_page, "found_server", lambda entry: entry)
    return lan


def test_numbers_in_any_form_are_asked_and_names_are_said_not_to_be(lan, tmp_path):
    files = PlayerFiles(tmp_path / "state")
    files.preferences.favourites += ["127.1:7777", "localhost:7777", "[fe80::1%99999999999]:7777", "10.0.0.9:7778", "[::1]:7777"]
    page = ServersPage(Stage(files, SoundPlayer(None), Backdrop()))
    page.advance(1.0, 0.016)
    assert lan.asked == [Address("127.0.0.1", 7777), Address("10.0.0.9", 7778), Address("::1", 7777)]
    shown = {row.key: row.cells[4].text for row in page.table.rows}
    assert shown == {
        "127.0.0.1": "1 ms",
        "localhost:7777": "not asked",
        "[fe80::1%99999999999]:7777": "not asked",
        "10.0.0.9:7778": "no answer",
        "[::1]:7777": "no answer",
    }
