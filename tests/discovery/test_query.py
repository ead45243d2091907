from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.discovery import QUERY_BYTES, Answer, Query, ServerInfo, read_answer, read_query, write_answer, write_query
from engine.discovery.query import ANSWER_BYTES_MAX

NONCE = bytes(range(8))
INFO = ServerInfo(
    server_id=b"serverid",
    name="Anna's laptop",
    tcp_port=7777,
    players=3,
    seats=16,
    map="yard",
    version="0.1.0",
    schema_digest=b"digest!!",
    mode="deathmatch",
    bots=2,
    has_password=True,
)
GOLDEN_QUERY = "ff534b51010001020304050607" + "0001" + "00" * 241
GOLDEN_ANSWER = (
    "ff534b41010001020304050607000173657276657269646469676573742121" + "1e61000300020010" + "01"
    "0d416e6e612773206c6170746f70" + "0479617264" + "0a64656174686d61746368" + "05302e312e30"
)


def test_the_bytes_are_these() -> None:
    assert write_query(Query(NONCE)).hex() == GOLDEN_QUERY
    assert read_query(bytes.fromhex(GOLDEN_QUERY)) == Query(NONCE)
    assert write_answer(Answer(NONCE, INFO)).hex() == GOLDEN_ANSWER
    assert read_answer(bytes.fromhex(GOLDEN_ANSWER)) == Answer(NONCE, INFO)


def test_every_truncation_and_trailing_junk_is_refused() -> None:
    query, answer = bytes.fromhex(GOLDEN_QUERY), bytes.fromhex(GOLDEN_ANSWER)
    assert not any(read_query(query[:length]) for length in range(len(query)))
    assert not any(read_answer(answer[:length]) for length in range(len(answer)))
    assert read_answer(answer + b"\0") is None
    assert read_query(query + bytes(2000)) is None


def test_another_format_is_no_answer_but_still_a_question() -> None:
    answer, query = bytearray(bytes.fromhex(GOLDEN_ANSWER)), bytearray(bytes.fromhex(GOLDEN_QUERY))
    answer[4] = query[4] = 2
    assert read_answer(bytes(answer)) is None
    assert read_query(bytes(query)) == Query(NONCE)


def test_a_server_of_another_protocol_is_read_and_marked() -> None:
    answer = read_answer(write_answer(Answer(NONCE, replace(INFO, protocol=9))))
    assert answer is not None
    assert not answer.info.is_compatible
    assert INFO.is_compatible


@given(st.text(max_size=200), st.text(max_size=100), st.text(max_size=100), st.text(max_size=100))
def test_no_answer_is_longer_than_the_question_whatever_the_names(name: str, map_name: str, mode: str, version: str) -> None:
    data = write_answer(Answer(NONCE, replace(INFO, name=name, map=map_name, mode=mode, version=version)))
    assert len(data) <= ANSWER_BYTES_MAX <= QUERY_BYTES
    answer = read_answer(data)
    assert answer is not None
    assert all(text.isprintable() for text in (answer.info.name, answer.info.map, answer.info.mode, answer.info.version))


def test_a_long_name_is_cut_at_a_character() -> None:
    answer = read_answer(write_answer(Answer(NONCE, replace(INFO, name="é" * 200))))
    assert answer is not None
    assert answer.info.name == "é" * 48


def test_a_name_cannot_drive_a_terminal_or_turn_a_line_around() -> None:
    raw = bytes.fromhex(GOLDEN_ANSWER).replace(b"Anna's laptop", b"A\x1b[2J\xe2\x80\xae\x00\xff\nZZ")
    answer = read_answer(raw)
    assert answer is not None
    assert answer.info.name == "A[2J\ufffdZZ"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    for candidate in (data, b"\xffSKA" + data, b"\xffSKQ" + data, bytes.fromhex(GOLDEN_ANSWER)[:50] + data):
        answer = read_answer(candidate)
        if answer is not None:
            assert read_answer(write_answer(answer)) == answer
        read_query(candidate)


@pytest.mark.parametrize("change", [{"server_id": b"short"}, {"schema_digest": b""}, {"players": -1}, {"seats": 65536}])
def test_info_out_of_bounds_is_our_own_mistake(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"bytes each|16 bits"):
        replace(INFO, **change)  # type: ignore[arg-type]
