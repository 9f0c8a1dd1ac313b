"""The markets whose prices changed, so that the values of positions are updated only when they are read.

A trade changes the value of every position in its market. Adding the change to each holder would make a trade as slow
as its market has holders, so a subaccount revalues its positions when its values are read, each market once.
"""

from collections.abc import Iterator


class Repricings:
    """The markets whose price has ever changed, ordered by the number of their last change."""

    __slots__ = ("_numbers", "latest")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.latest = 0
        """Number of the last change."""

    def add(self, ticker: str, number: int) -> None:
        """Record that the price of the market `ticker` changed; numbers rise, such as revisions of markets."""
        self.latest = number
        self._numbers.pop(ticker, None)
        self._numbers[ticker] = number

    def since(self, last: int) -> Iterator[str]:
        """Iterate over the tickers of the markets whose price changed after the change with the number `last`."""
        for ticker, number in reversed(self._numbers.items()):
            if number <= last:
                return
            yield ticker
