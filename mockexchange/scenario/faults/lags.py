"""Makes the fault rules for `lag` in a scenario: reads show a change only after a delay, by the kind of read.

A venue answers reads from a replica that is behind the exchange: a new order is unknown for a while, and a list is old.
"""

import json

from mockexchange.scenario.faults.fault_effects import LAG
from mockexchange.scenario.faults.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.types.composite_types import Record, may
from mockexchange.venues.registry import VENUES

READS: dict[str, tuple[str, ...]] = {
    kind: tuple(name for venue in VENUES.values() for name in venue.faults.lagging_reads.get(kind, ()))
    for kind in dict.fromkeys(kind for venue in VENUES.values() for kind in venue.faults.lagging_reads)
}
"""The operations of each kind of read, such as orders or positions."""
LAGS = Record({kind: may(LAG) for kind in READS})


TIMES = tuple(name for venue in VENUES.values() for name in venue.faults.reads_of_lag)
"""The operations that return the time of the state that other reads show."""


def rules_of_lags(lags: dict[str, int | None]) -> list[Rule]:
    """Return a fault rule for each kind of read that is delayed; `lags` are the delays in microseconds.

    The operations that return the time of the state get the longest of the delays.
    """
    given = [(kind, lag_us) for kind, lag_us in lags.items() if lag_us is not None]
    rules = [_rule(kind, operation, lag_us) for kind, lag_us in given for operation in READS[kind]]
    longest_us = max((lag_us for _, lag_us in given), default=0)
    return [*rules, *(_rule("time", operation, longest_us) for operation in TIMES if longest_us)]


def _rule(kind: str, operation: str, lag_us: int) -> Rule:
    given = {
        "name": f"lag of {kind}: {operation}",
        "match": {"operation": operation},
        "then": {"stale": f"{lag_us}us"},
    }
    rule: Rule = FAULT.read(located_json(json.dumps(given), "", 0), "lag")
    return rule
