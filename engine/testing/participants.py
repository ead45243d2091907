"""The two kinds of host in a simulation: each owns its sockets and wakes at its own rate, as its real driver does.

client, once per frame:   read stream, read datagrams, script, advance, write datagrams, write stream, take events
server, four times a tick: accept, read streams, read datagrams, advance, write datagrams, write streams, close
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from engine.ids import Address
from engine.testing.network import SimulatedNetwork
from engine.testing.sockets import SimulatedStream
from engine.testing.verbs import ClientUnderTest, ServerUnderTest

EVENTS_MAX: Final = 10_000
"""Events kept per client; the oldest go."""

CLIENT_PORT: Final = 40_000
"""First port of a client's host, for datagrams; its streams take the following ones."""

CONNECT_TIMEOUT_S: Final = 5.0
"""After which a client whom nobody answers gives an attempt up, as the real driver does."""

Script = Callable[[Any, float], None]
"""What a client's player does each frame: called with the client and its time."""


class Woken(Protocol):
    """What a simulation wakes: a host, or something that happens once."""

    is_stopped: bool

    def next_wake(self) -> float:
        """When it wants to be woken next."""

    def wake(self, now: float) -> None:
        """Run once."""


class Participant(ABC):
    """Something that wakes at a rate of its own, by a clock that may run a little fast or slow, or be set."""

    def __init__(self, network: SimulatedNetwork, address: Address, wake_hz: float, first_wake: float, clock_rate: float) -> None:
        self.name = str(address)
        """What scenarios and failure reports call it."""
        self.address = address
        self.network: Final = network
        self.is_stopped = False
        """For good; see ``crash`` for one that comes back."""
        self.is_down = False
        """Crashed, and not yet restarted."""
        self._first_wake: Final = first_wake
        self._period_s: Final = 1.0 / wake_hz
        self._clock_rate = clock_rate
        self._clock_set_at = self._clock_set_to = first_wake
        self._has_true_clock = clock_rate == 1.0
        self._wakes = 0
        self._paused_until = 0.0
        self._now = first_wake

    @property
    def now(self) -> float:
        """The time by this participant's clock, at its last wake."""
        return self.local_time(self._now)

    def local_time(self, time: float) -> float:
        """The simulation's time by this participant's clock."""
        return time if self._has_true_clock else self._clock_set_to + (time - self._clock_set_at) * self._clock_rate

    def set_clock_rate(self, rate: float) -> None:
        """Let its clock run fast or slow from now on: 1.0002 gains 200 ppm. What it has gained until now, it keeps."""
        self.step_clock(0.0)
        self._clock_rate = rate

    def step_clock(self, seconds: float) -> None:
        """Set its clock forward or (negative) back in the middle of everything, as somebody does who sets a wall clock."""
        self._clock_set_to = self.now + seconds
        self._clock_set_at = self._now
        self._has_true_clock = False

    def next_wake(self) -> float:
        """When it wants to be woken next."""
        wake = self._first_wake + self._wakes * self._period_s
        return wake if wake >= self._paused_until else self._paused_until

    def pause(self, seconds: float) -> None:
        """Freeze it, as SIGSTOP or a long garbage collection does: its sockets go on receiving, it does not run."""
        self._paused_until = max(self._paused_until, self._now + seconds)

    @property
    def paused_until(self) -> float:
        """In the simulation's time; in the past where it is not paused."""
        return self._paused_until

    def wake(self, now: float) -> None:
        """Run once."""
        self._now = now
        self._wakes = max(self._wakes + 1, int((now - self._first_wake) / self._period_s + 1e-6) + 1)
        if not self.is_down:
            self._run(now, now if self._has_true_clock else self.local_time(now))

    @abstractmethod
    def crash(self, *, silently: bool = False) -> None:
        """End the process without a goodbye: its port is closed and its streams are reset, as the system does for it.

        ``silently``: the whole machine is gone. Nobody is told, and what is sent to it is lost.
        """

    @abstractmethod
    def _run(self, now: float, local: float) -> None:
        """One round; ``now`` is the network's time, ``local`` this participant's."""


class SimulatedServer(Participant):
    """Hosts a server: one address for streams and datagrams."""

    def __init__(
        self, server: ServerUnderTest, network: SimulatedNetwork, address: Address, wake_hz: float, first_wake: float, clock_rate: float
    ) -> None:
        super().__init__(network, address, wake_hz, first_wake, clock_rate)
        self.server = server
        self.port = network.open_port(address)
        self.streams: Final[dict[int, SimulatedStream]] = {}
        self._newest_peer = 0
        self._abandoned: list[SimulatedStream] = []
        network.listen(address)

    def stop(self) -> None:
        """Crash for good. Another server may be added at the same address."""
        self.is_stopped = True
        self.crash()

    def crash(self, *, silently: bool = False) -> None:
        """As :meth:`Participant.crash`."""
        if self.is_down:
            return
        self.is_down = True
        self.port.close()
        self.network.stop_listening(self.address, silently=silently)
        for stream in self.streams.values():
            if silently:
                stream.abandon()
                self._abandoned.append(stream)
            else:
                stream.cut()
        self.streams.clear()

    def restart(self, server: ServerUnderTest) -> None:
        """Come back after a crash with a new server, which knows nothing of what was; streams to the old one are reset."""
        for stream in self._abandoned:
            stream.cut()
        self._abandoned.clear()
        self.server = server
        self.port = self.network.open_port(self.address)
        self.network.listen(self.address)
        self.is_down = False

    def _run(self, now: float, local: float) -> None:
        server, streams = self.server, self.streams
        for stream in self.network.accept(self.address):
            self._newest_peer += 1
            streams[self._newest_peer] = stream
            server.stream_opened(self._newest_peer, stream.remote, local)
        for peer, stream in list(streams.items()):
            if stream._arrived or stream.is_ended:
                self._read(peer, stream, now, local)
        for data, source in self.port.take():
            server.receive_datagram(data, source, local)
        server.advance(local)
        for target, data in server.datagrams_to_send(local):
            self.port.send(target, data, now)
        for peer, data in server.streams_to_send(local):
            if peer in streams:
                streams[peer].send(data, now)
        for peer in server.streams_to_close():
            if peer in streams:
                streams.pop(peer).close(now)
                server.stream_lost(peer, local)

    def _read(self, peer: int, stream: SimulatedStream, now: float, local: float) -> None:
        read = stream.read()
        if read.data:
            self.server.receive_stream(peer, read.data, local)
        if read.is_ended:
            self.streams.pop(peer).close(now)
            self.server.stream_lost(peer, local)


class SimulatedClient(Participant):
    """Hosts a client: a datagram port, and a stream whenever the client wants one."""

    def __init__(
        self,
        client: ClientUnderTest,
        network: SimulatedNetwork,
        address: Address,
        server: Address,
        frame_hz: float,
        first_wake: float,
        clock_rate: float,
        script: Script | None,
    ) -> None:
        super().__init__(network, address, frame_hz, first_wake, clock_rate)
        self.client = client
        self.server_address: Final = server
        self.port = network.open_port(address)
        self.events: Final[deque[Any]] = deque(maxlen=EVENTS_MAX)
        """Everything that the client reported, oldest first; the test may clear it."""
        self.script = script
        self.stream: SimulatedStream | None = None
        self._is_up = False
        self._streams_opened = 0
        self._dialed_at = 0.0
        self._moves = 0

    def stop(self) -> None:
        """Crash for good."""
        self.is_stopped = True
        self.crash()

    def crash(self, *, silently: bool = False) -> None:
        """As :meth:`Participant.crash`."""
        if self.is_down:
            return
        self.is_down = True
        self.port.close()
        if self.stream is not None:
            if silently:
                self.stream.abandon()
            else:
                self.stream.cut()
        self.stream = None
        self._is_up = False

    def restart(self, client: ClientUnderTest) -> None:
        """Come back after a crash with a new client, at the same address."""
        self.client = client
        self.port = self.network.open_port(self.address)
        self.is_down = False

    def cut_stream(self) -> None:
        """Break the stream under the client, as a router that forgot it does; the client notices, and may resume."""
        if self.stream is not None:
            self.stream.cut()

    def block(self, *, up: bool = True, down: bool = True, datagrams: bool = True, streams: bool = True) -> None:
        """Let nothing through to or from the server: a cable pulled, or (``streams=False``) a firewall that knows no UDP."""
        ours, theirs = self.address.host, self.server_address.host
        if up:
            self.network.block(ours, theirs, datagrams=datagrams, streams=streams)
        if down:
            self.network.block(theirs, ours, datagrams=datagrams, streams=streams)

    def unblock(self) -> None:
        """Let everything through again."""
        self.network.unblock(self.address.host, self.server_address.host, self._now)
        self.network.unblock(self.server_address.host, self.address.host, self._now)

    def rebind(self) -> None:
        """Get another datagram address in the middle of everything, as when a NAT forgets; the stream stays."""
        self._moves += 1
        self.address = Address(self.address.host, CLIENT_PORT - self._moves)
        if not self.is_down:  # a crashed one has no port: the next program gets one at the new address
            self.port.move(self.address)

    def _run(self, now: float, local: float) -> None:
        client = self.client
        self._run_stream(now, local)
        for data, source in self.port.take():
            client.receive_datagram(data, source, local)
        if self.script is not None:
            self.script(client, local)
        client.advance(local)
        for target, data in client.datagrams_to_send(local):
            self.port.send(target, data, now)
        if self._is_up and self.stream is not None:
            data = client.stream_to_send(local)
            if data:
                self.stream.send(data, now)
            if client.wants_close:
                self._leave_stream(now)
                client.stream_lost(local)
        self.events.extend(client.events())

    def _run_stream(self, now: float, local: float) -> None:
        client = self.client
        if self._is_up and client.wants_stream:
            self._leave_stream(now)  # it gave this stream up; see the drivers' DrivenClient.wants_stream
        if self.stream is None:
            if not client.wants_stream:
                return
            self._streams_opened += 1
            source = Address(self.address.host, CLIENT_PORT + self._streams_opened)
            self.stream = self.network.connect(source, self.server_address, now)
            self._dialed_at = now
        stream = self.stream
        if stream.is_open and not self._is_up:
            self._is_up = True
            client.stream_opened(self.server_address, local)
        if self._is_up:
            if not stream._arrived and not stream.is_ended:
                return
            read = stream.read()
            if read.data:
                client.receive_stream(read.data, local)
            if read.is_ended:
                self._leave_stream(now)
                client.stream_lost(local)
        elif stream.is_ended:
            self.stream = None
            client.stream_failed(f"{self.server_address} refused the connection.", local)
        elif now - self._dialed_at > CONNECT_TIMEOUT_S:
            stream.cut()
            self.stream = None
            client.stream_failed(f"{self.server_address} did not answer.", local)

    def _leave_stream(self, now: float) -> None:
        assert self.stream is not None
        self.stream.close(now)
        self.stream = None
        self._is_up = False
