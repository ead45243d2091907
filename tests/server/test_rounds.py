"""Countdown, match, late join, bots, results, and again."""

from __future__ import annotations

from engine.control.messages import (
    Announced,
    CreateRoom,
    Denied,
    JoinRoom,
    LeaveRoom,
    MatchEnded,
    RequestTicket,
    RoomState,
    Seated,
    SetReady,
    StartMatch,
)
from engine.errors import DisconnectReason
from engine.ids import MatchId, SessionId, Tick
from engine.session.values import (
    AdmitSeat,
    AnnouncementMade,
    CloseMatch,
    MatchFailed,
    MatchRefused,
    OpenMatch,
    ReleaseSeat,
    SetPilot,
)
from tests.server.lobby_bench import Bench, config_with


def test_when_all_are_ready_three_seconds_are_counted_and_the_match_starts() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.ready(1)
    bench.wait(5)
    assert not bench.all_asked(OpenMatch), "not everybody is ready"
    bench.ready(2)
    bench.wait(2.9)
    counted = [state.countdown_s for state in bench.all_heard(1, RoomState) if state.phase == "countdown"]
    assert counted == [3, 2, 1]
    assert not bench.all_asked(OpenMatch)
    bench.wait(0.2)
    opened = bench.last_asked(OpenMatch)
    assert (opened.settings, opened.seats, opened.pilots) == ({"map": "yard", "frag_limit": 20}, 4, ())
    assert [(admit.seat, admit.session_id) for admit in bench.all_asked(AdmitSeat)] == [(0, 1), (1, 2)]
    bench.issue_tickets()
    seated = bench.last_heard(2, Seated)
    assert (seated.match_id, seated.seat, seated.seats, seated.settings) == (opened.match_id, 1, 4, opened.settings)
    told = bench.heard[2]
    shown = next(index for index, news in enumerate(told) if isinstance(news, RoomState) and news.phase == "playing")
    assert shown < told.index(seated), "a player hears that the match starts before he is seated"


def test_taking_readiness_back_stops_the_countdown() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.ready(1, 2)
    bench.do(2, SetReady(False))
    assert bench.room(1).phase == "gathering"
    bench.wait(5)
    assert not bench.all_asked(OpenMatch)


def test_the_owner_starts_with_those_who_are_ready() -> None:
    bench = Bench()
    bench.gather(1, 2, 3)
    bench.ready(2)
    bench.do(1, StartMatch())
    bench.do(3, SetReady(False))
    bench.wait(3.1)
    assert {admit.session_id for admit in bench.all_asked(AdmitSeat)} == {1, 2}
    bench.do(1, StartMatch())
    assert bench.denial(1).reason == "running"


def test_a_member_who_is_away_neither_holds_up_nor_plays() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.ready(1)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.wait(3.1)
    assert {admit.session_id for admit in bench.all_asked(AdmitSeat)} == {1}


def test_late_join_is_being_ready_while_the_match_runs() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.come(3)
    bench.do(3, JoinRoom(1))
    assert bench.last_heard(3, RoomState).phase == "playing"
    assert not bench.all_heard(3, Seated)
    bench.ready(3)
    bench.issue_tickets()
    assert bench.seat_of(3) == 2
    asked = len(bench.asked)
    bench.ready(3)
    assert len(bench.asked) == asked, "ready again is nothing new"


def test_taking_readiness_back_in_a_match_gives_the_seat_up() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.do(2, SetReady(False))
    assert bench.last_asked(ReleaseSeat).seat == 1
    assert [member.seat for member in bench.room(2).members] == [0, -1]
    assert bench.all_heard(2, MatchEnded) == [MatchEnded(1, [])], "for him it is over, without results"
    assert not bench.all_heard(1, MatchEnded)


def test_leaving_frees_the_seat_for_the_next() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.do(1, LeaveRoom())
    assert bench.last_asked(ReleaseSeat).seat == 0
    bench.come(3)
    bench.do(3, JoinRoom(1))
    bench.ready(3)
    assert bench.last_asked(AdmitSeat).seat == 0


def test_a_match_without_players_ends_and_its_room_closes() -> None:
    bench = Bench()
    opened = bench.play(1, 2, bots=2)
    bench.do(1, LeaveRoom())
    assert not bench.all_asked(CloseMatch)
    bench.lobby.left(SessionId(2), DisconnectReason.TIMED_OUT, bench.now)
    bench.collect()
    assert bench.last_asked(CloseMatch).match_id == opened.match_id
    assert bench.lobby.rooms == ()


# --- lost and back ------------------------------------------------------------------------------------------------------------------


def test_a_lost_player_keeps_his_seat_and_asks_for_a_new_ticket() -> None:
    bench = Bench()
    bench.play(1, 2)
    first = bench.last_heard(2, Seated)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.wait(59)
    assert not bench.all_asked(ReleaseSeat)
    assert [member.seat for member in bench.room(1).members] == [0, 1]
    bench.lobby.resumed(SessionId(2), bench.now)
    bench.do(2, RequestTicket())
    again = bench.last_asked(AdmitSeat)
    assert (again.seat, again.session_id) == (1, 2)
    bench.issue_tickets()
    second = bench.last_heard(2, Seated)
    assert (second.seat, second.match_id) == (first.seat, first.match_id)
    assert second.connection_id != first.connection_id
    assert bench.lobby.owns_connection(SessionId(2), second.connection_id)
    assert not bench.lobby.owns_connection(SessionId(2), first.connection_id)
    assert not bench.lobby.owns_connection(SessionId(1), second.connection_id), "nobody carries for others"


def test_a_ready_member_who_was_away_at_the_start_plays_when_he_is_back() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.ready(2)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.ready(1)
    bench.wait(3.1)
    bench.lobby.resumed(SessionId(2), bench.now)
    bench.collect()
    assert bench.last_asked(AdmitSeat).session_id == 2


def test_a_given_up_player_loses_his_seat() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.lobby.lost(SessionId(2), bench.now)
    bench.lobby.left(SessionId(2), DisconnectReason.TIMED_OUT, bench.now)
    bench.collect()
    assert bench.last_asked(ReleaseSeat).seat == 1


def test_without_a_seat_there_is_no_ticket() -> None:
    bench = Bench()
    bench.gather(1)
    bench.do(1, RequestTicket())
    assert bench.denial(1).reason == "no_seat"


def test_a_ticket_for_a_seat_that_was_given_up_goes_nowhere() -> None:
    bench = Bench()
    bench.gather(1, 2)
    bench.ready(1, 2)
    bench.wait(3.1)
    bench.do(2, SetReady(False))
    bench.issue_tickets()
    assert not bench.all_heard(2, Seated)
    assert bench.seat_of(1) == 0


# --- bots ---------------------------------------------------------------------------------------------------------------------------


def test_bots_fill_seats_and_give_way_to_members() -> None:
    bench = Bench()
    opened = bench.play(1, seats=4, bots=3)
    assert [seat for seat, _ in opened.pilots] == [1, 2, 3]
    names = {member.name for member in bench.room(1).members}
    assert len(names) == 4
    bench.come(2)
    bench.do(2, JoinRoom(1))
    freed = bench.last_asked(SetPilot)
    assert (freed.seat, freed.pilot) == (3, None)
    bench.ready(2)
    assert bench.last_asked(AdmitSeat).seat == 3
    bench.do(2, LeaveRoom())
    back = bench.last_asked(SetPilot)
    assert back.seat == 3
    assert back.pilot is not None
    assert bench.asked.index(back) > bench.asked.index(bench.last_asked(ReleaseSeat))


def test_more_bots_than_seats_are_not_had() -> None:
    bench = Bench()
    opened = bench.play(1, 2, seats=4, bots=200)
    assert len(opened.pilots) == 2
    assert len(bench.room(1).members) == 4


# --- results ------------------------------------------------------------------------------------------------------------------------


def test_results_best_first_and_back_to_the_room() -> None:
    bench = Bench()
    opened = bench.play(1, 2, bots=1)
    bench.finish({0: 4, 1: 9, 2: 6})
    ended = bench.last_heard(2, MatchEnded)
    assert ended.match_id == opened.match_id
    assert [(line.name, line.score, line.is_bot) for line in ended.standings] == [("P2", 9, False), ("Argon", 6, True), ("P1", 4, False)]
    assert bench.last_asked(CloseMatch).match_id == opened.match_id
    state = bench.room(1)
    assert state.phase == "results"
    assert {member.seat for member in state.members} == {-1}
    assert not any(member.ready for member in state.members if not member.is_bot)
    bench.wait(8)
    assert bench.room(1).phase == "gathering"
    bench.ready(1, 2)
    bench.wait(3.1)
    assert bench.last_asked(OpenMatch).match_id == MatchId(2)


def test_readiness_during_results_counts_afterwards() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.finish({0: 1, 1: 0})
    bench.ready(1, 2)
    bench.wait(5.1)
    assert bench.room(1).phase == "countdown"


def test_announcements_reach_those_who_play_and_are_away() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.come(3)
    bench.do(3, JoinRoom(1))
    bench.lobby.lost(SessionId(2), bench.now)
    bench.lobby.host_event(AnnouncementMade(MatchId(1), Tick(77), b"boom"), bench.now)
    bench.lobby.host_event(AnnouncementMade(MatchId(9), Tick(77), b"other"), bench.now)
    bench.collect()
    for session_id in (1, 2):
        assert bench.all_heard(session_id, Announced) == [Announced(1, 77, b"boom")]
    assert not bench.all_heard(3, Announced)


def test_a_refused_match_is_explained_and_not_tried_for_ever() -> None:
    bench = Bench(config_with(arena={"maps": ("yard", "hall")}))
    bench.come(1)
    bench.do(1, JoinRoom(0))
    bench.ready(1)
    bench.wait(3.1)
    bench.lobby.host_event(MatchRefused(MatchId(1), "The map broke."), bench.now)
    bench.collect()
    assert "The map broke." in bench.last_heard(1, Denied).sentence
    bench.wait(20)
    assert len(bench.all_asked(OpenMatch)) == 1
    assert bench.room(1).phase == "gathering"


def test_a_match_that_breaks_down_ends_for_its_players_and_is_logged() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.lobby.outbox.drain_log()
    bench.lobby.host_event(MatchFailed(MatchId(1), "Traceback\nZeroDivisionError"), bench.now)
    bench.collect()
    assert bench.all_heard(2, MatchEnded) == [MatchEnded(1, [])]
    assert "mistake in the game" in bench.last_heard(2, Denied).sentence
    assert "ZeroDivisionError" in bench.lobby.outbox.drain_log()
    assert bench.room(2).phase == "gathering"


# --- the permanent room ---------------------------------------------------------------------------------------------------------------


def test_the_permanent_room_starts_with_one_ready_and_goes_on_with_the_next_map() -> None:
    bench = Bench(config_with(arena={"maps": ("yard", "hall"), "bots": 1}))
    bench.come(1, 2)
    bench.do(1, JoinRoom(0))
    bench.do(2, JoinRoom(0))
    bench.ready(1)
    bench.wait(3.1)
    assert {admit.session_id for admit in bench.all_asked(AdmitSeat)} == {1}
    assert bench.last_asked(OpenMatch).settings["map"] == "yard"
    bench.finish({0: 1, 1: 0}, seats=16)
    bench.wait(4.9)
    assert bench.last_heard(2, RoomState).phase == "results"
    assert len(bench.all_asked(OpenMatch)) == 1
    bench.wait(0.2)
    following = bench.last_asked(OpenMatch)
    assert following.match_id == MatchId(2)
    assert following.settings["map"] == "hall"
    assert bench.last_asked(AdmitSeat).session_id == 1, "who was ready goes on, who was not does not"


def test_the_permanent_room_outlives_its_members_and_forgets_what_they_chose() -> None:
    bench = Bench(config_with(arena={"maps": ("yard",), "bots": 1}))
    bench.come(1)
    bench.do(1, JoinRoom(0))
    bench.ready(1)
    bench.wait(3.1)
    bench.do(1, LeaveRoom())
    assert bench.last_asked(CloseMatch)
    room = bench.lobby.rooms[0]
    assert (room.phase.value, room.owner, room.bots_wanted) == ("gathering", 0, 1)
    bench.wait(20)
    assert len(bench.all_asked(OpenMatch)) == 1


def test_a_permanent_room_without_owner_obeys_nobody() -> None:
    bench = Bench(config_with(arena={"has_owner": False}))
    bench.come(1)
    bench.do(1, JoinRoom(0))
    assert bench.last_heard(1, RoomState).owner == 0
    bench.do(1, StartMatch())
    assert bench.denial(1).reason == "not_owner"


def test_two_rooms_play_at_once() -> None:
    bench = Bench()
    bench.play(1, 2)
    bench.come(3)
    bench.do(3, CreateRoom("Other", {}, seats=2))
    bench.ready(3)
    bench.wait(3.1)
    assert {opened.match_id for opened in bench.all_asked(OpenMatch)} == {1, 2}
    assert bench.lobby.statistics().matches == 2
    bench.finish({0: 1, 1: 2}, match_id=1)
    assert bench.lobby.statistics().matches == 1
    assert not bench.all_heard(3, MatchEnded)
