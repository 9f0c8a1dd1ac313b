"""The channels that can be subscribed to, by their names [doc]: user.changes.{kind}.{currency}.{interval}."""

import re
from collections.abc import Iterator

from mockexchange.core.derivatives.contracts import Terms
from mockexchange.venues.signalplus.enumerations import ANY, CURRENCIES, INTERVALS, KINDS

CHANGES = "user.changes"
"""What a notification says, and the word that scenarios know it by."""
FORM = f"{CHANGES}.{{kind}}.{{currency}}.{{interval}}"
_NAME = re.compile(
    rf"{re.escape(CHANGES)}\.({'|'.join((*KINDS, ANY))})\.({'|'.join((*CURRENCIES, ANY))})\.({'|'.join(INTERVALS)})"
)


def is_channel(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def names_of(terms: Terms) -> Iterator[str]:
    """Every channel that tells of a contract. The interval makes no difference: all is told at once."""
    for kind in (terms.kind, ANY):
        for currency in (terms.settlement_currency, ANY):
            for interval in INTERVALS:
                yield f"{CHANGES}.{kind}.{currency}.{interval}"
