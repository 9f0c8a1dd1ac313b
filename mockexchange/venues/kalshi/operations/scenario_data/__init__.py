"""Operations that read objects of the scenario: the exchange makes none of them, so by default answers are empty."""

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
