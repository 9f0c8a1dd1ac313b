"""Every read of pykalshi, by the operation's id in lower case."""

from typing import Any

from contracts.clients.neutral import attribute
from contracts.clients.pykalshi_2 import connect
from contracts.clients.reads import Call, serve_reads


def _of_client(path: str) -> Call:
    return lambda client, **arguments: attribute(client, path)(**arguments)


def _of_market(path: str) -> Call:
    return lambda client, ticker, **arguments: attribute(client.get_market(ticker), path)(**arguments)


def _candlesticks(client: Any, series_ticker: str, ticker: str, **arguments: Any) -> Any:
    return client.get_market(ticker).get_candlesticks(**window(arguments))


def _candlesticks_of_history(client: Any, ticker: str, **arguments: Any) -> Any:
    return client.history.get_candlesticks(ticker, **window(arguments))


def _candlesticks_of_markets(client: Any, market_tickers: list[str], **arguments: Any) -> Any:
    return client.get_candlesticks_batch(market_tickers, **window(arguments))


def _forecasts(client: Any, ticker: str, series_ticker: str, **arguments: Any) -> Any:
    return client.get_event(ticker).get_forecast_percentile_history(arguments["percentiles"])


def window(arguments: dict[str, Any]) -> dict[str, int]:
    """Return the window of time; the client's period is an hour."""
    return {name: arguments[name] for name in ("start_ts", "end_ts")}


CALLS: dict[str, Call] = {
    "batchgetmarketcandlesticks": _candlesticks_of_markets,
    "getaccountapilimits": _of_client("api_keys.get_limits"),
    "getapikeys": _of_client("api_keys.list"),
    "getbalance": _of_client("portfolio.get_balance"),
    "getevent": _of_client("get_event"),
    "geteventforecastpercentileshistory": _forecasts,
    "getevents": _of_client("get_events"),
    "getexchangeschedule": _of_client("exchange.get_schedule"),
    "getexchangestatus": _of_client("exchange.get_status"),
    "getfills": _of_client("portfolio.get_fills"),
    "getfillshistorical": _of_client("history.get_fills"),
    "gethistoricalcutoff": _of_client("history.get_cutoff"),
    "gethistoricalmarket": _of_client("history.get_market"),
    "gethistoricalmarkets": _of_client("history.get_markets"),
    "gethistoricalorders": _of_client("history.get_orders"),
    "getmarket": _of_client("get_market"),
    "getmarketcandlesticks": _candlesticks,
    "getmarketcandlestickshistorical": _candlesticks_of_history,
    "getmarketorderbook": _of_market("get_orderbook"),
    "getmarkets": _of_client("get_markets"),
    "getmultivariateeventcollection": _of_client("get_mve_collection"),
    "getmultivariateeventcollections": _of_client("get_mve_collections"),
    "getmultivariateevents": _of_client("get_multivariate_events"),
    "getorder": _of_client("portfolio.get_order"),
    "getordergroup": _of_client("portfolio.get_order_group"),
    "getordergroups": _of_client("portfolio.get_order_groups"),
    "getorderqueueposition": _of_client("portfolio.get_queue_position"),
    "getorderqueuepositions": _of_client("portfolio.get_queue_positions"),
    "getorders": _of_client("portfolio.get_orders"),
    "getportfoliorestingordertotalvalue": _of_client("portfolio.get_resting_order_value"),
    "getpositions": _of_client("portfolio.get_positions"),
    "getquotes": _of_client("communications.get_quotes"),
    "getrfq": _of_client("communications.get_rfq"),
    "getrfqs": _of_client("communications.get_rfqs"),
    "getseries": _of_client("get_series"),
    "getserieslist": _of_client("get_all_series"),
    "getsettlements": _of_client("portfolio.get_settlements"),
    "getsubaccountbalances": _of_client("portfolio.get_subaccount_balances"),
    "getsubaccountnetting": _of_client("portfolio.get_subaccount_netting"),
    "getsubaccounttransfers": _of_client("portfolio.get_subaccount_transfers"),
    "gettrades": _of_client("get_trades"),
    "gettradeshistorical": _of_client("history.get_trades"),
    "getuserdatatimestamp": _of_client("exchange.get_user_data_timestamp"),
}

if __name__ == "__main__":
    serve_reads(connect, CALLS)
