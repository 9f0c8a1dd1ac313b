"""Changes of one position, shared by all handlers that touch positions."""

from mockexchange.core.events import PositionChanged
from mockexchange.core.model.markets import Market
from mockexchange.core.model.one_or_more import total, with_one_more
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.position_cost import Stake


def row_of(state: State, subaccount: Subaccount, market: Market, at: int) -> Position:
    """Return the position of a subaccount in a market; create one if there is none.

    A new position is listed, and has a revision, from its first change on.
    """
    row = subaccount.positions.get(market.ticker)
    if row is None:
        row = Position(subaccount.ref, market, at)
        others = state.market_positions.get(market.ticker)
        state.market_positions[market.ticker] = with_one_more(others, row)
    return row


def change_row(subaccount: Subaccount, row: Position, revision: int, stake: Stake, fees_micros: int) -> bool:
    """Change the contracts, costs (`stake`) and fees of a position; return whether any of them differs from before.

    The subaccount's sums and the market's open interest change too. The position is listed again at the next read, so
    the caller may change its other fields before that.
    """
    before = row.stake
    has_moved = stake != before or fees_micros != row.fees_micros
    subaccount.change(row, revision, stake, fees_micros)
    subaccount.assert_conserved()
    market, before_centis, after_centis = row.market, before.quantity_centis, stake.quantity_centis
    if before_centis > 0:
        market.yes_held_centis -= before_centis
    else:
        market.no_held_centis += before_centis
    if after_centis > 0:
        market.yes_held_centis = total(market.yes_held_centis, after_centis)
    else:
        market.no_held_centis -= after_centis
    return has_moved


def row_changed(row: Position, *, has_moved: bool) -> PositionChanged:
    """Return the event that describes a position after a change."""
    return PositionChanged(
        subaccount_ref=row.subaccount_ref,
        market=row.market.ticker,
        quantity_centis=row.stake.quantity_centis,
        cost_micros=row.stake.cost_micros,
        realized_micros=row.stake.realized_micros,
        fees_micros=row.fees_micros,
        held_fees_micros=row.held_fees_micros,
        traded_micros=row.stake.traded_micros,
        shares_centis=row.stake.shares_centis,
        resting_centis=row.resting_centis,
        settled=row.settled,
        updated_at=row.updated_at,
        has_moved=has_moved,
    )
