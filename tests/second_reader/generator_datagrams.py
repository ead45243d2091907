"""Sealed datagrams of any content, whole exchanges between two connections, and announcements."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any, Final

from engine.datagram import Connection, Received
from engine.datagram import messages as parts
from engine.datagram.sealing import make_seals
from engine.errors import DisconnectReason
from engine.ids import Address, ConnectionId, Ticket
from engine.session.announcements import AnnouncementLog, read_announcements
from tests.second_reader import datagrams
from tests.second_reader.packet import Packet

DATAGRAMS_OF_AN_EXCHANGE: Final = 200
SERVER: Final = Address("10.0.0.1", 7777)
CLIENT: Final = Address("10.0.0.2", 40000)


def _ticket(roll: Random) -> Ticket:
    return Ticket(ConnectionId(roll.randrange(1, 2**32)), roll.randbytes(16), roll.randbytes(16), 10.0)


def sealed_datagrams(roll: Random) -> Iterator[Packet]:
    """Single ones of any content, as no honest sender would mix it."""
    while True:
        ticket, to_client = _ticket(roll), roll.random() < 0.5
        keys = (ticket.key_to_server, ticket.key_to_client)
        sequence = roll.choice((roll.randrange(1, 70_000), roll.randrange(1, 2**64), 2**64 - 1, 65535, 65536))
        newest = max(0, sequence - roll.choice((0, 1, 2, 255, -1, -200)))
        newest = min(newest, 2**64 - 1)
        acks = (roll.randrange(2**16), roll.choice((0, 65535, roll.randrange(2**16))), roll.choice((0, 2**64 - 1, roll.randrange(2**64))))
        written, meant = _random_parts(roll)
        seal, _ = make_seals(ticket, is_server=to_client)
        header = parts.HEADER.pack(parts.KIND_SEALED, ticket.connection_id, sequence & 0xFFFF)
        data = seal.close(sequence, header, parts.PREFIX.pack(*acks) + written)
        said = dict(zip(("ack", "ack_delay", "ack_bits"), acks, strict=True))
        whole = {"connection_id": ticket.connection_id, "sequence": sequence, **said, "parts": meant}
        yield Packet("datagram", data, whole, partial(datagrams.open_datagram, data, keys, to_client, newest))


def _random_parts(roll: Random) -> tuple[bytes, list[tuple[Any, ...]]]:
    written, meant = b"", []
    for _ in range(roll.choice((0, 1, 1, 2, 5, 64))):
        made, part = _random_part(roll)
        if len(written) + len(made) > parts.PARTS_BYTES_MAX:
            break
        written += made
        meant.append(part)
    left = parts.PARTS_BYTES_MAX - len(written)
    if left > 0 and roll.random() < 0.3:
        written += bytes(roll.randint(1, left))
    elif left > 0 and len(meant) < parts.PARTS_MAX and roll.random() < 0.5:
        content = roll.randbytes(roll.randrange(left))
        written += parts.LAST_MESSAGE_PREFIX + content
        meant.append(("Message", content))
    return written, meant


def _random_part(roll: Random) -> tuple[bytes, tuple[Any, ...]]:
    choice = roll.randrange(6)
    if choice == 0:
        content = roll.randbytes(roll.choice((0, 1, 20, roll.randrange(300))))
        return parts.write_message(content), ("Message", content)
    if choice == 1:
        number, content = roll.randrange(65536), roll.randbytes(roll.randrange(1025, 4000))
        pieces = parts.write_fragments(number, content)
        place = roll.randrange(len(pieces))
        piece = content[place * parts.FRAGMENT_BYTES : (place + 1) * parts.FRAGMENT_BYTES]
        return pieces[place], ("Fragment", number, place, len(pieces) - 1, piece)
    if choice == 2:
        return parts.PING_PART, ("Ping",)
    if choice == 3:
        reason = roll.choice(tuple(DisconnectReason))
        read = DisconnectReason.CLOSED_BY_PEER if reason is DisconnectReason.CLOSED_BY_US else reason
        return parts.write_farewell(reason), ("Farewell", read.value)
    token = roll.randbytes(8)
    return (parts.write_challenge(token), ("Challenge", token)) if choice == 4 else (parts.write_response(token), ("Response", token))


def exchanges(roll: Random) -> Iterator[Packet]:
    """What two real connections say to each other, with losses, copies and messages in fragments: the second reader listens in."""
    while True:
        ticket, now = _ticket(roll), 100.0
        keys = (ticket.key_to_server, ticket.key_to_client)
        client = Connection(ticket, is_server=False, now=now, path=SERVER)
        server = Connection(ticket, is_server=True, now=now, entropy=roll.randbytes)
        up, down = datagrams.Receiver(keys, to_client=False), datagrams.Receiver(keys, to_client=True)
        ends = ((client, server, CLIENT, up), (server, client, SERVER, down))
        waiting: list[tuple[int, bytes]] = []
        for _ in range(DATAGRAMS_OF_AN_EXCHANGE):
            now += roll.choice((0.001, 0.016, 0.1))
            for index, (sender, *_) in enumerate(ends):
                sender.advance(now)
                for _ in range(roll.choice((0, 1, 1, 2, 9))):
                    sender.send(roll.randbytes(roll.choice((0, 30, 200, 1164, 1165, roll.randrange(9000)))))
                waiting += [(index, data) for _, data in sender.datagrams_to_send(now)]
            if roll.random() < 0.3:
                roll.shuffle(waiting)
            kept: list[tuple[int, bytes]] = []
            for index, data in waiting:
                chance = roll.random()
                if chance < 0.05:
                    continue
                if chance < 0.15:
                    kept.append((index, data))  # later, or once more
                    if chance < 0.1:
                        continue
                _, target, source, second = ends[index]
                target.receive(data, source, now)
                meant = [event.message for event in target.events() if isinstance(event, Received)]
                yield Packet("exchange", data, meant, partial(_listened, second, data, now))
            waiting = kept[-64:]


def _listened(receiver: datagrams.Receiver, data: bytes, now: float) -> list[bytes]:
    try:
        return receiver.receive(data, now)
    except ValueError:
        return []  # a copy, or too old


def announcements(roll: Random) -> Iterator[Packet]:
    while True:
        log, tick, made = AnnouncementLog(), roll.randrange(2**31), list[tuple[int, int, bytes]]()
        for _ in range(roll.randint(1, 12)):
            tick += roll.randrange(9)
            number, _, body = log.add(tick, roll.randbytes(roll.choice((0, 1, 30, 512))))
            made.append((number, tick, body))
        after = roll.choice((0, 0, 1, 5))
        if data := log.written(after).message:
            count = len(read_announcements(data[1:]))
            yield Packet("announcements", data, made[after : after + count], partial(datagrams.read_announcements, data))
