"""Decodes the rows of the control API: amounts become `Decimal`, instants aware `datetime`s; all else is unchanged."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

_TEXTS = """
    account book categories client_order_id code combo event fill_id group id instrument key key_id label market
    message order order_id payment series source source_book subject target target_book text tier title trade_id
    transfer type
"""
TEXTS = frozenset(_TEXTS.split())
"""Fields that stay text, since names may look like numbers."""
BY_NAME = frozenset({"cash", "reserved", "prices"})
"""Fields whose values are mappings from names, such as a subaccount's, to amounts."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the control API with its amounts as `Decimal` and its instants as `datetime`."""
    return {name: _read(name, value) for name, value in row.items()}


def read_instant(text: str) -> datetime:
    """Parse an instant of the control API, which is RFC 3339 text, to an aware `datetime`."""
    return datetime.fromisoformat(text)


def _read(name: str, value: Any) -> Any:
    if isinstance(value, str):  # most values are
        if name in TEXTS:
            return value
        if name == "at" or name.endswith("_at"):
            return read_instant(value)
        return Decimal(value) if _NUMBER.fullmatch(value) else value
    if isinstance(value, list):
        return [_read(name, item) for item in value]
    if isinstance(value, Mapping):
        return {key: _read(name, item) for key, item in value.items()} if name in BY_NAME else read_row(value)
    return value
