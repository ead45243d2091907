"""Whole matches in one thread and in virtual time: a clock, a network that is bad on purpose, and a harness that drives the real parts.

Public, for the tests of games built on the engine. It simulates the network and the passing of time, nothing else: what runs over it is
the same server and the same client as over sockets. Left to the test: what must hold.
"""

from engine.testing.clock import VirtualClock
from engine.testing.network import NetworkStatistics, SimulatedNetwork, SimulatedPort, SimulatedStream, StreamRead
from engine.testing.participants import SimulatedClient, SimulatedServer
from engine.testing.rollback_check import RollbackError, check_rollbacks, checked_factory, first_cell_difference
from engine.testing.simulation import Simulation, SimulationStalledError
from engine.testing.verbs import ClientUnderTest, ServerUnderTest

__all__ = [
    "ClientUnderTest",
    "NetworkStatistics",
    "RollbackError",
    "ServerUnderTest",
    "SimulatedClient",
    "SimulatedNetwork",
    "SimulatedPort",
    "SimulatedServer",
    "SimulatedStream",
    "Simulation",
    "SimulationStalledError",
    "StreamRead",
    "VirtualClock",
    "check_rollbacks",
    "checked_factory",
    "first_cell_difference",
]
