"""Rate limits of accounts: token buckets by tier and day, and the costs of requests.

An account has a bucket for reads and one for writes, which fill in host time. Their content depends only on the
account's authenticated requests, in order and with the host times of the journal, so a replay gives the same 429
answers. A request that finds too few tokens removes none: there is no penalty (no source shows one).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.accounts import Account
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, ApiDate, DatedRow, pick
from mockexchange.venues.kalshi.catalogue import life_of
from mockexchange.venues.request import RATE_LIMIT_FINDING, Request
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets

DEFAULT_COST = 10
"""Tokens for a request. Limits are in tokens since 2026-04-22; before, they counted requests, a tenth of the tokens."""
TOKENS_ADDED = "2026-04-22"
TIERS_RAISED = "2026-09-24"
LARGE_READS_ADDED = "2026-08-20"
"""Day from which some read buckets hold two seconds' worth (documented); on 2026-06-11 one second's was recorded."""
PER_SHARD_SINCE = "2026-08-19"
"""Day from which writes to each exchange index above 0 have a bucket of their own; batches use the common bucket."""
QUOTES_CHEAPER = "2026-06-23"
LOOKUP = "/multivariate_event_collections/{collection_ticker}/lookup"
BATCHED = "/batched"
FIRST_ORDER_ENTRY_RETIRED = "2026-06-18"
FIRST_ORDER_ENTRY = "/portfolio/orders"
"""The only path below which writes had a limit before there were tokens; other writes counted as reads."""

SHARD = b"exchange_index"
SHARD_IN_QUERY = re.compile(r"(?:^|&)exchange_index=([0-9]{1,9})(?:&|$)")

Kind = Literal["read", "write"]


class Bucket(NamedTuple):
    """A rate limit: tokens per second, and for how many seconds unused tokens can be saved up."""

    refill: int
    seconds: int = 1

    @property
    def requests(self) -> int:
        return self.refill // DEFAULT_COST

    @property
    def capacity(self) -> int:
        return self.refill * self.seconds


class TierRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """The limits of a tier (`name`) between two days."""

    read: Bucket
    write: Bucket


class CostRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """The cost of an operation (`name`: method and path) between two days, in tokens per request or item of a batch."""

    cost: int


def _tier(name: str, read: Bucket, write: Bucket, since: str = ALWAYS, source: str = "changelog") -> TierRow:
    return TierRow(name=name, read=read, write=write, since=since, source=source)


TIERS: tuple[TierRow, ...] = (
    _tier("basic", Bucket(200), Bucket(100), source="docs-2025-11"),
    _tier("basic", Bucket(200, 2), Bucket(100), LARGE_READS_ADDED, "docs-3.28"),
    _tier("advanced", Bucket(300), Bucket(300), source="docs-2025-11"),
    _tier("advanced", Bucket(300), Bucket(300, 2), TOKENS_ADDED),
    _tier("advanced", Bucket(300, 2), Bucket(300, 2), LARGE_READS_ADDED, "docs-3.28"),
    # The tiers without documents of 2025 have their first documented limits before.
    _tier("expert", Bucket(600), Bucket(600), source="choice"),
    _tier("expert", Bucket(600), Bucket(600, 2), TOKENS_ADDED),
    _tier("premier", Bucket(1000), Bucket(1000), source="docs-2025-11"),
    _tier("premier", Bucket(1000), Bucket(1000, 2), TOKENS_ADDED),
    _tier("premier", Bucket(1200), Bucket(1200, 2), TIERS_RAISED),
    _tier("paragon", Bucket(2000), Bucket(2000), source="choice"),
    _tier("paragon", Bucket(2000), Bucket(2000, 2), TOKENS_ADDED),
    _tier("paragon", Bucket(2400), Bucket(2400, 2), TIERS_RAISED),
    _tier("prime", Bucket(4000), Bucket(4000), source="docs-2025-11"),
    _tier("prime", Bucket(4000), Bucket(4000, 2), TOKENS_ADDED),
    _tier("prime", Bucket(4800), Bucket(4800, 2), TIERS_RAISED),
    _tier("prestige", Bucket(6000), Bucket(8000), source="choice"),
    _tier("prestige", Bucket(6000), Bucket(8000, 2), TOKENS_ADDED),
    _tier("prestige", Bucket(10_000), Bucket(8000, 2), "2026-08-07"),
    _tier("prestige", Bucket(12_000), Bucket(9600, 2), TIERS_RAISED),
)
DEFAULT_TIER = "basic"


def _cost(name: str, cost: int, since: str = TOKENS_ADDED, until: str = FOREVER, source: str = "changelog") -> CostRow:
    return CostRow(name=name, cost=cost, since=since, until=until, source=source)


def _first_order_entry(name: str) -> Iterator[CostRow]:
    """Yield the costs of a V1 order. Texts announced 50 and 100 for June 2026; the recorded table had 20."""
    yield _cost(name, 15, "2026-05-25", "2026-06-01")
    yield _cost(name, 20, "2026-06-01", FIRST_ORDER_ENTRY_RETIRED, "wire-2026-06")
    yield CostRow(name=name, cost=DEFAULT_COST, until="2026-05-25", lenient=True, source="docs-2025-11")


def _first_cancel(name: str, before_tokens: int) -> Iterator[CostRow]:
    """Yield the costs of a V1 cancel, a fifth of those of an order; a single one cost as much before tokens."""
    yield _cost(name, 3, "2026-05-25", "2026-06-01")
    yield _cost(name, 4, "2026-06-01", FIRST_ORDER_ENTRY_RETIRED, "wire-2026-06")
    yield CostRow(name=name, cost=2, since=TOKENS_ADDED, until="2026-05-25", lenient=True, source="changelog")
    yield CostRow(name=name, cost=before_tokens, until=TOKENS_ADDED, source="docs-2025-11")


COSTS: tuple[CostRow, ...] = (
    *_first_order_entry("POST /portfolio/orders"),
    *_first_order_entry("POST /portfolio/orders/batched"),
    *_first_order_entry("POST /portfolio/orders/{order_id}/amend"),
    *_first_order_entry("POST /portfolio/orders/{order_id}/decrease"),
    *_first_cancel("DELETE /portfolio/orders/{order_id}", DEFAULT_COST),
    *_first_cancel("DELETE /portfolio/orders/batched", 2),
    _cost("DELETE /portfolio/events/orders/{order_id}", 2),
    _cost("DELETE /portfolio/events/orders/batched", 2),
    _cost("DELETE /portfolio/events/orders", 2, "2026-09-03"),
    _cost("GET /portfolio/orders/{order_id}", 2, source="wire-2026-06"),
    _cost("POST /account/api_usage_level/upgrade", 30, source="wire-2026-06"),
    # Operations that are not emulated are in the venue's table.
    _cost("GET /cfbenchmarks", 150, source="wire-2026-06"),
    _cost("GET /cfbenchmarks/*endpoint", 150, source="wire-2026-06"),
    _cost("POST /communications/quotes", 2, source="wire-2026-06"),
    _cost("DELETE /communications/quotes/{quote_id}", 2, source="wire-2026-06"),
    _cost("GET /communications/quotes/{quote_id}", 2, QUOTES_CHEAPER),
    _cost("GET /margin/balance", 5, life_of("GET", "/margin/balance").since, source="wire-2026-06"),
    _cost(f"PUT {LOOKUP}", 2, until=life_of("PUT", LOOKUP).until, source="wire-2026-06"),
)
"""The costs that differ from the default at some date. Costs of a batch are per item."""


class _Items(msgspec.Struct):
    """The part of a body that its cost depends on."""

    orders: list[msgspec.Raw] = []
    ids: list[msgspec.Raw] = []
    exchange_index: int = 0


NO_ITEMS = _Items()
ITEMS = msgspec.json.Decoder(_Items)


class Charge(NamedTuple):
    """The bucket that a request uses, and the tokens that the request removes from it."""

    kind: Kind
    bucket: Bucket
    size: BucketSize
    cost: int
    """Tokens for each item of the request."""
    may_vary: bool
    """Whether the items and the bucket depend on the request: those of batches, and of writes to an exchange index."""


def bucket_of(tier: str, kind: Kind, api_date: ApiDate) -> Bucket:
    """Return the rate limit of a tier on a day; a tier that did not exist then has the smallest limit."""
    row = _tiers(api_date).get(tier) or _tiers(api_date)[DEFAULT_TIER]
    return row.read if kind == "read" else row.write


def costs_of(api_date: ApiDate) -> dict[str, int]:
    """Return the costs that differ from the default on a day, by method and path."""
    return {name: row.cost for name, row in _costs(api_date).items() if row.cost != DEFAULT_COST}


def charge_of(method: str, path: str, tier: str, api_date: ApiDate) -> Charge:
    """Return the charge of one request for an operation; `path` is the template of the operation's path."""
    is_write = method != "GET" and (api_date.holds(TOKENS_ADDED) or path.startswith(FIRST_ORDER_ENTRY))
    kind: Kind = "write" if is_write else "read"
    bucket = bucket_of(tier, kind, api_date)
    size = BucketSize(bucket.refill, MICROSECONDS_PER_SECOND, bucket.capacity)
    row = _costs(api_date).get(f"{method} {path}")
    may_vary = method != "GET" and (path.endswith(BATCHED) or api_date.holds(PER_SHARD_SINCE))
    return Charge(kind, bucket, size, row.cost if row else DEFAULT_COST, may_vary)


class RateLimits:
    """The token buckets of the accounts of one sandbox."""

    __slots__ = ("_buckets", "_charges")

    def __init__(self) -> None:
        self._buckets = TokenBuckets()
        self._charges: dict[tuple[str, str, str, str | None], Charge] = {}
        """By method, path, tier and day: a few hundred."""

    def take(
        self, account: Account, method: str, path: str, request: Request, api_date: ApiDate, host_at: int
    ) -> str | None:
        """Remove the tokens of an authenticated request; return None, or the reason if there are too few tokens."""
        known = method, path, account.tier, api_date.day
        charge = self._charges.get(known) or self._charges.setdefault(known, charge_of(*known[:3], api_date))
        items, shard = _extent(path, request) if charge.may_vary else (1, 0)
        tokens = charge.cost * items
        if self._buckets.take((account.name, charge.kind, shard, charge.size.refill), charge.size, tokens, host_at):
            return None
        return _excess(charge, items, account.name, account.tier)


@lru_cache(maxsize=1_024)
def _excess(charge: Charge, items: int, account: str, tier: str) -> str:
    """Return why a request is beyond a limit. The journal keeps one text for all requests of a client in a loop."""
    batch = f" ({items} items of {charge.cost})" if items > 1 else ""
    return (
        f"{RATE_LIMIT_FINDING}{charge.cost * items} tokens{batch} are more than the {charge.kind} bucket of {account}"
        f" has: tier {tier} has {charge.bucket.capacity}, and {charge.bucket.refill} more each second"
    )


def _extent(path: str, request: Request) -> tuple[int, int]:
    """Return the items that a write is charged for, and the exchange index of its bucket; of no JSON, one and 0."""
    is_batch, body = path.endswith(BATCHED), request.body
    if not (is_batch or request.query or SHARD in body or b"\\" in body):  # an index may be spelled with escapes
        return 1, 0
    try:
        given = ITEMS.decode(body) if body else NO_ITEMS
    except (msgspec.DecodeError, RecursionError):
        given = NO_ITEMS
    if is_batch:
        return max(len(given.orders) + len(given.ids), 1), 0
    in_query = SHARD_IN_QUERY.search(request.query)
    return 1, int(in_query[1]) if in_query else max(given.exchange_index, 0)


@lru_cache(maxsize=64)
def _tiers(api_date: ApiDate) -> dict[str, TierRow]:
    return pick(TIERS, api_date)


@lru_cache(maxsize=64)
def _costs(api_date: ApiDate) -> dict[str, CostRow]:
    return pick(COSTS, api_date)
