"""Conversion of scaled integers to decimal text."""


def exact(value: int, decimals: int) -> str:
    """Write a scaled integer as a decimal with all its digits: exact(5600, 4) is "0.5600"."""
    digits = str(value).zfill(decimals + 1 + (value < 0))
    return f"{digits[:-decimals]}.{digits[-decimals:]}"
