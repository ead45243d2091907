import socket
import threading

import pytest

from engine.drivers import ConnectFailure, ConnectFailureKind, dialing
from engine.drivers.dialing import CANDIDATES_MAX, CONNECT_TIMEOUT_S, STAGGER_S, Dialer, resolve
from engine.drivers.failures import failure_of
from tests.drivers.waiting import listen, until, unused_port


def dial(host: str, port: int, now: float = 0.0) -> Dialer:
    dialer = Dialer(host, port, now)
    until(lambda: dialer.is_done, lambda: dialer.poll(now))
    return dialer


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("localhost", socket.AF_INET)])
def test_a_listening_server_is_reached(host: str, family: socket.AddressFamily) -> None:
    with listen(family) as listener:
        dialer = dial(host, listener.getsockname()[1])
        assert dialer.connected is not None
        assert dialer.connected.getpeername()[1] == listener.getsockname()[1]
        dialer.connected.close()


def test_nobody_listening_is_refused_with_the_port_in_the_sentence() -> None:
    port = unused_port()
    failure = dial("127.0.0.1", port).failure
    assert failure is not None
    assert failure.kind is ConnectFailureKind.REFUSED
    assert str(port) in failure.sentence


def test_an_unknown_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str, port: int) -> list[dialing.Candidate]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(dialing, "resolve", fail)
    failure = dial("lan-party", 7777).failure
    assert failure is not None
    assert failure.kind is ConnectFailureKind.UNKNOWN_HOST
    assert "lan-party" in failure.sentence


@pytest.mark.parametrize("host", ["a" * 70, "..", "x..y", "\udcff", ""])
def test_names_that_are_none_do_not_raise(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def without_name_server(name: str, *args: object, **options: object) -> object:
        str(name).encode("idna")
        return real(name, *args, flags=socket.AI_NUMERICHOST, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", without_name_server)
    dialer = Dialer(host, unused_port(), 0.0)
    until(lambda: dialer.is_done, lambda: dialer.poll(0.0))
    assert dialer.failure is not None


def test_a_port_that_cannot_be_is_a_failure() -> None:
    assert dial("127.0.0.1", 70000).failure is not None


def test_a_name_server_that_never_answers_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(host: str, port: int) -> list[dialing.Candidate]:
        release.wait(5.0)
        return []

    monkeypatch.setattr(dialing, "resolve", hang)
    dialer = Dialer("slow.example", 7777, 10.0)
    dialer.poll(10.0 + CONNECT_TIMEOUT_S - 0.01)
    assert not dialer.is_done
    dialer.poll(10.0 + CONNECT_TIMEOUT_S)
    release.set()
    assert dialer.failure == ConnectFailure(ConnectFailureKind.TIMED_OUT, "slow.example", 7777)
    assert "firewall" in dialer.failure.sentence


@pytest.fixture
def silent_port():
    """A port whose SYNs nobody answers: its backlog is full."""
    fillers = []
    with listen(backlog=0) as listener:
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
    for filler in fillers:
        filler.close()


def test_a_silent_address_ends_at_the_deadline(silent_port: int) -> None:
    dialer = Dialer("127.0.0.1", silent_port, 0.0)
    dialer.poll(0.0)
    dialer.poll(CONNECT_TIMEOUT_S - 0.01)
    assert not dialer.is_done
    dialer.poll(CONNECT_TIMEOUT_S)
    assert dialer.failure is not None
    assert dialer.failure.kind is ConnectFailureKind.TIMED_OUT


def test_the_next_address_is_tried_at_once_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen() as listener:
        two = [(socket.AF_INET, ("127.0.0.1", unused_port())), (socket.AF_INET, listener.getsockname())]
        monkeypatch.setattr(dialing, "resolve", lambda host, port: two)
        dialer = dial("two.example", 1)
        assert dialer.connected is not None
        dialer.connected.close()


def test_the_next_address_is_tried_soon_after_silence(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with listen() as listener:
        two = [(socket.AF_INET, ("127.0.0.1", silent_port)), (socket.AF_INET, listener.getsockname())]
        monkeypatch.setattr(dialing, "resolve", lambda host, port: two)
        dialer = Dialer("two.example", 1, 0.0)
        until(lambda: dialer._pending, lambda: dialer.poll(0.0))
        dialer.poll(STAGGER_S - 0.01)
        assert len(dialer._pending) == 1
        until(lambda: dialer.is_done, lambda: dialer.poll(STAGGER_S))
        assert dialer.connected is not None
        assert dialer._pending == []
        dialer.connected.close()


def test_families_alternate_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    six = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (f"2001:db8::{index}", 1, 0, 0)) for index in range(9)]
    four = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"10.0.0.{index}", 1)) for index in range(2)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: six + four)
    families = [family for family, _ in resolve("x", 1)]
    assert len(families) == CANDIDATES_MAX
    assert families[:4] == [socket.AF_INET6, socket.AF_INET, socket.AF_INET6, socket.AF_INET]


def test_every_kind_of_failure_has_a_sentence_of_one_line() -> None:
    for kind in ConnectFailureKind:
        sentence = ConnectFailure(kind, "10.0.0.1", 7777, "why").sentence
        assert "10.0.0.1" in sentence
        assert "\n" not in sentence
        assert "{" not in sentence
    assert failure_of(OSError(101, "Network is unreachable"), "h", 1).kind is ConnectFailureKind.NO_ROUTE
    assert failure_of(OSError(99999, "odd"), "h", 1).kind is ConnectFailureKind.OTHER
