"""A lobby does nothing before the time that it named. Beside one that is always asked, all is the same."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from engine.control.messages import (
    ChangeRoom,
    CreateRoom,
    JoinRoom,
    KickMember,
    LeaveRoom,
    ListRooms,
    RequestTicket,
    SayChat,
    SetReady,
    StartMatch,
)
from engine.errors import DisconnectReason
from engine.ids import MatchId, SessionId, Tick
from engine.session.values import AnnouncementMade, MatchFailed, MatchOver, MatchRefused
from engine.verbs import ALWAYS
from engine.world import World
from server.rooms import Lobby
from tests.server.lobby_bench import TOY_SCHEMA, Bench, config_with

PLAYERS = 5
CONFIG = config_with(arena={"seats": 4, "bots": 2}, rooms={"countdown_s": 1.5, "results_s": 0.4})


class AlwaysAsked(Lobby):
    """Every room, every time."""

    def advance(self, now: float) -> None:
        self.due_at = ALWAYS
        super().advance(now)


def twins() -> tuple[Bench, Bench]:
    both = Bench(CONFIG), Bench(CONFIG)
    both[1].lobby.__class__ = AlwaysAsked
    return both


players = st.integers(1, PLAYERS)
matches = st.integers(1, 3)
requests = st.sampled_from(
    [
        ListRooms(),
        CreateRoom("Den", {}, seats=4, bots=1),
        JoinRoom(0),
        JoinRoom(2),
        LeaveRoom(),
        SetReady(True),
        SetReady(True),
        SetReady(False),
        ChangeRoom({"map": "hall"}, bots=3),
        StartMatch(),
        KickMember(2),
        SayChat("hi"),
        RequestTicket(),
    ]
)
actions = st.one_of(
    st.tuples(st.just("join"), players),
    st.tuples(st.just("ask"), players, requests),
    st.tuples(st.just("ask"), players, requests),
    st.tuples(st.just("lose"), players),
    st.tuples(st.just("resume"), players),
    st.tuples(st.just("leave"), players),
    st.tuples(st.just("tickets")),
    st.tuples(st.just("over"), matches),
    st.tuples(st.just("fail"), matches),
    st.tuples(st.just("refuse"), matches),
    st.tuples(st.just("announce"), matches),
    st.tuples(st.just("ping"), players, st.integers(0, 40)),
)
paces = st.sampled_from(((0.0, 0), (0.0, 1), (0.004, 1), (0.004, 60), (0.05, 20), (0.05, 60), (1.0, 3), (3.0, 1), (-1.0, 1)))
"""Seconds from one round to the next, and rounds; and a clock that somebody sets back."""


def act(bench: Bench, action: tuple[Any, ...]) -> None:
    lobby, now = bench.lobby, bench.now
    match action:
        case ("join", player):
            if SessionId(player) not in lobby._guests:
                lobby.joined(SessionId(player), f"P{player}", player)
        case ("ask", player, request):
            lobby.requested(SessionId(player), request, now)
        case ("lose", player):
            lobby.lost(SessionId(player), now)
        case ("resume", player):
            lobby.resumed(SessionId(player), now)
        case ("leave", player):
            lobby.left(SessionId(player), DisconnectReason.TIMED_OUT, now)
        case ("tickets",):
            bench.issue_tickets()
        case ("over", match_id):
            lobby.host_event(MatchOver(MatchId(match_id), World(TOY_SCHEMA.for_seats(4))), now)
        case ("fail", match_id):
            lobby.host_event(MatchFailed(MatchId(match_id), "a\nb"), now)
        case ("refuse", match_id):
            lobby.host_event(MatchRefused(MatchId(match_id), "no"), now)
        case ("announce", match_id):
            lobby.host_event(AnnouncementMade(MatchId(match_id), Tick(3), b"kill", 1), now)


def round_of(bench: Bench, pings: dict[int, int]) -> None:
    bench.lobby.update_pings(lambda session_id: pings.get(session_id), bench.now)
    bench.lobby.advance(bench.now)


@given(st.lists(st.tuples(actions, paces), min_size=10, max_size=50), st.integers(0, PLAYERS))
@settings(max_examples=150, deadline=None)
def test_a_lobby_that_rests_does_what_one_does_that_is_always_asked(happened: list[Any], come: int) -> None:
    both = twins()
    pings: dict[int, int] = {}
    came: list[Any] = [(("join", player), (0.0, 1)) for player in range(1, come + 1)]
    entered = [(("ask", player, JoinRoom(0)), (0.0, 1)) for player in (1, 2)]
    ready: list[Any] = [(("ask", 1, SetReady(True)), (0.05, 40)), (("tickets",), (0.0, 1))]  # so that mostly a match runs
    for action, (pace_s, rounds) in [*came, *entered, *ready, *happened]:
        if action[0] == "ping":
            pings[action[1]] = action[2]
        for bench in both:
            act(bench, action)
        for _ in range(rounds):
            for bench in both:
                bench.now += pace_s
                round_of(bench, pings)
            compare(*both)
    for bench in both:
        bench.lobby.drain()
        round_of(bench, pings)
    compare(*both)


def compare(one: Bench, other: Bench) -> None:
    news, same_news = one.lobby.outbox.drain_news(), other.lobby.outbox.drain_news()
    assert news == same_news
    requests_made = one.lobby.outbox.drain_requests()
    assert requests_made == other.lobby.outbox.drain_requests()
    assert one.lobby.outbox.drain_log() == other.lobby.outbox.drain_log()
    one.asked += requests_made
    other.asked += requests_made


def test_a_lobby_in_which_nothing_happens_is_not_looked_through() -> None:
    bench = Bench(CONFIG)
    bench.come(1)
    bench.now += 1.1
    round_of(bench, {})
    looks = 0

    class Counting(Lobby):
        @property
        def rooms(self) -> Any:
            nonlocal looks
            looks += 1
            return super().rooms

    bench.lobby.__class__ = Counting
    due_at = bench.lobby.due_at
    assert bench.now < due_at <= bench.now + 1.0
    bench.lobby.advance(due_at - 0.001)
    assert looks == 0
    bench.lobby.advance(due_at)
    assert looks == 1
