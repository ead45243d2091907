"""Bytes of a hostile server into a client's control side, in every state that it can be brought to."""

from __future__ import annotations

from engine.control.frames import write_frame
from engine.control.states import ClientState
from tests.control.pair import frame, make_client
from tests.control.test_hostile import BODIES
from tests.control.test_states import every_message
from tests.fuzz.harness import Source, piece, run


def target(data: bytes) -> None:
    """Streams are opened, fed, lost and opened again."""
    source, client = Source(data), make_client()
    client.opened(0.0)
    now, said, answered, opened = 0.0, 0, 0, 1
    while source:
        what = source.below(8)
        now += source.below(64) / 100
        if what < 6:
            raw = source.piece(2000)
            if what >= 2:
                raw = write_frame(raw or b"\0", 1 << 20)
            said += len(raw)
            client.receive(raw, now)
        elif what == 6:
            client.advance(now)
        else:
            client.closed(now)
            if client.state is ClientState.LOST:
                client.reopened(now)
                opened += 1
        answered += len(client.bytes_to_send(now))
        ends = [event for event in client.events() if getattr(event, "can_resume", True) is False]
        assert len(ends) <= 1
    assert answered <= opened * 8192 + 8 * said + 64 * int(now + 1)


if __name__ == "__main__":
    frames = [frame(message) for message in every_message()]
    run(target, [bytes([0, 1]) + piece(whole) for whole in frames] + [bytes([2, 1]) + piece(body) for body in BODIES])
