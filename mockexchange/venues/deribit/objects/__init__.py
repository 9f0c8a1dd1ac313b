"""The JSON objects of answers: a table of fields per object, with the API dates of each field.

Objects are named as in the venue's documents.
"""

from mockexchange.venues.dated import Field
from mockexchange.venues.deribit.objects import (
    books,
    currencies,
    indexes,
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
    "Currency": currencies.CURRENCY,
    "IndexPrice": indexes.INDEX_PRICE,
}
