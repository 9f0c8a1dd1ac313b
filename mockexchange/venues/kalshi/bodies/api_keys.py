"""Defines the request bodies of the operations on API keys."""

from mockexchange.core.vocabulary import SUBACCOUNTS_MAX
from mockexchange.venues.kalshi import enumerations
from mockexchange.venues.kalshi.bodies.rows import Body, BodyField, optional
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.objects.account import KEY_TYPE_ADDED, RESTRICTED_KEYS_ADDED, SCOPES_ADDED

NARROW_SCOPES_ADDED = "2026-06-02"
KEY_TYPES = ("rsa", "ed25519")
WIDE_SCOPES = ("read", "write")


def _text(name: str) -> BodyField:
    return BodyField(name=name, kind="text", required=True, source="docs-2025-11")


_SHARED = (
    _text("name"),
    BodyField(
        name="scopes",
        kind="texts",
        choices=WIDE_SCOPES,
        since=SCOPES_ADDED,
        until=NARROW_SCOPES_ADDED,
        source="changelog",
    ),
    BodyField(name="scopes", kind="texts", choices=enumerations.SCOPES, since=NARROW_SCOPES_ADDED, source="changelog"),
    BodyField(
        name="subaccount",
        kind="integer",
        minimum=0,
        maximum=SUBACCOUNTS_MAX,
        since=RESTRICTED_KEYS_ADDED,
        source="changelog",
    ),
    optional("fcm_subtrader_id", "text", since=AUTUMN_2026, source="sdk-3.34"),
)

CREATE_API_KEY = Body(struct="CreateApiKeyRequest", fields=(*_SHARED, _text("public_key")))
GENERATE_API_KEY = Body(
    struct="GenerateApiKeyRequest",
    fields=(
        *_SHARED,
        BodyField(name="key_type", kind="choice", choices=KEY_TYPES, since=KEY_TYPE_ADDED, source="changelog"),
    ),
)
