"""Many datagrams per system call, where the system has ``recvmmsg`` and ``sendmmsg`` (Linux).

A call of its own for each datagram costs a microsecond of system and another of interpreter, and lets the other threads of the process
have the interpreter each time: whoever takes it keeps it for up to a switch interval, and 256 players' datagrams are 512 such chances in a
tick. Here are two per heap of datagrams.

Everything that the kernel is told of stands in memory of one socket's own: headers, pointers, room for addresses and contents. A call
changes the lengths (sending: and where the contents stand) and nothing else. One thread uses it.

Needs ``ctypes``, which a Python that was built without libffi does not have: whoever imports this is ready for that.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from struct import Struct
from typing import Any, Final

from engine.drivers.addresses import NAME_BYTES_IPV4, NAME_BYTES_IPV6
from engine.ids import Address

BATCH_DATAGRAMS: Final = 64
"""Per call."""

_NOTHING_THERE: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR})


class _Piece(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """``struct msghdr``."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_bytes", ctypes.c_uint32),
        ("pieces", ctypes.c_void_p),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_bytes", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """``struct mmsghdr``."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


def _system_calls() -> tuple[Any, Any] | None:
    """``recvmmsg`` and ``sendmmsg``; None where there are none."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        library = ctypes.CDLL(None, use_errno=True)
        receive, send = library.recvmmsg, library.sendmmsg
    except (OSError, AttributeError):
        return None
    receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    receive(-1, None, 0, 0, None)
    is_refused = ctypes.get_errno() != errno.EBADF  # a sandbox may have the names and refuse the calls
    send(-1, None, 0, 0)
    return None if is_refused or ctypes.get_errno() != errno.EBADF else (receive, send)


CALLS: tuple[Any, Any] | None = _system_calls()


class _Vector:
    """Headers for BATCH_DATAGRAMS datagrams, each with room for an address and one piece of contents."""

    def __init__(self, name_bytes: int) -> None:
        self.messages: Final = (_Message * BATCH_DATAGRAMS)()
        self.pieces: Final = (_Piece * BATCH_DATAGRAMS)()
        self.names: Final = bytearray(BATCH_DATAGRAMS * name_bytes)
        self.start: Final = ctypes.addressof(self.messages)
        names, pieces = _start_of(self.names), ctypes.addressof(self.pieces)
        for number, message in enumerate(self.messages):
            header = message.header
            header.name, header.name_bytes = names + number * name_bytes, name_bytes
            header.pieces, header.piece_count = pieces + number * ctypes.sizeof(_Piece), 1
        words = memoryview(self.messages).cast("B").cast("I")
        self.lengths: Final = words[_Message.length.offset // 4 :: ctypes.sizeof(_Message) // 4]
        """Of what was received."""
        words = memoryview(self.pieces).cast("B").cast("Q")
        self.starts: Final = words[0::2]
        self.sizes: Final = words[1::2]


class Batches:
    """Sends and receives for one socket, which stays its owner's. Its number is asked for each call: a closed one's is soon another's.
    Only where :data:`CALLS` are.
    """

    def __init__(self, sock: socket.socket, datagram_bytes_max: int, calls: tuple[Any, Any] | None = CALLS) -> None:
        assert calls is not None
        self.errors = 0
        """Datagrams that the system refused to send, and mishaps of receiving."""
        self._receive, self._send = calls
        self._sock: Final = sock
        self._datagram_bytes_max: Final = datagram_bytes_max
        self._name_bytes: Final = NAME_BYTES_IPV6 if sock.family == socket.AF_INET6 else NAME_BYTES_IPV4
        self._name: Final = Struct(f"{self._name_bytes}s")
        self._in: Final = _Vector(self._name_bytes)
        self._out: Final = _Vector(self._name_bytes)
        contents = bytearray(BATCH_DATAGRAMS * datagram_bytes_max)
        start = _start_of(contents)
        for number in range(BATCH_DATAGRAMS):
            self._in.starts[number], self._in.sizes[number] = start + number * datagram_bytes_max, datagram_bytes_max
        whole = memoryview(contents)
        self._rooms: Final = [whole[at : at + datagram_bytes_max] for at in range(0, len(whole), datagram_bytes_max)]
        self._names_in: Final = memoryview(self._in.names)
        self._names_out: Final = memoryview(self._out.names)

    def receive(self, sources: Mapping[bytes, Address], datagrams_max: int, bytes_max: int) -> list[tuple[bytes, Address]]:
        """(contents, whose) of what has arrived, up to the limits; what is longer than there is room for is cut off. ``sources`` must have
        an address for every packed one.
        """
        received: list[tuple[bytes, Address]] = []
        rooms, lengths_in, names_in, name_bytes = self._rooms, self._in.lengths, self._names_in, self._name_bytes
        while datagrams_max > 0 and bytes_max > 0:
            asked = min(BATCH_DATAGRAMS, datagrams_max, max(1, bytes_max // self._datagram_bytes_max))  # so many keep within bytes_max
            count = self._receive(self._sock.fileno(), self._in.start, asked, 0, None)
            if count <= 0:
                if ctypes.get_errno() in _NOTHING_THERE:
                    break
                self.errors += 1  # one datagram's trouble, or the echo of one that we sent
                datagrams_max -= 1
                continue
            lengths = lengths_in[:count].tolist()
            names = self._name.iter_unpack(names_in[: count * name_bytes])
            received += [(room[:length].tobytes(), sources[name]) for room, length, (name,) in zip(rooms, lengths, names, strict=False)]
            datagrams_max -= count
            bytes_max -= sum(lengths)
        return received

    def send(self, names: Sequence[bytes], datagrams: Sequence[bytes]) -> int:
        """Each datagram to the packed address beside it; one that the system refuses is counted. Returns the bytes that went."""
        sent = 0
        for first in range(0, len(names), BATCH_DATAGRAMS):
            sent += self._send_batch(names[first : first + BATCH_DATAGRAMS], datagrams[first : first + BATCH_DATAGRAMS])
        return sent

    def _send_batch(self, names: Sequence[bytes], datagrams: Sequence[bytes]) -> int:
        out, count = self._out, len(names)
        contents, lengths = b"".join(datagrams), [*map(len, datagrams)]
        start = ctypes.cast(ctypes.c_char_p(contents), ctypes.c_void_p).value or 0
        out.starts[:count] = array("Q", accumulate(lengths[:-1], initial=start))
        out.sizes[:count] = array("Q", lengths)
        self._names_out[: count * self._name_bytes] = b"".join(names)
        done = refused_bytes = 0
        while done < count:
            sent = self._send(self._sock.fileno(), out.start + done * ctypes.sizeof(_Message), count - done, 0)
            if sent > 0:
                done += sent
            elif ctypes.get_errno() != errno.EINTR:  # the first of those left is refused; the ones behind it may go
                self.errors += 1
                refused_bytes += lengths[done]
                done += 1
        return len(contents) - refused_bytes


def _start_of(memory: bytearray) -> int:
    """Where it stands; it stays there while it lives, as its size never changes."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
