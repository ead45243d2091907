"""What must hold in every scenario. Each check gives what is wrong in words, or nothing.

Safety, always: reliable events once and in order, no checksum mismatch, no nondeterminism, nobody closed without a reason that the fault
explains, queues and figures within their bounds. After quiescence: worlds equal cell by cell. Liveness: who should play, plays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from engine.control.limits import ControlLimits
from engine.datagram import DatagramLimits
from engine.errors import DisconnectReason
from engine.ids import SessionId
from engine.replication.interest import public_view
from engine.session import ClientState, HostConfig, MatchServer
from engine.session.match import Match
from engine.session.values import AnnouncementMade, TicketIssued
from server.match import RoomServer
from tests.swarm.games import Segment, SwarmClient

Server = MatchServer | RoomServer

SNAPSHOTS_PER_S_MIN: Final = 9
"""The slowest pace is one in six ticks: a line that was narrow a moment ago gets it for a while."""
UNUSED_TICKS_MAX: Final = 6
"""Of the 60 of a second: commands too late, or missing."""
AGE_TICKS_MAX: Final = 12
EVENT_AGE_TICKS: Final = 60
"""Older events have been heard by everybody who plays well."""
FAILURE_CHARACTERS_MAX: Final = 200
MAY_BE_NEGATIVE: Final = ("ahead_ticks", "slack_ticks")
SHARES: Final = (".loss_pct", ".loss_in_pct", ".starved_frames_pct")
SEGMENTS_MAX: Final = 64
UNACKNOWLEDGED_MAX: Final = 17
"""An acknowledgement comes with every 16 at the latest."""

EXPLAINED: Final = {DisconnectReason.UNREACHABLE, DisconnectReason.TIMED_OUT, DisconnectReason.STREAM_LOST}
"""Why a client may end by itself: nobody answered its first call, nothing was heard for too long (a greeting unanswered, a seat's time
over), or the stream broke before the welcome. Everything else would be a mistake of a program: nobody here sends what is not the protocol.
"""


class Book:
    """What every server announced, and for which match each ticket was."""

    def __init__(self) -> None:
        self._announced: Final[dict[tuple[int, int], list[tuple[int, bytes]]]] = {}
        self._match_of: Final[dict[bytes, tuple[int, int]]] = {}
        self.problems: Final[list[str]] = []

    def listen(self, server: Server, incarnation: int) -> None:
        """Write down from now on what this server's host says."""
        host = server.host
        drain = host.events

        def events() -> list[Any]:
            drained = drain()
            for event in drained:
                if isinstance(event, AnnouncementMade):
                    announced = self._announced.setdefault((incarnation, event.match_id), [])
                    announced.append((event.tick, event.body))
                    if event.number != len(announced):
                        self.problems.append(f"announcement {len(announced)} has number {event.number}")
                elif isinstance(event, TicketIssued):
                    self._match_of[event.ticket.key_to_server] = (incarnation, event.match_id)
            return drained

        host.events = events  # type: ignore[method-assign]

    def wrong_in(self, segment: Segment) -> str | None:
        """Whether what was heard is not exactly what was announced, from the seat on."""
        announced = self._announced.get(self._match_of[segment.key], [])
        expected = announced[segment.announced : segment.announced + len(segment.heard)]
        if segment.heard == expected:
            return None
        at = next((at for at, (heard, made) in enumerate(zip(segment.heard, expected, strict=False)) if heard != made), len(expected))
        heard = [(tick, body[:12]) for tick, body in segment.heard[at : at + 2]]
        made = [(tick, body[:12]) for tick, body in expected[at : at + 2]]
        return f"event {segment.announced + at + 1} of the match is not the one that was announced: heard {heard}, announced {made}"

    def missing_in(self, segment: Segment, newest_tick: int) -> int:
        """How many older events the client that plays this match has not heard."""
        announced = self._announced.get(self._match_of[segment.key], [])
        return sum(tick <= newest_tick - EVENT_AGE_TICKS for tick, _ in announced[segment.announced + len(segment.heard) :])


def safety(name: str, client: SwarmClient, book: Book) -> Iterator[str]:
    """What is wrong with what a client has seen until now."""
    for segment in client.segments:
        if (wrong := book.wrong_in(segment)) is not None:
            yield f"{name}: {wrong}"
    mismatches, nondeterminism = client.found_wrong()
    if mismatches:
        yield f"{name}: {mismatches} checksums did not match"
    if nondeterminism:
        yield f"{name}: {nondeterminism} corrections because of nondeterminism"


def wrong_at_the_host(server: Server) -> Iterator[str]:
    """What a server must never count."""
    host = server.host.statistics()
    if host.matches_failed:
        failures = server.failures if isinstance(server, MatchServer) else server.log_lines()
        yield f"the game raised on the server: {' '.join(failures)[-FAILURE_CHARACTERS_MAX:]}"
    if host.checksum_mismatches or host.malformed_commands:
        yield f"the server was told of {host.checksum_mismatches} wrong checksums and got {host.malformed_commands} malformed messages"


def running_match(server: Server, client: SwarmClient) -> Match | None:
    """The match that a client plays, as the server has it."""
    return None if client.match is None else server.host.match(client.match.match_id)


def figures_of(server: Server, client: SwarmClient) -> tuple[int, int, int, int] | None:
    """Match, snapshots, late and missing commands so far; None while no snapshot has come."""
    match = client.match
    if client.state is not ClientState.MATCH or match is None or match.predicted is None:
        return None
    return match.match_id, match.snapshots, match.late_commands, match.missing_commands


def not_playing(server: Server, client: SwarmClient, before: tuple[int, int, int, int] | None) -> str | None:
    """Why this client does not play well, compared with a second ago; None if it does."""
    after = figures_of(server, client)
    running = running_match(server, client)
    if after is None or client.match is None or running is None:
        return f"is {client.state.value}{', has no snapshot' if client.match is not None else ''}"
    if before is None or before[0] != after[0]:
        return "has just begun"
    snapshots, late, missing = (now - then for now, then in zip(after[1:], before[1:], strict=True))
    newest = client.match.decoder.newest_tick or 0
    if running.tick - newest > AGE_TICKS_MAX:
        return f"has snapshot {newest}, the server is at {running.tick}"
    if snapshots < SNAPSHOTS_PER_S_MIN:
        return f"got {snapshots} snapshots in a second"
    if late > UNUSED_TICKS_MAX or missing > UNUSED_TICKS_MAX:
        return f"{late} commands were late and {missing} missing in a second"
    seat = running.seats.get(client.match.seat)
    if seat is None or seat.connection_id != client.match.connection_id:
        return "plays a seat that is not its own"
    return None


def world_difference(server: Server, client: SwarmClient) -> str | None:
    """The first cell in which a client's newest snapshot is not what the server computed for that tick and seat."""
    match, running = client.match, running_match(server, client)
    if match is None or running is None:
        return "plays nothing"
    newest = match.decoder.newest_tick
    truth = None if newest is None else running.past_world(newest)
    held = None if newest is None else match.decoder.world_at(newest)
    if truth is None or held is None:
        return f"snapshot {newest} is not held any more"
    visible = getattr(running.game, "visible", None)
    shown = public_view(truth, None if visible is None else visible(truth, match.seat), match.seat)
    views = running.seats[match.seat].views  # of a seat whose line was narrow a moment ago: some rows may wait
    if views is not None and newest is not None and (view := views.at(newest)) is not None:
        shown = view.cells
    for index in (shown != held.public_cells()).nonzero()[0][:1]:
        return f"cell {index} of tick {newest} is {held.public_cells()[index]}, should be {shown[index]}"
    for table, source in zip(held.tables, truth.tables, strict=True):
        if table.private.size:
            own = table.slots_of(match.seat)
            if not (table.private[:, own] == source.private[:, own]).all():
                return f"own {table.kind.name} of tick {newest} is not the server's"
    return None


# --- limits


def beyond_limits(server: Server, clients: dict[str, SwarmClient]) -> Iterator[str]:
    """Queues, buffers and figures that are not within their bounds now."""
    for name, value, low, high in _bounds(server, clients):
        if not low <= value <= high:
            yield f"{name} is {value}, must be {low} to {high}"
    reports: list[tuple[str, Any]] = [("server.host", server.host.statistics())]
    for name, client in clients.items():
        reports.append((name, client.statistics()))
        if client.match is not None:
            reports.append((f"{name}.connection", client.match.connection.statistics()))
    for name, report in reports:
        for figure, value in _numbers(report, name):
            low = -math.inf if figure.endswith(MAY_BE_NEGATIVE) else 0.0
            high = 100.0 if figure.endswith(SHARES) else math.inf
            if not math.isfinite(value) or not low <= value <= high:
                yield f"{figure} is {value}"


def _bounds(server: Server, clients: dict[str, SwarmClient]) -> Iterator[tuple[str, float, float, float]]:
    control_limits, datagram_limits, host = ControlLimits(), DatagramLimits(), server.host
    control = server.control if isinstance(server, MatchServer) else server.side.control
    yield "host requests", len(host._requests), 0, HostConfig().requests_max
    yield "host events", len(host._events), 0, 4096
    sessions = control.statistics().sessions
    yield "places of the host", len(host._places), 0, 4 * max(sessions, 1)
    for session in control._sessions.values():
        reliable = session.channel.statistics()
        yield "unacknowledged news", reliable.unacknowledged, 0, control_limits.unacknowledged_messages_max
        yield "unacknowledged bytes", reliable.unacknowledged_bytes, 0, control_limits.unacknowledged_bytes_max
    for peer in control._peers.values():
        yield "unconfirmed bytes of the server", peer.stream.statistics().unconfirmed_bytes, 0, control_limits.send_queue_bytes_max
    for running in host._matches.values():
        for seat in running.seats.values():
            yield "commands waiting", seat.buffer.statistics().waiting, 0, 65
    for name, client in clients.items():
        figures = client.control_statistics
        yield f"{name}: requests unacknowledged", figures.reliable.unacknowledged, 0, 16
        if figures.stream is not None:
            yield f"{name}: unconfirmed bytes", figures.stream.unconfirmed_bytes, 0, control_limits.send_queue_bytes_max
        yield f"{name}: segments", len(client.segments), 0, SEGMENTS_MAX
        if (match := client.match) is not None:
            yield f"{name}: commands pending", len(match.pending), 0, 32
            yield f"{name}: snapshots held for display", len(match.interpolation._held), 0, 64
            yield f"{name}: messages in the making", len(match.connection._reassembly), 0, datagram_limits.reassembly_messages_max
            yield f"{name}: copies kept", len(match._copies._waiting), 0, 64


def _numbers(report: Any, name: str) -> Iterator[tuple[str, float]]:
    for field in fields(report):
        value = getattr(report, field.name)
        if is_dataclass(value):
            yield from _numbers(value, f"{name}.{field.name}")
        elif isinstance(value, int | float):
            yield f"{name}.{field.name}", value


def leaks(server: Server, playing: dict[str, SwarmClient], programs: int) -> Iterator[str]:
    """What should be small again after quiescence. ``programs``: how many clients were started, crashed ones too."""
    host = server.host.statistics()
    if host.seats_connected < len(playing) or host.endpoint.connections > programs:
        figures = f"{host.endpoint.connections} datagram connections, {host.seats_connected} seats connected"
        yield f"{figures}, for {len(playing)} players of {programs} programs"
    sessions = (server.control if isinstance(server, MatchServer) else server.side.control)._sessions
    for name, client in playing.items():
        session = None if client.session_id is None else sessions.get(SessionId(client.session_id))
        if session is None:
            yield f"{name} has a session that the server does not know"
        elif session.channel.statistics().unacknowledged > UNACKNOWLEDGED_MAX:
            yield f"{name} has not acknowledged {session.channel.statistics().unacknowledged} news in a good network"
