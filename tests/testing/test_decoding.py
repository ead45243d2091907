import re

from hypothesis import given
from hypothesis import strategies as st

from engine.conditions import NetConditions
from engine.datagram.inspect import open_datagram
from engine.discovery.query import Query, write_query
from engine.replication.decoder import Decoded, Refusal
from engine.testing import Decoder, GameUnderTest, SimulatedMatch, Simulation
from engine.testing.scenario import at, partition
from engine.world import World
from tests.testing.toy import RUNNERS, Runners


def played(conditions: str = "none", clients: int = 2) -> SimulatedMatch:
    match = SimulatedMatch(RUNNERS, clients=clients, simulation=Simulation(3, NetConditions.parse(conditions)))
    match.start()
    match.clients[0].set_command(dx=1)
    match.run_for(1)
    return match


def words_of(match: SimulatedMatch) -> str:
    return "\n".join(match.simulation.network.recent(Decoder(match.simulation.clients)))


def test_datagrams_are_told_in_words_both_ways() -> None:
    words = words_of(played())
    assert "client 1 to server #" in words
    assert "(dx=1)" in words
    assert "(neutral)" in words
    assert "server to client 2 #" in words
    assert " built on " in words
    assert "bytes 01" not in words


def test_the_command_that_a_snapshot_tells_of_is_the_one_that_the_client_reads_in_it() -> None:
    match = played("latency=60,loss=10")
    running = match.clients[0].match
    assert running is not None
    receive = running.decoder.receive
    used: dict[int, int | None] = {}

    def noting(message: bytes) -> Decoded | Refusal:
        decoded = receive(message)
        if isinstance(decoded, Decoded):
            used[decoded.tick] = decoded.feedback.last_used_tick
        return decoded

    running.decoder.receive = noting  # type: ignore[method-assign]
    match.run_for(1)
    told = re.findall(r"datagram: server to client 1 .* snapshot (\d+) built on \d+, \d+ bytes, command used (\d+)", words_of(match))
    assert len(told) > 5
    assert all(used[int(tick)] == int(command) for tick, command in told)


def test_announcements_are_told_in_words() -> None:
    class Telling(Runners):
        def announcements(self, world: World) -> list[bytes]:
            return [b"hit"] if world.tick % 5 == 0 else []

    match = SimulatedMatch(GameUnderTest(lambda settings, seats: Telling(seats)), clients=1, simulation=Simulation(3))
    match.start()
    match.run_for(0.5)
    words = words_of(match)
    assert re.search(r"; announcement \d+ of tick \d+5: 3 bytes 686974\n", words)
    assert re.search(r": has announcement \d+, has snapshot \d+, commands ", words)


def test_a_broken_seal_is_said_to_be_broken() -> None:
    assert "seal broken" in words_of(played("corrupt=50,bits=8"))


def test_streams_are_told_in_words_without_secrets() -> None:
    match = SimulatedMatch(RUNNERS, clients=1, simulation=Simulation(3))
    match.run_until(lambda: match.clients[0].session_id is not None, 2)
    match.run_for(0.02)
    words = words_of(match)
    assert "stream: Hello(protocol=" in words
    assert "stream: Welcome(session_id=" in words
    assert "token=..." in words
    assert "Reliable 1: Seated(match_id=1, seat=0" in words
    assert "key_to_server=..." in words


def test_carried_datagrams_are_opened_too() -> None:
    match = SimulatedMatch(RUNNERS, clients=1, simulation=Simulation(3))
    match.play(at(0, partition("client 1", "server", streams=False)))
    match.run_for(4)
    assert "Carried: client 1 to server #" in words_of(match)


def test_what_cannot_be_read_is_said_to_be_that() -> None:
    decode = Decoder([])
    assert decode(write_query(Query(bytes(8))), False) == "discovery question, 256 bytes"
    assert decode(b"\x02" * 40, False).startswith("no datagram of the game: 40 bytes 0202")
    assert decode(b"\x01" * 40, False).startswith("connection 0x01010101, which nobody here has")
    assert decode(b"\x00\x00\x00\x09half", True).startswith("a piece of a frame: 8 bytes")


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_words(data: bytes, is_stream: bool) -> None:
    assert isinstance(Decoder([])(data, is_stream), str)


def test_looking_into_a_datagram_changes_nothing() -> None:
    match = played(clients=1)
    running = match.clients[0].match
    assert running is not None
    seen: list[bytes] = []
    match.simulation.network.recent(lambda data, is_stream: seen.append(data) or "")  # type: ignore[func-returns-value]
    before = running.connection.statistics()
    opened = [open_datagram(running.connection, data) for data in seen]
    assert {one.is_ours for one in opened if one is not None} == {True, False}
    sequences = [one.sequence for one in opened if one is not None and one.is_ours]
    assert sequences == sorted(sequences)
    assert running.connection.statistics() == before
    flipped = bytes([*seen[-1][:-1], seen[-1][-1] ^ 1])
    assert open_datagram(running.connection, flipped) is None
    assert open_datagram(running.connection, b"") is None
