"""A server's sockets: TCP and UDP, IPv4 and IPv6, all at one port number, so that a player needs to know only one."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.drivers.addresses import sockaddr_of
from engine.drivers.udp import UdpPort, open_udp_socket
from engine.ids import DEFAULT_PORT, PORTS_TRIED, Address

LISTEN_BACKLOG: Final = 128
ANY_PORT_ATTEMPTS: Final = 16
"""With port 0 the system picks for TCP over IPv4; that number may be taken for one of the other three."""

_NO_SUCH_FAMILY: Final = {
    errno.EAFNOSUPPORT,
    errno.EADDRNOTAVAIL,
    errno.EPROTONOSUPPORT,
    getattr(errno, "WSAEAFNOSUPPORT", errno.EAFNOSUPPORT),
}


class NoFreePortError(OSError):
    """None of the ports was free for TCP and UDP; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class ServerSockets:
    """Bound, non-blocking and (TCP) listening."""

    port: int
    udp: UdpPort
    listeners: tuple[socket.socket, ...]

    def close(self) -> None:
        """Close all of them."""
        self.udp.close()
        for listener in self.listeners:
            listener.close()


def open_server_sockets(
    port: int = DEFAULT_PORT,
    *,
    ports_tried: int = PORTS_TRIED,
    hosts: Sequence[str] = ("0.0.0.0", "::"),  # noqa: S104 - players come from every interface
) -> ServerSockets:
    """Take the first port of ``port`` to ``port + ports_tried - 1`` that is free for everything; port 0 is any.

    A family that this machine does not have is left out. Raises :class:`NoFreePortError`.
    """
    last = min(port + max(ports_tried, 1) - 1, 65535)
    candidates = [0] * ANY_PORT_ATTEMPTS if port == 0 else range(port, last + 1)
    failure: OSError | None = None
    for candidate in candidates:
        try:
            return _open_at(candidate, hosts)
        except OSError as error:
            failure = error
    asked = "any port" if port == 0 else f"port {port}" if last == port else f"a port of {port} to {last}"
    why = failure.strerror if failure and failure.strerror else str(failure)
    raise NoFreePortError(f"The server cannot listen on {asked}: {why}. Is another server running?") from failure


def _open_at(port: int, hosts: Sequence[str]) -> ServerSockets:
    listeners: list[socket.socket] = []
    datagrams: list[socket.socket] = []
    try:
        for host in hosts:
            try:
                listener = _listen(host, port)
            except OSError as error:
                if error.errno in _NO_SUCH_FAMILY:
                    continue
                raise
            listeners.append(listener)
            port = listener.getsockname()[1]
            datagrams.append(open_udp_socket(listener.family, host, port))
        if not listeners:
            raise OSError(errno.EAFNOSUPPORT, "no address to listen on")
    except OSError:
        for sock in (*listeners, *datagrams):
            sock.close()
        raise
    return ServerSockets(port, UdpPort(datagrams), tuple(listeners))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this option means "share the port with whoever has it"
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(sockaddr_of(Address(host, port)))
        sock.listen(LISTEN_BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
