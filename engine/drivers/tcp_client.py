"""One stream to a server, non-blocking: connect, secure, send, receive, all inside ``poll``.

RESOLVING/CONNECTING --> SECURING --> OPEN --> LOST
        \\                  |
         `--> FAILED <-----'      (with a typed failure; LOST has none: what was open has ended)
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Final

from engine.drivers.addresses import address_of
from engine.drivers.dialing import CONNECT_TIMEOUT_S, Dialer
from engine.drivers.failures import ConnectFailure, ConnectFailureKind
from engine.errors import DisconnectReason
from engine.ids import Address
from engine.verbs import StreamWrapper

READ_BYTES: Final = 65536
READS_PER_POLL_MAX: Final = 16
"""A server that sends faster than this per frame waits: 1 MiB a frame is far more than a lobby says."""

UNSENT_BYTES_MAX: Final = 1024 * 1024
"""A server that reads nothing while we have this much for it has gone."""

SECURE_TIMEOUT_S: Final = 5.0

StreamWrapperFactory = Callable[[], StreamWrapper]


class StreamState(Enum):
    """Where a stream is."""

    CONNECTING = "connecting"
    SECURING = "securing"
    OPEN = "open"
    FAILED = "failed"
    LOST = "lost"


class TcpClient:
    """One stream, used once: after FAILED or LOST, make another."""

    def __init__(
        self, host: str, port: int, now: float, *, stream_wrapper: StreamWrapperFactory | None = None, timeout_s: float = CONNECT_TIMEOUT_S
    ) -> None:
        self.state = StreamState.CONNECTING
        self.failure: ConnectFailure | None = None
        self.server: Address | None = None
        """The numeric address that answered; known from SECURING on."""
        self._host: Final = host
        self._port: Final = port
        self._wrapper_factory: Final = stream_wrapper
        self.wrapper: StreamWrapper | None = None
        """The security of this stream, from SECURING on."""
        self._dialer: Final = Dialer(host, port, now, timeout_s=timeout_s)
        self._socket: socket.socket | None = None
        self._secure_deadline = 0.0
        self._unsent: Final = bytearray()
        self._received: Final[list[bytes]] = []

    def poll(self, now: float) -> None:
        """Take every step that can be taken without waiting."""
        if self.state is StreamState.CONNECTING:
            self._dialer.poll(now)
            if self._dialer.failure is not None:
                self._fail(self._dialer.failure)
            elif self._dialer.connected is not None:
                self._connected(self._dialer.connected, now)
        if self.state in (StreamState.SECURING, StreamState.OPEN):
            self._read()
        if self.state is StreamState.SECURING:
            self._check_secured(now)
        if self.state in (StreamState.SECURING, StreamState.OPEN):
            self._write()

    def receive(self) -> bytes:
        """Plaintext that has arrived; drains. What came before a loss is still there after it."""
        if not self._received:
            return b""
        received = b"".join(self._received)
        self._received.clear()
        return received

    def send(self, data: bytes) -> None:
        """Queue plaintext (OPEN only; otherwise it is dropped with the stream); it goes out with this or the next poll."""
        if self.state is not StreamState.OPEN or not data:
            return
        if self.wrapper is None:
            self._unsent.extend(data)
        else:
            self.wrapper.send(data)
        self._write()

    def close(self) -> None:
        """Send what the system takes at once, then close."""
        if self.state is StreamState.OPEN:
            if self.wrapper is not None:
                self.wrapper.close()
            self._write()
        if self.state is StreamState.OPEN:
            self._read()  # closing with something unread resets the stream, and our last words with it
        self._dialer.close()
        if self._socket is not None:
            with suppress(OSError):  # not connected any more: nothing to shut down
                self._socket.shutdown(socket.SHUT_WR)
            self._socket.close()
            self._socket = None
        if self.state is not StreamState.FAILED:
            self.state = StreamState.LOST

    def _connected(self, sock: socket.socket, now: float) -> None:
        self._socket = sock
        try:
            self.server = address_of(sock.getpeername())
        except OSError:  # reset between connecting and now
            self._fail(ConnectFailure(ConnectFailureKind.REFUSED, self._host, self._port))
            return
        if self._wrapper_factory is None:
            self.state = StreamState.OPEN
            return
        self.state = StreamState.SECURING
        self._secure_deadline = now + SECURE_TIMEOUT_S
        self.wrapper = self._wrapper_factory()

    def _check_secured(self, now: float) -> None:
        assert self.wrapper is not None
        if self.wrapper.failure is not None:
            self._fail_insecure()
        elif self.wrapper.is_ready:
            self.state = StreamState.OPEN
        elif now >= self._secure_deadline:
            detail = "the server did not finish the handshake"
            self._fail(ConnectFailure(ConnectFailureKind.NOT_SECURE, self._host, self._port, detail))

    def _read(self) -> None:
        assert self._socket is not None
        for _ in range(READS_PER_POLL_MAX):
            try:
                data = self._socket.recv(READ_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                data = b""
            if not data:
                self._end()
                return
            if self.wrapper is not None:
                data = self.wrapper.receive(data)
                if self.wrapper.failure is not None:
                    if self.state is StreamState.OPEN:
                        self._end()
                    return
            if data:
                self._received.append(data)
            if len(data) < READ_BYTES:
                return

    def _write(self) -> None:
        if self.wrapper is not None:
            self._unsent.extend(self.wrapper.bytes_to_send())
        if not self._unsent or self._socket is None:
            return
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._end()
            return
        del self._unsent[:sent]
        if len(self._unsent) > UNSENT_BYTES_MAX:
            self._end()

    def _end(self) -> None:
        """The other side ended it. While securing that is a failure: nothing was open yet."""
        if self.state is StreamState.SECURING:
            self._fail_insecure()
            return
        self.state = StreamState.LOST
        self._dispose()

    def _fail_insecure(self) -> None:
        assert self.wrapper is not None
        is_changed = self.wrapper.failure is DisconnectReason.CERTIFICATE_CHANGED
        kind = ConnectFailureKind.CERTIFICATE_CHANGED if is_changed else ConnectFailureKind.NOT_SECURE
        why = self.wrapper.detail if self.wrapper.failure is not None else "the server closed the connection"
        if self._socket is not None:
            with suppress(OSError):  # the alert, so that the other side knows as well; it may have gone
                self._socket.send(self.wrapper.bytes_to_send())
        self._fail(ConnectFailure(kind, self._host, self._port, why))

    def _fail(self, failure: ConnectFailure) -> None:
        self.failure = failure
        self.state = StreamState.FAILED
        self._dispose()

    def _dispose(self) -> None:
        self._dialer.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
