import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.control.tls import TlsStream, client_context, make_certificate, server_context
from engine.drivers import TcpServer, TcpServerLimits
from engine.ids import Address
from tests.drivers.waiting import XorWrapper, flipped, listen


class EchoServer:
    """Upper case for everybody; "quit" ends a stream, "more" fills it."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.addresses: list[Address] = []
        self.chunks: list[int] = []
        self.times: list[float] = []
        self._out: list[tuple[int, bytes]] = []
        self._close: list[int] = []

    def stream_opened(self, peer: int, address: Address, now: float) -> None:
        self.log.append(("opened", peer))
        self.addresses.append(address)

    def receive_stream(self, peer: int, data: bytes, now: float) -> None:
        self.chunks.append(len(data))
        self.times.append(now)
        self._out.append((peer, bytes(4_000_000) if data == b"more" else data.upper()))
        if data == b"quit":
            self._close.append(peer)

    def stream_lost(self, peer: int, now: float) -> None:
        self.log.append(("lost", peer))

    def streams_to_send(self, now: float) -> list[tuple[int, bytes]]:
        out, self._out = self._out, []
        return out

    def streams_to_close(self) -> list[int]:
        close, self._close = self._close, []
        return close

    def advance(self, now: float) -> None:
        pass


class Running:
    def __init__(self, driver: TcpServer, echo: EchoServer, listener: socket.socket) -> None:
        self.driver = driver
        self.echo = echo
        self.listener = listener

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.listener.getsockname()[:2]
        return await asyncio.open_connection(host, port)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5.0):
            while not condition():
                await asyncio.sleep(0.001)


def serve(test: Callable[[Running], Awaitable[None]], family: socket.AddressFamily = socket.AF_INET, **options: object) -> EchoServer:
    async def main() -> EchoServer:
        listener = listen(family)
        listener.setblocking(False)
        echo = EchoServer()
        driver = TcpServer(echo, [listener], **options)  # type: ignore[arg-type]
        await driver.start()
        pumping = asyncio.create_task(driver.run())
        try:
            await test(Running(driver, echo, listener))
        finally:
            pumping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pumping
            await driver.close()
        return echo

    return asyncio.run(main())


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_bytes_come_and_go_and_the_end_is_told_once(family: socket.AddressFamily, host: str) -> None:
    async def test(running: Running) -> None:
        reader, writer = await running.connect()
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.close()
        await running.until(lambda: ("lost", 1) in running.echo.log)
        assert running.driver.statistics().connections == 0

    echo = serve(test, family)
    assert echo.log == [("opened", 1), ("lost", 1)]
    assert echo.addresses[0].host == host


def test_a_stream_is_closed_after_its_last_bytes() -> None:
    async def test(running: Running) -> None:
        reader, writer = await running.connect()
        writer.write(b"quit")
        assert await reader.read() == b"QUIT"
        writer.close()
        await running.until(lambda: ("lost", 1) in running.echo.log)

    assert serve(test).log == [("opened", 1), ("lost", 1)]


def test_a_reset_is_a_loss() -> None:
    async def test(running: Running) -> None:
        _, writer = await running.connect()
        writer.transport.abort()
        await running.until(lambda: ("lost", 1) in running.echo.log)

    serve(test)


def test_one_more_than_fit_is_turned_away() -> None:
    async def test(running: Running) -> None:
        kept = [await running.connect() for _ in range(2)]
        await running.until(lambda: len(running.echo.log) == 2)
        reader, writer = await running.connect()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert running.driver.statistics().refused_full == 1
        assert len(running.echo.log) == 2
        for _, each in (*kept, (reader, writer)):
            each.close()

    serve(test, limits=TcpServerLimits(connections_max=2))


def test_a_peer_who_does_not_read_is_cut_off() -> None:
    async def test(running: Running) -> None:
        _, writer = await running.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(5):
            writer.write(b"more")
            await running.until(lambda: not writer.transport.get_write_buffer_size())
            if running.driver.statistics().slow_readers_cut:
                break
            await asyncio.sleep(0.02)
        await running.until(lambda: ("lost", 1) in running.echo.log)
        assert running.driver.statistics().slow_readers_cut == 1
        writer.transport.abort()

    serve(test)


def test_a_flood_waits_in_the_kernel_until_the_next_pump() -> None:
    async def main() -> None:
        listener = listen()
        listener.setblocking(False)
        echo = EchoServer()
        driver = TcpServer(echo, [listener], limits=TcpServerLimits(unread_bytes_max=10_000, unsent_bytes_max=100_000_000))
        await driver.start()
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(bytes(3_000_000))
        received = 0
        async with asyncio.timeout(5.0):
            while received < 3_000_000:
                await asyncio.sleep(0)
                driver.pump()
                received += len(await reader.read(1_000_000)) if echo.chunks else 0
        assert max(echo.chunks) < 10_000 + 300_000  # one read of asyncio beyond the limit, at most
        assert sum(echo.chunks) == 3_000_000
        writer.close()
        await driver.close()

    asyncio.run(main())


def test_a_wrapped_stream_is_decrypted_and_a_broken_one_closed() -> None:
    async def test(running: Running) -> None:
        reader, writer = await running.connect()
        writer.write(b"h" + flipped(b"hello"))
        assert await reader.readexactly(6) == b"h" + flipped(b"HELLO")
        broken_reader, broken = await running.connect()
        broken.write(b"GET / HTTP/1.1")
        assert await broken_reader.read() == b"h!?"
        await running.until(lambda: ("lost", 2) in running.echo.log)
        assert running.driver.statistics().insecure == 1
        writer.close()
        broken.close()

    serve(test, stream_wrapper=XorWrapper)


def test_real_tls_passes(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    pem.write_bytes(make_certificate())
    context = server_context(pem)

    async def test(running: Running) -> None:
        reader, writer = await running.connect()
        tls = TlsStream.client(client_context())
        tls.send(b"hello")
        plain = b""
        async with asyncio.timeout(5.0):
            while plain != b"HELLO":
                writer.write(tls.bytes_to_send())
                plain += tls.receive(await reader.read(65536))
                assert tls.failure is None
        writer.close()

    serve(test, stream_wrapper=lambda: TlsStream.server(context))


def test_closing_the_server_sends_last_words_and_ends_every_stream() -> None:
    readers: list[asyncio.StreamReader] = []

    async def main() -> EchoServer:
        listener = listen()
        listener.setblocking(False)
        echo = EchoServer()
        driver = TcpServer(echo, [listener])
        await driver.start()
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        readers.append(reader)
        writer.write(b"x")
        async with asyncio.timeout(5.0):
            while not echo.chunks:
                await driver.arrived.wait()
                driver.deliver(0.0)
        await driver.close()
        assert await reader.read() == b"X"
        writer.close()
        return echo

    assert asyncio.run(main()).log == [("opened", 1), ("lost", 1)]


def test_what_arrives_while_the_driver_rests_has_the_time_of_its_arrival() -> None:
    async def main() -> None:
        listener = listen()
        listener.setblocking(False)
        echo, time = EchoServer(), [0.0]
        driver = TcpServer(echo, [listener], clock=lambda: time[0])
        await driver.start()
        _, writer = await asyncio.open_connection(*listener.getsockname())
        async with asyncio.timeout(5.0):
            for at, data in ((1.0, b"one"), (2.0, b"two")):
                driver.arrived.clear()
                time[0] = at
                writer.write(data)
                await driver.arrived.wait()
                while sum(len(connection.unread) for connection in driver._connections.values()) < 3 * at:
                    await asyncio.sleep(0)
        driver.deliver(9.0)
        assert echo.times == [1.0, 2.0]
        assert echo.chunks == [3, 3]
        writer.close()
        await driver.close()

    asyncio.run(main())


def test_a_round_may_be_done_in_parts() -> None:
    async def main() -> EchoServer:
        listener = listen()
        listener.setblocking(False)
        echo = EchoServer()
        driver = TcpServer(echo, [listener])
        await driver.start()
        streams = [await asyncio.open_connection(*listener.getsockname()) for _ in range(5)]
        for _, writer in streams:
            writer.write(b"hi")
        async with asyncio.timeout(5.0):
            while len(driver._happenings) < 10:  # five came, and five said something
                await asyncio.sleep(0)
        arriving = driver.delivering(driver._clock(), 4)
        assert [len(echo.log) + len(echo.chunks) for _ in arriving] == [4, 8]
        assert len(echo.log) + len(echo.chunks) == 10
        echo._close.append(1)
        sending = driver.flushing(driver._clock(), 2)
        assert [driver.statistics().bytes_out for _ in sending] == [4, 8]
        assert [await reader.read(2) for reader, _ in streams] == [b"HI"] * 5
        assert await streams[0][0].read() == b""  # closed, after the last part
        for _, writer in streams:
            writer.close()
        await driver.close()
        return echo

    assert asyncio.run(main()).chunks == [2] * 5


def test_waiting_for_arrivals_ends_with_one_or_with_the_time() -> None:
    async def main() -> None:
        listener = listen()
        listener.setblocking(False)
        driver = TcpServer(EchoServer(), [listener])
        await driver.start()
        async with asyncio.timeout(5.0):
            await driver.arrival(0.0)  # nobody came
            driver.arrived.clear()
            _, writer = await asyncio.open_connection(*listener.getsockname())
            await driver.arrival(1000.0)
        assert len(driver._happenings) == 1
        writer.close()
        await driver.close()

    asyncio.run(main())
