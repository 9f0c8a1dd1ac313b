"""Implements operations that answer with objects of the scenario.

The exchange does not make such objects, so the answers are empty unless the scenario gives some.
"""

from mockexchange.venues.kalshi.operations.call import Operation
from mockexchange.venues.kalshi.operations.scenario_data import (
    collections,
    communications,
    events,
    incentives,
    live_data,
    milestones,
    weather,
)

OPERATIONS: tuple[Operation, ...] = (
    *milestones.OPERATIONS,
    *incentives.OPERATIONS,
    *collections.OPERATIONS,
    *live_data.OPERATIONS,
    *weather.OPERATIONS,
    *events.OPERATIONS,
    *communications.OPERATIONS,
)
