"""Reads amounts from Kalshi's rows of any API date: dollars or cents, counts whole or with decimals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mockexchange.core.instants import parse_instant

MICROS = 1_000_000
CENTIS = 100
EXACT_DECIMALS = 6
Row = Mapping[str, Any]


def micros_of(row: Row, name: str) -> int | None:
    """Return an amount of money in micro-dollars, from the field `<name>_dollars` or, in cents, from `<name>`.

    Returns None if the row has neither.
    """
    dollars = row.get(f"{name}_dollars")
    if dollars is not None:
        return int(Decimal(dollars) * MICROS)
    cents = row.get(name)
    return None if cents is None else int(Decimal(cents) * MICROS / 100)


def centis_of(row: Row, name: str) -> int:
    """Return a count in hundredths of a contract, from the field `<name>_fp` or, in whole contracts, from `<name>`.

    Raises KeyError if the row has neither.
    """
    fixed = row.get(f"{name}_fp")
    return int(Decimal(fixed) * CENTIS) if fixed is not None else int(row[name]) * CENTIS


def price_of(row: Row, side: str) -> Decimal:
    """Return the price of a side (yes or no) in dollars. Raises KeyError."""
    name = f"{side}_price"
    found = row.get(f"{name}_dollars") or row.get(f"{name}_fixed")
    return Decimal(found) if found is not None else Decimal(row[name]) / 100


def fee_of(row: Row) -> str | None:
    """Return the exact fee of a fill in dollars; None if the API date lacks the field or rounds it to cents."""
    fee = row.get("fee_cost")
    return None if fee is None or not is_exact(str(fee)) else trimmed(Decimal(fee))


def is_exact(text: str) -> bool:
    """Return whether an amount in dollars has all its decimals.

    Before 2026-03-07 the venue sent whole cents, written with four decimals.
    """
    return len(text.partition(".")[2]) >= EXACT_DECIMALS


def dollars(micros: int) -> str:
    return trimmed(Decimal(micros) / MICROS)


def contracts(centis: int) -> str:
    return trimmed(Decimal(centis) / CENTIS)


def trimmed(value: Decimal) -> str:
    """Return a number as text without an exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant_of(row: Row, name: str) -> int:
    """Return the instant in a field of a row, in microseconds. Raises KeyError and ValueError."""
    return parse_instant(row[name])
