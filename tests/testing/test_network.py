import pytest

from engine.conditions import RETRANSMIT_AFTER_S, NetConditions
from engine.errors import LocalProtocolError
from engine.ids import Address
from engine.testing import SimulatedNetwork, SimulatedStream, VirtualClock
from engine.testing.sockets import PORT_QUEUE_DATAGRAMS_MAX, STREAM_BYTES_MAX

HOME, AWAY = Address("10.0.0.1", 1), Address("10.0.0.2", 2)
SLOW = NetConditions(latency_ms=100)


def stream_pair(network: SimulatedNetwork, now: float = 0.0) -> tuple[SimulatedStream, SimulatedStream]:
    network.listen(HOME)
    near = network.connect(AWAY, HOME, now)
    network.advance(now + 1.0)
    (far,) = network.accept(HOME)
    assert near.is_open
    return near, far


def test_a_datagram_takes_half_a_round_trip() -> None:
    network = SimulatedNetwork(conditions=SLOW)
    home, away = network.open_port(HOME), network.open_port(AWAY)
    away.send(HOME, b"ping", 0.0)
    network.advance(0.0499)
    assert home.take() == []
    network.advance(0.0501)
    assert home.take() == [(b"ping", AWAY)]
    assert home.take() == []


def test_nobody_there_and_a_full_port_lose() -> None:
    network = SimulatedNetwork()
    away = network.open_port(AWAY)
    away.send(Address("10.9.9.9", 9), b"x", 0.0)
    home = network.open_port(HOME)
    for _ in range(PORT_QUEUE_DATAGRAMS_MAX + 5):
        away.send(HOME, b"x", 0.0)
    network.advance(0.0)
    assert len(home.take()) == PORT_QUEUE_DATAGRAMS_MAX
    assert network.statistics().datagrams_lost == 6


def test_an_address_is_taken_once_and_moving_leaves_the_old_one_dead() -> None:
    network = SimulatedNetwork()
    home, away = network.open_port(HOME), network.open_port(AWAY)
    with pytest.raises(LocalProtocolError):
        network.open_port(HOME)
    new = Address("10.0.0.7", 7)
    home.move(new)
    away.send(HOME, b"old", 0.0)
    away.send(new, b"new", 0.0)
    network.advance(0.0)
    assert home.take() == [(b"new", AWAY)]
    home.send(AWAY, b"from", 0.0)
    network.advance(0.0)
    assert away.take() == [(b"from", new)]


def test_a_stream_opens_after_a_round_trip_and_carries_bytes_both_ways() -> None:
    network = SimulatedNetwork(conditions=SLOW)
    network.listen(HOME)
    near = network.connect(AWAY, HOME, 0.0)
    network.advance(0.051)
    (far,) = network.accept(HOME)
    assert not near.is_open
    assert (far.local, far.remote) == (HOME, AWAY)
    network.advance(0.101)
    assert near.is_open
    near.send(b"one ", 0.2)
    near.send(b"two", 0.2)
    far.send(b"three", 0.2)
    network.advance(0.26)
    assert far.read().data == b"one two"
    assert near.read().data == b"three"
    near.close(0.3)
    near.send(b"too late", 0.3)
    network.advance(0.36)
    assert far.read() == far.read()
    assert far.read().is_ended
    assert far.read().data == b""


def test_a_stream_to_nobody_is_refused() -> None:
    network = SimulatedNetwork(conditions=SLOW)
    stream = network.connect(AWAY, HOME, 0.0)
    network.advance(0.09)
    assert not stream.is_refused
    network.advance(0.11)
    assert stream.is_refused
    assert stream.read().is_ended


def test_a_cut_is_seen_by_both_and_loses_what_is_on_its_way() -> None:
    network = SimulatedNetwork(conditions=SLOW)
    near, far = stream_pair(network)
    near.send(b"lost", 2.0)
    near.cut()
    network.advance(3.0)
    assert far.read().is_ended
    assert far.read().data == b""
    assert near.read().is_ended


def test_a_block_loses_datagrams_and_delays_streams() -> None:
    network = SimulatedNetwork()
    near, far = stream_pair(network)
    home, away = network.open_port(HOME), network.open_port(AWAY)
    network.block(AWAY.host, HOME.host)
    away.send(HOME, b"x", 2.0)
    near.send(b"held ", 2.0)
    home.send(AWAY, b"other way", 2.0)
    network.advance(5.0)
    assert home.take() == []
    assert away.take() == [(b"other way", HOME)]
    assert far.read().data == b""
    network.unblock(AWAY.host, HOME.host, 5.0)
    near.send(b"and after", 5.0)
    network.advance(5.0 + RETRANSMIT_AFTER_S + 0.001)
    assert far.read().data == b"held and after"


def test_a_stream_under_loss_is_late_but_whole() -> None:
    network = SimulatedNetwork(seed=3, conditions=NetConditions(latency_ms=20, jitter_ms=5, loss_pct=20))
    near, far = stream_pair(network)
    sent = b"".join(b"line %d\n" % index for index in range(300))
    for index, line in enumerate(sent.splitlines(keepends=True)):
        near.send(line, 2.0 + index / 60)
    got = b""
    for index in range(1200):
        network.advance(2.0 + index / 60)
        got += far.read().data
        assert sent.startswith(got)
    assert got == sent


def test_conditions_are_for_everything_or_one_direction() -> None:
    network = SimulatedNetwork()
    home, away = network.open_port(HOME), network.open_port(AWAY)
    network.set_conditions(NetConditions(loss_pct=100), AWAY.host, HOME.host)
    away.send(HOME, b"x", 0.0)
    home.send(AWAY, b"y", 0.0)
    network.advance(0.0)
    assert home.take() == []
    assert len(away.take()) == 1
    network.set_conditions(NetConditions())
    away.send(HOME, b"x", 0.0)
    network.advance(0.0)
    assert len(home.take()) == 1
    with pytest.raises(LocalProtocolError):
        network.set_conditions(SLOW, AWAY.host)


def traced(seed: int, hosts: int = 1, *, flip: bool = False) -> str:
    network = SimulatedNetwork(seed, NetConditions(latency_ms=30, jitter_ms=10, loss_pct=10, duplicate_pct=5, corrupt_pct=5))
    network.open_port(HOME)
    near, _ = stream_pair(network)
    ports = [network.open_port(Address(f"10.0.1.{index}", 5)) for index in range(hosts)]
    for frame in range(200):
        for port in ports:
            port.send(HOME, b"%d%d" % (frame, flip), 2.0 + frame / 60)
        near.send(b"x", 2.0 + frame / 60)
    network.advance(100.0)
    return network.trace


def test_the_trace_follows_from_the_seed_and_from_every_byte() -> None:
    assert traced(1) == traced(1)
    assert len({traced(1), traced(2), traced(1, 2), traced(1, flip=True)}) == 4


def test_one_hosts_luck_does_not_depend_on_another_host() -> None:
    def fates(others: int) -> list[bytes]:
        network = SimulatedNetwork(5, NetConditions(loss_pct=30))
        home = network.open_port(HOME)
        ports = [network.open_port(Address(f"10.0.1.{index}", 5)) for index in range(others + 1)]
        for frame in range(100):
            for port in reversed(ports):
                port.send(HOME, b"%d" % frame, float(frame))
        network.advance(1000.0)
        return [data for data, source in home.take() if source == ports[0].address]

    assert fates(0) == fates(3)


def test_recent_arrivals_read_well() -> None:
    network = SimulatedNetwork()
    near, _ = stream_pair(network)
    near.send(b"\x01\x02", 2.0)
    network.advance(2.0)
    assert network.recent()[0].endswith("stream: open")
    assert network.recent()[-1] == "2.000000 10.0.0.2:2 -> 10.0.0.1:1 stream: 2 bytes 0102"


def test_virtual_time_moves_only_forward() -> None:
    clock = VirtualClock(10.0)
    assert clock.advance(2.5) == clock() == 12.5
    with pytest.raises(LocalProtocolError):
        clock.advance(-1.0)


def test_a_reader_who_never_reads_breaks_the_stream() -> None:
    network = SimulatedNetwork()
    near, far = stream_pair(network)
    for index in range(STREAM_BYTES_MAX // 100_000 + 1):
        near.send(bytes(100_000), 2.0 + index / 60)
    assert far.is_ended
    assert near.is_ended
    assert network.statistics().streams_overflowed == 1


def test_a_reader_who_reads_may_be_sent_any_amount() -> None:
    network = SimulatedNetwork()
    near, far = stream_pair(network)
    got = 0
    for index in range(3 * STREAM_BYTES_MAX // 1_000_000):
        near.send(bytes(1_000_000), 2.0 + index)
        network.advance(2.0 + index)
        got += len(far.read().data)
    assert got == 12_000_000
    assert near.is_open


def test_writes_are_cut_anywhere_and_a_reset_breaks_both_ends() -> None:
    network = SimulatedNetwork(3, NetConditions(latency_ms=20, split_pct=100))
    near, far = stream_pair(network)
    near.send(bytes(range(200)), 2.0)
    reads = []
    for step in range(100):
        network.advance(2.0 + step / 1000)
        reads.append(far.read().data)
    assert b"".join(reads) == bytes(range(200))
    assert sum(map(bool, reads)) > 1
    network.set_conditions(NetConditions(reset_pct=100))
    near.send(b"x", 3.0)
    assert near.is_ended
    assert far.is_ended


def test_streams_and_datagrams_of_one_direction_wait_in_one_queue() -> None:
    network = SimulatedNetwork(1, NetConditions(rate_kbit_s=80, queue_ms=5000))
    near, _ = stream_pair(network)
    home, away = network.open_port(HOME), network.open_port(AWAY)
    near.send(bytes(10_000), 2.0)
    away.send(HOME, bytes(100), 2.0)
    home.send(AWAY, bytes(100), 2.0)
    network.advance(2.5)
    assert len(away.take()) == 1
    network.advance(3.005)
    assert home.take() == []
    network.advance(3.1)
    assert len(home.take()) == 1


def test_heal_unblocks_everything() -> None:
    network = SimulatedNetwork()
    home, away = network.open_port(HOME), network.open_port(AWAY)
    network.block(AWAY.host, HOME.host)
    network.block(HOME.host, AWAY.host, streams=False)
    assert network.blocked() == [(HOME.host, AWAY.host), (AWAY.host, HOME.host)]
    network.heal(1.0)
    assert network.blocked() == []
    away.send(HOME, b"x", 1.0)
    home.send(AWAY, b"y", 1.0)
    network.advance(1.0)
    assert home.take()
    assert away.take()


def test_what_was_lost_is_remembered_with_its_fate() -> None:
    network = SimulatedNetwork(1)
    away = network.open_port(AWAY)
    away.send(HOME, b"\x01", 2.0)
    network.advance(2.0)
    network.set_conditions(NetConditions(loss_pct=100))
    away.send(HOME, b"\x02", 3.0)
    network.block(AWAY.host, HOME.host)
    away.send(HOME, b"\x03", 4.0)
    fates = [line.split(" datagram ")[1] for line in network.recent()]
    assert fates == ["(nobody there): 1 bytes 01", "(lost): 1 bytes 02", "(blocked): 1 bytes 03"]
    assert network.recent(lambda data, is_stream: "words")[0].endswith("(nobody there): words")
    assert network.link_statistics(AWAY.host, HOME.host).lost == 1
    assert network.link_statistics(HOME.host, AWAY.host).sent == 0
