"""Whole matches in one thread and in virtual time: a clock, a network that is bad on purpose, and a harness that drives the real parts.

Public, for the tests of games built on the engine; ``docs/testing.md`` is the guide. It simulates the network and the passing of time,
nothing else: what runs over it is the same server and the same client as over sockets. Left to the test: what must hold.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazy_names

if TYPE_CHECKING:
    from engine.testing.clock import VirtualClock
    from engine.testing.decoding import Decoder
    from engine.testing.expectations import at_least, at_most, between, check_statistics
    from engine.testing.match import SimulatedMatch
    from engine.testing.misuse import MisuseError
    from engine.testing.network import NetworkStatistics, SimulatedNetwork
    from engine.testing.participants import SimulatedClient, SimulatedServer
    from engine.testing.report import describe_simulation
    from engine.testing.rollback_check import RollbackError, check_rollbacks, checked_factory, first_cell_difference
    from engine.testing.simulation import Action, At, Simulation, SimulationStalledError
    from engine.testing.sockets import SimulatedPort, SimulatedStream, StreamRead
    from engine.testing.tested_game import GameUnderTest
    from engine.testing.verbs import ClientUnderTest, ServerUnderTest
else:
    __getattr__ = lazy_names(  # the pytest plugin imports this package in every run of pytest: it must cost nothing
        __name__,
        clock="VirtualClock",
        decoding="Decoder",
        expectations="at_least at_most between check_statistics",
        tested_game="GameUnderTest",
        match="SimulatedMatch",
        misuse="MisuseError",
        network="NetworkStatistics SimulatedNetwork",
        participants="SimulatedClient SimulatedServer",
        report="describe_simulation",
        rollback_check="RollbackError check_rollbacks checked_factory first_cell_difference",
        simulation="Action At Simulation SimulationStalledError",
        sockets="SimulatedPort SimulatedStream StreamRead",
        verbs="ClientUnderTest ServerUnderTest",
    )

__all__ = [
    "Action",
    "At",
    "ClientUnderTest",
    "Decoder",
    "GameUnderTest",
    "MisuseError",
    "NetworkStatistics",
    "RollbackError",
    "ServerUnderTest",
    "SimulatedClient",
    "SimulatedMatch",
    "SimulatedNetwork",
    "SimulatedPort",
    "SimulatedServer",
    "SimulatedStream",
    "Simulation",
    "SimulationStalledError",
    "StreamRead",
    "VirtualClock",
    "at_least",
    "at_most",
    "between",
    "check_rollbacks",
    "check_statistics",
    "checked_factory",
    "describe_simulation",
    "first_cell_difference",
]
