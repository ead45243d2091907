"""Countdown, match, results, and again: what becomes of a room once its players are ready.

Readiness is the only switch: who is ready when a countdown ends gets a seat, who becomes ready during a match is seated at once (late
join), who takes it back gives the seat up. Bots fill seats up to the wanted number and give way to every member. A match nobody but
bots would play ends. A player who lost the connection keeps his seat (he stands still) until the control side gives him up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.control.messages import Announced, Denied, MatchEnded, Standing
from engine.control.text import clean_line
from engine.ids import MatchId
from engine.session.values import (
    AdmitSeat,
    AnnouncementMade,
    CloseMatch,
    MatchFailed,
    MatchOver,
    MatchRefused,
    OpenMatch,
    ReleaseSeat,
    SetPilot,
    TicketIssued,
)
from engine.world import World
from server.config import RoomSettings
from server.outbox import Outbox
from server.room import BotPlayer, Member, Phase, Room, Round
from server.rules import Rules

BOT_NAMES: Final = (
    "Argon", "Basalt", "Cobalt", "Dune", "Ember", "Flint", "Gamma", "Helix", "Indigo", "Jasper", "Krypton", "Lumen",
    "Magma", "Nova", "Onyx", "Pulsar", "Quartz", "Radon", "Sable", "Topaz", "Umbra", "Vega", "Wolfram", "Xenon",
)  # fmt: skip


class Rounds:
    """The matches of a lobby's rooms."""

    def __init__(self, rules: Rules, outbox: Outbox, settings: RoomSettings, entropy: Callable[[int], bytes]) -> None:
        self._rules: Final = rules
        self._outbox: Final = outbox
        self._settings: Final = settings
        self._entropy: Final = entropy
        self._rooms: Final[dict[MatchId, Room]] = {}
        self._next_match_id = 1

    # --- what the lobby calls

    def advance(self, room: Room, now: float) -> None:
        """End the countdown or the results that are over; keep people's countdown counting."""
        if room.phase is Phase.COUNTDOWN and now >= room.deadline:
            self._begin(room, now)
        elif room.phase is Phase.RESULTS and now >= room.deadline:
            room.phase = Phase.GATHERING
            room.is_changed = True
            if room.is_permanent and room.wants_match:
                self._begin(room, now)
            else:
                self.readiness_changed(room, now)

    def readiness_changed(self, room: Room, now: float) -> None:
        """Somebody is ready, is no longer, left or came back: start or stop the countdown."""
        if room.phase is Phase.GATHERING and room.wants_match:
            self.start_countdown(room, now, is_forced=False)
        elif room.phase is Phase.COUNTDOWN and not room.wants_match and not (room.is_forced and room.has_ready):
            self.stop_countdown(room)

    def start_countdown(self, room: Room, now: float, *, is_forced: bool) -> None:
        """``is_forced``: the owner's word, which nobody's unreadiness stops."""
        room.phase = Phase.COUNTDOWN
        room.deadline = now + self._settings.countdown_s
        room.is_forced = is_forced
        room.is_changed = True

    def stop_countdown(self, room: Room) -> None:
        """Back to gathering."""
        room.phase = Phase.GATHERING
        room.is_changed = True

    def seat(self, room: Room, member: Member, now: float) -> None:
        """Give a member a seat in the running match; a bot has made room for him already when he came."""
        seat = room.free_seat()
        if room.round is None or member.seat is not None or seat is None:
            return
        member.seat = seat
        room.is_changed = True
        self._outbox.ask(AdmitSeat(room.round.match_id, seat, member.guest.session_id))
        self._outbox.log(f"{member.guest.name} plays in {room.name}")
        self._show(room, now)

    def new_ticket(self, room: Room, member: Member) -> bool:
        """A fresh ticket for a seat that the member has already; False if he has none."""
        if room.round is None or member.seat is None:
            return False
        self._outbox.ask(AdmitSeat(room.round.match_id, member.seat, member.guest.session_id))
        return True

    def unseat(self, room: Room, member: Member, now: float) -> None:
        """Take a member out of the match (for him it ends without results); without players it ends for all."""
        if room.round is not None and member.seat is not None:
            self._outbox.ask(ReleaseSeat(room.round.match_id, member.seat))
            self._outbox.tell(member.guest.session_id, MatchEnded(room.round.match_id, []))
        member.seat = None
        member.guest.connection_id = None
        room.is_changed = True
        self.fit_bots(room)
        if room.round is not None and not room.has_players:
            self.abandon(room)
            self.readiness_changed(room, now)

    def fit_bots(self, room: Room) -> None:
        """As many bots as there should be, in the match too if one runs."""
        while len(room.bots) > room.bots_due:
            bot = room.bots.pop()
            room.is_changed = True
            if room.round is not None and bot.seat is not None:
                self._outbox.ask(SetPilot(room.round.match_id, bot.seat, None))
        while len(room.bots) < room.bots_due:
            bot = BotPlayer(_bot_name(room), colour=0)  # its seat chooses: nobody else's colour in the match
            room.is_changed = True
            if room.round is not None:
                bot.seat = room.free_seat()
                if bot.seat is not None:
                    pilot = self._rules.pilot(room.round.settings, room.seats, self._seed())
                    self._outbox.ask(SetPilot(room.round.match_id, bot.seat, pilot))
            room.bots.append(bot)

    def abandon(self, room: Room) -> None:
        """End the match without results: nobody is there to see them, or the room closes."""
        self._close(room)
        room.phase = Phase.GATHERING
        room.is_changed = True

    # --- what the match host says

    def ticket_issued(self, event: TicketIssued, now: float) -> None:
        """Hand a ticket to its player, if he still has that seat."""
        room = self._rooms.get(event.match_id)
        member = None if room is None else room.members.get(event.session_id)
        if room is None or room.round is None or member is None or member.seat != event.seat:
            return
        member.guest.connection_id = event.ticket.connection_id
        self._show(room, now)
        self._outbox.tell(event.session_id, event.seated(room.seats, room.round.settings))

    def announced(self, event: AnnouncementMade) -> None:
        """Pass an announcement on to everybody who plays and may not have it yet."""
        room = self._rooms.get(event.match_id)
        if room is None:
            return
        news = Announced(event.match_id, event.tick, event.body, event.number)
        playing = tuple(session_id for session_id, member in room.members.items() if member.seat is not None)
        told = playing if event.only_for is None else tuple(each for each in playing if each in event.only_for)
        if told:
            self._outbox.tell_all(told, news)

    def refused(self, event: MatchRefused, now: float) -> None:
        """The game did not take the settings after all: say so, and wait for somebody to be ready again."""
        self._give_up(event.match_id, f"The match could not start: {event.sentence}", now)

    def failed(self, event: MatchFailed, now: float) -> None:
        """The game broke down: the report is for the log, the players get a sentence."""
        for line in event.report.splitlines():
            self._outbox.log(line)
        self._give_up(event.match_id, "The match was ended by a mistake in the game.", now)

    def over(self, event: MatchOver, now: float) -> None:
        """Show the results, then go back to the room."""
        room = self._rooms.get(event.match_id)
        if room is None or room.round is None:
            return
        ended = MatchEnded(event.match_id, self._standings(room, room.round, event.world))
        self._close(room)
        room.phase = Phase.RESULTS
        room.deadline = now + self._settings.results_s
        if not room.is_permanent:
            _unready(room)
        self._rotate(room)
        room.is_changed = True
        for session_id in room.members:
            self._outbox.tell(session_id, ended)
        self._show(room, now)
        winner = f", {ended.standings[0].name} won with {ended.standings[0].score}" if ended.standings else ""
        self._outbox.log(f"match {event.match_id} in {room.name} is over{winner}")

    # --- inside

    def _begin(self, room: Room, now: float) -> None:
        players = [member for member in room.members.values() if member.ready and member.guest.is_connected]
        if not players:
            self.stop_countdown(room)
            return
        self.fit_bots(room)
        match_id = MatchId(self._next_match_id)
        self._next_match_id += 1
        room.round = Round(match_id, dict(room.settings))
        room.phase = Phase.PLAYING
        room.is_changed = True
        self._rooms[match_id] = room
        for member in players:
            member.seat = room.free_seat()
        for bot in room.bots:
            bot.seat = room.free_seat()
        pilots = tuple(
            (bot.seat, self._rules.pilot(room.round.settings, room.seats, self._seed())) for bot in room.bots if bot.seat is not None
        )
        self._outbox.ask(OpenMatch(match_id, room.round.settings, room.seats, self._seed(), pilots))
        for member in players:
            if member.seat is not None:
                self._outbox.ask(AdmitSeat(match_id, member.seat, member.guest.session_id))
        self._outbox.log(
            f"match {match_id} starts in {room.name}: {_counted(len(players), 'player')}, {_counted(len(pilots), 'bot')}, "
            f"map {room.settings.get('map')}"
        )
        self._show(room, now)

    def _standings(self, room: Room, played: Round, world: World) -> list[Standing]:
        players = {member.seat: (member.guest.name, member.guest.colour, False) for member in room.members.values()}
        bots = {bot.seat: (bot.name, bot.colour, True) for bot in room.bots}
        lines = []
        for seat, score, deaths in self._rules.standings(played.settings, room.seats, world):
            who = players.get(seat) or bots.get(seat)  # type: ignore[call-overload]
            if who is not None:
                lines.append(Standing(who[0], who[1], int(score), int(deaths), who[2]))
        return lines

    def _give_up(self, match_id: MatchId, sentence: str, now: float) -> None:
        room = self._rooms.get(match_id)
        if room is None:
            return
        self._outbox.log(f"match {match_id} in {room.name}: {sentence}")
        for session_id, member in room.members.items():
            if member.seat is not None:
                self._outbox.tell(session_id, MatchEnded(match_id, []))
        self._close(room)
        _unready(room)  # otherwise a permanent room would try again for ever
        self._rotate(room)
        room.phase = Phase.GATHERING
        room.is_changed = True
        self._outbox.tell_members(room, Denied("StartMatch", "refused", clean_line(sentence)), now)

    def _close(self, room: Room) -> None:
        """The match's end, whatever the cause: no round, no seats."""
        if room.round is not None:
            self._outbox.ask(CloseMatch(room.round.match_id))
            del self._rooms[room.round.match_id]
        room.round = None
        for member in room.members.values():
            member.seat = None
            member.guest.connection_id = None
        for bot in room.bots:
            bot.seat = None

    def _rotate(self, room: Room) -> None:
        if (following := room.next_map()) is not None:
            room.settings = {**room.settings, "map": following}

    def _show(self, room: Room, now: float) -> None:
        if room.is_changed:
            self._outbox.show(room, now)

    def _seed(self) -> int:
        return int.from_bytes(self._entropy(4), "big") >> 1


def _unready(room: Room) -> None:
    for member in room.members.values():
        member.ready = False


def _bot_name(room: Room) -> str:
    taken = {bot.name for bot in room.bots} | {member.guest.name for member in room.members.values()}
    free = next((name for name in BOT_NAMES if name not in taken), None)
    number = 1
    while free is None or free in taken:
        free = f"Bot {number}"
        number += 1
    return free


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
