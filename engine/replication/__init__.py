"""Worlds and commands as messages: snapshots against baselines, what a client may see, commands and what became of them.

Leaves to the layers above: carrying the messages, deciding when to send, and what the world means.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.replication.baselines import BaselineRing, ClientBaseline
    from engine.replication.command_buffer import CommandBuffer, CommandBufferStatistics
    from engine.replication.commands import COMMANDS_PER_MESSAGE_MAX, CommandEntry, CommandsMessage, read_commands, write_commands
    from engine.replication.decoder import Decoded, DecoderStatistics, Refusal, SnapshotDecoder
    from engine.replication.encoder import EncoderStatistics, SnapshotEncoder
    from engine.replication.feedback import CommandFeedback
    from engine.replication.interest import public_view
    from engine.replication.layout import BASELINE_TICKS_MAX
    from engine.replication.ledger import SnapshotLedger, read_ledger, sum_ledgers
    from engine.replication.views import HELD_BACK_TICKS_MAX, VIEWS_MAX, SeatViews, ViewLayout
else:
    __getattr__ = lazy_names(
        __name__,
        baselines="BaselineRing ClientBaseline",
        command_buffer="CommandBuffer CommandBufferStatistics",
        commands="COMMANDS_PER_MESSAGE_MAX CommandEntry CommandsMessage read_commands write_commands",
        decoder="Decoded DecoderStatistics Refusal SnapshotDecoder",
        encoder="EncoderStatistics SnapshotEncoder",
        feedback="CommandFeedback",
        interest="public_view",
        layout="BASELINE_TICKS_MAX",
        ledger="SnapshotLedger read_ledger sum_ledgers",
        views="HELD_BACK_TICKS_MAX VIEWS_MAX SeatViews ViewLayout",
    )

__all__ = [
    "BASELINE_TICKS_MAX",
    "COMMANDS_PER_MESSAGE_MAX",
    "HELD_BACK_TICKS_MAX",
    "VIEWS_MAX",
    "BaselineRing",
    "ClientBaseline",
    "CommandBuffer",
    "CommandBufferStatistics",
    "CommandEntry",
    "CommandFeedback",
    "CommandsMessage",
    "Decoded",
    "DecoderStatistics",
    "EncoderStatistics",
    "Refusal",
    "SeatViews",
    "SnapshotDecoder",
    "SnapshotEncoder",
    "SnapshotLedger",
    "ViewLayout",
    "public_view",
    "read_commands",
    "read_ledger",
    "sum_ledgers",
    "write_commands",
]
