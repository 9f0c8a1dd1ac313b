"""Tables in tests: text with columns divided by bars, in dollars and contracts as people write them."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_DOLLAR,
    Action,
    Side,
)

Line = dict[str, str]


class Trade(NamedTuple):
    action: Action
    side: Side
    count_centis: int
    price_centicents: int


def lines(table: str) -> list[Line]:
    """The lines of a table by the names in its first one."""
    head, *body = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return [dict(zip(head, cells, strict=True)) for cells in body]


def stories(table: str) -> dict[str, list[Line]]:
    """Lines that belong together: one that names no `story` goes on with the one above."""
    told: dict[str, list[Line]] = {}
    name = ""
    for line in lines(table):
        name = line["story"] or name
        told.setdefault(name, []).append(line)
    return told


def trade(text: str) -> Trade:
    """Read "buy yes 10 @ 0.56"."""
    action, side, count, _, price = text.split()
    return Trade(Action(action), Side(side), centis(count), centicents(price))


def micros(dollars: str) -> int:
    return scaled(dollars, MICROS_PER_DOLLAR)


def centicents(dollars: str) -> int:
    return scaled(dollars, CENTICENTS_PER_DOLLAR)


def centis(contracts: str) -> int:
    return scaled(contracts, CENTIS_PER_CONTRACT)


def scaled(text: str, unit: int) -> int:
    """The number in units of 1/`unit`, which it must fill exactly."""
    number = Decimal(text) * unit
    assert number == int(number), f"{text} is no whole number of 1/{unit}"
    return int(number)
