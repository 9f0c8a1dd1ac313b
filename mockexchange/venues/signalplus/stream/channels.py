"""The names of the stream's channels [doc]: user.changes.{kind}.{currency}.{interval}."""

import re
from collections.abc import Iterator

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.venues.signalplus.enumerations import ANY, CURRENCIES, INTERVALS, KINDS

CHANGES = "user.changes"
"""The channel's name in notifications and in scenarios."""
FORM = f"{CHANGES}.{{kind}}.{{currency}}.{{interval}}"
_NAME = re.compile(
    rf"{re.escape(CHANGES)}\.({'|'.join((*KINDS, ANY))})\.({'|'.join((*CURRENCIES, ANY))})\.({'|'.join(INTERVALS)})"
)


def is_channel(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def names_of(terms: Terms) -> Iterator[str]:
    """Yield the channels that show a derivative: every interval, since the mock sends each change at once."""
    for kind in (terms.kind, ANY):
        for currency in (terms.settlement_currency, ANY):
            for interval in INTERVALS:
                yield f"{CHANGES}.{kind}.{currency}.{interval}"
