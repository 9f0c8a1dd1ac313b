"""Reads of objects that only a scenario provides: the exchange makes none, so by default answers are empty."""

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
