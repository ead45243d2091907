"""Every state x every input, on a real connection: where it goes is what the table says, and the owner is told once."""

from __future__ import annotations

from itertools import product

import pytest

from engine.datagram import Connection, DatagramLimits, Disconnected, State
from engine.datagram.states import TRANSITIONS, Input
from engine.errors import DisconnectReason
from tests.datagram.support import CLIENT, SERVER, connected_pair, make_client, make_server

LIMITS = DatagramLimits()
LATER = 0.3


def closing(side: Connection) -> None:
    side.disconnect(DisconnectReason.KICKED, LATER)


def pair_in(state: State, is_server: bool) -> tuple[Connection, Connection]:
    """(the side under test, in this state; its peer, able to seal valid datagrams for it)."""
    if state is State.OPENING:
        client, server = make_client(), make_server()
        if not is_server:  # so that the server has something to answer with
            for _, datagram in client.datagrams_to_send(0.0):
                server.receive(datagram, CLIENT, 0.0)
    else:
        client, server = connected_pair()
    side, peer = (server, client) if is_server else (client, server)
    if state in (State.CLOSING, State.CLOSED):
        closing(side)
    now = LATER
    while state is State.CLOSED and side.state is State.CLOSING:
        side.datagrams_to_send(now)
        now += LIMITS.farewell_interval_s
    side.events()
    assert side.state is state
    return side, peer


def apply(input_: Input, side: Connection, peer: Connection, *, is_server: bool) -> None:
    source = CLIENT if is_server else SERVER
    match input_:
        case Input.DATAGRAM:
            peer.send(b"message")
            for _, datagram in peer.datagrams_to_send(LATER):
                side.receive(datagram, source, LATER)
        case Input.FAREWELL:
            peer.disconnect(DisconnectReason.SERVER_CLOSING, LATER)
            for _, datagram in peer.datagrams_to_send(LATER):
                side.receive(datagram, source, LATER)
        case Input.DISCONNECT:
            side.disconnect(DisconnectReason.CLOSED_BY_US, LATER)
        case Input.TIMEOUT:
            side.advance(LATER + 100.0)
        case Input.ALL_SAID:
            now = LATER + 1.0
            for _ in range(LIMITS.farewells + 1):
                side.datagrams_to_send(now)
                now += LIMITS.farewell_interval_s


CELLS = [
    pytest.param(state, input_, is_server, id=f"{state.value}-{input_.value}-{'server' if is_server else 'client'}")
    for state, input_, is_server in product(State, Input, (False, True))
]


@pytest.mark.parametrize(("state", "input_", "is_server"), CELLS)
def test_each_cell(state: State, input_: Input, is_server: bool) -> None:
    side, peer = pair_in(state, is_server)
    apply(input_, side, peer, is_server=is_server)
    expected = TRANSITIONS.get((state, input_), state)  # not in the table: draining alone changes nothing
    if is_server and state is State.OPENING and expected is State.CLOSING:
        expected = TRANSITIONS[expected, Input.ALL_SAID]  # nobody to say goodbye to
    assert side.state is expected
    ended = [event for event in side.events() if isinstance(event, Disconnected)]
    was_alive = state in (State.OPENING, State.CONNECTED)
    is_alive = expected in (State.OPENING, State.CONNECTED)
    assert len(ended) == (1 if was_alive and not is_alive else 0)
    if ended:
        assert ended[0].reason is {
            Input.FAREWELL: DisconnectReason.SERVER_CLOSING,
            Input.DISCONNECT: DisconnectReason.CLOSED_BY_US,
            Input.TIMEOUT: DisconnectReason.TIMED_OUT,
        }.get(input_)


def test_the_table_lacks_exactly_the_pairs_that_cannot_happen() -> None:
    missing = set(product(State, Input)) - set(TRANSITIONS)
    assert missing == {(state, Input.ALL_SAID) for state in State if state is not State.CLOSING}


def test_closed_is_final_and_a_datagram_never_leaves_connected() -> None:
    assert {after for (before, _), after in TRANSITIONS.items() if before is State.CLOSED} == {State.CLOSED}
    # The connection relies on this cell instead of asking for it per datagram.
    assert TRANSITIONS[State.CONNECTED, Input.DATAGRAM] is State.CONNECTED
    assert State.OPENING not in TRANSITIONS.values()
