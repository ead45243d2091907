"""Requests to the tick thread while its queue is full: the order stays, nothing but datagrams is lost, and it is bounded."""

from __future__ import annotations

import asyncio

from engine.ids import ConnectionId, MatchId
from engine.session.values import CloseMatch, DatagramCarried, HostRequest
from server.posting import WAITING_MAX, Posting


class Queue:
    """Takes as many as there is room for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: list[HostRequest] = []

    def post(self, request: HostRequest) -> bool:
        if self.room == 0:
            return False
        self.room -= 1
        self.taken.append(request)
        return True


def closing(number: int) -> HostRequest:
    return CloseMatch(MatchId(number))


DATAGRAM = DatagramCarried(ConnectionId(7), b"late")


def test_what_does_not_fit_waits_in_order_and_datagrams_do_not() -> None:
    queue = Queue(room=2)
    posting = Posting(queue.post)
    posting.add([closing(1), DATAGRAM, closing(2), DATAGRAM, closing(3)])
    assert queue.taken == [closing(1), DATAGRAM]
    queue.room = 1
    posting.add([closing(4)])
    assert queue.taken == [closing(1), DATAGRAM, closing(2)]
    queue.room = 9
    posting.add([DATAGRAM])
    assert queue.taken[3:] == [closing(3), closing(4), DATAGRAM]
    assert not posting.is_stuck


def test_a_queue_that_nobody_empties_is_told_and_not_filled_for_ever() -> None:
    queue = Queue(room=0)
    posting = Posting(queue.post)
    posting.add(closing(number) for number in range(WAITING_MAX))
    posting.add([DATAGRAM] * WAITING_MAX)
    assert not posting.is_stuck, "datagrams do not count"
    posting.add([closing(WAITING_MAX)])
    assert posting.is_stuck
    queue.room = 9
    posting.add([])
    assert queue.taken == [], "what lobby and matches disagree about is not half done"


def test_at_the_end_what_waits_is_posted_as_there_is_room_and_what_is_given_up_is_counted() -> None:
    queue = Queue(room=1)
    posting = Posting(queue.post)
    posting.add(closing(number) for number in range(4))
    assert queue.taken == [closing(0)]

    rooms = iter((2, 0, 0))

    async def pause() -> None:
        queue.room = next(rooms)

    assert asyncio.run(posting.finish(3, pause)) == 1
    assert queue.taken == [closing(0), closing(1), closing(2)]
    rooms = iter((1,))
    assert asyncio.run(posting.finish(5, pause)) == 0
    assert asyncio.run(posting.finish(0, pause)) == 0
    assert queue.taken[-1] == closing(3)
