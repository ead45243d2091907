"""From a name to a connected socket without ever blocking a frame.

A name may have several addresses, and the first may be a dead end (an IPv6 address on a network that routes only IPv4). As in RFC 8305,
the addresses are tried in turn, the families alternating, the next one 0.25 s after the last without waiting for it to fail; the first
that connects wins.
"""

from __future__ import annotations

import ipaddress
import os
import selectors
import socket
import threading
from contextlib import suppress
from itertools import zip_longest
from typing import Final

from engine.drivers.addresses import SockAddr
from engine.drivers.failures import ConnectFailure, ConnectFailureKind, failure_of

STAGGER_S: Final = 0.25
"""RFC 8305 recommends 250 ms between attempts."""

CONNECT_TIMEOUT_S: Final = 5.0
"""From the first look at the name to a connected socket. A LAN takes 1 ms; a player looks at "connecting" no longer than this."""

CANDIDATES_MAX: Final = 8

Candidate = tuple[socket.AddressFamily, SockAddr]


def resolve(host: str, port: int) -> list[Candidate]:
    """Addresses of ``host``, families alternating. Blocks while the system asks its name servers. Raises OSError (gaierror)."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:  # a name that no name server can be asked for: an empty label, 64 letters in one
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from error
    except OverflowError as error:
        raise OSError(f"port {port} does not exist") from error
    candidates: list[Candidate] = list(dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in found))
    first_family = candidates[0][0] if candidates else socket.AF_INET
    ours = [candidate for candidate in candidates if candidate[0] == first_family]
    others = [candidate for candidate in candidates if candidate[0] != first_family]
    alternating = [candidate for pair in zip_longest(ours, others) for candidate in pair if candidate is not None]
    return alternating[:CANDIDATES_MAX]


class _Resolver:
    """Looks a name up in a thread, because the system's lookup blocks. A numeric address needs no thread."""

    def __init__(self, host: str, port: int) -> None:
        self.candidates: list[Candidate] | None = None
        self.error: OSError | None = None
        self._host: Final = host
        self._port: Final = port
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            threading.Thread(target=self._look_up, name="name lookup", daemon=True).start()
        else:
            self._look_up()

    def _look_up(self) -> None:
        try:
            self.candidates = resolve(self._host, self._port)
        except OSError as error:
            self.error = error


class Dialer:
    """One attempt to reach a host: poll it until ``connected`` or ``failure`` is set."""

    def __init__(self, host: str, port: int, now: float, *, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self.connected: socket.socket | None = None
        self.failure: ConnectFailure | None = None
        self._host: Final = host
        self._port: Final = port
        self._deadline: Final = now + timeout_s
        self._next_attempt = now
        self._resolver: Final = _Resolver(host, port)
        self._untried: list[Candidate] | None = None
        self._pending: Final[list[socket.socket]] = []
        self._selector: Final = selectors.DefaultSelector()
        self._last_error: OSError | None = None

    @property
    def is_done(self) -> bool:
        """Whether polling has nothing left to do."""
        return self.connected is not None or self.failure is not None

    def poll(self, now: float) -> None:
        """Look at what the pending attempts came to; start the next one where it is time."""
        if self.is_done:
            return
        if self._untried is None:
            self._take_resolved()
        if self._untried is not None:
            self._look_at_pending()
            while not self.is_done and self._untried and (now >= self._next_attempt or not self._pending):
                self._attempt(self._untried.pop(0), now)
            if not self.is_done and not self._untried and not self._pending:
                self._fail(failure_of(self._last_error or OSError("no address to try"), self._host, self._port))
        if not self.is_done and now >= self._deadline:
            self._fail(ConnectFailure(ConnectFailureKind.TIMED_OUT, self._host, self._port))

    def close(self) -> None:
        """Give up; an already connected socket stays with whoever took it."""
        for sock in self._pending:
            sock.close()
        self._pending.clear()
        self._selector.close()

    def _take_resolved(self) -> None:
        if self._resolver.error is not None:
            self._fail(failure_of(self._resolver.error, self._host, self._port))
        elif self._resolver.candidates is not None:
            self._untried = list(self._resolver.candidates)

    def _attempt(self, candidate: Candidate, now: float) -> None:
        family, sockaddr = candidate
        self._next_attempt = now + STAGGER_S
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._last_error = error
            return
        sock.setblocking(False)
        try:
            sock.connect(sockaddr)
        except (BlockingIOError, InterruptedError):
            self._pending.append(sock)
            self._selector.register(sock, selectors.EVENT_WRITE)
        except OSError as error:
            self._last_error = error
            sock.close()
        else:
            self._win(sock)

    def _look_at_pending(self) -> None:
        if not self._pending:
            return
        for key, _ in self._selector.select(0):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._selector.unregister(sock)
            self._pending.remove(sock)
            if number:
                self._last_error = OSError(number, os.strerror(number))
                sock.close()
            else:
                self._win(sock)
                return  # it has closed the others, and the selector

    def _win(self, sock: socket.socket) -> None:
        with suppress(OSError):  # a stream that batches small writes still plays, later
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connected = sock
        self.close()

    def _fail(self, failure: ConnectFailure) -> None:
        self.failure = failure
        self.close()
