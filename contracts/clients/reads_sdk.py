"""Every read of kalshi-sdk, by the operation's id in lower case."""

from typing import Any

from contracts.clients.neutral import attribute
from contracts.clients.reads import Call, serve_reads
from contracts.clients.sdk import connect

NAMES = {
    "account": {
        "getaccountapilimits": "limits",
        "getaccountendpointcosts": "endpoint_costs",
        "getaccountapiusagelevelvolumeprogress": "volume_progress",
    },
    "api_keys": {"getapikeys": "list"},
    "communications": {
        "getcommunicationsid": "get_id",
        "getrfqs": "rfqs.list",
        "getrfq": "rfqs.get",
        "getquotes": "quotes.list",
        "getquote": "quotes.get",
        "getrfqquote": "quotes.get_for_rfq",
        "getblocktradeproposals": "block_trade_proposals.list",
    },
    "events": {
        "getevents": "list",
        "getevent": "get",
        "geteventmetadata": "metadata",
        "geteventfeechanges": "fee_changes",
        "getmultivariateevents": "list_multivariate",
    },
    "exchange": {
        "getexchangestatus": "status",
        "getexchangeschedule": "schedule",
        "getuserdatatimestamp": "user_data_timestamp",
    },
    "fcm": {
        "getfcmorders": "orders",
        "getfcmfills": "fills",
        "getfcmpositions": "positions",
        "listfcmsubtraders": "list_subtraders",
        "getfcmsubtraderblockedcategories": "blocked_categories",
        "getfcmeventcontractdailycap": "event_contract_daily_cap",
    },
    "historical": {
        "gethistoricalcutoff": "cutoff",
        "gethistoricalmarkets": "markets",
        "gethistoricalmarket": "market",
        "getmarketcandlestickshistorical": "candlesticks",
        "getfillshistorical": "fills",
        "gethistoricalorders": "orders",
        "gettradeshistorical": "trades",
        "gethistoricalpositions": "positions",
    },
    "incentive_programs": {"getincentiveprograms": "list"},
    "live_data": {
        "getlivedatabymilestone": "get",
        "getlivedata": "get_typed",
        "geteventlivedata": "get_event",
        "getlivedatas": "batch",
        "getgamestats": "game_stats",
        "getweatherindex": "weather",
        "getweatherindexcalibrations": "weather_calibrations",
    },
    "markets": {
        "getmarkets": "list",
        "getmarket": "get",
        "getmarketorderbook": "orderbook",
        "getmarketorderbooks": "bulk_orderbooks",
        "getmarketcandlesticks": "candlesticks",
        "batchgetmarketcandlesticks": "bulk_candlesticks",
        "gettrades": "list_trades",
    },
    "milestones": {"getmilestones": "list", "getmilestone": "get"},
    "multivariate_collections": {
        "getmultivariateeventcollections": "list",
        "getmultivariateeventcollection": "get",
    },
    "order_groups": {"getordergroups": "list", "getordergroup": "get"},
    "orders": {
        "getorders": "list",
        "getorder": "get",
        "getorderqueuepositions": "queue_positions",
        "getorderqueueposition": "queue_position",
    },
    "portfolio": {
        "getbalance": "balance",
        "getpositions": "positions",
        "getsettlements": "settlements",
        "getfills": "fills",
        "getportfoliorestingordertotalvalue": "total_resting_order_value",
        "getdeposits": "deposits",
        "getwithdrawals": "withdrawals",
        "getintraexchangeinstancetransfers": "intra_exchange_transfers",
        "getintraexchangeinstancetransfer": "get_intra_exchange_transfer",
        "gettargetbalanceallocation": "target_balance_allocation",
    },
    "search": {"gettagsforseriescategories": "tags_by_categories", "getfiltersforsports": "filters_by_sport"},
    "series": {
        "getserieslist": "list",
        "getseries": "get",
        "getseriesfeechanges": "fee_changes",
        "getmarketcandlesticksbyevent": "event_candlesticks",
        "geteventforecastpercentileshistory": "forecast_percentile_history",
    },
    "structured_targets": {"getstructuredtargets": "list", "getstructuredtarget": "get"},
    "subaccounts": {
        "getsubaccountbalances": "list_balances",
        "getsubaccounttransfers": "list_transfers",
        "getsubaccountnetting": "get_netting",
    },
}
"""The client's calls, by its part and the operation."""
REQUIRED = {"communications.quotes.list": {"user_filter": "self"}}
"""What the client requires and the exchange does not, by the call."""


def _call(path: str) -> Call:
    def call(client: Any, **arguments: Any) -> Any:
        given = {"milestone_type" if name == "type" else name: value for name, value in arguments.items()}
        return attribute(client, path)(**REQUIRED.get(path, {}), **given)

    return call


if __name__ == "__main__":
    CALLS = {name: _call(f"{part}.{path}") for part, calls in NAMES.items() for name, path in calls.items()}
    serve_reads(connect, CALLS)
