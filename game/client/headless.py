"""Playing without a window: real sockets, a bot in each seat, a line now and then, figures at the end. No pygame is imported."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from engine.drivers import Pacer
from engine.errors import DisconnectReason
from engine.session import client_events as e
from engine.session.carrier import CarrierKind
from game.client.autopilot import Autopilot
from game.client.connection import Connection, sentence

FRAME_HZ: Final = 60.0
LAST_WORDS_S: Final = 0.25
"""How long farewells are given to get out."""

OUR_FAULT: Final = frozenset(
    {
        DisconnectReason.UNREACHABLE,
        DisconnectReason.WRONG_PASSWORD,
        DisconnectReason.SERVER_FULL,
        DisconnectReason.VERSION_MISMATCH,
        DisconnectReason.SCHEMA_MISMATCH,
        DisconnectReason.CERTIFICATE_CHANGED,
    }
)
"""Ends that the caller can put right: exit code 2."""


CARRIER_LINES: Final = {
    CarrierKind.CONTROL: "No answer over UDP: datagrams go through the control connection now.",
    CarrierKind.UDP: "UDP gets through again.",
}


class Headless:
    """Plays any number of seats, each with a connection of its own, in one thread."""

    def __init__(self, players: Sequence[tuple[Connection, Autopilot]], *, says: bool = True) -> None:
        self.players: Final = players
        self.problem = ""
        """Set where it ended for a reason that the caller can put right."""
        self._says: Final = says

    def run(self, seconds: float | None) -> list[dict[str, Any]]:
        """Play until the time is over or every connection has ended; returns each player's report."""
        pacer = Pacer(FRAME_HZ)
        until = None if seconds is None else time.perf_counter() + seconds
        reports: list[dict[str, Any]] = []
        try:
            while until is None or time.perf_counter() < until:
                pacer.wait()
                if not self._frame():
                    break
        except KeyboardInterrupt:
            self._say("stopped")
        finally:
            reports = [autopilot.report() for _, autopilot in self.players]
            self._close()
        return reports

    def _frame(self) -> bool:
        is_alive = False
        for connection, autopilot in self.players:
            connection.poll()
            for event in autopilot.update():
                self._tell(connection, event)
            ended = connection.end
            if ended is not None:
                if ended.reason in OUR_FAULT and not self.problem:
                    self.problem = sentence(ended)
            elif autopilot.problem and connection.client.room is None:
                self.problem = self.problem or autopilot.problem
            else:
                is_alive = True
        return is_alive

    def _close(self) -> None:
        for connection, _ in self.players:
            connection.client.leave(connection.driver.poll())
        until = time.perf_counter() + LAST_WORDS_S
        pacer = Pacer(FRAME_HZ)
        while time.perf_counter() < until:
            pacer.wait()
            for connection, _ in self.players:
                connection.driver.poll()
        for connection, _ in self.players:
            connection.driver.close()

    def _tell(self, connection: Connection, event: e.ClientEvent) -> None:
        client = connection.client
        if isinstance(event, e.LobbyEntered):
            self._say(f"joined {client.server_name} as {client.player_name}")
        elif isinstance(event, e.MatchStarted) and client.match is not None:
            self._say(f"match started on {client.match.settings.get('map', '?')}, seat {client.match.seat}")
        elif isinstance(event, e.MatchFinished):
            self._say("results: " + ", ".join(f"{line.name} {line.score}" for line in event.standings[:5]))
        elif isinstance(event, e.ConnectionLost):
            self._say(f"{event.reason.sentence} Trying to come back ...")
        elif isinstance(event, e.ConnectionResumed):
            self._say("back again")
        elif isinstance(event, e.CarrierChanged):
            self._say(CARRIER_LINES[event.carrier])
        elif isinstance(event, e.RoomLeft) and event.reason is DisconnectReason.RESUME_REFUSED:
            self._say(f"{event.reason.sentence} It may have been started again: joining as somebody new ...")
        elif isinstance(event, e.Closed):
            self._say(sentence(event))
        elif isinstance(event, e.Noticed):
            self._say(event.text)

    def _say(self, line: str) -> None:
        if self._says:
            print(line, file=sys.stderr, flush=True)
