"""Messages of announcements: each number is told once and in order."""

from __future__ import annotations

from engine.session.announcements import AnnouncementFeed, AnnouncementLog
from tests.fuzz.harness import Source, piece, run


def target(data: bytes) -> None:
    """Both ways in turn."""
    source, feed = Source(data), AnnouncementFeed(0)
    newest = 0
    while source:
        if source.byte() & 1:
            taken = [announcement.number for announcement in feed.from_datagram(source.piece())]
            assert taken == list(range(newest + 1, newest + 1 + len(taken)))
            newest += len(taken)
        elif feed.from_control(newest + 1):
            newest += 1
        assert feed.newest == newest


if __name__ == "__main__":
    log = AnnouncementLog()
    for number in range(5):
        log.add(7, bytes(number))
    told = piece(log.written(0).message[1:])
    run(target, [b"\1" + told, b"\0\1" + told])
