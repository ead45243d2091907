"""Announcements on their way to the control connections of a large match: several of them go together.

The host has sent each announcement by datagram already, and repeats it there for a second. What goes by the control connections as well is
what makes them certain, and among many players it is also what costs most: with 256 of them, 30 announcements a second are 7,700 messages,
each a TLS record and a system call of its own if it goes at once. So they wait for each other, a quarter of a second at the most, and then
each player's for the next bytes that he is sent anyway, his ping after a second at the latest (:meth:`ControlSide.announce`). So they need
no record and no call of their own, and never go to everybody in one moment, which the tick's thread would feel.

Whatever else happens does not wait and does not overtake: it takes those that wait along, in front of it. Only datagrams to carry pass
them: a player who gets his that way has the announcements in them, beside his snapshots, like everybody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.session.values import AnnouncementMade, CarriedToSend, HostEvent
from server.resting import PLAYERS_FEW

HELD_S: Final = 0.25
HELD_MAX: Final = 512


class HeldEvents:
    """Between the tick thread's events and the lobby."""

    def __init__(self) -> None:
        self._held: list[HostEvent] = []
        self._since = 0.0

    def pass_on(self, events: Sequence[HostEvent], players: int, now: float) -> list[HostEvent]:
        """Takes what has happened, gives what is to be told now: to the lobby in the same order."""
        if not self._held:
            self._since = now
        carried = [event for event in events if isinstance(event, CarriedToSend)]
        made = [event for event in events if isinstance(event, AnnouncementMade)]
        is_waiting = players > PLAYERS_FEW and now - self._since < HELD_S and len(self._held) + len(made) < HELD_MAX
        if is_waiting and len(carried) + len(made) == len(events):
            self._held += made
            return list(carried)
        self._held += events
        held, self._held = self._held, []
        return held
