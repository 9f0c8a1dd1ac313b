"""Classifies field names by what their values are: ids of an account, secrets, or public text."""

from functools import cache
from typing import Any

from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.registry import VENUES

ID_ENDINGS = ("_id", "_ids", "_uuid", "Id", "Ids")
IDS = frozenset({"id", "ids", "cursor", "continuation", "label", "user", "username", "email", "uuid", "system_name"})
PUBLIC_IDS = frozenset({"market_id", "instrument_id", "combo_id", "rulebook_id", "combo_ids", "comboId"})
"""Fields whose ids are the same for every account, such as a market's."""
SECRETS = frozenset(
    {
        *("access_token", "refresh_token", "token", "client_secret", "secret", "signature", "sig", "password"),
        *("private_key", "private_key_pem", "api_secret", "nonce", "assertion", "ticket"),
    }
)
WORDS = frozenset(
    {
        *("channel", "channels", "method", "jsonrpc", "cmd", "type", "msg", "code", "message", "error", "details"),
        *("service", "currency", "kind", "instrument_name", "reason", "status", "side", "action", "grant_type", "ts"),
    }
)
"""Protocol words besides the field names in the venues' dated tables; their values are public text."""
HEADERS_KEPT = frozenset(
    {
        *("accept", "accept-encoding", "cache-control", "connection", "content-length", "content-type", "date"),
        *("retry-after", "sec-websocket-version", "transfer-encoding", "upgrade", "user-agent", "vary", "allow"),
        *("content-encoding", "deprecation", "sunset", "x-ratelimit-limit", "x-ratelimit-remaining"),
    }
)
"""Headers recorded with their values; other headers are recorded by name only."""
HEADERS_DROPPED = ("cookie", "set-cookie", "cf-", "x-forwarded", "x-real-ip", "forwarded", "proxy-", "true-client-ip")
"""Prefixes of header names that are not recorded at all."""


def is_id(name: str) -> bool:
    """Return whether the values of a field are ids that belong to an account, such as ids of orders or fills."""
    return name not in PUBLIC_IDS and (name in IDS or name.endswith(ID_ENDINGS))


@cache
def public_names() -> frozenset[str]:
    """Return the names of fields, parameters and keys in the venues' tables whose values are public, not ids."""
    tables = [venue.wire.sections() for venue in VENUES.values() if venue.wire]
    found = {name for sections in tables for section in sections for row in section.rows for name in _names_of(row)}
    found = {name for name in found if name.isidentifier()}
    return frozenset(name for name in found | WORDS | PUBLIC_IDS if not is_id(name) and name not in SECRETS)


def _names_of(row: Any) -> set[str]:
    nested = row.spelling.fields if isinstance(row, Field) and isinstance(row.spelling, Nested) else ()
    return {str(row.name), *(name for one in nested for name in _names_of(one))}
