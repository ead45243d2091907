"""Real hosts on a real LAN: network namespaces joined by a cable (a veth pair) or by a switch (a bridge in a namespace of its own).

::

    two hosts:      alpha [lan0]=====[lan0] beta            switched:   alpha [lan0]--+
                                                                        beta  [lan0]--+-- bridge, in a namespace of its own
                                                                        gamma [lan0]--+

Like an isolated switch at a LAN party: every host has an IPv4 and an IPv6 address on the link and **no default route**. Nothing of the
machine itself is touched: both ends of every veth pair are made inside namespaces, whose names are random and which are removed again.

A cable is pulled at the switch's end. The host's own end stays up and loses its carrier, as the real thing does: its addresses and routes
stay. Taking the host's own end down would be an administrator's act, which on Linux takes the IPv6 addresses away for good.

Packets are dropped in the receiver's INPUT hook: a drop in OUTPUT is an error that the sender sees, which no lossy cable shows him.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INTERFACE = "lan0"
PREFIX = "skirmish-test-"
MAPPED_PORTS = 50_000, 50_999
"""What a translation of addresses chooses from."""
MAPPING_KEPT_S = 1
TBF_BURST_BYTES = 3000
"""Two full packets: less, and the filter cannot let a full one through."""
COMMAND_S_MAX = 20.0
"""No ``ip`` or ``nft`` takes longer, however loaded the machine is."""


class CannotMakeHostsError(Exception):
    """This machine does not let us; the text says what is missing."""


def what_is_missing() -> str | None:
    """Why no hosts can be made here, or None."""
    if sys.platform != "linux":
        return "network namespaces are a thing of Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool, package in (("ip", "iproute2"), ("nft", "nftables")):
        if shutil.which(tool) is None:
            return f"{tool} is missing (apt install {package})"
    return None


def _run(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=COMMAND_S_MAX, check=False)
    if done.returncode:
        raise CannotMakeHostsError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def remove_leftovers() -> None:
    """Remove the namespaces of a run that was killed: ours by name, their run ended, and nothing runs in them any more."""
    for line in _run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        run = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and not Path("/proc", run).exists() and not _run("ip", "netns", "pids", name).split():
            with suppress(CannotMakeHostsError):  # another run has done it at this moment
                _run("ip", "netns", "delete", name)


@dataclass(frozen=True)
class Host:
    """One computer: a namespace with one network card."""

    name: str
    namespace: str
    number: int

    @property
    def ipv4(self) -> str:
        return f"10.77.3.{self.number}"

    @property
    def ipv6(self) -> str:
        return f"fd77:3::{self.number}"

    def command(self, *command: str) -> list[str]:
        """``command`` as it must be started to run on this host; the process that is started is the command itself."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def run(self, *command: str, stdin: str | None = None) -> str:
        """Run a short command on this host."""
        return _run(*self.command(*command), stdin=stdin)

    def nft(self, script: str) -> None:
        """Carry out an nft script on this host."""
        self.run("nft", "-f", "-", stdin=script)

    def has_default_route(self) -> bool:
        return "default" in self.run("ip", "-4", "route") + self.run("ip", "-6", "route")

    def block_udp(self) -> None:
        """A firewall that lets no UDP in, over IPv4 and IPv6 alike."""
        self.drop_incoming("meta l4proto udp")

    def drop_incoming(self, *matches: str) -> None:
        """Drop what arrives and fits one of the matches (nft's words), until :meth:`unblock`."""
        rules = "".join(f"{match} counter drop; " for match in matches)
        self.nft(f"table inet fault {{ chain in {{ type filter hook input priority 0; {rules}}}; }}")

    def unblock(self) -> None:
        """Take the firewall rules away."""
        self.nft("table inet fault\ndelete table inet fault")

    def dropped_packets(self) -> int:
        """How many packets the (first) firewall rule has dropped."""
        return self._counter("fault")

    def _counter(self, table: str) -> int:
        words = self.run("nft", "list", "table", "inet", table).split()
        return int(words[words.index("packets") + 1])

    def take_addresses(self) -> None:
        """Have addresses on the link and no default route."""
        self.run("ip", "address", "add", f"{self.ipv4}/24", "broadcast", "+", "dev", INTERFACE)
        self.run("ip", "-6", "address", "add", f"{self.ipv6}/64", "dev", INTERFACE)
        self.run("ip", "link", "set", INTERFACE, "up")

    def lose_addresses(self) -> None:
        """As before the cable was in and somebody gave us an address."""
        self.run("ip", "link", "set", INTERFACE, "down")
        self.run("ip", "address", "flush", "dev", INTERFACE)

    def remap(self, port: int, server_port: int, seen_as: int) -> None:
        """Datagrams of our ``port`` to ``server_port`` leave with the source port ``seen_as`` from now on, as behind a router that made its
        mapping anew: what comes to the new port finds its way back, and what comes to any older one is lost. Stateless, so that it holds
        for a conversation in progress.
        """
        self.nft(
            "table inet router\ndelete table inet router\n"
            "table inet router {\n"
            f"chain out {{ type filter hook output priority 0; udp sport {port} udp dport {server_port} udp sport set {seen_as}; }}\n"
            "chain in { type filter hook prerouting priority -300;\n"
            f"  udp sport {server_port} udp dport != {seen_as} drop;\n"
            f"  udp sport {server_port} udp dport {seen_as} counter udp dport set {port}; }}\n"
            "}"
        )

    def packets_to_new_port(self) -> int:
        """How many datagrams have come to the port of the last :meth:`remap`."""
        return self._counter("router")

    def masquerade(self, server_port: int) -> None:
        """Datagrams to ``server_port`` leave with a random source port, by the kernel's own translation of addresses, which remembers it as
        long as there is traffic and for :data:`MAPPING_KEPT_S` after it.
        """
        self.nft(
            "table ip translation {\n"
            "chain out { type nat hook postrouting priority 100; "
            f"udp dport {server_port} masquerade to :{MAPPED_PORTS[0]}-{MAPPED_PORTS[1]} random; }}\n"
            "}"
        )
        for setting in ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"):
            self.run("sh", "-c", f"echo {MAPPING_KEPT_S} > /proc/sys/net/netfilter/{setting}")

    def silence_udp(self, server_port: int) -> None:
        """Nothing passes between us and ``server_port``, either way, and the translation does not notice the attempts."""
        self.nft(
            "table inet silence {\n"
            f"chain out {{ type filter hook output priority -310; udp dport {server_port} drop; }}\n"
            f"chain in {{ type filter hook prerouting priority -310; udp sport {server_port} drop; }}\n"
            "}"
        )

    def end_silence(self) -> None:
        """Take :meth:`silence_udp` back."""
        self.nft("delete table inet silence")

    def note_ports(self, port: int) -> None:
        """From now on, note the source ports of datagrams that come to our ``port``."""
        self.nft(
            "table inet seen {\n"
            "set ports { type inet_service; flags dynamic; size 1024; }\n"
            f"chain in {{ type filter hook input priority 10; udp dport {port} add @ports {{ udp sport }}; }}\n"
            "}"
        )

    def noted_ports(self) -> set[int]:
        """Those of :meth:`note_ports`."""
        told = json.loads(self.run("nft", "--json", "list", "set", "inet", "seen", "ports"))
        return {port for entry in told["nftables"] for port in entry.get("set", {}).get("elem", ())}

    def limit_rate(self, rate_kbit_s: int, queue_ms: int) -> None:
        """What leaves this host passes a line of this rate, with a queue in front of it (a token bucket filter)."""
        self.run("tc", "qdisc", "replace", "dev", INTERFACE, "root", "tbf", "rate", f"{rate_kbit_s}kbit",
                 "burst", f"{TBF_BURST_BYTES}b", "latency", f"{queue_ms}ms")  # fmt: skip

    def lift_rate(self) -> None:
        """A fast line again."""
        self.run("tc", "qdisc", "delete", "dev", INTERFACE, "root")

    def udp_ports(self) -> list[int]:
        """The local ports of this host's UDP sockets over IPv4."""
        lines = self.run("cat", "/proc/net/udp").splitlines()[1:]
        return [int(line.split()[1].rpartition(":")[2], 16) for line in lines]


class Lan:
    """Some hosts on one link. Use as a context manager: on leaving, the namespaces are removed."""

    def __init__(self, names: Sequence[str], *, is_switched: bool | None = None) -> None:
        """``is_switched`` is a choice for two hosts only; more need the switch."""
        tag = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        self.hosts = tuple(Host(name, f"{tag}-{name}", number) for number, name in enumerate(names, start=1))
        self.is_switched = len(names) > 2 if is_switched is None else is_switched
        self._switch = f"{tag}-switch"
        self._namespaces: list[str] = []

    def __enter__(self) -> Lan:
        try:
            for host in self.hosts:
                self._add_namespace(host.namespace)
            if self.is_switched:
                self._add_namespace(self._switch)
                _run("ip", "-n", self._switch, "link", "add", "bridge0", "type", "bridge")
                _run("ip", "-n", self._switch, "link", "set", "bridge0", "up")
                for host in self.hosts:
                    self._join(host.namespace, INTERFACE, self._switch, self._port(host))
                    _run("ip", "-n", self._switch, "link", "set", self._port(host), "master", "bridge0", "up")
            else:
                one, other = self.hosts
                self._join(one.namespace, INTERFACE, other.namespace, INTERFACE)
            for host in self.hosts:
                host.take_addresses()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the namespaces, and with them their interfaces and rules."""
        while self._namespaces:
            _run("ip", "netns", "delete", self._namespaces.pop())

    def pull_cable(self, host: Host) -> None:
        """The host's network card loses its carrier."""
        assert self.is_switched, "a cable between two hosts is pulled for both, and takes the addresses of one away"
        _run("ip", "-n", self._switch, "link", "set", self._port(host), "down")

    def plug_in(self, host: Host) -> None:
        """Put it back."""
        _run("ip", "-n", self._switch, "link", "set", self._port(host), "up")

    def _port(self, host: Host) -> str:
        return f"port{host.number}"

    def _add_namespace(self, name: str) -> None:
        _run("ip", "netns", "add", name)
        self._namespaces.append(name)
        _run("ip", "-n", name, "link", "set", "lo", "up")
        # Without duplicate address detection an IPv6 address is usable at once and not after 1 to 2 s.
        for which in ("all", "default"):
            _run("ip", "netns", "exec", name, "sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{which}/accept_dad")

    @staticmethod
    def _join(namespace: str, interface: str, other_namespace: str, other_interface: str) -> None:
        _run("ip", "link", "add", interface, "netns", namespace, "type", "veth", "peer", "name", other_interface, "netns", other_namespace)
