"""Defines the data of user.trades notifications: the trades that one command made, oldest first."""

from collections.abc import Iterable

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit.objects.trades import trade_text


def trades_text(trades: Iterable[DerivativeTrade], api_date: ApiDate) -> str:
    return "[" + ",".join(trade_text(trade, api_date) for trade in trades) + "]"
