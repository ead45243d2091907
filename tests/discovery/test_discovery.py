from collections.abc import Callable
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.discovery import Answer, DiscoveryClient, DiscoveryResponder, Query, ServerInfo, write_answer, write_query
from engine.discovery.client import (
    ADDRESSES_PER_SERVER_MAX,
    ASKED_DIRECTLY_MAX,
    GONE_AFTER_S,
    ROUNDS_REMEMBERED,
    SERVERS_MAX,
    SERVERS_PER_HOST_MAX,
    make_server_id,
)
from engine.discovery.responder import ADDRESSES_MAX, FOR_ALL_HZ, PER_ADDRESS_HZ
from engine.ids import Address
from tests.discovery.test_query import INFO

HERE = Address("192.168.1.20", 50000)


def entropy(seed: int = 1) -> Callable[[int], bytes]:
    return Random(seed).randbytes


def question(number: int) -> bytes:
    return write_query(Query(number.to_bytes(8, "big")))


def nonce_of(client: DiscoveryClient, now: float) -> bytes:
    ((_, data),) = client.queries_to_send(now)
    return data[5:13]


def info(number: int, **changes: object) -> ServerInfo:
    return replace(INFO, server_id=number.to_bytes(8, "big"), name=f"server {number}", **changes)  # type: ignore[arg-type]


# --- the server's side ---


def test_a_question_is_answered_with_what_the_server_says_now() -> None:
    responder, client = DiscoveryResponder(INFO), DiscoveryClient(entropy())
    ((target, data),) = client.queries_to_send(5.0)
    assert target is None
    responder.info = replace(INFO, players=7)
    answer = responder.receive(data, HERE, 5.0)
    assert answer is not None
    client.receive(answer, Address("192.168.1.5", 7778), 5.012)
    (entry,) = client.servers()
    assert entry.info.players == 7
    assert entry.address == Address("192.168.1.5", 7777)
    assert 11.9 < entry.ping_ms < 12.1


def test_a_server_behind_a_forwarded_port_is_joined_where_it_was_found() -> None:
    responder, client = DiscoveryResponder(replace(INFO, tcp_port=0)), DiscoveryClient(entropy())
    ((_, data),) = client.queries_to_send(5.0)
    for way, source in enumerate((Address("192.168.1.5", 9000), Address("192.168.1.5", 7779), Address("127.0.0.1", 7777))):
        answer = responder.receive(data, Address(f"10.0.0.{way}", 1), 5.0)
        assert answer is not None
        client.receive(answer, source, 5.01)
    (entry,) = client.servers()
    assert entry.address == Address("127.0.0.1", 7777)
    assert entry.addresses[1:] == (Address("192.168.1.5", 9000), Address("192.168.1.5", 7779))


def test_a_silent_server_and_junk_get_no_answer() -> None:
    responder = DiscoveryResponder()
    assert responder.receive(question(1), HERE, 0.0) is None
    responder.info = INFO
    assert responder.receive(b"\xff\xff\xff\xffTSource Engine Query\0", HERE, 0.0) is None
    assert responder.receive(question(1)[:-1], HERE, 0.0) is None
    assert responder.statistics().malformed == 2


@given(st.binary(max_size=1400))
def test_no_answer_is_longer_than_its_question(data: bytes) -> None:
    responder = DiscoveryResponder(INFO)
    for candidate in (data, b"\xffSKQ" + data, question(1)[: len(data)]):
        answer = responder.receive(candidate, HERE, 0.0)
        assert answer is None or len(answer) <= len(candidate)


def test_the_same_question_by_another_way_is_answered_once() -> None:
    responder = DiscoveryResponder(INFO)
    assert responder.receive(question(1), HERE, 0.0) is not None
    assert responder.receive(question(1), HERE, 0.0) is None
    assert responder.receive(question(1), Address("fe80::5%2", 50000), 0.0) is not None
    assert responder.receive(question(2), HERE, 0.0) is not None
    assert responder.statistics().repeated == 1


def test_one_address_gets_five_answers_a_second_whatever_its_ports() -> None:
    responder = DiscoveryResponder(INFO)
    answers = [responder.receive(question(index), Address("10.0.0.1", index), index / 100) for index in range(1000)]
    assert sum(answer is not None for answer in answers) in range(int(PER_ADDRESS_HZ * 10), int(PER_ADDRESS_HZ * 11) + 1)


def test_all_addresses_together_are_limited_and_the_table_is_bounded() -> None:
    responder = DiscoveryResponder(INFO)
    count = ADDRESSES_MAX * 3
    answers = [responder.receive(question(index), Address(f"10.{index >> 8}.{index & 255}.1", 5), index / count) for index in range(count)]
    assert sum(answer is not None for answer in answers) <= FOR_ALL_HZ * 2
    assert len(responder._addresses) == ADDRESSES_MAX
    assert responder.receive(question(0), Address("10.9.9.9", 5), 3.0) is not None


def test_time_that_stands_still_or_jumps_back_gives_nothing_away() -> None:
    responder = DiscoveryResponder(INFO)
    answers = [responder.receive(question(index), HERE, 100.0 - index) for index in range(50)]
    assert sum(answer is not None for answer in answers) == PER_ADDRESS_HZ


# --- the player's side ---


def test_rounds_come_at_once_then_soon_then_every_second() -> None:
    client = DiscoveryClient(entropy())
    times = [index / 100 for index in range(400) if client.queries_to_send(index / 100)]
    assert times == [0.0, 0.3, 1.3, 2.3, 3.3]
    client.refresh()
    assert client.queries_to_send(3.4)
    assert len({nonce_of(client, 10.0 + index) for index in range(5)}) == 5


def test_one_server_on_several_interfaces_is_one_line_with_the_best_address() -> None:
    client = DiscoveryClient(entropy())
    nonce = nonce_of(client, 0.0)
    answer = write_answer(Answer(nonce, INFO))
    for host in ("fe80::1%2", "fd00::2", "192.168.1.5", "10.0.0.5"):
        client.receive(answer, Address(host, 7777), 0.01)
    (entry,) = client.servers()
    assert [address.host for address in entry.addresses] == ["192.168.1.5", "10.0.0.5", "fd00::2", "fe80::1%2"]
    client.receive(answer, Address("127.0.0.1", 7777), 0.01)
    assert client.servers()[0].address == Address("127.0.0.1", 7777)


def test_servers_are_listed_by_name_and_disappear_when_they_are_silent() -> None:
    client = DiscoveryClient(entropy())
    nonce = nonce_of(client, 0.0)
    for name in ("zoo", "Arena", "bar"):
        client.receive(write_answer(Answer(nonce, replace(INFO, name=name, server_id=name.encode().ljust(8)))), HERE, 0.0)
    assert [entry.info.name for entry in client.servers()] == ["Arena", "bar", "zoo"]
    later = nonce_of(client, GONE_AFTER_S)
    client.receive(write_answer(Answer(later, replace(INFO, name="bar", server_id=b"bar     "))), Address("10.0.0.9", 1), GONE_AFTER_S)
    client.queries_to_send(GONE_AFTER_S + 0.1)
    (entry,) = client.servers()
    assert [address.host for address in entry.addresses] == ["10.0.0.9"]


def test_the_smallest_recent_ping_counts() -> None:
    client = DiscoveryClient(entropy())
    for index, ping in enumerate((0.030, 0.008, 0.020)):
        nonce = nonce_of(client, index * 2.0)
        client.receive(write_answer(Answer(nonce, INFO)), HERE, index * 2.0 + ping)
    assert round(client.servers()[0].ping_ms, 3) == 8.0


def test_an_answer_that_nobody_asked_for_is_dropped() -> None:
    client = DiscoveryClient(entropy())
    client.receive(write_answer(Answer(bytes(8), INFO)), HERE, 0.0)
    first = nonce_of(client, 0.0)
    for index in range(ROUNDS_REMEMBERED):
        nonce_of(client, 10.0 * (index + 1))
    client.receive(write_answer(Answer(first, INFO)), HERE, 100.0)
    client.receive(b"junk", HERE, 0.0)
    assert client.servers() == []
    assert client.statistics().dropped == {"not asked": 2, "malformed": 1}


def test_a_liar_fills_neither_the_list_nor_the_memory() -> None:
    client = DiscoveryClient(entropy())
    nonce = nonce_of(client, 0.0)
    for number in range(100):
        client.receive(write_answer(Answer(nonce, info(number))), HERE, 0.0)
    assert len(client.servers()) == SERVERS_PER_HOST_MAX
    for number in range(1000):
        client.receive(write_answer(Answer(nonce, info(1000 + number))), Address(f"10.0.{number >> 3}.1", 7777), 0.0)
    assert len(client.servers()) == SERVERS_MAX
    for number in range(100):
        client.receive(write_answer(Answer(nonce, info(0))), Address(f"10.9.9.{number}", 7777), 0.0)
    assert max(len(entry.addresses) for entry in client.servers()) == ADDRESSES_PER_SERVER_MAX


def test_favourites_are_asked_directly_each_round_up_to_a_limit() -> None:
    client = DiscoveryClient(entropy())
    far = Address("203.0.113.9", 7777)
    assert client.ask(far)
    assert client.ask(far)
    first = client.queries_to_send(0.0)
    assert [target for target, _ in first] == [None, far]
    for number in range(ASKED_DIRECTLY_MAX - 1):
        assert client.ask(Address("203.0.113.9", number + 1))
    assert not client.ask(Address("203.0.113.10", 1))


def test_server_ids_are_random() -> None:
    dice = entropy()
    assert len({make_server_id(dice) for _ in range(10)}) == 10
