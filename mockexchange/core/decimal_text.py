"""Conversion of scaled integers to decimal text."""

from functools import lru_cache

TEXTS_MAX = 2_048
"""The most amounts whose text is kept: most amounts of an exchange are 0, or one of a few prices and counts."""


@lru_cache(TEXTS_MAX)
def exact(value: int, decimals: int) -> str:
    """Write a scaled integer as a decimal with all its digits: exact(5600, 4) is "0.5600"."""
    digits = str(value).zfill(decimals + 1 + (value < 0))
    return f"{digits[:-decimals]}.{digits[-decimals:]}"
