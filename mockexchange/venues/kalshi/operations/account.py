"""Rate limits of an account, costs of requests, and its API keys."""

from typing import NamedTuple

from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.vocabulary import AccountKind
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


class KeyView(NamedTuple):
    """A key, and its subaccount or subtrader, depending on the kind of the account."""

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
    named = sorted((name.split(" ")[::-1], cost) for name, cost in costs_of(call.api_date).items())
    return write(
        call, Costs(DEFAULT_COST, tuple(EndpointCost(method, PREFIX + path, cost) for (path, method), cost in named))
    )


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
