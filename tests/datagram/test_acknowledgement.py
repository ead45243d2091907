from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.datagram.acknowledgement import RECENT_DATAGRAMS, REORDER_DATAGRAMS, SILENCE_S, SentDatagrams
from engine.datagram.replay_window import ReplayWindow


def send(sent: SentDatagrams, count: int, *, elicits: bool = True, every_s: float = 0.01) -> None:
    for _ in range(count):
        sent.next_sequence((sent.newest + 1) * every_s, elicits)


@given(
    deliveries=st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=200),
)
def test_what_is_acknowledged_is_what_arrived(deliveries: list[tuple[int, bool]]) -> None:
    """A peer's replay window on one side, our bits on the other; each delivery's acknowledgement may be lost, and is at once superseded."""
    sent, peer = SentDatagrams(), ReplayWindow()
    send(sent, 400)
    told: set[int] = set()
    arrived: set[int] = set()
    for sequence, ack_arrives in deliveries:
        if peer.is_fresh(sequence):
            peer.advance(sequence)
            arrived.add(sequence)
        if ack_arrives:
            sent.acknowledge(peer.newest & 0xFFFF, peer.ack_bits(), 10.0)
            told |= {number for number in arrived if peer.newest - 64 <= number <= peer.newest}
    for sequence in range(1, 401):
        expected = sequence in told and sequence > sent.newest_acknowledged - RECENT_DATAGRAMS
        assert sent.is_acknowledged(sequence) == expected


def test_acknowledgements_out_of_order_add_up() -> None:
    sent = SentDatagrams()
    send(sent, 10)
    assert sent.acknowledge(9, 0b1, 1.0) is not None
    assert sent.acknowledge(3, 0b10, 1.1) is None  # older: no new sample, but its bits count
    assert [number for number in range(1, 11) if sent.is_acknowledged(number)] == [1, 3, 8, 9]
    assert sent.newest_acknowledged == 9


def test_the_newest_newly_acknowledged_gives_its_age() -> None:
    sent = SentDatagrams()
    send(sent, 5, every_s=1.0)
    assert sent.acknowledge(4, 0, 4.25) == 0.25
    assert sent.acknowledge(4, 0, 5.0) is None  # again: not new


@given(ack=st.integers(0, 0xFFFF), bits=st.integers(0, 2**64 - 1), count=st.integers(0, 40))
def test_an_acknowledgement_of_something_never_sent_changes_nothing(ack: int, bits: int, count: int) -> None:
    sent = SentDatagrams()
    send(sent, count)
    result = sent.acknowledge(ack, bits, 1.0)
    if not 0 < ack <= count:
        assert result is None
        assert sent.newest_acknowledged == 0
        assert not any(sent.is_acknowledged(number) for number in range(1, count + 1))
    else:
        assert sent.newest_acknowledged == ack


def test_acknowledgements_work_across_the_wrap_of_sixteen_bits() -> None:
    sent = SentDatagrams()
    send(sent, 65_540)
    sent.acknowledge(65_534 & 0xFFFF, 0, 1000.0)
    assert sent.acknowledge(65_538 & 0xFFFF, 0b1011, 1000.0) is not None
    assert sent.newest_acknowledged == 65_538
    assert [number for number in range(65_530, 65_541) if sent.is_acknowledged(number)] == [65_534, 65_536, 65_537, 65_538]


class TestLoss:
    def test_nothing_is_lost_while_it_may_still_come(self) -> None:
        sent = SentDatagrams()
        send(sent, 5)
        assert sent.loss(0.06, patience_s=0.1) == (0, 0)
        sent.acknowledge(2, 0b1, 0.06)
        assert sent.loss(0.06, patience_s=0.1) == (0, 2)

    def test_a_gap_is_lost_after_three_later_ones_and_the_patience(self) -> None:
        sent = SentDatagrams()
        send(sent, 10)
        sent.acknowledge(4, 0b011, 0.2)  # 1 missing: three later ones were acknowledged
        assert sent.loss(0.05, patience_s=0.1) == (0, 3)
        assert sent.loss(0.2, patience_s=0.1) == (1, 4)

    def test_a_late_acknowledgement_corrects_the_figure(self) -> None:
        sent = SentDatagrams()
        send(sent, 10)
        sent.acknowledge(9, 0b1110_1111, 0.5)
        assert sent.loss(0.5, patience_s=0.1) == (1, 9)
        sent.acknowledge(9, 0b1111_1111, 0.6)
        assert sent.loss(0.6, patience_s=0.1) == (0, 9)

    def test_in_silence_what_asked_for_an_answer_is_lost_and_what_did_not_is_not(self) -> None:
        sent = SentDatagrams()
        send(sent, 6)
        send(sent, 4, elicits=False)
        assert sent.loss(0.1 + SILENCE_S, patience_s=0.2) == (0, 0)
        assert sent.loss(0.5 + SILENCE_S, patience_s=0.2) == (6, 6)

    def test_only_the_recent_ones_count(self) -> None:
        sent = SentDatagrams()
        send(sent, 300)  # all lost
        for _ in range(RECENT_DATAGRAMS):
            sequence = sent.next_sequence(10.0, True)
            sent.acknowledge(sequence & 0xFFFF, 0, 10.0)
        assert sent.loss(20.0, patience_s=0.1) == (0, RECENT_DATAGRAMS)


@given(lost=st.sets(st.integers(1, 900)), every=st.integers(1, 300))
def test_loss_of_all_is_that_of_every_datagram_and_not_of_the_window(lost: set[int], every: int) -> None:
    """Acknowledgements of 64 numbers each come for every datagram that arrived; the figure is asked for in between."""
    sent, peer = SentDatagrams(), ReplayWindow()
    for number in range(1, 901):
        sent.next_sequence(number / 60, True)
        if number in lost:
            continue
        peer.advance(number)
        sent.acknowledge(number & 0xFFFF, peer.ack_bits(), number / 60)
        if number % every == 0:
            judged = max(0, number - REORDER_DATAGRAMS)
            expected = len([one for one in lost if one <= judged]), judged
            assert sent.loss_of_all() == expected
            assert peer.missing_of_all(number - len([one for one in lost if one < number])) == expected


def test_a_late_acknowledgement_is_taken_off_the_loss_of_all() -> None:
    sent = SentDatagrams()
    send(sent, 10)
    sent.acknowledge(9, 0b1110_1111, 0.5)
    assert sent.loss_of_all() == (1, 6)
    sent.acknowledge(9, 0b1111_1111, 0.6)
    assert sent.loss_of_all() == (0, 6)


def test_a_gap_of_more_than_the_window_is_lost() -> None:
    sent = SentDatagrams()
    send(sent, 2 * RECENT_DATAGRAMS)
    for number in range(1, 6):
        sent.acknowledge(number, 0, 1.0)
    sent.acknowledge(2 * RECENT_DATAGRAMS, 0, 9.0)
    judged = 2 * RECENT_DATAGRAMS - REORDER_DATAGRAMS
    assert sent.loss_of_all() == (judged - 5, judged)


def test_who_acknowledges_what_was_never_sent_loses_nothing() -> None:
    sent = SentDatagrams()
    for number in range(1, 600):
        sent.next_sequence(number / 60, True)
        sent.acknowledge(number, 2**64 - 1, number / 60)
    assert sent.loss_of_all()[0] == 0


def test_runs_of_losses_are_told_from_single_ones() -> None:
    sent = SentDatagrams()
    assert sent.loss_runs() == (0, 0)
    lost = {5, 20, 21, 22, 40, 41, 78, 79, 80}
    for number in range(1, 81):
        sent.next_sequence(number / 60, True)
    received = [number for number in range(1, 81) if number not in lost]
    for newest in received:
        bits = sum(1 << (newest - 1 - number) for number in received if newest - 64 <= number < newest)
        sent.acknowledge(newest, bits, 2.0)
    assert sent.loss_runs() == (6, 3)  # 78 to 80 may still come
    for number in range(81, 90):
        sent.next_sequence(number / 60, True)
    sent.acknowledge(89, (1 << 8) - 1, 2.0)
    assert sent.loss_runs() == (9, 4)


def test_how_many_of_a_range_are_acknowledged() -> None:
    sent = SentDatagrams()
    for number in range(400):
        sent.next_sequence(number / 60, True)
    received = {number for number in range(1, 391) if number % 3}
    for ack in sorted(received):
        bits = sum(1 << (ack - 1 - older) for older in range(max(1, ack - 64), ack) if older in received)
        sent.acknowledge(ack & 0xFFFF, bits, 7.0)
    for after, until in ((200, 300), (380, 400), (389, 390), (390, 400), (0, 400)):
        looked_at = range(max(after + 1, sent.newest_acknowledged - 255), until + 1)
        assert sent.acknowledged_between(after, until) == (sum(number in received for number in looked_at), len(looked_at))
    assert sent.acknowledged_between(300, 300) == (0, 0)
    assert sent.acknowledged_between(0, 100) == (0, 0), "too long ago to be known"
