"""The markets whose prices changed, so that the values of positions are updated only when they are read.

A trade changes the value of every position in its market. Adding the change to each holder would make a trade as slow
as its market has holders, so a subaccount revalues its positions when its values are read, each market once.
"""

from collections.abc import Iterator


class Repricings:
    """The markets whose price has ever changed, ordered by the number of their last change."""

    __slots__ = ("_numbers", "count")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.count = 0
        """Number of the last change."""

    def add(self, ticker: str) -> None:
        """Record that the price of the market `ticker` changed."""
        self.count += 1
        self._numbers.pop(ticker, None)
        self._numbers[ticker] = self.count

    def since(self, count: int) -> Iterator[str]:
        """Iterate over the tickers of the markets whose price changed after the change with this number."""
        for ticker, number in reversed(self._numbers.items()):
            if number <= count:
                return
            yield ticker
