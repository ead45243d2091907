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
from typing import Any, Final, TypeAlias

from engine.drivers.addresses import SockAddr, address_of, pack_name, sockaddr_of, unpack_name
from engine.ids import Address

try:
    from engine.drivers.batches import CALLS, Batches
except ImportError:  # a Python without ctypes
    CALLS = None

DATAGRAM_BYTES_MAX: Final = 2048
"""Read per call: more than the 1200 of any datagram of ours, so that a longer one is seen to be longer."""

RECEIVE_DATAGRAMS_MAX: Final = 4096
"""Per pump and socket: a flood must not keep the tick waiting."""

RECEIVE_BYTES_MAX: Final = 2 * 1024 * 1024
"""The same in bytes: about a tick's worth of a full gigabit."""

SOCKET_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""Asked of the system, which may give less: 256 clients' datagrams while a tick is late."""

MANY_DATAGRAMS: Final = 8
"""From so many on, calls with many datagrams are cheaper than calls with one each; a server of few players never makes any."""

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
        self._ways: Final = [_Way(sock) for sock in sockets]
        self._by_family: Final = {way.sock.family: way for way in self._ways}
        self._sources: Final = _Sources()
        self._targets: Final[dict[Address, _Target]] = {}
        self._datagrams_in = self._datagrams_out = self._bytes_in = self._bytes_out = self._receive_errors = self._send_errors = 0

    def receive(self, datagrams_max: int = RECEIVE_DATAGRAMS_MAX, bytes_max: int = RECEIVE_BYTES_MAX) -> list[tuple[bytes, Address]]:
        """What has arrived, up to the limits per socket; the rest waits in the system for the next call."""
        received: list[tuple[bytes, Address]] = []
        for way in self._ways:
            received += way.receive(self._sources, datagrams_max, bytes_max)
            self._receive_errors += way.take_errors()
        self._datagrams_in += len(received)
        self._bytes_in += sum([len(data) for data, _ in received])
        return received

    def send(self, datagrams: Iterable[tuple[Address, bytes]]) -> None:
        """Send each once; one that cannot go now is lost, as on any network, and counted. What goes to one address keeps its order."""
        targets = self._targets
        for address, data in datagrams:
            target = targets.get(address)
            if target is None:
                try:
                    target = self._target(address)
                except (OSError, ValueError, OverflowError, KeyError):  # KeyError: no socket of that family; the others: no address at all
                    self._send_errors += 1
                    continue
            way, name = target
            way.names.append(name)
            way.datagrams.append(data)
        for way in self._ways:
            if not way.names:
                continue
            count = len(way.names)
            self._bytes_out += way.send()
            errors = way.take_errors()
            self._send_errors += errors
            self._datagrams_out += count - errors

    def _target(self, address: Address) -> _Target:
        if len(self._targets) >= ADDRESSES_CACHED_MAX:
            self._targets.clear()
        sockaddr = sockaddr_of(address)
        way = self._by_family[socket.AF_INET6 if len(sockaddr) == 4 else socket.AF_INET]
        target = self._targets[address] = (way, (sockaddr, pack_name(sockaddr)))
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


_Name: TypeAlias = tuple[SockAddr, bytes]
"""An address for a call per datagram and, packed, for one with many."""


class _Sources(dict[Any, Address]):
    """Addresses by what the system calls them, packed or not: found without a question, made where they are not there yet."""

    def __missing__(self, name: SockAddr | bytes) -> Address:
        if len(self) >= ADDRESSES_CACHED_MAX:
            self.clear()
        address = self[name] = unpack_name(name) if isinstance(name, bytes) else address_of(name)
        return address


class _Way:
    """One socket: a call per datagram while they are few, calls with many of them where they are many and the system has such calls."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock: Final = sock
        self.names: list[_Name] = []
        self.datagrams: list[bytes] = []
        """To send, each to the name at the same place."""
        self._errors = 0
        self._has_calls: Final = CALLS is not None
        self._batches: Batches | None = None
        self._are_many = False

    def take_errors(self) -> int:
        """Datagrams that the system would not send, or mishaps of receiving, since the last call."""
        errors, self._errors = self._errors, 0
        if self._batches is not None:
            errors += self._batches.errors
            self._batches.errors = 0
        return errors

    def receive(self, sources: _Sources, datagrams_max: int, bytes_max: int) -> list[tuple[bytes, Address]]:
        """(contents, whose) of what has arrived, up to the limits."""
        received: list[tuple[bytes, Address]] = []
        if not self._are_many:
            left = datagrams_max if not self._has_calls else min(datagrams_max, MANY_DATAGRAMS)
            datagrams_max -= left
            bytes_max = self._receive_singly(received, sources, left, bytes_max)
            if len(received) < MANY_DATAGRAMS or not self._has_calls:
                return received
        received += self._many.receive(sources, datagrams_max, bytes_max)
        self._are_many = len(received) >= MANY_DATAGRAMS
        return received

    def _receive_singly(self, received: list[tuple[bytes, Address]], sources: _Sources, datagrams_max: int, bytes_max: int) -> int:
        """Returns what is left of ``bytes_max``."""
        recvfrom = self.sock.recvfrom
        for _ in range(datagrams_max):
            try:
                data, sockaddr = recvfrom(DATAGRAM_BYTES_MAX)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # ConnectionResetError: the ICMP echo of an earlier datagram of ours; others: one datagram's trouble
                self._errors += 1
                continue
            received.append((data, sources[sockaddr]))
            bytes_max -= len(data)
            if bytes_max <= 0:
                break
        return bytes_max

    def send(self) -> int:
        """What was put into ``names`` and ``datagrams``. Returns the bytes that went."""
        names, datagrams = self.names, self.datagrams
        self.names, self.datagrams = [], []
        if self._has_calls and len(names) >= MANY_DATAGRAMS:
            return self._many.send([packed for _, packed in names], datagrams)
        sendto = self.sock.sendto
        sent = 0
        for (sockaddr, _), data in zip(names, datagrams, strict=True):
            try:
                sendto(data, sockaddr)
            except OSError:
                self._errors += 1
            else:
                sent += len(data)
        return sent

    @property
    def _many(self) -> Batches:
        if self._batches is None:
            self._batches = Batches(self.sock, DATAGRAM_BYTES_MAX)
        return self._batches


_Target: TypeAlias = tuple[_Way, _Name]


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
