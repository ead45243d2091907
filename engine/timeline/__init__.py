"""Time: the server's fixed step, the client's clock ahead of it, prediction, the others' interpolation, and the server's view back.

Leaves to the layers above: how snapshots and commands travel, what a command means, and when anybody is asked to draw.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.timeline.accumulator import AccumulatorStatistics, TickAccumulator
    from engine.timeline.command_clock import ClockStatistics, CommandClock
    from engine.timeline.correction import Cause, Correction, Misprediction
    from engine.timeline.interpolation import Interpolation, InterpolationStatistics
    from engine.timeline.lag_compensation import History, LagCompensationStatistics, ServerPast
    from engine.timeline.prediction import Prediction, PredictionStatistics
    from engine.timeline.rewinds import SeatRewinds
    from engine.timeline.scene import Scene, compose
else:
    __getattr__ = lazy_names(
        __name__,
        accumulator="AccumulatorStatistics TickAccumulator",
        command_clock="ClockStatistics CommandClock",
        correction="Cause Correction Misprediction",
        interpolation="Interpolation InterpolationStatistics",
        lag_compensation="History LagCompensationStatistics ServerPast",
        prediction="Prediction PredictionStatistics",
        rewinds="SeatRewinds",
        scene="Scene compose",
    )

__all__ = [
    "AccumulatorStatistics",
    "Cause",
    "ClockStatistics",
    "CommandClock",
    "Correction",
    "History",
    "Interpolation",
    "InterpolationStatistics",
    "LagCompensationStatistics",
    "Misprediction",
    "Prediction",
    "PredictionStatistics",
    "Scene",
    "SeatRewinds",
    "ServerPast",
    "TickAccumulator",
    "compose",
]
