"""A simulated market behind the source interface: seeded, offline, marked SIMULATED on every row.

One step each: `request` checks what is asked, `universe` chooses the listings, `draws` makes the
random numbers, `lives` and `dividends` turn them into schedules, `returns` into latent paths,
`trading` into prices that obey tick and limit, `earnings` into fundamentals, `indices` into
benchmarks, and `tables` into rows. Everything after `draws` is arithmetic.
"""

from screener.data.sources.simulated.request import (
    MarketModel,
    PlantedEffect,
    SimulationQuery,
    SimulationRequest,
)
from screener.data.sources.simulated.source import SimulatedMarket

__all__ = [
    "MarketModel",
    "PlantedEffect",
    "SimulatedMarket",
    "SimulationQuery",
    "SimulationRequest",
]
