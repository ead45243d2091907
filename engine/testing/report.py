"""What a failed test says: seed, conditions, what was done to the network, what everybody waits for, the last arrivals in words."""

from __future__ import annotations

from typing import Final

from engine.control.states import ClientState as ControlState
from engine.session.client import ClientState, MatchClient
from engine.session.server import MatchServer
from engine.testing.decoding import Decoder
from engine.testing.participants import Participant, SimulatedClient, SimulatedServer
from engine.testing.simulation import Simulation

HAPPENINGS_SHOWN: Final = 20


def describe_simulation(simulation: Simulation) -> str:
    """The whole report. All times are seconds after the simulation's beginning."""
    network = simulation.network
    statistics = network.statistics()
    lines = [
        f"seed: {simulation.seed}",
        f"time: {simulation.now - simulation.begun_at:.6f} s after the beginning, as all times below",
        f"conditions: {simulation.conditions.describe()}",
    ]
    lines += [f"  {source} -> {target}: {own.describe()}" for (source, target), own in network.own_conditions().items()]
    lines += [f"blocked: {source} -> {target}" for source, target in network.blocked()]
    lines += [
        f"datagrams: {statistics.datagrams_sent} sent, {statistics.datagrams_delivered} delivered, {statistics.datagrams_lost} lost; "
        f"streams: {statistics.stream_bytes} bytes"
    ]
    if simulation.happened:
        lines += ["what was done:", *(f"  {line}" for line in list(simulation.happened)[-HAPPENINGS_SHOWN:])]
    lines += ["what everybody waits for:", *(f"  {line}" for line in simulation.waiting_for())]
    recent = network.recent(Decoder(simulation.clients), simulation.begun_at)
    if recent:
        lines += [f"the last {len(recent)} arrivals and losses:", *(f"  {line}" for line in recent)]
    return "\n".join(lines)


def cause(failure: str) -> str:
    """The last line of a traceback, with the exception's name and not its module's."""
    line = failure.strip().splitlines()[-1]
    name, colon, words = line.partition(":")
    return line if " " in name else f"{name.rpartition('.')[2]}{colon}{words}"


def describe_node(node: Participant, simulation: Simulation) -> str:
    """One line: where this host stands, and what it waits for."""
    if node.is_stopped:
        what = "stopped"
    elif node.is_down:
        what = "crashed, not restarted"
    elif node.paused_until > simulation.now:
        what = f"paused for another {node.paused_until - simulation.now:.3f} s"
    elif isinstance(node, SimulatedClient):
        what = _client(node)
    elif isinstance(node, SimulatedServer):
        what = _server(node)
    else:
        what = "runs"
    host = node.address.host
    walls = [f"{source} -> {target}" for source, target in simulation.network.blocked() if host in (source, target)]
    blocked = f"; blocked: {', '.join(walls)}" if walls else ""
    return f"{node.name} ({node.address}): {what}{blocked}"


def _client(node: SimulatedClient) -> str:
    stream = "no stream" if node.stream is None else "stream up" if node.stream.is_open else "stream not answered yet"
    client = node.client
    if not isinstance(client, MatchClient):
        wish = "wants a stream" if client.wants_stream else "wants no stream"
        return f"{stream}, {wish}"
    return f"{client.state.value}: {_match_client(client, node)} ({stream})"


def _match_client(client: MatchClient, node: SimulatedClient) -> str:
    state = client.state
    if client.closed_because is not None:
        return f"closed, {client.closed_because.reason.value} {client.closed_because.detail}".rstrip()
    if state is ClientState.CONNECTING:
        is_asked = client._control.state is not ControlState.NEW
        return f"waits for {'the welcome of ' if is_asked else 'a stream to '}{node.server_address}"
    if state is ClientState.RESUMING:
        return "lost its connection, waits to resume"
    if state is ClientState.LOBBY:
        return "waits for a seat or a room"
    if state is ClientState.ROOM:
        return "waits in its room for the match"
    match = client.match
    assert match is not None
    connection = f"{match.carrier.kind.value}, connection {match.connection.state.value}"
    if match.last_snapshot_at is None:
        return f"has seat {match.seat}, waits for its first snapshot ({connection})"
    age_ms = (node.now - match.last_snapshot_at) * 1000
    return f"plays seat {match.seat}, newest snapshot {match.decoder.newest_tick}, {age_ms:.0f} ms ago ({connection})"


def _server(node: SimulatedServer) -> str:
    server = node.server
    words = f"{len(node.streams)} streams"
    if isinstance(server, MatchServer):
        match = server.host.match(server.match_id)
        words += f", {len(server.players)} players" + (f", tick {match.tick}" if match is not None else ", no match")
        if server.failures:
            words += f", the game raised: {cause(server.failures[0])}"
    return words
