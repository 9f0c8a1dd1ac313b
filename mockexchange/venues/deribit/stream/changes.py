"""The data of user.changes notifications: the changes that one command made in one instrument.

The positions in it lack open_orders_margin and estimated_liquidation_price, as in the documents' example [doc].
"""

from collections.abc import Iterable

from mockexchange.core.derivatives.orders import DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated import ApiDate, Field
from mockexchange.venues.deribit.resources import positions as shown_positions
from mockexchange.venues.deribit.resources.fields import writer
from mockexchange.venues.deribit.resources.orders import orders_text
from mockexchange.venues.deribit.resources.trades import trade_text
from mockexchange.venues.jsonrpc.envelope import spell


def trades_text(trades: Iterable[DerivativeTrade], api_date: ApiDate) -> str:
    return "[" + ",".join(trade_text(trade, api_date) for trade in trades) + "]"


LEFT_OUT = frozenset({"open_orders_margin", "estimated_liquidation_price"})


def _shown(table: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(row for row in table if row.name not in LEFT_OUT)


FUTURE_POSITION = _shown(shown_positions.FUTURE_POSITION)


PERPETUAL_POSITION = _shown(shown_positions.PERPETUAL_POSITION)


OPTION_POSITION = _shown(shown_positions.OPTION_POSITION)


_WRITE_FUTURE, _WRITE_PERPETUAL, _WRITE_OPTION = map(writer, (FUTURE_POSITION, PERPETUAL_POSITION, OPTION_POSITION))


def changes_text(
    name: str,
    trades: Iterable[DerivativeTrade],
    positions: Iterable[PositionView],
    orders: Iterable[DerivativeOrder],
    api_date: ApiDate,
) -> str:
    """Return the data of user.changes as JSON, for the instrument `name`."""
    shown = [
        f'"instrument_name":{spell(name)}',
        f'"trades":{trades_text(trades, api_date)}',
        '"positions":[' + ",".join(_position_text(view, api_date) for view in positions) + "]",
        f'"orders":{orders_text(orders, api_date)}',
    ]
    return "{" + ",".join(shown) + "}"


def _position_text(view: PositionView, api_date: ApiDate) -> str:
    terms = view.derivative.terms
    future = _WRITE_PERPETUAL if terms.is_perpetual else _WRITE_FUTURE
    write = _WRITE_OPTION if terms.kind is DerivativeKind.OPTION else future
    return write(view, api_date)
