"""Defines the JSON fields of an account's rate limits, costs of requests, and API keys, for each API date."""

from mockexchange.core.vocabulary import Instance
from mockexchange.venues.dated import Field, Nested, Spelling
from mockexchange.venues.kalshi import enumerations
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.formatting import COUNT_2, INTEGER, SUBACCOUNT, TEXT, TEXTS, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.objects.rows import list_of, maybe, optional

SCOPES_ADDED = "2025-12-18"
BUCKETS_ADDED = "2026-04-30"
RESTRICTED_KEYS_ADDED = "2026-07-02"
KEY_TYPE_ADDED = "2026-09-24"

BUCKET_LIMIT: tuple[Field, ...] = (
    Field(name="bucket_capacity", spelling=INTEGER, read="capacity", source="wire-2026-06"),
    Field(name="refill_rate", spelling=INTEGER, read="refill", source="wire-2026-06"),
)
API_USAGE_LEVEL_GRANT: tuple[Field, ...] = (
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


GET_ACCOUNT_API_LIMITS_RESPONSE: tuple[Field, ...] = (
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

ENDPOINT_TOKEN_COST: tuple[Field, ...] = (
    Field(name="cost", spelling=INTEGER, read="cost", source="sdk-3.34"),
    Field(name="method", spelling=TEXT, read="method", source="sdk-3.34"),
    Field(name="path", spelling=TEXT, read="path", source="sdk-3.34"),
)
GET_ACCOUNT_ENDPOINT_COSTS_RESPONSE: tuple[Field, ...] = (
    Field(name="default_cost", spelling=INTEGER, read="default_cost", source="sdk-3.34"),
    list_of("endpoint_costs", "EndpointTokenCost", ENDPOINT_TOKEN_COST, source="sdk-3.34"),
)


def _old_scopes(scopes: tuple[str, ...]) -> str:
    """Return scopes as JSON before narrower ones existed: the wider scopes that contain them."""
    return TEXTS.write(dict.fromkeys(scope.partition("::")[0] for scope in scopes))


OLD_SCOPES = Spelling("list of strings", _old_scopes)
SCOPES = Spelling("list of strings", TEXTS.write, enumerations.SCOPES)

API_KEY: tuple[Field, ...] = (
    Field(name="api_key_id", spelling=TEXT, read="key.key_id", source="docs-2025-11"),
    *optional("fcm_subtrader_id", TEXT, "subtrader_id", since=AUTUMN_2026, source="sdk-3.34"),
    Field(name="name", spelling=TEXT, read="key.name", source="docs-2025-11"),
    Field(
        name="scopes",
        spelling=OLD_SCOPES,
        read="key.scopes",
        since=SCOPES_ADDED,
        until=AUTUMN_2026,
        source="changelog",
    ),
    Field(name="scopes", spelling=SCOPES, read="key.scopes", since=AUTUMN_2026, source="sdk-3.34"),
    *optional("subaccount", SUBACCOUNT, "subaccount", since=RESTRICTED_KEYS_ADDED, source="client-report"),
)
GET_API_KEYS_RESPONSE: tuple[Field, ...] = (
    *optional("api_key_region_expiration_ts", UNIX_SECONDS, "region_expires_at", since=AUTUMN_2026, source="sdk-3.34"),
    list_of("api_keys", "ApiKey", API_KEY),
)

_NEW_KEY = (
    Field(name="api_key_id", spelling=TEXT, read="api_key_id", source="docs-2025-11"),
    maybe("warning", TEXT, "warning", since=AUTUMN_2026, source="sdk-3.34"),
)
CREATE_API_KEY_RESPONSE: tuple[Field, ...] = _NEW_KEY
GENERATE_API_KEY_RESPONSE: tuple[Field, ...] = (
    *_NEW_KEY,
    maybe("key_type", one_of("rsa", "ed25519"), "key_type", since=KEY_TYPE_ADDED, source="changelog"),
    Field(name="private_key", spelling=TEXT, read="private_key", source="docs-2025-11"),
)

VOLUME_GOAL: tuple[Field, ...] = (
    Field(name="earn_volume_goal_fp", spelling=COUNT_2, read="earn_centis", source="docs-daily"),
    Field(name="keep_volume_goal_fp", spelling=COUNT_2, read="keep_centis", source="docs-daily"),
    Field(name="level", spelling=TEXT, read="level", source="docs-daily"),
)
VOLUME_PROGRESS: tuple[Field, ...] = (
    Field(name="computed_ts", spelling=UNIX_SECONDS, read="at", source="docs-daily"),
    list_of("goals", "AccountApiUsageLevelVolumeGoal", VOLUME_GOAL, source="docs-daily"),
    Field(name="trailing_30d_volume_fp", spelling=COUNT_2, read="volume_centis", source="docs-daily"),
)
GET_VOLUME_PROGRESS_RESPONSE: tuple[Field, ...] = (
    list_of(
        "volume_progress", "AccountApiUsageLevelVolumeProgress", VOLUME_PROGRESS, read="progress", source="docs-daily"
    ),
)
