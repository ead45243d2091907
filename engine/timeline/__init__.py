"""Time: the server's fixed step, the client's clock ahead of it, prediction, the others' interpolation, and the server's view back.

Leaves to the layers above: how snapshots and commands travel, what a command means, and when anybody is asked to draw.
"""

from engine.timeline.accumulator import AccumulatorStatistics, TickAccumulator
from engine.timeline.command_clock import ClockStatistics, CommandClock
from engine.timeline.correction import Cause, Correction, Misprediction
from engine.timeline.interpolation import Interpolation, InterpolationStatistics
from engine.timeline.lag_compensation import History, LagCompensationStatistics, ServerPast
from engine.timeline.prediction import Prediction, PredictionStatistics
from engine.timeline.scene import Scene, compose

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
    "ServerPast",
    "TickAccumulator",
    "compose",
]
