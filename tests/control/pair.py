"""A client and a server joined by two byte pipes that can be cut anywhere; virtual time."""

from __future__ import annotations

import random
from typing import Any

from engine.control import messages
from engine.control.client import ControlClient
from engine.control.codec import read_message, write_message
from engine.control.frames import FrameReader, write_frame
from engine.control.limits import ControlLimits, Rate
from engine.control.server import ControlServer
from engine.errors import DisconnectReason
from engine.ids import Address
from engine.world import Field, Kind, Range, Schema, digest_of, first_difference

HOME = Address("192.168.1.20", 50000)
SCHEMA = Schema(Kind("player", (Field("x", Range(0, 1000)), Field("health", Range(0, 100))), per_seat=1))
OTHER_SCHEMA = Schema(Kind("player", (Field("x", Range(0, 1000)), Field("health", Range(0, 120))), per_seat=1))
UNLIMITED = Rate(1e6, 1e6)
TICK_S = 1 / 60


def make_server(
    *, seed: int = 1, schema: Schema = SCHEMA, limits: ControlLimits | None = None, kind: type[ControlServer] = ControlServer, **more: Any
) -> ControlServer:
    return kind(
        schema_digest=digest_of(schema.describe()),
        schema_description=schema.describe(),
        difference=first_difference,
        server_name="Garage",
        udp_port=7777,
        entropy=random.Random(seed).randbytes,
        limits=limits,
        **more,
    )


def make_client(name: str = "Ann", *, schema: Schema = SCHEMA, limits: ControlLimits | None = None, **more: Any) -> ControlClient:
    return ControlClient(
        schema_digest=digest_of(schema.describe()),
        schema_description=schema.describe(),
        difference=first_difference,
        name=name,
        limits=limits,
        **more,
    )


def hello(**more: Any) -> messages.Hello:
    return messages.Hello(**{"protocol": 1, "schema_digest": digest_of(SCHEMA.describe()), "name": "Ann", **more})


def frame(message: messages.ConnectionMessage) -> bytes:
    return write_frame(write_message(message), 1 << 20)


def unframe(data: bytes) -> list[messages.ConnectionMessage]:
    """Every whole message in ``data``."""
    reader = FrameReader(1 << 20)
    reader.receive(data, 0.0)
    result = []
    while (body := reader.next_frame(0.0)) is not None:
        message = read_message(body)
        assert message is not None
        result.append(message)
    return result


class Raw:
    """A hand-driven peer of a server: writes messages or bytes, reads messages."""

    def __init__(self, server: ControlServer, peer: int = 1, address: Address = HOME, now: float = 0.0) -> None:
        self.server, self.peer, self.now = server, peer, now
        self.is_closed = False
        server.opened(peer, address, now)

    def send(self, *said: messages.ConnectionMessage) -> list[messages.ConnectionMessage]:
        return self.send_bytes(b"".join(map(frame, said)))

    def send_bytes(self, data: bytes) -> list[messages.ConnectionMessage]:
        self.server.receive(self.peer, data, self.now)
        return self.read()

    def read(self, after_s: float = 0.0) -> list[messages.ConnectionMessage]:
        self.now += after_s
        self.server.advance(self.now)
        heard = [message for peer, data in self.server.bytes_to_send(self.now) if peer == self.peer for message in unframe(data)]
        self.is_closed |= self.peer in self.server.peers_to_close()
        return heard

    def join(self, **more: Any) -> messages.Welcome:
        heard = self.send(hello(**more))
        assert isinstance(heard[0], messages.Welcome), heard
        return heard[0]


class Pair:
    """One client and a server; ``step`` moves time and all bytes, ``move`` moves some."""

    def __init__(self, client: ControlClient | None = None, server: ControlServer | None = None) -> None:
        self.client = client or make_client()
        self.server = server or make_server()
        self.now = 0.0
        self.peer = 0
        self.is_open = False
        self.up = bytearray()
        self.down = bytearray()
        self.client_events: list[Any] = []
        self.server_events: list[Any] = []

    def connect(self) -> None:
        assert not self.is_open
        self.peer += 1
        self.is_open = True
        self.server.opened(self.peer, HOME, self.now)
        if self.client.session_id is None:
            self.client.opened(self.now)
        else:
            self.client.reopened(self.now)

    def cut(self, *, server_notices: bool = True, client_notices: bool = True) -> None:
        """The stream dies; what was on the way is gone."""
        self.is_open = False
        self.up.clear()
        self.down.clear()
        if client_notices:
            self.client.closed(self.now)
        if server_notices:
            self.server.closed(self.peer, self.now)
        self.drain()

    def write(self) -> None:
        """Both sides put what they have into the pipes; a side that wants to close does."""
        self.up += self.client.bytes_to_send(self.now)
        for peer, data in self.server.bytes_to_send(self.now):
            if peer == self.peer and self.is_open:
                self.down += data
        closing = self.server.peers_to_close()
        self.drain()
        if self.is_open and (self.peer in closing or self.client.wants_close):
            self.deliver()
            self.cut()

    def move(self, up_bytes: int, down_bytes: int) -> None:
        if up_bytes and self.up and self.is_open:
            self.server.receive(self.peer, bytes(self.up[:up_bytes]), self.now)
            del self.up[:up_bytes]
        if down_bytes and self.down and self.is_open:
            self.client.receive(bytes(self.down[:down_bytes]), self.now)
            del self.down[:down_bytes]
        self.drain()

    def deliver(self) -> None:
        self.move(len(self.up), len(self.down))

    def drain(self) -> None:
        self.client_events += self.client.events()
        self.server_events += self.server.events()

    def step(self, seconds: float = 1.0) -> None:
        for _ in range(max(1, round(seconds / TICK_S))):
            self.now += TICK_S
            self.write()
            if self.is_open:
                self.deliver()
            self.client.advance(self.now)
            self.server.advance(self.now)
            self.drain()

    def join(self) -> Pair:
        self.connect()
        self.step(0.1)
        assert self.client.session_id is not None, self.client_events
        return self

    def heard_by_client(self, kind: type) -> list[Any]:
        return [event for event in self.client_events if isinstance(event, kind)]

    def heard_by_server(self, kind: type) -> list[Any]:
        return [event for event in self.server_events if isinstance(event, kind)]

    def end(self) -> DisconnectReason | None:
        """Why the client is closed, or None."""
        from engine.control.client_events import Disconnected

        final = [event for event in self.heard_by_client(Disconnected) if not event.can_resume]
        assert len(final) <= 1
        return final[0].reason if final else None
