import ipaddress
import socket

from engine.drivers import Interface, LanBrowser, join_discovery_groups, lan_addresses, list_interfaces, open_udp
from engine.drivers.interfaces import _directed_broadcast
from engine.ids import Address
from tests.drivers.waiting import until

LOOPBACK = [Interface("lo", "127.0.0.1", 1, None), Interface("lo", "::1", 1, None)]


class Curious:
    """Asks once, and asks one address directly."""

    def __init__(self, direct: Address | None = None) -> None:
        self.questions: list[tuple[Address | None, bytes]] = [(direct, b"who?")]
        self.answers: list[tuple[bytes, Address]] = []

    def queries_to_send(self, now: float) -> list[tuple[Address | None, bytes]]:
        questions, self.questions = self.questions, []
        return questions

    def receive(self, data: bytes, address: Address, now: float) -> None:
        self.answers.append((data, address))


def test_loopback_is_among_the_interfaces_and_has_no_broadcast() -> None:
    interfaces = list_interfaces()
    (loopback,) = [interface for interface in interfaces if interface.host == "127.0.0.1"]
    assert loopback.is_loopback
    assert loopback.broadcast is None
    for interface in interfaces:
        ipaddress.ip_address(interface.host.partition("%")[0])
        assert interface.is_ipv6 == (":" in interface.host)
        assert not (interface.is_ipv6 and interface.is_link_local) or interface.host.endswith(f"%{interface.index}")


def test_addresses_for_friends_do_not_lead_back_here() -> None:
    assert not {"127.0.0.1", "::1"} & set(lan_addresses())


def test_directed_broadcast_of_usual_and_odd_networks() -> None:
    assert _directed_broadcast("10.77.0.1", 24) == "10.77.0.255"
    assert _directed_broadcast("192.168.5.9", 20) == "192.168.15.255"
    assert _directed_broadcast("10.0.0.1", 31) is None
    assert _directed_broadcast("10.0.0.1", 32) is None


def test_a_server_on_this_machine_is_asked_and_heard_on_both_families() -> None:
    server = open_udp()
    asker = Curious()
    browser = LanBrowser(asker, ports=[server.port], interfaces=lambda: LOOPBACK)
    heard: list[tuple[bytes, Address]] = []

    def answer() -> None:
        browser.poll()
        questions = server.receive()
        heard.extend(questions)
        server.send((address, b"me") for _, address in questions)

    until(lambda: len(asker.answers) == 2, answer)
    assert {data for data, _ in heard} == {b"who?"}
    assert {(data, address.host) for data, address in asker.answers} == {(b"me", "127.0.0.1"), (b"me", "::1")}
    browser.close()
    server.close()


def test_a_direct_question_goes_to_one_address() -> None:
    server = open_udp()
    asker = Curious(Address("127.0.0.1", server.port))
    browser = LanBrowser(asker, interfaces=list)
    questions: list[tuple[bytes, Address]] = []

    def step() -> None:
        browser.poll()
        questions.extend(server.receive())

    until(lambda: questions, step)
    server.send([(questions[0][1], b"me")])
    until(lambda: asker.answers, browser.poll)
    browser.close()
    server.close()


def test_an_interface_that_went_away_or_never_worked_is_ignored() -> None:
    time = [100.0]
    interfaces = [*LOOPBACK, Interface("ghost", "203.0.113.7", 99, "203.0.113.255"), Interface("ghost6", "fe80::1%99", 99, None)]
    asker = Curious()
    browser = LanBrowser(asker, ports=[9], interfaces=lambda: interfaces, clock=lambda: time[0])
    browser.poll()
    assert {interface.host for interface in browser._voices} == {"127.0.0.1", "::1"}
    del interfaces[2:]
    asker.questions.append((None, b"again"))
    browser.poll()
    del interfaces[0]
    asker.questions.append((None, b"again"))
    browser.poll()
    assert len(browser._voices) == 2, "what works is looked at every 5 s"
    time[0] += 6.0
    asker.questions.append((None, b"again"))
    browser.poll()
    assert {interface.host for interface in browser._voices} == {"::1"}
    browser.close()


def test_an_address_that_is_not_ours_yet_is_tried_again_with_the_next_question() -> None:
    interfaces = [*LOOPBACK, Interface("setting up", "203.0.113.7", 2, None)]
    looked: list[float] = []
    time = [100.0]

    def look() -> list[Interface]:
        looked.append(time[0])
        return interfaces

    asker = Curious()
    browser = LanBrowser(asker, ports=[9], interfaces=look, clock=lambda: time[0])
    browser.poll()
    interfaces[-1] = Interface("set up", "127.0.0.2", 2, None)
    for time[0] in (100.3, 101.3, 102.3):
        asker.questions.append((None, b"again"))
        browser.poll()
    assert looked == [100.0, 100.3], "and once it works, every 5 s"
    assert {interface.host for interface in browser._voices} == {"127.0.0.1", "127.0.0.2", "::1"}
    browser.close()


def test_every_interface_gets_a_voice_of_its_own_family() -> None:
    browser = LanBrowser(Curious(), ports=[9])
    browser.poll()
    for interface, voice in browser._voices.items():
        assert voice.port.sockets[0].family == (socket.AF_INET6 if interface.is_ipv6 else socket.AF_INET)
        assert interface.broadcast is None or interface.broadcast in voice.hosts
    browser.close()


def test_joining_twice_or_on_an_interface_that_is_not_there_is_no_error() -> None:
    server = open_udp()
    ghost = Interface("ghost", "203.0.113.7", 9999, None)
    assert join_discovery_groups(server, [ghost, Interface("ghost6", "fe80::1%9999", 9999, None)]) == 0
    join_discovery_groups(server)
    assert join_discovery_groups(server) == 0
    server.close()
