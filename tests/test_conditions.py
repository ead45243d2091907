from random import Random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conditioners import DELAYED_MAX, DatagramConditioner, StreamConditioner
from engine.conditions import (
    PRESETS,
    REORDER_HOLD_S,
    RETRANSMIT_AFTER_S,
    SEGMENT_BYTES,
    Bottleneck,
    LinkModel,
    NetConditions,
)
from engine.ids import Address

HOME = Address("10.0.0.1", 7777)


def runs_of_loss(link: LinkModel, count: int) -> list[int]:
    runs, run = [], 0
    for index in range(count):
        if link.arrivals(100, index / 60):
            if run:
                runs.append(run)
            run = 0
        else:
            run += 1
    return runs


def test_parse_reads_what_people_type() -> None:
    text = "latency=80,jitter=20,loss=5,burst=8,duplicate=1,reorder=1"
    conditions = NetConditions.parse(text)
    assert conditions == NetConditions(latency_ms=80, jitter_ms=20, loss_pct=5, burst=8, duplicate_pct=1, reorder_pct=1)
    assert conditions.describe() == text
    assert NetConditions.parse("").is_perfect
    assert NetConditions.parse("none").describe() == "none"


@pytest.mark.parametrize(
    "text", ["lag=5", "loss", "loss=", "loss=x", "loss=101", "latency=-1", "loss=nan", "latency=inf", "loss=5;jitter=3", ",", "=5"]
)
def test_parse_refuses_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="network conditions: "):
        NetConditions.parse(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("latency=20000", "latency must be 0 to 10000 ms, not 20000"),
        ("loss=500", "loss must be 0 to 100 percent, not 500"),
        ("rate=1e9", "rate must be 0 to 10000000 kbit/s, not 1e9"),
        ("burst=0", "burst must be 1 to 1000, not 0"),
        ("loss=abc", "loss needs a number, as in loss=5"),
        ("loss", "loss needs a number, as in loss=5"),
        ("80,,loss=5", "'80' is unknown; known are latency, "),
        ("latency=80,,loss=5", "a part is empty; one comma stands between two, as in latency=80,loss=5"),
        ("latency=80,", "a part is empty"),
        ("latency_ms=80", "'latency_ms' is unknown (did you mean latency?); known are latency, "),
        ("bad_wfi", "'bad_wfi' is unknown (did you mean bad_wifi?); known are latency, "),
        ("loss=5,bad_wifi", "bad_wifi: a preset stands first, and there is one at most, as in bad_wifi,loss=5"),
        ("lan,bad_wifi", "bad_wifi: a preset stands first, and there is one at most"),
        ("bad_wifi=3", "bad_wifi: takes no number of its own"),
        ("none,loss=5", "none stands alone"),
        ("loss=5,loss=6", "loss is given twice"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_that_were_typed(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="network conditions: ") as refused:
        NetConditions.parse(text)
    assert str(refused.value).startswith(f"network conditions: {sentence}")


@given(st.text(max_size=40))
def test_parse_raises_nothing_but_value_error(text: str) -> None:
    try:
        conditions = NetConditions.parse(text)
    except ValueError:
        return
    assert NetConditions.parse(conditions.describe()).describe() == conditions.describe()


def test_a_perfect_link_delivers_at_once_and_latency_is_half_each_way() -> None:
    assert LinkModel(NetConditions(), Random(1)).arrivals(100, 5.0) == (5.0,)
    assert LinkModel(NetConditions(latency_ms=80), Random(1)).arrivals(100, 5.0) == (5.04,)


@pytest.mark.parametrize(("loss", "burst"), [(5, 1), (20, 1), (5, 8), (10, 20), (40, 3)])
def test_long_term_loss_and_mean_burst_are_as_asked(loss: float, burst: float) -> None:
    count = 60_000
    runs = runs_of_loss(LinkModel(NetConditions(loss_pct=loss, burst=burst), Random(7)), count)
    assert sum(runs) / count == pytest.approx(loss / 100, rel=0.15)
    assert sum(runs) / len(runs) == pytest.approx(max(burst, 1 / (1 - loss / 100)), rel=0.15)


def test_a_loss_of_100_percent_loses_everything_and_0_nothing() -> None:
    dead, alive = LinkModel(NetConditions(loss_pct=100), Random(1)), LinkModel(NetConditions(burst=8), Random(1))
    assert not any(dead.arrivals(1, index) for index in range(200))
    assert all(alive.arrivals(1, index) for index in range(200))
    assert dead.statistics().lost == 200


def test_jitter_stays_in_its_bounds_and_keeps_the_order() -> None:
    link = LinkModel(NetConditions(latency_ms=40, jitter_ms=30), Random(3))
    delays, newest = [], 0.0
    for index in range(2000):
        (due,) = link.arrivals(100, index / 240)
        assert due >= newest
        newest = due
        delays.append(due - index / 240)
    assert min(delays) >= 0.0
    assert max(delays) <= 0.050 + 1e-9
    assert max(delays) - min(delays) > 0.02


def test_reordering_holds_back_only_the_chosen_ones() -> None:
    link = LinkModel(NetConditions(reorder_pct=10), Random(3))
    dues = [link.arrivals(100, index / 240)[0] - index / 240 for index in range(5000)]
    held = [delay for delay in dues if delay > 1e-9]
    assert len(held) == pytest.approx(500, rel=0.25)
    assert held == pytest.approx([REORDER_HOLD_S] * len(held))


def test_duplicates_and_flipped_bits() -> None:
    link = LinkModel(NetConditions(duplicate_pct=50, corrupt_pct=50), Random(3))
    copies = [len(link.arrivals(100, index)) for index in range(1000)]
    assert set(copies) == {1, 2}
    outcomes = [link.damaged(b"\x00" * 8) for _ in range(1000)]
    flipped = [sum(byte.bit_count() for byte in data) for data in outcomes]
    assert set(flipped) == {0, 1}
    assert link.statistics().corrupted == sum(flipped)


def test_a_rate_limit_queues_and_then_loses() -> None:
    link = LinkModel(NetConditions(rate_kbit_s=80), Random(1))  # 10 000 bytes a second
    arrivals = [link.arrivals(1000, 0.0) for _ in range(30)]
    delivered = [due[0] for due in arrivals if due]
    assert delivered[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(delivered) <= 1.0 + 0.2
    assert link.statistics().lost == link.statistics().overflowed == 30 - len(delivered) > 10
    short = LinkModel(NetConditions(rate_kbit_s=80, queue_ms=250), Random(1))
    assert sum(bool(short.arrivals(1000, 0.0)) for _ in range(30)) == 3


def test_datagrams_and_streams_of_a_direction_share_its_bottleneck() -> None:
    conditions, line = NetConditions(rate_kbit_s=80, queue_ms=5000), Bottleneck()
    datagrams, stream = LinkModel(conditions, Random(1), line), LinkModel(conditions, Random(2), line)
    assert stream.stream_arrival(10_000, 0.0) == pytest.approx(1.0)
    assert datagrams.arrivals(1000, 0.0) == pytest.approx((1.1,))


def test_too_large_for_the_mtu_is_lost() -> None:
    link = LinkModel(NetConditions(mtu_bytes=1228), Random(1))
    assert link.arrivals(1200, 0.0)
    assert not link.arrivals(1201, 0.0)
    assert link.statistics().oversized == link.statistics().lost == 1


def test_a_burst_of_half_density_has_holes_and_the_same_long_term_loss() -> None:
    whole = LinkModel(NetConditions(loss_pct=10, burst=20), Random(7))
    holed = LinkModel(NetConditions(loss_pct=10, burst=20, density_pct=50), Random(7))
    runs, holed_runs = runs_of_loss(whole, 60_000), runs_of_loss(holed, 60_000)
    assert sum(runs) == pytest.approx(6000, rel=0.15)
    assert sum(holed_runs) == pytest.approx(6000, rel=0.15)
    assert sum(holed_runs) / len(holed_runs) < 3 < sum(runs) / len(runs)


def one_way_delays(conditions: NetConditions, count: int = 5000) -> list[float]:
    link = LinkModel(conditions, Random(11))
    return [link.arrivals(100, float(index))[0] - index for index in range(count)]


def test_normal_delays_have_their_spread_and_stay_positive() -> None:
    delays = one_way_delays(NetConditions(latency_ms=100, normal_ms=5))
    assert fmean(delays) == pytest.approx(0.050, abs=0.0005)
    assert stdev(delays) == pytest.approx(0.005, rel=0.1)
    assert min(one_way_delays(NetConditions(normal_ms=50))) == 0.0


def test_spikes_are_rare_and_exponential() -> None:
    delays = one_way_delays(NetConditions(latency_ms=20, spikes_pct=5, spike_ms=100), 20_000)
    spikes = [delay - 0.010 for delay in delays if delay > 0.0100001]
    assert len(spikes) == pytest.approx(1000, rel=0.15)
    assert fmean(spikes) == pytest.approx(0.1, rel=0.15)
    assert stdev(spikes) == pytest.approx(0.1, rel=0.2)


def test_a_spike_delays_what_follows_and_overtakes_nothing() -> None:
    link = LinkModel(NetConditions(spikes_pct=10, spike_ms=200), Random(2))
    dues = [link.arrivals(100, index / 60)[0] for index in range(2000)]
    assert dues == sorted(dues)


def test_truncated_datagrams_are_a_beginning() -> None:
    link = LinkModel(NetConditions(truncate_pct=50), Random(3))
    data = bytes(range(100))
    outcomes = [link.damaged(data) for _ in range(1000)]
    assert all(data.startswith(outcome) for outcome in outcomes)
    assert sum(len(outcome) < 100 for outcome in outcomes) == link.statistics().truncated == pytest.approx(500, rel=0.2)
    assert {0, 99} <= {len(outcome) for outcome in outcomes}


def test_several_flipped_bits() -> None:
    link = LinkModel(NetConditions(corrupt_pct=100, corrupt_bits=5), Random(3))
    assert {sum(byte.bit_count() for byte in link.damaged(bytes(20))) for _ in range(50)} == {5}
    assert link.damaged(b"\0") == b"\xff" or len(link.damaged(b"\0")) == 1


def test_a_lost_segment_delays_all_that_follows() -> None:
    link = LinkModel(NetConditions(latency_ms=20, loss_pct=10), Random(5))
    dues = [link.stream_arrival(100, index / 60) for index in range(600)]
    assert dues == sorted(dues)
    delays = [due - index / 60 for index, due in enumerate(dues)]
    assert min(delays) == pytest.approx(0.010)
    assert max(delays) >= RETRANSMIT_AFTER_S
    assert link.statistics().lost > 20


def test_a_stream_at_full_loss_still_ends() -> None:
    link = LinkModel(NetConditions(loss_pct=100), Random(5))
    assert link.stream_arrival(10_000, 0.0) == pytest.approx(0.2 * 63)


def test_the_same_seed_gives_the_same_fate() -> None:
    conditions = NetConditions(latency_ms=80, jitter_ms=20, loss_pct=5, burst=8, duplicate_pct=1, reorder_pct=1)
    first, second = LinkModel(conditions, Random(9)), LinkModel(conditions, Random(9))
    assert [first.arrivals(90, i / 60) for i in range(500)] == [second.arrivals(90, i / 60) for i in range(500)]


def test_the_conditioner_gives_back_in_order_of_arrival_and_is_bounded() -> None:
    line = DatagramConditioner(NetConditions(latency_ms=100), Random(1))
    for index in range(DELAYED_MAX + 10):
        line.push(index.to_bytes(4, "big"), HOME, 0.0)
    assert line.pop(0.049) == []
    arrived = line.pop(0.051)
    assert [int.from_bytes(data, "big") for data, _ in arrived] == list(range(DELAYED_MAX))
    assert {address for _, address in arrived} == {HOME}
    assert line.link.statistics().lost == 10


def test_a_stream_conditioner_loses_no_byte() -> None:
    line = StreamConditioner(NetConditions(latency_ms=100, jitter_ms=30, loss_pct=20), Random(1))
    sent = received = b""
    for index in range(200):
        chunk = bytes([index]) * (index % 7)
        sent += chunk
        line.push(chunk, index / 60)
        received += line.pop(index / 60)
    assert sent.startswith(received)
    assert received + line.pop_all() == sent
    assert line.pop(1e9) == b""


def test_a_split_write_arrives_in_pieces_in_order_and_whole() -> None:
    line = StreamConditioner(NetConditions(latency_ms=20, split_pct=100), Random(1))
    sent, received, pieces = b"", b"", 0
    for index in range(200):
        chunk = bytes([index]) * 50
        sent += chunk
        line.push(chunk, float(index))
        for step in range(100):
            piece = line.pop(index + step / 1000)
            received += piece
            pieces += bool(piece)
        assert sent == received
        assert line.waiting_bytes == 0
        assert line.next_due is None
    assert pieces > 300
    assert line.link.statistics().split == 200


def test_a_long_write_under_loss_arrives_segment_by_segment() -> None:
    arrivals = LinkModel(NetConditions(latency_ms=20, loss_pct=10), Random(1)).stream_arrivals(bytes(20 * SEGMENT_BYTES + 5), 0.0)
    assert arrivals is not None
    assert len(arrivals) == 21
    assert [due for due, _ in arrivals] == sorted(due for due, _ in arrivals)
    assert arrivals[0][0] < arrivals[-1][0]


def test_a_reset_delivers_what_was_sent_before_and_nothing_after() -> None:
    line = StreamConditioner(NetConditions(latency_ms=20, reset_pct=10), Random(1))
    sent = b""
    while not line.is_reset:
        line.push(b"x", 0.0)
        sent += b"x"
    line.push(b"after", 0.0)
    assert line.pop_all() == sent[:-1]
    assert line.link.statistics().reset == 1


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_known_by_name_and_may_be_changed(name: str) -> None:
    assert NetConditions.parse(name) == PRESETS[name]
    assert NetConditions.parse(f"{name},loss=7").loss_pct == 7
    assert NetConditions.parse(PRESETS[name].describe()) == PRESETS[name]
    assert not PRESETS[name].is_perfect


def test_all_presets_of_the_guide_are_there() -> None:
    assert list(PRESETS) == ["lan", "home_wifi", "bad_wifi", "dsl", "mobile_4g", "intercontinental", "satellite", "worst"]
    with pytest.raises(ValueError, match=r"known are latency, .* one of lan, home_wifi"):
        NetConditions.parse("nonsense")
