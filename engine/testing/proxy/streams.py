"""The TCP half: each accepted stream has one of its own to the server, and a delay line in either direction.

    client --> read, push --> delay line --> pop, write --> server        and the same back

The end of a stream travels as its bytes do, behind them. A reset does not wait: what is on its way is lost, as it is on a real network.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Final

from engine.conditioners import StreamConditioner
from engine.conditions import Bottleneck, NetConditions
from engine.drivers.addresses import address_of
from engine.drivers.dialing import Dialer
from engine.testing.proxy.links import Links
from engine.testing.proxy.statistics import StreamTotals, added

PAIRS_MAX: Final = 256
READ_BYTES: Final = 65536
HELD_BYTES_MAX: Final = 1024 * 1024
"""On its way in one direction; beyond it we stop reading, and TCP itself slows the sender down."""

ACCEPTS_PER_WAKE_MAX: Final = 64
LOOK_AGAIN_S: Final = 0.002
"""A stream that is being opened, or whose other side takes nothing now, is looked at again after this."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)

Watch = Callable[[socket.socket, Callable[[float], None]], None]
Unwatch = Callable[[socket.socket], None]


class _Pipe:
    """One direction of one stream."""

    def __init__(self, source: socket.socket, target: socket.socket, conditions: NetConditions, random: Random, line: Bottleneck) -> None:
        self.source: Final = source
        self.target: Final = target
        self.line: Final = StreamConditioner(conditions, random, line)
        self.is_paused = False
        self.is_broken = False
        self.is_done = False
        self.bytes = self.writes = 0
        self._outgoing: Final = bytearray()
        self._end_due: float | None = None

    @property
    def held_bytes(self) -> int:
        """Read and not written yet."""
        return self.line.waiting_bytes + len(self._outgoing)

    @property
    def is_ended(self) -> bool:
        """Nothing more will be read."""
        return self._end_due is not None

    def read(self, now: float) -> None:
        """Take what is there."""
        if self.is_ended or self.is_broken or self.held_bytes >= HELD_BYTES_MAX:
            return
        try:
            data = self.source.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.is_broken = True
            return
        if not data:
            self._end_due = self.line.link.stream_arrival(0, now)
            return
        self.writes += 1
        self.line.push(data, now)
        self.is_broken = self.line.is_reset

    def write(self, now: float) -> None:
        """Pass on what has arrived by now, and after all of it the end."""
        if self.is_done or self.is_broken:
            return
        self._outgoing.extend(self.line.pop(now))
        if self._outgoing:
            try:
                sent = self.target.send(self._outgoing)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self.is_broken = True
                return
            self.bytes += sent
            del self._outgoing[:sent]
        if self._end_due is not None and now >= self._end_due and not self.held_bytes:
            self.is_done = True
            with suppress(OSError):  # it has gone meanwhile: told enough
                self.target.shutdown(socket.SHUT_WR)

    def next_due(self, now: float) -> float | None:
        """When to look again."""
        if self.is_done or self.is_broken:
            return None
        if self._outgoing:
            return now + LOOK_AGAIN_S
        return self.line.next_due if self.line.next_due is not None else self._end_due

    def totals(self) -> StreamTotals:
        """What happened in this direction."""
        link = self.line.link.statistics()
        return StreamTotals(self.writes, self.bytes, link.lost, link.split, link.reset)


class _Pair:
    """A client's stream, and ours to the server."""

    def __init__(self, number: int, client: socket.socket, dialer: Dialer) -> None:
        self.number: Final = number
        self.client: Final = client
        self.dialer: Final = dialer
        self.server: socket.socket | None = None
        self.pipes: tuple[_Pipe, ...] = ()

    def sockets(self) -> list[socket.socket]:
        return [self.client] if self.server is None else [self.client, self.server]


class StreamSide:
    """All streams behind the listening sockets."""

    def __init__(
        self,
        listeners: tuple[socket.socket, ...],
        host: str,
        port: int,
        conditions: NetConditions,
        seed: int,
        links: Links,
        *,
        watch: Watch,
        unwatch: Unwatch,
    ) -> None:
        self._host: Final = host
        self._port: Final = port
        self._conditions: Final = conditions
        self._seed: Final = seed
        self._links: Final = links
        self._watch: Final = watch
        self._unwatch: Final = unwatch
        self._pairs: Final[dict[int, _Pair]] = {}
        self._ended_up, self._ended_down = StreamTotals(), StreamTotals()
        self.opened = 0
        self.refused = 0
        for listener in listeners:
            watch(listener, lambda now, listener=listener: self._accept(listener, now))  # type: ignore[misc]

    def totals(self) -> tuple[StreamTotals, StreamTotals]:
        """What happened to the server, and to the clients."""
        pipes = [pair.pipes for pair in self._pairs.values() if pair.pipes]
        return added(self._ended_up, *(up.totals() for up, _ in pipes)), added(self._ended_down, *(down.totals() for _, down in pipes))

    def advance(self, now: float) -> None:
        """Everything that can be done now."""
        for pair in list(self._pairs.values()):
            if not pair.pipes:
                self._dial(pair, now)
            for pipe in pair.pipes:
                pipe.write(now)
                self._pause_or_go_on(pipe, now)
            if any(pipe.is_broken for pipe in pair.pipes):
                self._end(pair, is_reset=True)
            elif pair.pipes and all(pipe.is_done for pipe in pair.pipes):
                self._end(pair, is_reset=False)

    def dues(self, now: float) -> Iterator[float]:
        """When something is due next, per pipe."""
        for pair in self._pairs.values():
            if not pair.pipes:
                yield now + LOOK_AGAIN_S
            for pipe in pair.pipes:
                due = pipe.next_due(now)
                if due is not None:
                    yield due

    def close(self) -> None:
        """Write what is held, and end everything."""
        for pair in list(self._pairs.values()):
            for pipe in pair.pipes:
                pipe.write(float("inf"))
            self._end(pair, is_reset=False)

    def _accept(self, listener: socket.socket, now: float) -> None:
        for _ in range(ACCEPTS_PER_WAKE_MAX):
            try:
                client, _ = listener.accept()
            except OSError:  # nobody more; or he has gone already, or we have no more sockets
                return
            client.setblocking(False)
            with suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if len(self._pairs) >= PAIRS_MAX:
                self.refused += 1
                _abort(client)
                continue
            self.opened += 1
            self._pairs[self.opened] = _Pair(self.opened, client, Dialer(self._host, self._port, now))

    def _dial(self, pair: _Pair, now: float) -> None:
        pair.dialer.poll(now)
        if pair.dialer.failure is not None:
            self.refused += 1
            self._end(pair, is_reset=True)
            return
        if pair.dialer.connected is None:
            return
        pair.server = server = pair.dialer.connected
        try:
            self._links.server = address_of(server.getpeername())
            link = self._links.of(address_of(pair.client.getpeername()).host)
        except OSError:  # one of the two has gone again
            self._end(pair, is_reset=True)
            return
        up = Random(f"{self._seed}/stream up/{pair.number}")
        down = Random(f"{self._seed}/stream down/{pair.number}")
        pair.pipes = (
            _Pipe(pair.client, server, self._conditions, up, link.up),
            _Pipe(server, pair.client, self._conditions, down, link.down),
        )
        for pipe in pair.pipes:
            self._watch(pipe.source, pipe.read)

    def _pause_or_go_on(self, pipe: _Pipe, now: float) -> None:
        """Wait for a socket only while we would read from it: one that is always ready would keep the loop awake."""
        should_pause = pipe.is_ended or pipe.held_bytes >= HELD_BYTES_MAX
        if should_pause == pipe.is_paused:
            return
        pipe.is_paused = should_pause
        if should_pause:
            self._unwatch(pipe.source)
        else:
            self._watch(pipe.source, pipe.read)
            pipe.read(now)

    def _end(self, pair: _Pair, *, is_reset: bool) -> None:
        del self._pairs[pair.number]
        if pair.pipes:
            up, down = pair.pipes
            self._ended_up = added(self._ended_up, up.totals())
            self._ended_down = added(self._ended_down, down.totals())
        pair.dialer.close()
        for sock in pair.sockets():
            self._unwatch(sock)
            if is_reset:
                _abort(sock)
            else:
                sock.close()


def _abort(sock: socket.socket) -> None:
    """Close with a reset, so that the other end hears of a broken stream and not of an orderly end."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    sock.close()
