"""The base class of commands, and the checks that their constructors share."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Result

DECIMAL_DIGITS_MAX = 18
"""Largest number of digits before the decimal point, and after it.

The product of two such numbers is exact in the decimal context of derivatives.
"""
LOG_KEYS = {
    "subaccount_ref": "purse",
    "subaccount": "book",
    "subaccount_id": "book_id",
    "derivative": "contract",
}
"""Keys in the log of those command fields whose key differs from the field's name."""


class CommandStruct(Struct, frozen=True, rename=LOG_KEYS):
    """A frozen command; its `__post_init__` raises ValueError for a field out of its range."""


def require(holds: bool, message: str) -> None:
    """Raise ValueError with `message` if the condition `holds` is false."""
    if not holds:
        raise ValueError(message)


def require_price(price_centicents: int) -> None:
    """Raise ValueError for a price that is not between 0 and 1 dollar."""
    if not 0 < price_centicents < CENTICENTS_PER_DOLLAR:
        raise ValueError("price: expected more than 0 and less than 1 dollar")


def require_result(result: Result, value_centicents: int | None) -> None:
    """Raise ValueError if the result `scalar` has no value, or another result has one."""
    if result is Result.SCALAR:
        in_range = value_centicents is not None and 0 <= value_centicents <= CENTICENTS_PER_DOLLAR
        require(in_range, "value: a scalar result needs a value from 0 to 1 dollar")
    else:
        require(value_centicents is None, f"value: only a scalar result has one, {result} has not")


def require_amount(amount_micros: int) -> None:
    """Raise ValueError for an amount of 0 or less."""
    require(amount_micros > 0, "amount: expected more than 0")


def require_decimal(name: str, value: Decimal) -> None:
    """Raise ValueError for a decimal with more digits than DECIMAL_DIGITS_MAX; `name` is for the message."""
    exponent = value.as_tuple().exponent
    in_range = isinstance(exponent, int) and exponent >= -DECIMAL_DIGITS_MAX and value.adjusted() < DECIMAL_DIGITS_MAX
    require(in_range, f"{name}: expected at most {DECIMAL_DIGITS_MAX} digits before the point and after it")


def require_above_0(name: str, value: Decimal) -> None:
    """Raise ValueError for a decimal of 0 or less."""
    require_decimal(name, value)
    require(value > 0, f"{name}: expected more than 0")
