"""Rate limits of an account, costs of requests, and its API keys."""

from typing import NamedTuple

from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.row_owner import subtrader_ids

DEFAULT_COST = 10
"""Tokens for a request; limits are in tokens since 2026-04-30."""
LARGE_BUCKETS_SINCE = "2026-08-20"
"""Recorded on 2026-06-11: one second's worth. Documented in August: two seconds' worth for some."""

# Requests a second, read and write. Four were documented in November 2025, all of them, in tokens, in August 2026.
TIERS = {
    "basic": (20, 10),
    "advanced": (30, 30),
    "expert": (60, 60),
    "premier": (100, 100),
    "paragon": (200, 200),
    "prime": (400, 400),
    "prestige": (1000, 800),
}
TIERS_OF_LARGE_READS = ("basic", "advanced")


class EndpointCost(NamedTuple):
    method: str
    path: str
    cost: int


# A cancelled order counts a fifth of a request (documented for batches).
COSTS = (
    EndpointCost("DELETE", "/trade-api/v2/portfolio/events/orders/batched", 2),
    EndpointCost("DELETE", "/trade-api/v2/portfolio/events/orders/{order_id}", 2),
)


class Costs(NamedTuple):
    default_cost: int
    endpoint_costs: tuple[EndpointCost, ...]


class Bucket(NamedTuple):
    """A rate limit: requests per second, and how many seconds' worth of unused requests can be saved up."""

    requests: int
    seconds: int

    @property
    def refill(self) -> int:
        return self.requests * DEFAULT_COST

    @property
    def capacity(self) -> int:
        return self.refill * self.seconds


class Limits(NamedTuple):
    tier: str
    read: Bucket
    write: Bucket
    grants: tuple[()] = ()


class KeyView(NamedTuple):
    """A key, and its subaccount or subtrader, depending on the kind of the account."""

    key: Key
    subaccount: str | None
    subtrader_id: str | None


class Keys(NamedTuple):
    api_keys: list[KeyView]
    region_expires_at: None = None


def get_account_api_limits(call: AccountCall) -> bytes:
    tier = call.account.tier
    reads, writes = TIERS.get(tier, TIERS["basic"])
    is_large = call.api_date.holds(LARGE_BUCKETS_SINCE)
    read = Bucket(reads, 2 if is_large and tier in TIERS_OF_LARGE_READS else 1)
    written = Bucket(writes, 2 if is_large and tier != "basic" else 1)
    return write(call, Limits(tier, read, written))


def get_account_endpoint_costs(call: Call) -> bytes:
    return write(call, Costs(DEFAULT_COST, COSTS))


def get_api_keys(call: AccountCall) -> bytes:
    asked = call.params.get("fcm_subtrader_id")
    views = [_view(call.account, key) for key in call.account.keys.values()]
    return write(call, Keys([one for one in views if not asked or one.subtrader_id == asked]))


def _view(account: Account, key: Key) -> KeyView:
    if key.subaccount is None or account.kind is AccountKind.MEMBER:
        return KeyView(key, key.subaccount, None)
    return KeyView(key, None, subtrader_ids(account).get(key.subaccount))


OPERATIONS = (
    # Allowed for restricted keys: the limits hold nothing of another subaccount.
    AccountOperation(
        name="GetAccountApiLimits",
        path="/account/limits",
        answer=get_account_api_limits,
        answer_table="GetAccountApiLimitsResponse",
        is_per_subaccount=True,
    ),
    PublicOperation(
        name="GetAccountEndpointCosts",
        path="/account/endpoint_costs",
        answer=get_account_endpoint_costs,
        answer_table="GetAccountEndpointCostsResponse",
    ),
    AccountOperation(name="GetApiKeys", path="/api_keys", answer=get_api_keys, answer_table="GetApiKeysResponse"),
)
