"""The two datagrams of LAN discovery: section 9 of engine/PROTOCOL.md."""

from __future__ import annotations

from typing import Any

_TEXTS = (("name", 96), ("map", 48), ("mode", 32), ("version", 24))


def read_query(datagram: bytes) -> dict[str, Any]:
    """Whatever its format and padding are."""
    if not 256 <= len(datagram) <= 1200 or datagram[:4] != b"\xffSKQ":
        raise ValueError("no question")
    return {"nonce": datagram[5:13], "protocol": int.from_bytes(datagram[13:15], "big")}


def read_answer(datagram: bytes) -> dict[str, Any]:
    """All fields."""
    if not 44 <= len(datagram) <= 244 or datagram[:4] != b"\xffSKA" or datagram[4] != 1 or datagram[39] > 1:
        raise ValueError("no answer")
    numbers = {name: int.from_bytes(datagram[at : at + 2], "big") for name, at in _NUMBERS_AT.items()}
    texts, at = {}, 40
    for name, limit in _TEXTS:
        if at >= len(datagram) or datagram[at] > limit or at + 1 + datagram[at] > len(datagram):
            raise ValueError("a text that is cut or too long")
        text = datagram[at + 1 : at + 1 + datagram[at]].decode("utf-8", "replace")
        texts[name] = "".join(character for character in text if character.isprintable()).strip(" ")
        at += 1 + datagram[at]
    if at != len(datagram):
        raise ValueError("bytes behind the last text")
    ids = {"nonce": datagram[5:13], "server_id": datagram[15:23], "schema_digest": datagram[23:31]}
    return {**ids, **numbers, **texts, "has_password": datagram[39] == 1}


_NUMBERS_AT = {"protocol": 13, "tcp_port": 31, "players": 33, "bots": 35, "seats": 37}
