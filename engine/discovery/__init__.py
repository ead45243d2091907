"""Who plays on this LAN: a question to every interface, an answer from each server, never longer than the question.

Left to others: the sockets and interfaces (``engine.drivers.lan``), joining (``engine.control``), and trust: an answer is only a hint, the
certificate's pin says who a server is.
"""

from engine.discovery.client import DiscoveryClient, DiscoveryStatistics, ServerEntry, make_server_id
from engine.discovery.query import (
    QUERY_BYTES,
    SERVER_ID_BYTES,
    Answer,
    Query,
    ServerInfo,
    read_answer,
    read_query,
    write_answer,
    write_query,
)
from engine.discovery.responder import DiscoveryResponder, ResponderStatistics

__all__ = [
    "QUERY_BYTES",
    "SERVER_ID_BYTES",
    "Answer",
    "DiscoveryClient",
    "DiscoveryResponder",
    "DiscoveryStatistics",
    "Query",
    "ResponderStatistics",
    "ServerEntry",
    "ServerInfo",
    "make_server_id",
    "read_answer",
    "read_query",
    "write_answer",
    "write_query",
]
