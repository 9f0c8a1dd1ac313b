"""Parses query strings, of which only a bounded number of names and values counts."""

from urllib.parse import parse_qsl

PAIRS_MAX = 2_050
"""Largest number of pairs that are parsed: a parameter may be given 2,000 times. More would only take time."""


def has_too_many_pairs(query: str) -> bool:
    return query.count("&") >= PAIRS_MAX


def query_pairs(query: str, *, encoding: str = "utf-8", keep_blank_values: bool = True) -> list[tuple[str, str]]:
    """Return the first PAIRS_MAX names and values of a raw query, decoded. Invalid bytes are replaced."""
    if has_too_many_pairs(query):
        query = "&".join(query.split("&", PAIRS_MAX)[:PAIRS_MAX])
    if "%" not in query and "+" not in query:
        pairs = [part.partition("=") for part in query.split("&") if part]
        return [(name, value) for name, _, value in pairs if value or keep_blank_values]
    return parse_qsl(query, keep_blank_values=keep_blank_values, encoding=encoding, errors="replace")
