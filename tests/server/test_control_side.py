from __future__ import annotations

import operator
import random
from collections.abc import Callable

import pytest

from engine.contract import game_description, game_digest
from engine.control.client import ControlClient
from engine.control.client_events import NewsReceived
from engine.control.messages import Announced, ChatSaid, JoinRoom, RoomState, SayChat, Seated, SetReady
from engine.ids import Address, ConnectionId, MatchId, Tick, Ticket
from engine.session.values import AdmitSeat, AnnouncementMade, HostEvent, TicketIssued
from engine.world import first_difference
from server.control_side import ControlSide
from tests.server.lobby_bench import TOY_COMMAND, TOY_SCHEMA, ToyRules, config_with

ROUND_S = 0.02


class Player:
    """A control client, joined by a perfect line."""

    def __init__(self, side: ControlSide, peer: int, now: float) -> None:
        self.peer = peer
        self.heard: list[object] = []
        self.sent_bytes: list[int] = []
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
                player.sent_bytes.append(len(data))
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


def announcements(count: int, first: int = 1) -> list[AnnouncementMade]:
    return [AnnouncementMade(MatchId(1), Tick(number), b"kill", number) for number in range(first, first + count)]


def as_heard(events: list[AnnouncementMade]) -> list[Announced]:
    return [Announced(event.match_id, event.tick, event.body, event.number) for event in events]


def test_announcements_are_told_to_everybody_who_plays_in_order() -> None:
    table = playing(3)
    table.side.announce(announcements(5), table.now, may_wait=False, carefully=operator.call)
    table.wait(ROUND_S)
    assert table.heard(Announced) == [as_heard(announcements(5))] * 3


def test_announcements_that_may_wait_cost_no_writing_of_their_own_and_come_within_a_second() -> None:
    table = playing(3)
    writings = [len(player.sent_bytes) for player in table.players]
    table.wait(1.0)
    usual = [len(player.sent_bytes) - before for player, before in zip(table.players, writings, strict=True)]
    writings = [len(player.sent_bytes) for player in table.players]
    table.side.announce(announcements(5), table.now, may_wait=True, carefully=operator.call)
    table.wait(1.0)
    assert table.heard(Announced) == [as_heard(announcements(5))] * 3
    assert [len(player.sent_bytes) - before for player, before in zip(table.players, writings, strict=True)] == usual


def test_one_announcement_that_cannot_be_told_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    table = playing(2)
    events = announcements(4)
    mistakes: list[ValueError] = []
    host_event = table.side.lobby.host_event

    def raising(event: HostEvent, now: float) -> None:
        if event is events[1]:
            raise ValueError("our own mistake")
        host_event(event, now)

    def carefully(action: Callable[[], None]) -> None:
        try:
            action()
        except ValueError as mistake:
            mistakes.append(mistake)

    monkeypatch.setattr(table.side.lobby, "host_event", raising)
    table.side.announce(events, table.now, may_wait=False, carefully=carefully)
    table.wait(ROUND_S)
    told = as_heard(events)
    assert table.heard(Announced) == [[told[0], told[2], told[3]]] * 2
    assert len(mistakes) == 1

    with pytest.raises(ValueError, match="our own"):
        table.side.announce(events, table.now, may_wait=False, carefully=operator.call)
    table.wait(ROUND_S)
    assert table.heard(Announced) == [[told[0], told[2], told[3], told[0]]] * 2


def test_what_does_not_wait_takes_along_what_does_and_does_not_overtake_it() -> None:
    table = playing(2)
    table.side.announce(announcements(2), table.now, may_wait=True, carefully=operator.call)
    table.players[0].client.request(SayChat("hi"))
    for player in table.players:
        player.heard.clear()
    table.wait(2 * ROUND_S)
    for player in table.players:
        kinds = [type(news) for news in player.heard if not isinstance(news, RoomState)]
        assert kinds == [Announced, Announced, ChatSaid]
