"""Reads the positions of a test's account from the exchange's state, and makes commands that add missing ones."""

from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.core.commands import Command, ListMarket, OpenPosition
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef

PREFIX = "KXMOREROWS"
"""The beginning of the tickers of added markets."""
COUNT_CENTIS, COST_MICROS, PRICE_CENTICENTS = 200, 1_000_000, 5_000


class AccountPositions(NamedTuple):
    """The tickers of markets in which an account has positions.

    `listed` are those that a list without filters contains, `known` those that any list may contain.
    """

    listed: frozenset[str]
    known: frozenset[str]


def positions_of(state: State, account: str) -> AccountPositions:
    """Return the tickers of an account's positions.

    A list without filters has the unsettled positions of the primary subaccount.
    """
    own = [one for ref, one in state.subaccounts.items() if ref.account == account]
    primary = state.subaccounts.get(SubaccountRef(account, PRIMARY_SUBACCOUNT))
    rows = primary.positions.values() if primary else ()
    listed = frozenset(row.market.ticker for row in rows if not (row.settled or row.archived))
    return AccountPositions(listed, frozenset(ticker for one in own for ticker in one.positions))


def added_positions(account: str, count: int) -> Iterator[Command]:
    """Yield the commands that add positions to an account, each in a market of its own."""
    for number in range(count):
        market = f"{PREFIX}-{number}"
        yield ListMarket(
            market=market, event=PREFIX, series=PREFIX, title="Added by a card", price_centicents=PRICE_CENTICENTS
        )
        yield OpenPosition(
            subaccount_ref=SubaccountRef(account, PRIMARY_SUBACCOUNT),
            market=market,
            quantity_centis=COUNT_CENTIS,
            cost_micros=COST_MICROS,
        )
