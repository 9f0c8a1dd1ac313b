"""Gives schemathesis what it needs to generate writes for Kalshi, where orders may be placed and filled."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from mockexchange.kit.kalshi.roles import role_of
from mockexchange.kit.operations import writes
from mockexchange.kit.schemathesis.hints import Names, SchemathesisHints, SchemathesisSettings, restrict_names
from mockexchange.runtime.api_documents import Document

REFUSALS = ["2xx", "400", "403", "404", "409"]
CHECKS: SchemathesisSettings = {
    # What a market, a purse or the clock allow is in no schema; `requests.as_sent` judges what is accepted.
    "positive_data_acceptance": {"expected-statuses": REFUSALS},
    "negative_data_rejection": {"enabled": False},
    # A canceled order can still be read.
    "use_after_free": {"enabled": False},
    # A placed order may be executed or canceled, so that changing it is a 404; reading it is judged.
    "ensure_resource_availability": {"enabled": False},
    # Paths such as /api_keys/generate also match that of a key; generated reads judge other methods.
    "allow_header_conformance": {"enabled": False},
    "unsupported_method": {"enabled": False},
}
NARROWED: Mapping[str, Mapping[str, Any]] = {
    "CountSent": {"type": "string", "enum": ["1.00", "2", "3.00"]},
    "DollarsSent": {"type": "string", "enum": ["0.01", "0.0500", "0.40", "0.99"]},
    "PositiveNumber": {"type": "integer", "minimum": 1, "maximum": 3},
    "Shard": {"type": "integer", "enum": [0]},
    "SubaccountSent": {"type": "integer", "enum": [0]},
    "ShardToMove": {"type": "integer", "enum": [0, 1]},
}
"""Values of generated orders, by type of the document, most of which a market accepts."""


def make_write_hints(document: Document, names: Names, roles: Collection[str]) -> SchemathesisHints:
    """Return hints with which schemathesis generates valid writes. The arguments are those of `make_hints`."""
    published, document = document, copy.deepcopy(document)
    restrict_names(document, names)
    schemas = document["components"]["schemas"]
    schemas |= {name: dict(schema) for name, schema in NARROWED.items() if name in schemas}
    for schema in schemas.values():
        for field in ("ticker", "market_ticker"):
            if schema.get("additionalProperties") is True and field in schema.get("properties", {}):
                schema["properties"][field] = {"type": "string", "enum": list(names["ticker"])}
    every = list(writes(published))
    return SchemathesisHints(
        document=document,
        operations=every,
        role_of=lambda operation, path, query: role_of(operation, path),
        checks=dict.fromkeys(every, CHECKS),
        may_refuse=frozenset(every),
        may_accept=frozenset(one for one in every if one.startswith("Batch")),
    )
