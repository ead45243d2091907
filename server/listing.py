"""What LAN lists show of a server: one line, made from its rooms."""

from __future__ import annotations

from engine.discovery import ServerInfo
from server.config import ServerConfig
from server.room import Room


def server_info(
    config: ServerConfig, rooms: tuple[Room, ...], *, port: int, server_id: bytes, schema_digest: bytes, version: str
) -> ServerInfo:
    """Players, bots and seats of all rooms together; map and mode of the room that most play in, the first of equals."""
    busiest = max(rooms, key=lambda room: len(room.members), default=None)
    settings = {} if busiest is None else busiest.round.settings if busiest.round is not None else busiest.settings
    return ServerInfo(
        server_id=server_id,
        name=config.server.name,
        tcp_port=port,
        players=sum(len(room.members) for room in rooms),
        bots=sum(len(room.bots) for room in rooms),
        seats=sum(room.seats for room in rooms),
        map=str(settings.get("map", "")),
        mode=str(settings.get("mode", "")),
        version=version,
        schema_digest=schema_digest,
        has_password=bool(config.server.password),
    )
