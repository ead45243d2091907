"""When datagrams go into the control connection, and when they come out again."""

from __future__ import annotations

from engine.session.carrier import PAUSE_S, PROBE_INTERVAL_S, SILENCE_S, Carrier, CarrierKind

FRAME_S = 1 / 64


def advance(carrier: Carrier, start: float, end: float) -> list[float]:
    """Frame by frame from after ``start`` to ``end``; when it changed."""
    frames = range(1, int((end - start) / FRAME_S) + 1)
    return [start + frame * FRAME_S for frame in frames if carrier.advance(start + frame * FRAME_S)]


def test_nothing_answered_for_two_seconds_moves_it_into_the_control_connection() -> None:
    carrier = Carrier(0.0)
    assert advance(carrier, 0.0, SILENCE_S + 1) == [SILENCE_S + FRAME_S]
    assert carrier.kind is carrier.works is CarrierKind.CONTROL
    assert advance(carrier, SILENCE_S + 1, 20.0) == [], "it stays there"


def test_answers_keep_it_on_udp_and_an_old_one_does_not() -> None:
    carrier = Carrier(0.0)
    for second in range(1, 8):
        carrier.answered(float(second))
        carrier.answered(second - 0.5)
        assert advance(carrier, float(second), second + 1.0) == []
    assert advance(carrier, 8.0, 12.0) == [7.0 + SILENCE_S + FRAME_S]


def test_it_probes_once_a_second_while_carried_and_only_then() -> None:
    carrier = Carrier(0.0)
    assert not carrier.should_probe(1.9)
    (moved,) = advance(carrier, 0.0, SILENCE_S + 0.5)
    probes = [time for frame in range(256) if carrier.should_probe(time := moved + frame * FRAME_S)]
    assert probes == [moved + PROBE_INTERVAL_S, moved + 2 * PROBE_INTERVAL_S, moved + 3 * PROBE_INTERVAL_S]
    carrier.proven(10.0)
    assert carrier.kind is carrier.works is CarrierKind.UDP
    assert not carrier.should_probe(20.0)
    assert carrier.switches == 2
    assert advance(carrier, 10.0, 10.0 + SILENCE_S) == [], "proven is as good as answered"


def test_answers_from_before_do_not_move_it_back() -> None:
    carrier = Carrier(0.0)
    advance(carrier, 0.0, SILENCE_S + 1)
    carrier.answered(SILENCE_S + 1)
    assert carrier.kind is carrier.works is CarrierKind.CONTROL


def test_a_pause_of_our_own_is_no_silence() -> None:
    carrier = Carrier(0.0)
    carrier.answered(1.0)
    assert advance(carrier, 0.0, 1.5) == []
    assert not carrier.advance(61.5), "the window was dragged for a minute"
    assert advance(carrier, 61.5, 65.0) == [61.0 + SILENCE_S + FRAME_S], "0.5 s before the pause count, the pause does not"


def test_slow_frames_are_no_pauses() -> None:
    carrier = Carrier(0.0)
    changes = [frame for frame in range(1, 8) if carrier.advance(frame * PAUSE_S)]
    assert changes == [int(SILENCE_S / PAUSE_S) + 1]


def test_without_the_control_connection_udp_is_tried_but_not_said_to_work() -> None:
    carrier = Carrier(0.0, CarrierKind.CONTROL)
    carrier.stream_lost(1.0)
    assert carrier.kind is CarrierKind.UDP
    assert carrier.works is CarrierKind.CONTROL
    carrier.answered(1.5)
    assert carrier.works is CarrierKind.UDP
