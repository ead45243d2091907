"""Waiting for the operating system in tests: poll until something holds, bounded, without a fixed delay."""

import select
import socket
import time
from collections.abc import Callable

from engine.errors import DisconnectReason

WAIT_S_MAX = 5.0


def until(condition: Callable[[], object], poll: Callable[[], object] = lambda: None) -> None:
    """Poll until ``condition`` holds; fail after WAIT_S_MAX."""
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        poll()
        if condition():
            return
        assert time.monotonic() < deadline, "waited in vain"
        select.select([], [], [], 0.0005)  # let the kernel and the other threads run


def listen(family: socket.AddressFamily = socket.AF_INET, backlog: int = 8) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    sock.listen(backlog)
    sock.settimeout(WAIT_S_MAX)
    return sock


def unused_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class XorWrapper:
    """A stand-in for TLS: a one-byte handshake, then every byte is flipped; b"?" is its close."""

    def __init__(self) -> None:
        self.is_ready = False
        self.failure: DisconnectReason | None = None
        self.detail = ""
        self._out = bytearray(b"h")
        self._waiting = bytearray()

    def receive(self, data: bytes) -> bytes:
        if not self.is_ready:
            if data[:1] != b"h":
                self.failure = DisconnectReason.CERTIFICATE_CHANGED if data[:1] == b"c" else DisconnectReason.PROTOCOL_ERROR
                self.detail = "that is not the greeting"
                self._out += b"!"
                return b""
            self.is_ready = True
            self.send(bytes(self._waiting))
            data = data[1:]
        return flipped(data)

    def send(self, plain: bytes) -> None:
        if self.is_ready:
            self._out += flipped(plain)
        else:
            self._waiting += plain

    def close(self) -> None:
        self._out += b"?"

    def bytes_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data


def flipped(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)
