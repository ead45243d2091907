"""Playing without a window: real sockets, a bot in each seat, a line now and then, figures at the end. No pygame is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.drivers import Pacer, now
from engine.drivers.console import one_line, say
from engine.errors import DisconnectReason
from engine.session import client_events as e
from engine.session.carrier import CarrierKind
from game.client.autopilot import Autopilot
from game.client.connection import Connection, sentence
from game.client.local_server import LocalServer
from game.client.remarks import FRAME_HZ, SLOW_AFTER_S, tell_missing_snapshots, tell_no_match, tell_slowness
from game.client.stopping import StopSignals

LAST_WORDS_S: Final = 0.25
"""How long farewells are given to get out."""
PLAYERS_NAMED_MAX: Final = 8
"""Of several players so many are told by name when they have joined."""
SERVER_LOOK_FRAMES: Final = 15
"""A child server is looked at this often."""

OUR_FAULT: Final = frozenset(
    {
        DisconnectReason.UNREACHABLE,
        DisconnectReason.WRONG_PASSWORD,
        DisconnectReason.SERVER_FULL,
        DisconnectReason.ROOM_FULL,
        DisconnectReason.NO_SUCH_ROOM,
        DisconnectReason.VERSION_MISMATCH,
        DisconnectReason.SCHEMA_MISMATCH,
        DisconnectReason.CERTIFICATE_CHANGED,
        DisconnectReason.CANNOT_PLAY,
    }
)
"""Ends that the caller can put right: exit code 2."""

IN_ORDER: Final = frozenset({DisconnectReason.CLOSED_BY_US, DisconnectReason.SERVER_CLOSING})
"""Ends that nobody need look into: exit code 0."""

HINTS: Final = {
    DisconnectReason.UNREACHABLE: "What there is on this LAN: skirmish servers.",
    DisconnectReason.PROTOCOL_ERROR: "What there is on this LAN: skirmish servers.",
    DisconnectReason.WRONG_PASSWORD: "Give the right one with --password.",
    DisconnectReason.SERVER_FULL: "Try again when somebody has left, or look for another one: skirmish servers.",
    DisconnectReason.ROOM_FULL: "Try again when somebody has left, or choose another one with --room.",
}
"""What helps on a command line."""

CARRIER_LINES: Final = {
    CarrierKind.CONTROL: "No answer over UDP: datagrams go through the control connection now.",
    CarrierKind.UDP: "UDP gets through again.",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Why one player stopped before the time was over."""

    reason: DisconnectReason
    sentence: str
    was_in: bool
    """The server had let him in."""

    @property
    def exit_code(self) -> int:
        """0 in order, 1 something broke, 2 something that the caller can put right. Who was never let in gave a wrong order."""
        if self.reason in OUR_FAULT or not self.was_in:
            return 2
        return 0 if self.reason in IN_ORDER else 1


def hinted(reason: DisconnectReason, line: str, *, was_in: bool, has_password: bool) -> str:
    """The line with what helps on a command line. Nonsense from a server that had let us in is no wrong address, and where no password
    was given none was wrong.
    """
    if reason is DisconnectReason.WRONG_PASSWORD and not has_password:
        return f"This {'room' if was_in else 'server'} wants a password: give it with --password."
    hint = "" if was_in and reason is DisconnectReason.PROTOCOL_ERROR else HINTS.get(reason, "")
    return one_line(f"{line} {hint}")


class Headless:
    """Plays any number of seats, each with a connection of its own, in one thread."""

    def __init__(
        self,
        players: Sequence[tuple[Connection, Autopilot]],
        *,
        stop: StopSignals,
        server: LocalServer | None = None,
        passes_lines_on: bool = False,
    ) -> None:
        """``server``: the child that is played on; its end is ours, and what it says is passed on if ``passes_lines_on``."""
        self.endings: Final[list[Ending | None]] = [None] * len(players)
        self._players: Final = players
        self._stop: Final = stop
        self._server: Final = server
        self._passes_lines_on: Final = passes_lines_on
        self._are_in: Final = [False] * len(players)
        """Who has a room."""
        self._frames = 0
        self._played_s = 0.0

    @property
    def exit_code(self) -> int:
        """The worst of all players'."""
        return max((ending.exit_code for ending in self.endings if ending is not None), default=0)

    def problems(self) -> list[str]:
        """One line for each thing that went wrong, with how many players it happened to where it was not all of them."""
        lines: dict[str, int] = {}
        for ending in self.endings:
            if ending is not None and ending.exit_code:
                lines[ending.sentence] = lines.get(ending.sentence, 0) + 1
        count = len(self._players)
        return [line if times == count else f"{line} ({times} of {count} players)" for line, times in lines.items()]

    def run(self, seconds: float | None) -> list[dict[str, Any]]:
        """Play until the time is over, somebody asks for the end, or nobody plays any more; returns each player's report."""
        pacer = Pacer(FRAME_HZ)
        began = now()
        until = None if seconds is None else began + seconds
        try:
            while not self._stop.is_wanted and (until is None or now() < until):
                pacer.wait()
                self._frames += 1
                if not self._frame():
                    break
            self._played_s = now() - began
            self._tell_slowness()
            reports = [self._report(index) for index in range(len(self._players))]
            if not self._stop.is_wanted:
                tell_no_match(reports)
            tell_missing_snapshots(reports)
            return reports
        finally:
            self._close()

    # --- a frame

    def _frame(self) -> bool:
        """Returns whether anybody still plays."""
        if self._server is not None and self._frames % SERVER_LOOK_FRAMES == 0:
            self._look_at_server(self._server)
        for index, (connection, autopilot) in enumerate(self._players):
            if self.endings[index] is None:
                connection.poll()
                for event in autopilot.update():
                    self._tell(index, event)
                self.endings[index] = self._ending(connection, autopilot)
        return None in self.endings

    @staticmethod
    def _ending(connection: Connection, autopilot: Autopilot) -> Ending | None:
        was_in = connection.client.session_id is not None
        closed = connection.end
        if closed is not None:
            reason, line = closed.reason, sentence(closed)
        elif autopilot.problem is not None:
            reason, line = autopilot.problem, autopilot.problem_sentence
        else:
            return None
        return Ending(reason, hinted(reason, line, was_in=was_in, has_password=connection.has_password), was_in)

    def _look_at_server(self, server: LocalServer) -> None:
        lines = server.take_lines()
        for line in lines if self._passes_lines_on else ():
            _say(line)
        if not server.is_running:
            ended = Ending(DisconnectReason.STREAM_LOST, "The server that was started for this match has ended.", was_in=True)
            self.endings[:] = [ending or ended for ending in self.endings]

    # --- the end

    def _report(self, index: int) -> dict[str, Any]:
        report = self._players[index][1].report()
        ending = self.endings[index]
        if ending is not None:
            report |= {"connected": False, "disconnect_reason": ending.reason.value}
        return {**report, "frames_per_s": round(self._frames / self._played_s, 2) if self._played_s > 0 else 0.0}

    def _close(self) -> None:
        for connection, _ in self._players:
            connection.client.leave(connection.driver.poll())
        until = now() + LAST_WORDS_S
        pacer = Pacer(FRAME_HZ)
        while now() < until and any(connection.driver.is_connected for connection, _ in self._players):
            pacer.wait()
            for connection, _ in self._players:
                connection.driver.poll()
        for connection, _ in self._players:
            connection.driver.close()

    # --- what is told

    def _tell_slowness(self) -> None:
        if self._played_s > SLOW_AFTER_S:
            tell_slowness(self._frames / self._played_s)

    def _tell_joined(self, index: int) -> None:
        self._are_in[index] = True
        client = self._players[index][0].client
        if index < PLAYERS_NAMED_MAX:
            _say(f"joined {client.server_name} as {client.player_name}")
        elif all(self._are_in):
            _say(f"all {len(self._players)} players have joined")

    def _tell(self, index: int, event: e.ClientEvent) -> None:
        """Of several players the first speaks for all, but for their names."""
        if isinstance(event, e.LobbyEntered):
            self._are_in[index] = False
        elif isinstance(event, e.RoomChanged) and not self._are_in[index]:
            self._tell_joined(index)
        if index:
            return
        client = self._players[index][0].client
        if isinstance(event, e.MatchStarted) and client.match is not None:
            _say(f"match started on {client.match.settings.get('map', '?')}, seat {client.match.seat}")
        elif isinstance(event, e.MatchFinished) and event.standings:
            _say("results: " + ", ".join(f"{line.name} {line.score}" for line in event.standings[:5]))
        elif isinstance(event, e.RequestDenied) and event.request != "JoinRoom":
            _say(event.sentence)
        elif isinstance(event, e.ConnectionLost):
            _say(f"{event.reason.sentence} Trying to come back ...")
        elif isinstance(event, e.ConnectionResumed):
            _say("back again")
        elif isinstance(event, e.CarrierChanged):
            _say(CARRIER_LINES[event.carrier])
        elif isinstance(event, e.RoomLeft) and event.reason is DisconnectReason.RESUME_REFUSED:
            _say(f"{event.reason.sentence} It may have been started again: joining as somebody new ...")
        elif isinstance(event, e.Closed) and event.reason in IN_ORDER:
            _say(sentence(event))
        elif isinstance(event, e.Noticed):
            _say(event.text)


def _say(line: str) -> None:
    say(one_line(line))
