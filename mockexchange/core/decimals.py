"""Scaled integers as decimal text."""


def exact(value: int, decimals: int) -> str:
    """A scaled integer with all its digits: exact(5600, 4) is "0.5600"."""
    whole, fraction = divmod(abs(value), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:0{decimals}d}"
