"""Every bound and every pace of the datagram layer in one frozen value, each with its unit, its reason and its source."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class DatagramLimits:
    """Bounds and paces of one connection and of an endpoint. The defaults suit a 60 Hz game; tests and tools may tighten them."""

    timeout_s: float = 8.0
    """Nothing valid heard for so long: ended. Between LiteNetLib's and pygase's 5 s and GameNetworkingSockets' and yojimbo's 10 s."""
    keep_alive_s: float = 1.0
    """Nothing sent for so long: a ping. LiteNetLib's figure; 100 ms (lightyear, Mirror) costs idle traffic that users complain of."""
    opening_interval_s: float = 0.1
    """A client knocks ten times a second until the server answers (netcode's connect retry)."""
    ack_delay_max_s: float = 0.025
    """A datagram that asks for an acknowledgement gets one within this time even when there is nothing else to send (QUIC's figure)."""

    farewells: int = 10
    """Datagrams that say goodbye (netcode's and yojimbo's number)."""
    farewells_at_once: int = 4
    """So many of them at once, for a process that exits right after; the others are spaced, because losses come in bursts."""
    farewell_interval_s: float = 0.05

    reassembly_messages_max: int = 4
    """Fragmented messages in the making per peer; a fifth evicts the oldest (it is overtaken anyway)."""
    reassembly_bytes_max: int = 128 * 1024
    """Bytes held for them per peer. Nothing is reserved from an announced length: only bytes that came are held."""
    reassembly_ttl_s: float = 1.0

    outbox_bytes_max: int = 256 * 1024
    """Queued between two drains; over it, a message is dropped and counted (nobody drains: sending later would only be late)."""
    events_max: int = 1024
    """Received messages not yet drained; over it, dropped and counted. On a server those that come one to a datagram wait elsewhere,
    together with other clients' (``engine.datagram.endpoint.RECEIVED_MAX``); of one client no more than ``datagrams_per_s_max``."""
    datagrams_per_s_max: int = 2000
    """Server: a peer whose *valid* datagrams exceed this in a second is disconnected for flooding. Room for a 240 Hz client whose
    network held everything back for some seconds; forged datagrams do not count, or they would spend an honest peer's allowance."""

    challenge_interval_s: float = 0.1
    """An unanswered path challenge is repeated at this pace, inside the byte budget of the new path."""
    candidate_ttl_s: float = 1.0
    """A new path from which nothing newer comes for so long is forgotten."""
    candidates_max: int = 4
    """New paths under test at once per peer, so that one captured datagram cannot push the genuine new path out."""

    ticket_lifetime_s: float = 10.0
    """A ticket that is not used within this time is worth nothing (netcode: 10 s tokens against theft)."""
    connections_max: int = 4096
    """Connections and unused tickets per endpoint."""
    retired_ids_max: int = 65536
    """Ended connections whose ids are not issued again. Fresh keys make reuse safe; this keeps late datagrams from being miscounted."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"datagram limit {field.name} must be above 0")
        if self.farewells_at_once > self.farewells:
            raise ValueError("farewells_at_once is part of farewells")
        if self.keep_alive_s >= self.timeout_s:
            raise ValueError("keep_alive_s must be shorter than timeout_s, or an idle connection dies")
