"""An account's rate limits, the costs of its requests, and its usage tier."""

import re
from typing import NamedTuple

from mockexchange.core.commands import SetTier
from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.paged_history import Window
from mockexchange.core.queries.lists import FillQuery, find_fills
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT, Instance
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import COUNT_2, INTEGER, TEXT, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.rate_limits import DEFAULT_COST, DEFAULT_TIER, Bucket, bucket_of, costs_of
from mockexchange.venues.kalshi.resources.api_keys import WRITE
from mockexchange.venues.kalshi.resources.call import (
    AccountCall,
    AccountOperation,
    Call,
    PublicOperation,
    Write,
    WriteOperation,
    undocumented_body,
    write,
)
from mockexchange.venues.kalshi.resources.fields import list_of, optional, table
from mockexchange.venues.kalshi.resources.refusals import submit

# --- fields of answers

BUCKETS_ADDED = "2026-04-30"

BUCKET_LIMIT = table(
    "BucketLimit",
    Field(name="bucket_capacity", spelling=INTEGER, read="capacity", source="wire-2026-06"),
    Field(name="refill_rate", spelling=INTEGER, read="refill", source="wire-2026-06"),
)
API_USAGE_LEVEL_GRANT = table(
    "ApiUsageLevelGrant",
    Field(name="exchange_instance", spelling=one_of(*Instance), read="instance", source="sdk-3.34"),
    *optional("expires_ts", UNIX_SECONDS, "expires_at", source="sdk-3.34"),
    Field(name="level", spelling=TEXT, read="level", source="sdk-3.34"),
    Field(name="source", spelling=TEXT, read="origin", source="sdk-3.34"),
)


def _bucket(name: str) -> tuple[Field, ...]:
    """Return the rows of a rate limit: requests per second, later a bucket of tokens."""
    flat = f"{name}.requests"
    return (
        Field(name=f"{name}_limit", spelling=INTEGER, read=flat, until=BUCKETS_ADDED, source="openapi-3.13"),
        Field(
            name=name,
            spelling=Nested("BucketLimit", BUCKET_LIMIT),
            read=name,
            since=BUCKETS_ADDED,
            source="wire-2026-06",
        ),
    )


GET_ACCOUNT_API_LIMITS_RESPONSE = table(
    "GetAccountApiLimitsResponse",
    list_of(
        "grants",
        "ApiUsageLevelGrant",
        API_USAGE_LEVEL_GRANT,
        since=BUCKETS_ADDED,
        source="wire-2026-06",
    ),
    *_bucket("read"),
    Field(name="usage_tier", spelling=TEXT, read="tier", source="openapi-3.13"),
    *_bucket("write"),
)

ENDPOINT_TOKEN_COST = table(
    "EndpointTokenCost",
    Field(name="cost", spelling=INTEGER, read="cost", source="sdk-3.34"),
    Field(name="method", spelling=TEXT, read="method", source="sdk-3.34"),
    Field(name="path", spelling=TEXT, read="path", source="sdk-3.34"),
)
GET_ACCOUNT_ENDPOINT_COSTS_RESPONSE = table(
    "GetAccountEndpointCostsResponse",
    Field(name="default_cost", spelling=INTEGER, read="default_cost", source="sdk-3.34"),
    list_of("endpoint_costs", "EndpointTokenCost", ENDPOINT_TOKEN_COST, source="sdk-3.34"),
)

VOLUME_GOAL = table(
    "AccountApiUsageLevelVolumeGoal",
    Field(name="earn_volume_goal_fp", spelling=COUNT_2, read="earn_centis", source="docs-daily"),
    Field(name="keep_volume_goal_fp", spelling=COUNT_2, read="keep_centis", source="docs-daily"),
    Field(name="level", spelling=TEXT, read="level", source="docs-daily"),
)
VOLUME_PROGRESS = table(
    "AccountApiUsageLevelVolumeProgress",
    Field(name="computed_ts", spelling=UNIX_SECONDS, read="at", source="docs-daily"),
    list_of("goals", "AccountApiUsageLevelVolumeGoal", VOLUME_GOAL, source="docs-daily"),
    Field(name="trailing_30d_volume_fp", spelling=COUNT_2, read="volume_centis", source="docs-daily"),
)
GET_VOLUME_PROGRESS_RESPONSE = table(
    "GetAccountApiUsageLevelVolumeProgressResponse",
    list_of(
        "volume_progress",
        "AccountApiUsageLevelVolumeProgress",
        VOLUME_PROGRESS,
        read="progress",
        source="docs-daily",
    ),
)

# --- operations


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


UPGRADED_TIER = "advanced"


def upgrade_api_usage_level(call: AccountCall) -> Write:
    """Raise a basic account that has placed an order to the next tier; accounts of other tiers keep theirs."""
    account = call.account
    if not len(account.ledger.orders):
        message = f"{account.name} has no order: the upgrade needs one of the last 100 to be made over the API"
        raise Rejected(Situation.FORBIDDEN, message)
    tier = UPGRADED_TIER if account.tier == DEFAULT_TIER else account.tier
    yield from submit(SetTier(account=account.name, tier=tier))
    return undocumented_body(call)


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
    WriteOperation(
        name="UpgradeAccountApiUsageLevel",
        method="POST",
        path="/account/api_usage_level/upgrade",
        scopes=WRITE,
        carry_out=upgrade_api_usage_level,
        status=201,
    ),
)
