"""Non-blocking UDP: one port, with a socket for IPv4 and one for IPv6 alone.

Two sockets and not one dual-stack socket: a dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d, cannot send to a broadcast address, and
cannot be had on some systems. No asyncio: its proactor loop stops receiving for everybody after one ICMP "port unreachable" on Windows.

Whatever the operating system says about one datagram (a firewall, an ICMP answer, an interface that went down) is counted and survived.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from engine.drivers.addresses import SockAddr, address_of, sockaddr_of
from engine.ids import Address

DATAGRAM_BYTES_MAX: Final = 2048
"""Read per call: more than the 1200 of any datagram of ours, so that a longer one is seen to be longer."""

RECEIVE_DATAGRAMS_MAX: Final = 4096
"""Per pump and socket: a flood must not keep the tick waiting."""

RECEIVE_BYTES_MAX: Final = 2 * 1024 * 1024
"""The same in bytes: about a tick's worth of a full gigabit."""

SOCKET_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""Asked of the system, which may give less: 256 clients' datagrams while a tick is late."""

ADDRESSES_CACHED_MAX: Final = 4096
"""Both address caches are emptied beyond this; forged sources cost time then, never memory."""


@dataclass(frozen=True, slots=True)
class UdpStatistics:
    """Counters of one port since it was opened."""

    datagrams_in: int
    datagrams_out: int
    bytes_in: int
    bytes_out: int
    receive_errors: int
    send_errors: int


class UdpPort:
    """One UDP port of this machine, on one or both families."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        if not sockets:
            raise ValueError("a port needs a socket")
        self.sockets: Final = tuple(sockets)
        self.port: Final[int] = sockets[0].getsockname()[1]
        self._by_family: Final = {sock.family: sock for sock in sockets}
        self._sources: Final[dict[SockAddr, Address]] = {}
        self._targets: Final[dict[Address, tuple[socket.socket, SockAddr]]] = {}
        self._datagrams_in = self._datagrams_out = self._bytes_in = self._bytes_out = self._receive_errors = self._send_errors = 0

    def receive(self, datagrams_max: int = RECEIVE_DATAGRAMS_MAX, bytes_max: int = RECEIVE_BYTES_MAX) -> list[tuple[bytes, Address]]:
        """What has arrived, up to the limits per socket; the rest waits in the system for the next call."""
        received: list[tuple[bytes, Address]] = []
        sources = self._sources
        for sock in self.sockets:
            recvfrom = sock.recvfrom
            bytes_left = bytes_max
            for _ in range(datagrams_max):
                try:
                    data, sockaddr = recvfrom(DATAGRAM_BYTES_MAX)
                except (BlockingIOError, InterruptedError):
                    break
                except OSError:  # ConnectionResetError: the ICMP echo of an earlier datagram of ours; others: one datagram's trouble
                    self._receive_errors += 1
                    continue
                address = sources.get(sockaddr)
                if address is None:
                    if len(sources) >= ADDRESSES_CACHED_MAX:
                        sources.clear()
                    address = sources[sockaddr] = address_of(sockaddr)
                received.append((data, address))
                bytes_left -= len(data)
                if bytes_left <= 0:
                    break
            self._bytes_in += bytes_max - bytes_left
        self._datagrams_in += len(received)
        return received

    def send(self, datagrams: Iterable[tuple[Address, bytes]]) -> None:
        """Send each once; one that cannot go now is lost, as on any network, and counted."""
        targets = self._targets
        for address, data in datagrams:
            target = targets.get(address)
            try:
                if target is None:
                    target = self._target(address)
                target[0].sendto(data, target[1])
            except (OSError, OverflowError, KeyError):  # KeyError: no socket of that family; OverflowError: a port out of range
                self._send_errors += 1
                continue
            self._datagrams_out += 1
            self._bytes_out += len(data)

    def _target(self, address: Address) -> tuple[socket.socket, SockAddr]:
        if len(self._targets) >= ADDRESSES_CACHED_MAX:
            self._targets.clear()
        sockaddr = sockaddr_of(address)
        target = self._targets[address] = (self._by_family[socket.AF_INET6 if len(sockaddr) == 4 else socket.AF_INET], sockaddr)
        return target

    def close(self) -> None:
        """Close both sockets."""
        for sock in self.sockets:
            sock.close()

    def statistics(self) -> UdpStatistics:
        """Counters since the port was opened."""
        return UdpStatistics(
            self._datagrams_in, self._datagrams_out, self._bytes_in, self._bytes_out, self._receive_errors, self._send_errors
        )


def open_udp_socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """One bound non-blocking socket. Raises OSError where the port is taken or the family is not there."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with suppress(OSError):  # a system that gives no larger buffer loses more in a burst: no reason not to play
                sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        sock.bind(sockaddr_of(Address(host, port)))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def open_udp(port: int = 0, families: Sequence[socket.AddressFamily] = (socket.AF_INET, socket.AF_INET6)) -> UdpPort:
    """A port on every interface. With both families, one that this machine does not have is left out. Raises OSError where none works."""
    sockets: list[socket.socket] = []
    failure = OSError("no address family")
    for family in families:
        host = "::" if family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - players come from every interface
        try:
            sockets.append(open_udp_socket(family, host, sockets[0].getsockname()[1] if sockets else port))
        except OSError as error:
            failure = error
    if not sockets:
        raise failure
    return UdpPort(sockets)
