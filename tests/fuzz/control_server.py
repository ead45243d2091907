"""Bytes of several streams into the server's control side, cut anywhere, as time passes: bounded answers, and friends are left alone."""

from __future__ import annotations

from engine.control import messages
from engine.control.frames import write_frame
from tests.control.pair import HOME, frame, hello, make_server
from tests.control.test_hostile import BODIES
from tests.control.test_states import every_message
from tests.fuzz.harness import Source, piece, run


def target(data: bytes) -> None:
    """Peer 1 is a friend, 2 has joined, 3 has not."""
    source, server = Source(data), make_server()
    for peer in (1, 2, 3):
        server.opened(peer, HOME, 0.0)
    server.receive(1, frame(hello(name="Friend")), 0.0)
    server.receive(2, frame(hello(name="Enemy")), 0.0)
    server.bytes_to_send(0.0)
    now, said, heard = 0.0, 0, 0
    while source and now < 4:
        what = source.below(4)
        now += source.below(32) / 1000
        if what == 3:
            server.advance(now)
        else:
            raw = source.piece(2000)
            if what == 1:
                raw = write_frame(raw or b"\0", 1 << 20)
            said += len(raw)
            server.receive(2 + (what & 1), raw, now)
        heard += sum(len(answer) for peer, answer in server.bytes_to_send(now) if peer != 1)
        server.events()
        server.peers_to_close()
    assert heard <= 8192 + 8 * said
    assert all(entry.stream._reader.buffered_bytes <= 65540 for entry in server._peers.values())
    assert server.send(1, messages.ServerNotice("still here"))


if __name__ == "__main__":
    frames = [frame(message) for message in every_message()]
    run(target, [bytes([0, 1]) + piece(whole) for whole in frames] + [bytes([1, 1]) + piece(body) for body in BODIES])
