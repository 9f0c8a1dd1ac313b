"""Checks the shard of a request that changes something: a request sent to another shard does not find its market."""

from collections.abc import Mapping
from typing import Any

from mockexchange.venues.kalshi.bodies.rows import EXCHANGE_INDEX_IN_BODIES
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall

ROUTED_BY_DEFAULT = "2026-08-27"
"""Day from which a write that names its market but no exchange index is sent to the market's shard [changelog]."""
BY_TICKER = -1


def require_shard(
    call: AccountCall,
    fields: Mapping[str, Any],
    shard: int,
    what: str,
    situation: Situation = Situation.NOT_FOUND_IN_WRITE,
) -> None:
    """Raise Rejected if a request is sent to another shard; `what` begins the diagnosis, such as "order 5 is".

    In a request, an exchange index from 0 on is the shard, and -1 is the shard of the named market. Without an index
    the shard is also that of the market if there is one, else 0 (page on sharding, 2026-08-21). Before there was an
    index, every request found its market.
    """
    asked = fields.get("exchange_index")
    if asked == BY_TICKER or (asked or 0) == shard or not call.api_date.holds(EXCHANGE_INDEX_IN_BODIES):
        return
    is_named = bool(fields.get("ticker") or fields.get("market_ticker"))
    if asked is None and (call.api_date.is_compat or (is_named and call.api_date.holds(ROUTED_BY_DEFAULT))):
        return
    where = "goes to 0, as one without exchange_index does" if asked is None else f"names {asked}"
    raise Rejected(situation, f"{what} on exchange index {shard}, the request {where}")
