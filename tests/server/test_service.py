"""The server's rounds: a mistake of ours in one of them ends neither the server nor what others are told."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from server.service import Service, ServiceOptions
from tests.server.lobby_bench import ToyRules, config_with

ROUNDS = 6


@pytest.fixture(autouse=True)
def _process_settings() -> Iterator[None]:
    """A server is a process of its own and sets it up as it likes."""
    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.setswitchinterval(interval_s)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def service(log: list[str]) -> Service:
    options = ServiceOptions(is_local=True)
    return Service(config_with(), ToyRules(), options, stream_wrapper=None, say=lambda line: None, log=log.append)


def mistakes(log: list[str]) -> list[str]:
    return [line for line in log if line.startswith("a mistake of the server")]


def raising_once(verb: Callable[..., object]) -> Callable[..., object]:
    calls: list[None] = []

    def raising(*arguments: object) -> object:
        calls.append(None)
        if len(calls) == 1:
            raise ValueError("our own mistake")
        return verb(*arguments)

    return raising


@pytest.mark.parametrize("verb", ["receive_stream", "advance", "host_requests", "streams_to_send", "streams_to_close"])
def test_a_mistake_in_a_round_is_logged_and_the_server_plays_on_and_ends_in_order(
    service: Service, log: list[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    rounds: list[float] = []
    advance = service._side.advance

    def counting(now: float) -> None:
        rounds.append(now)
        if len(rounds) == ROUNDS:
            service.stop()
        advance(now)

    monkeypatch.setattr(service._side, "advance", counting)
    monkeypatch.setattr(service._side, verb, raising_once(getattr(service._side, verb)))
    with socket.create_connection(("127.0.0.1", service.port)) as player:
        player.sendall(b"\0")
        assert asyncio.run(service.run()) == 0
        assert player.recv(1 << 16) != b""  # a farewell
    assert mistakes(log) == ["a mistake of the server, number 1:"]
    assert "ValueError: our own mistake" in log
    assert len(rounds) == ROUNDS
    assert not service._tick.is_running
