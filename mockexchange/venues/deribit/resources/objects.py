"""The JSON objects of answers, by their names in the venue's documents."""

from mockexchange.venues.dated_fields import Field
from mockexchange.venues.deribit.resources import (
    books,
    instruments,
    orders,
    positions,
    summaries,
    tickers,
    trades,
)

OBJECTS: dict[str, tuple[Field, ...]] = {
    "FuturePosition": positions.FUTURE_POSITION,
    "PerpetualPosition": positions.PERPETUAL_POSITION,
    "OptionPosition": positions.OPTION_POSITION,
    "UserTrade": trades.USER_TRADE,
    "OptionUserTrade": trades.OPTION_USER_TRADE,
    "UserTrades": trades.USER_TRADES,
    "Order": orders.ORDER,
    "OrderWithTrades": orders.ORDER_WITH_TRADES,
    "AccountSummary": summaries.ACCOUNT_SUMMARY,
    "AccountSummaryExtended": summaries.ACCOUNT_SUMMARY_EXTENDED,
    "AccountSummaries": summaries.ACCOUNT_SUMMARIES,
    "AccountSummariesExtended": summaries.ACCOUNT_SUMMARIES_EXTENDED,
    "Future": instruments.FUTURE,
    "Option": instruments.OPTION,
    "Combo": instruments.COMBO,
    "FutureTicker": tickers.FUTURE_TICKER,
    "PerpetualTicker": tickers.PERPETUAL_TICKER,
    "OptionTicker": tickers.OPTION_TICKER,
    "FutureOrderBook": tickers.FUTURE_BOOK,
    "PerpetualOrderBook": tickers.PERPETUAL_BOOK,
    "OptionOrderBook": tickers.OPTION_BOOK,
    "BookChange": books.BOOK_CHANGE,
    "GroupedBook": books.GROUPED_BOOK,
    "Quote": books.QUOTE,
    "Currency": instruments.CURRENCY,
    "IndexPrice": instruments.INDEX_PRICE,
}
