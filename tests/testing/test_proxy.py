"""The proxy over real loopback sockets: bytes come out as they went in, conditions do what they say, a real match plays through it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.conditions import NetConditions
from engine.discovery import DiscoveryClient
from engine.drivers import open_server_sockets
from engine.ids import Address
from engine.testing.proxy.__main__ import main
from engine.testing.proxy.relay import Proxy
from tests.drivers.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


HOSTS = ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6"))]


class Wire:
    """A client and a server with bare sockets, and the proxy between them, by a clock that the test moves."""

    def __init__(self, host: str, net: str) -> None:
        self.time = 100.0
        self.host = host
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.servers = open_server_sockets(0, hosts=(host,))
        self.proxy = Proxy(host, self.servers.port, NetConditions.parse(net), listen_hosts=(host,), seed=3, clock=lambda: self.time)
        self.udp = self.udp_client()
        self.streams: list[socket.socket] = []

    def udp_client(self) -> socket.socket:
        sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.connect((self.host, self.proxy.port))
        sock.setblocking(False)
        return sock

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """A stream through the proxy: the client's end and the server's."""
        near = socket.create_connection((self.host, self.proxy.port), timeout=5)
        near.setblocking(False)
        self.streams.append(near)
        accepted: list[socket.socket] = []

        def look() -> None:
            self.proxy.poll()
            try:
                accepted.append(self.servers.listeners[0].accept()[0])
            except BlockingIOError:
                return

        until(lambda: accepted, look)
        accepted[0].setblocking(False)
        self.streams += accepted
        self.proxy.poll()
        return near, accepted[0]

    def at_server(self) -> list[tuple[bytes, Address]]:
        return self.servers.udp.receive()

    def close(self) -> None:
        for sock in (self.udp, *self.streams):
            sock.close()
        self.proxy.close()
        self.servers.close()


@contextmanager
def wired(host: str = "127.0.0.1", net: str = "none") -> Iterator[Wire]:
    wire = Wire(host, net)
    try:
        yield wire
    finally:
        wire.close()


def read(sock: socket.socket) -> bytes | None:
    """What is there; None at the end."""
    try:
        return sock.recv(1 << 20) or None
    except BlockingIOError:
        return b""


def read_until(sock: socket.socket, size: int, step: Any) -> bytes:
    got = bytearray()

    def look() -> None:
        step()
        got.extend(read(sock) or b"")

    until(lambda: len(got) >= size, look)
    return bytes(got)


@pytest.mark.parametrize("host", HOSTS)
def test_datagrams_pass_unchanged_both_ways_and_each_client_has_a_port(host: str) -> None:
    with wired(host) as wire, wire.udp_client() as other:
        got: list[tuple[bytes, Address]] = []
        data = os.urandom(1200)
        wire.udp.send(data)
        other.send(b"other")
        until(lambda: len(got) == 2, lambda: (wire.proxy.poll(), got.extend(wire.at_server())))
        sources = dict(got)
        assert set(sources) == {data, b"other"}
        assert sources[data] != sources[b"other"]
        answer = os.urandom(900)
        wire.servers.udp.send([(sources[data], answer)])
        assert read_until(wire.udp, 900, wire.proxy.poll) == answer
        assert read(other) == b""
        report = wire.proxy.statistics()
        assert (report.clients, report.datagrams_up.delivered, report.datagrams_down.delivered) == (2, 2, 1)
        assert report.datagrams_up.bytes == 1205


def test_datagrams_wait_for_half_the_latency_by_the_proxys_clock() -> None:
    with wired(net="latency=200") as wire:
        wire.udp.send(b"x")
        got: list[tuple[bytes, Address]] = []
        until(lambda: wire.proxy.statistics().datagrams_up.sent == 1, wire.proxy.poll)
        wire.time += 0.099
        wire.proxy.poll()
        assert wire.proxy.statistics().datagrams_up.delivered == 0
        wire.time += 0.002
        until(lambda: got, lambda: (wire.proxy.poll(), got.extend(wire.at_server())))
        assert got[0][0] == b"x"


def test_losses_duplicates_and_damage_are_done_and_counted() -> None:
    with wired(net="loss=30,duplicate=30,corrupt=30,truncate=20,mtu=1028") as wire:
        sent = [bytes([index]) * 50 for index in range(200)]
        got: list[tuple[bytes, Address]] = []
        for data in sent:
            wire.udp.send(data)
            wire.proxy.poll()
        wire.udp.send(bytes(1001))
        until(lambda: wire.proxy.statistics().datagrams_up.sent == 201, wire.proxy.poll)
        wire.time += 1.0
        wire.proxy.poll()
        up = wire.proxy.statistics().datagrams_up
        until(lambda: len(got) == up.delivered, lambda: got.extend(wire.at_server()))
        assert 35 < up.lost < 95
        assert up.oversized == 1
        assert up.delivered == 201 - up.lost + up.duplicated
        whole = [data for data, _ in got if data in sent]
        assert len(whole) < len(got)
        assert 0 < len(got) - len(whole) <= up.corrupted + up.truncated


@pytest.mark.parametrize("host", HOSTS)
def test_a_stream_passes_every_byte_in_order_and_its_end(host: str) -> None:
    with wired(host, "loss=10,jitter=5,split=30") as wire:
        near, far = wire.connect()
        sent = os.urandom(300_000)
        waiting = bytearray(sent)

        def push() -> None:
            wire.time += 0.05
            if waiting:
                del waiting[: near.send(waiting[:40_000])]
            wire.proxy.poll()

        assert read_until(far, len(sent), push) == sent
        far.send(b"and back")
        assert read_until(near, 8, push) == b"and back"
        near.shutdown(socket.SHUT_WR)
        ended: list[bytes | None] = []
        until(lambda: None in ended, lambda: (push(), ended.append(read(far))))
        far.send(b"last words")
        assert read_until(near, 10, push) == b"last words"
        far.close()
        until(lambda: read(near) is None, push)
        report = wire.proxy.statistics()
        assert report.streams_up.bytes == 300_000
        assert report.streams_down.bytes == 18
        assert report.streams_up.retransmitted > 0


def test_a_stream_waits_for_half_the_latency_and_its_end_as_well() -> None:
    with wired(net="latency=200") as wire:
        near, far = wire.connect()
        near.send(b"hello")
        near.shutdown(socket.SHUT_WR)
        until(lambda: wire.proxy.statistics().streams_up.writes == 1, wire.proxy.poll)
        for _ in range(5):
            wire.proxy.poll()
        wire.time += 0.099
        wire.proxy.poll()
        assert read(far) == b""
        wire.time += 0.002
        assert read_until(far, 5, wire.proxy.poll) == b"hello"
        until(lambda: read(far) is None, wire.proxy.poll)


def test_a_reset_on_one_side_is_a_reset_on_the_other_and_conditions_may_make_one() -> None:
    with wired() as wire:
        near, far = wire.connect()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        far.close()
        with pytest.raises(ConnectionResetError):
            until(lambda: read(near) is None, wire.proxy.poll)
    with wired(net="reset=100") as wire:
        near, far = wire.connect()
        near.send(b"x")
        with pytest.raises(ConnectionResetError):
            until(lambda: read(far) is None, wire.proxy.poll)
        assert wire.proxy.statistics().streams_up.reset == 1


def test_nobody_at_the_server_is_a_reset_and_counted() -> None:
    with wired() as wire:
        for listener in wire.servers.listeners:
            listener.close()
        near = socket.create_connection(("127.0.0.1", wire.proxy.port), timeout=5)
        wire.streams.append(near)
        near.setblocking(False)
        with pytest.raises(ConnectionResetError):
            until(lambda: read(near) is None, wire.proxy.poll)
        assert wire.proxy.statistics().streams_refused == 1


def test_who_reads_nothing_is_not_read_from_without_end() -> None:
    with wired() as wire:
        near, _far = wire.connect()
        pushed = 0
        idle = 0
        while idle < 50:
            try:
                pushed += near.send(bytes(65536))
                idle = 0
            except BlockingIOError:
                idle += 1
            wire.proxy.poll()
        assert pushed < 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "7778"], "the following arguments are required: --to"),
        (["--listen", "port", "--to", "h:1"], "'port': write PORT, ADDRESS:PORT or [IPv6]:PORT"),
        (["--listen", "70000", "--to", "h:1"], "'70000' is not a port of 0 to 65535"),
        (["--listen", "0", "--to", "localhost"], "'localhost' is not an address: write HOST:PORT"),
        (["--listen", "0", "--to", "::1:7777"], "'::1:7777' is not an address"),
        (["--listen", "0", "--to", "h:1", "--net", "lag=5"], "network conditions: 'lag' is unknown"),
        (["--listen", "0", "--to", "h:1", "--seconds", "0"], "--seconds: 0 is not in 0.1 to"),
        (["--listen", "0", "--to", "h:1", "--seed", "x"], "--seed: 'x' is not a whole number"),
        (
            ["--listen", "0", "--to", "no.such.name.invalid:1"],
            "engine.testing.proxy: No computer is known by the name no.such.name.invalid: check the spelling",
        ),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    captured = capsys.readouterr()
    assert code == 2
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    return line


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_to_itself_is_refused(capsys: pytest.CaptureFixture[str], host: str) -> None:
    free = open_server_sockets(0)
    free.close()
    said = refusal(capsys, "--listen", str(free.port), "--to", f"{host}:{free.port}")
    assert said == (
        f"engine.testing.proxy: {host} port {free.port} is where the proxy itself listens: it would pass everything on to itself"
    )


def test_a_port_that_is_taken_is_told_with_the_proxys_own_option(capsys: pytest.CaptureFixture[str]) -> None:
    taken = open_server_sockets(0, hosts=("127.0.0.1",))
    try:
        said = refusal(capsys, "--listen", f"127.0.0.1:{taken.port}", "--to", "127.0.0.1:1")
    finally:
        taken.close()
    assert said.startswith(f"engine.testing.proxy: cannot listen at 127.0.0.1:{taken.port}: ")
    assert said.endswith("; --listen takes another port, TCP and UDP (0 is any)")


# --- a real server, the proxy as a process, a real client


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A program of ours that says where it listens, and its port."""
    command = [sys.executable, "-m", *arguments]
    started = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert started.stdout is not None
    try:
        found = re.match(r"listening tcp=(\d+) udp=\1\b", started.stdout.readline())
        assert found, started.communicate()
        yield started, int(found[1])
    finally:
        started.kill()
        started.communicate()


def report_of(started: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """End it in order; its last line, and everything it said."""
    started.send_signal(signal.SIGTERM)
    out, err = started.communicate(timeout=20)
    assert started.returncode == 0, err
    return json.loads(out.splitlines()[-1]), out


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.skipif(os.name != "posix", reason="ends programs by SIGTERM")
def test_a_real_match_plays_through_it(tmp_path: Path, host: str) -> None:
    bracketed = f"[{host}]" if ":" in host else host
    config = tmp_path / "server.toml"
    config.write_text("[rooms]\ncountdown_s = 0.5\n")
    state = str(tmp_path / "state")
    arguments = ("server", "--config", str(config), "--state", state, "--host", host, "--bots", "1", "--exit-with-stdin")
    with process(*arguments) as (_, server_port):
        net = "latency=80,loss=5,duplicate=2"
        proxied = ("engine.testing.proxy", "--listen", f"{bracketed}:0", "--to", f"{bracketed}:{server_port}", "--net", net, "--json")
        with process(*proxied) as (proxy, port):
            assert port != server_port
            found = asked(Address(host, port))
            assert found == Address(host, port), "a LAN list leads to the proxy and not past it"
            client = subprocess.run(
                [sys.executable, "-m", "game", "join", f"{bracketed}:{port}", "--headless", "--seconds", "4", "--json"],
                cwd=ROOT,
                env={**os.environ, "SKIRMISH_STATE": str(tmp_path / "player"), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert client.returncode == 0, client.stderr
            figures = json.loads(client.stdout.splitlines()[-1])
            report, said = report_of(proxy)
    assert figures["carrier"] == "udp"
    assert figures["rtt_ms"] > 79
    assert figures["snapshots"] > 20
    assert figures["checksum_mismatches"] == 0
    assert report["net"] == "latency=80,loss=5,duplicate=2"
    assert report["streams"] == 1
    assert report["clients"] >= 2
    assert (report["discovery_questions"], report["discovery_answers"]) == (1, 1)
    for direction in (report["datagrams_up"], report["datagrams_down"]):
        assert direction["sent"] > 50
        assert direction["lost"] > 0
        assert direction["duplicated"] > 0
        assert direction["corrupted"] == 0
    assert "datagrams to the server: " in said


def asked(address: Address) -> Address:
    """Where a LAN list would join the server that answers at this address."""
    client = DiscoveryClient(os.urandom)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    client.ask(address)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        for attempt in range(20):  # it is lost now and then
            (_, question) = client.queries_to_send(float(attempt))[-1]
            sock.sendto(question, (address.host, address.port))
            try:
                data, source = sock.recvfrom(2048)
            except TimeoutError:
                continue
            client.receive(data, Address(source[0], source[1]), float(attempt))
            (entry,) = client.servers()
            return entry.address
    raise AssertionError("no answer")
