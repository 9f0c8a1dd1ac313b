"""Implements the operations that read an account's rate limits, the costs of requests, and its API keys."""

import re
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.history import Window
from mockexchange.core.queries.lists import FillQuery, find_fills
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT, AccountKind
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.row_owner import subtrader_ids
from mockexchange.venues.kalshi.rate_limits import DEFAULT_COST, Bucket, bucket_of, costs_of


class EndpointCost(NamedTuple):
    method: str
    path: str
    cost: int


class Costs(NamedTuple):
    default_cost: int
    endpoint_costs: tuple[EndpointCost, ...]


class Limits(NamedTuple):
    tier: str
    read: Bucket
    write: Bucket
    grants: tuple[()] = ()


class VolumeGoal(NamedTuple):
    """The 30-day volumes that earn a tier and that keep it, in hundredths of a contract."""

    level: str
    earn_centis: int
    keep_centis: int


class VolumeProgress(NamedTuple):
    at: int
    volume_centis: int
    goals: tuple[VolumeGoal, ...]


class Progress(NamedTuple):
    progress: tuple[VolumeProgress, ...]


IN_BRACES = re.compile(r"\{(\w+)\}")
TRAILING_US = 30 * MICROSECONDS_PER_DAY
FILLS_MAX = 10_000_000
"""Limit of the fills that are counted for a volume, more than a sandbox can have."""
GOALS = tuple(
    VolumeGoal(level, contracts * CENTIS_PER_CONTRACT, contracts // 2 * CENTIS_PER_CONTRACT)
    for level, contracts in (
        ("expert", 1_000_000),
        ("premier", 5_000_000),
        ("paragon", 25_000_000),
        ("prime", 100_000_000),
        ("prestige", 500_000_000),
    )
)
"""Volume goals of the tiers. The numbers are a choice: the documentation names only the tiers."""


class KeyView(NamedTuple):
    """An API key as answers show it, with its subaccount or subtrader, depending on the kind of the account."""

    key: Key
    subaccount: str | None
    subtrader_id: str | None


class Keys(NamedTuple):
    api_keys: list[KeyView]
    region_expires_at: None = None


def get_account_api_limits(call: AccountCall) -> bytes:
    tier, date = call.account.tier, call.api_date
    return write(call, Limits(tier, bucket_of(tier, "read", date), bucket_of(tier, "write", date)))


def get_account_endpoint_costs(call: Call) -> bytes:
    """Return the request costs that differ from the default, by path and method.

    A parameter in a path is written `:order_id` (recorded).
    """
    rows = []
    for name, cost in costs_of(call.api_date).items():
        method, path = name.split(" ")
        rows.append(EndpointCost(method, PREFIX + IN_BRACES.sub(r":\1", path), cost))
    return write(call, Costs(DEFAULT_COST, tuple(sorted(rows, key=lambda row: (row.path, row.method)))))


def get_volume_progress(call: AccountCall) -> bytes:
    """Return the account's volume in the last 30 days, and the volume that each tier needs (a choice)."""
    query = FillQuery(limit=FILLS_MAX, window=Window(call.at - TRAILING_US, call.at))
    fills = find_fills(call.state, call.account.name, query).rows
    volume = sum(fill.trade.count_centis for fill in fills)
    return write(call, Progress((VolumeProgress(call.at, volume, GOALS),)))


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
    AccountOperation(
        name="GetAccountApiUsageLevelVolumeProgress",
        path="/account/api_usage_level/volume_progress",
        answer=get_volume_progress,
        answer_table="GetAccountApiUsageLevelVolumeProgressResponse",
    ),
    AccountOperation(name="GetApiKeys", path="/api_keys", answer=get_api_keys, answer_table="GetApiKeysResponse"),
)
