from __future__ import annotations

import random
from dataclasses import replace

from engine.contract import game_description, game_digest
from engine.control.client import ControlClient
from engine.control.client_events import NewsReceived
from engine.control.messages import Announced, JoinRoom, Seated, SetReady
from engine.ids import Address, ConnectionId, MatchId, SessionId, Tick, Ticket
from engine.session.values import AdmitSeat, AnnouncementMade, TicketIssued
from engine.world import first_difference
from server.control_side import ControlSide
from tests.server.lobby_bench import TOY_COMMAND, TOY_SCHEMA, ToyRules, config_with

ROUND_S = 0.02


class Player:
    """A control client, joined by a perfect line."""

    def __init__(self, side: ControlSide, peer: int, now: float) -> None:
        self.peer = peer
        self.heard: list[object] = []
        self.client = ControlClient(
            schema_digest=game_digest(TOY_SCHEMA, TOY_COMMAND),
            schema_description=game_description(TOY_SCHEMA, TOY_COMMAND),
            difference=first_difference,
            name=f"P{peer}",
        )
        side.stream_opened(peer, Address("192.0.2.1", peer), now)
        self.client.opened(now)


class Table:
    """Players around a control side, in virtual time."""

    def __init__(self, players: int) -> None:
        self.now = 100.0
        self.side = ControlSide(config_with(arena={"bots": 0}), ToyRules(), udp_port=7777, entropy=random.Random(1).randbytes)
        self.players = [Player(self.side, peer, self.now) for peer in range(1, players + 1)]

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / ROUND_S)):
            self.now += ROUND_S
            for player in self.players:
                player.client.advance(self.now)
                if data := player.client.bytes_to_send(self.now):
                    self.side.receive_stream(player.peer, data, self.now)
            self.side.advance(self.now)
            for peer, data in self.side.streams_to_send(self.now):
                player = self.players[peer - 1]
                player.client.receive(data, self.now)
                player.heard += [event.message for event in player.client.events() if isinstance(event, NewsReceived)]
            for request in self.side.host_requests():
                if isinstance(request, AdmitSeat):
                    ticket = Ticket(ConnectionId(1000 + request.seat), bytes(16), bytes(16), 10.0)
                    self.side.host_event(TicketIssued(request.match_id, request.seat, request.session_id, ticket), self.now)

    def ask(self, request: object) -> None:
        for player in self.players:
            player.client.request(request)  # type: ignore[arg-type]
        self.wait(0.3)

    def heard(self, kind: type) -> list[list[object]]:
        return [[news for news in player.heard if isinstance(news, kind)] for player in self.players]


def playing(players: int) -> Table:
    table = Table(players)
    table.wait(0.3)
    table.ask(JoinRoom(0))
    table.ask(SetReady(True))
    table.wait(4.0)
    assert all(table.heard(Seated))
    return table


def announcements(count: int) -> list[AnnouncementMade]:
    return [AnnouncementMade(MatchId(1), Tick(number), b"kill", number) for number in range(1, count + 1)]


def as_heard(events: list[AnnouncementMade]) -> list[Announced]:
    return [Announced(event.match_id, event.tick, event.body, event.number) for event in events]


def test_announcements_are_told_to_everybody_who_plays_in_order() -> None:
    table = playing(3)
    for event in announcements(5):
        table.side.host_event(event, table.now)
    table.wait(ROUND_S)
    assert table.heard(Announced) == [as_heard(announcements(5))] * 3


def test_an_announcement_is_told_only_to_who_may_not_have_it_yet() -> None:
    table = playing(3)
    lacking = frozenset({SessionId(2), SessionId(77)})
    for event in announcements(2):
        table.side.host_event(replace(event, only_for=lacking), table.now)
    table.wait(ROUND_S)
    assert table.heard(Announced) == [[], as_heard(announcements(2)), []]
