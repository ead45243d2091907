"""Drives one client of one server from a game's frame loop: ``driver.poll()`` once per frame, and nothing blocks.

    read stream, read datagrams -> client.advance -> write stream, write datagrams

With :class:`NetConditions` (``--net``) both directions of the datagrams and of the stream pass a delay line, the same one as in tests. Its
resolution is the frame: what arrives between two frames is seen at the second, as it is without it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from engine.conditioners import DatagramConditioner, StreamConditioner
from engine.conditions import PERFECT, Bottleneck, ConditionStatistics, NetConditions
from engine.drivers import clock as clocks
from engine.drivers.addresses import family_of
from engine.drivers.failures import ConnectFailure
from engine.drivers.tcp_client import StreamState, StreamWrapperFactory, TcpClient
from engine.drivers.udp import UdpPort, UdpStatistics, open_udp
from engine.ids import Address
from engine.verbs import DrivenClient, StreamWrapper

DATAGRAMS_PER_POLL_MAX: Final = 1024
"""A client hears one server at 60 Hz: more than this in a frame is a flood."""

_NO_UDP: Final = UdpStatistics(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ClientDriverStatistics:
    """What the sockets did; ``up`` and ``down`` are the datagrams through the delay lines (None without ``--net``)."""

    udp: UdpStatistics
    streams_opened: int
    connect_failures: int
    up: ConditionStatistics | None
    down: ConditionStatistics | None


class _BadNetwork:
    """The four delay lines of ``--net``: datagrams and stream, up and down."""

    def __init__(self, conditions: NetConditions, seed: int) -> None:
        self._conditions: Final = conditions
        self._seed: Final = seed
        self._streams = 0
        self._line_up, self._line_down = Bottleneck(), Bottleneck()
        self.up: Final = DatagramConditioner(conditions, Random(f"{seed}/up"), self._line_up)
        self.down: Final = DatagramConditioner(conditions, Random(f"{seed}/down"), self._line_down)
        self.renew_streams()

    def renew_streams(self) -> None:
        """What was on its way on a lost stream is lost with it."""
        self._streams += 1
        self.stream_up = StreamConditioner(self._conditions, Random(f"{self._seed}/stream up/{self._streams}"), self._line_up)
        self.stream_down = StreamConditioner(self._conditions, Random(f"{self._seed}/stream down/{self._streams}"), self._line_down)


class ClientDriver:
    """The sockets and the clock of one client. Whether to connect, to come back and to give up is the client's to say."""

    def __init__(
        self,
        client: DrivenClient,
        host: str,
        port: int,
        *,
        stream_wrapper: StreamWrapperFactory | None = None,
        conditions: NetConditions = PERFECT,
        seed: int = 0,
        clock: clocks.Clock = clocks.now,
    ) -> None:
        self.client: Final = client
        self.failure: ConnectFailure | None = None
        """Why the latest attempt to connect came to nothing; its ``sentence`` is what the player reads. None once a stream is open."""
        self._host: Final = host
        self._port: Final = port
        self._wrapper_factory: Final = stream_wrapper
        self._bad: Final = None if conditions.is_perfect else _BadNetwork(conditions, seed)
        self._clock: Final = clock
        self._stream: TcpClient | None = None
        self._is_open = False
        self._udp: UdpPort | None = None
        self._streams_opened = self._connect_failures = 0
        self._is_closed = False

    @property
    def is_connected(self) -> bool:
        """Whether a stream is open (and secured, where a wrapper is used)."""
        return self._is_open

    @property
    def wrapper(self) -> StreamWrapper | None:
        """The security of the present stream: its fingerprint is what a caller pins at the first visit."""
        return self._stream.wrapper if self._stream is not None else None

    def poll(self) -> float:
        """Do everything that can be done now, without waiting. Returns the time that the client was told."""
        now = self._clock()
        if self._is_closed:
            return now
        self._poll_stream(now)
        if self._udp is not None:
            self._receive_datagrams(self._udp, now)
        self.client.advance(now)
        self._send_datagrams(now)
        self._send_stream(now)  # after the datagrams: some of them travel inside the stream
        if self._is_open and self.client.wants_close:
            self._close_stream(now)
        return now

    def close(self) -> None:
        """Send the client's last words as far as the system takes them at once, and close the sockets."""
        if self._is_closed:
            return
        self._is_closed = True
        now = self._clock()
        self._send_datagrams(now)
        if self._is_open:
            self._close_stream(now)
        elif self._stream is not None:
            self._stream.close()
        if self._udp is not None:
            if self._bad is not None:
                self._udp.send((address, data) for data, address in self._bad.up.pop(float("inf")))
            self._udp.close()

    def statistics(self) -> ClientDriverStatistics:
        """Counters since the driver was made."""
        return ClientDriverStatistics(
            udp=self._udp.statistics() if self._udp is not None else _NO_UDP,
            streams_opened=self._streams_opened,
            connect_failures=self._connect_failures,
            up=self._bad.up.link.statistics() if self._bad is not None else None,
            down=self._bad.down.link.statistics() if self._bad is not None else None,
        )

    def _poll_stream(self, now: float) -> None:
        if self._is_open and self._stream is not None and self.client.wants_stream:
            self._stream.close()  # it heard nothing for too long and gave this stream up; the system does not know yet
            self._stream = None
            self._is_open = False
        if self._stream is None:
            if not self.client.wants_stream:
                return
            self._stream = TcpClient(self._host, self._port, now, stream_wrapper=self._wrapper_factory)
        stream = self._stream
        if self._bad is not None and (self._bad.stream_up.is_reset or self._bad.stream_down.is_reset):
            self._bad.renew_streams()
            stream.close()
        stream.poll(now)
        if stream.state in (StreamState.OPEN, StreamState.LOST) and not self._is_open and stream.server is not None:
            self._opened(stream.server, now)  # also where the server closed it before we looked: it may have said why
        if self._is_open:
            data = stream.receive()
            if self._bad is not None:
                self._bad.stream_down.push(data, now)
                data = self._bad.stream_down.pop_all() if stream.state is StreamState.LOST else self._bad.stream_down.pop(now)
            if data:
                self.client.receive_stream(data, now)
            if stream.state is StreamState.LOST:
                self._is_open = False
                self._stream = None
                self.client.stream_lost(now)
        elif stream.state is StreamState.FAILED:
            assert stream.failure is not None
            self._stream = None
            self._connect_failures += 1
            self.failure = stream.failure
            self.client.stream_failed(stream.failure.sentence, now)

    def _opened(self, server: Address, now: float) -> None:
        self._is_open = True
        self._streams_opened += 1
        self.failure = None
        if self._bad is not None:
            self._bad.renew_streams()
        family = family_of(server)
        if self._udp is not None and self._udp.sockets[0].family != family:
            self._udp.close()
            self._udp = None
        if self._udp is None:
            # Of the family that TCP got through with. Not connected to the server: a socket that is keeps its source address when the
            # player goes from Wi-Fi to cable, and dies with it.
            with suppress(OSError):  # no UDP at all: the client will find that its datagrams do not get through, and have them carried
                self._udp = open_udp(families=(family,))
        self.client.stream_opened(server, now)

    def _close_stream(self, now: float) -> None:
        """Our side ends it: what is held back in a delay line goes out now."""
        assert self._stream is not None
        held = self._bad.stream_up.pop_all() if self._bad is not None else b""
        self._stream.send(held + self.client.stream_to_send(now))
        self._stream.close()
        self._stream = None
        self._is_open = False
        self.client.stream_lost(now)

    def _receive_datagrams(self, udp: UdpPort, now: float) -> None:
        received = udp.receive(DATAGRAMS_PER_POLL_MAX)
        if self._bad is not None:
            for data, address in received:
                self._bad.down.push(data, address, now)
            received = self._bad.down.pop(now)
        for data, address in received:
            self.client.receive_datagram(data, address, now)

    def _send_stream(self, now: float) -> None:
        if not self._is_open or self._stream is None:
            return
        data = self.client.stream_to_send(now)
        if self._bad is not None:
            self._bad.stream_up.push(data, now)
            data = self._bad.stream_up.pop(now)
        self._stream.send(data)

    def _send_datagrams(self, now: float) -> None:
        datagrams = self.client.datagrams_to_send(now)
        if self._udp is None:
            return
        if self._bad is None:
            self._udp.send(datagrams)
            return
        for address, data in datagrams:
            self._bad.up.push(data, address, now)
        self._udp.send((address, data) for data, address in self._bad.up.pop(now))
