"""Every read of the newest document, asked by published clients of one exchange that has an object of each kind.

What a client reports is compared with the answer that it was given: each value under a name of the wire has to be the
wire's, and each object of the answer has to be there.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.suites.targets import NAMES
from contracts.suites.world import WORLD
from mockexchange.kit.schemathesis.hints import operations_of
from mockexchange.runtime import api_documents
from tests.clients.exchange import Sandbox
from tests.clients.matrix import ABSENT, Cell
from tests.clients.processes import Answer, Peer, Task
from tests.clients.published import Published
from tests.clients.truths import INSTANT, NUMBER

SCENARIO = WORLD
READERS = (
    Published("pykalshi", "2.0.0", "reads_pykalshi", "latest"),
    Published("kalshi-python-sync", "3.34.0", "reads_official", "latest"),
    Published("kalshi-sdk", "22.4.0", "reads_sdk", "latest"),
    Published("kalshi-typescript", "3.30.0", "reads_typescript.mjs", "latest"),
)
MEMBER, FCM = "member", "desk"
OF_FCM = (
    *("GetFCMFills", "GetFCMOrders", "GetFCMPositions", "ListFCMSubtraders", "GetFCMSubtraderBlockedCategories"),
    *("GetFCMEventContractDailyCap", "GetPortfolioRestingOrderTotalValue"),
)
WINDOW = {"start_ts": 1762128000, "end_ts": 1762300800, "period_interval": 60}
MARKET, ARCHIVED = {"ticker": NAMES["ticker"][0]}, {"ticker": "KXOLD-25OCT31-A"}
EVENT, SERIES = {"event_ticker": NAMES["event_ticker"][0]}, {"series_ticker": NAMES["series_ticker"][0]}
OF_EVENT = {"ticker": EVENT["event_ticker"], **SERIES}
MILESTONE, ORDER = {"milestone_id": NAMES["milestone_id"][0]}, {"order_id": NAMES["order_id"][0]}
RFQ, QUOTE = {"rfq_id": NAMES["rfq_id"][0]}, {"quote_id": NAMES["quote_id"][0]}
SUBTRADER, CITY = {"subtrader_id": NAMES["subtrader_id"][0]}, {"city": NAMES["city"][0]}
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "BatchGetMarketCandlesticks": {"market_tickers": [MARKET["ticker"]], **WINDOW},
    "GetEvent": EVENT,
    "GetEventForecastPercentilesHistory": {**OF_EVENT, "percentiles": [2500, 5000], **WINDOW},
    "GetEventLiveData": EVENT,
    "GetEventMetadata": EVENT,
    "GetFCMEventContractDailyCap": SUBTRADER,
    "GetFCMOrders": SUBTRADER,
    "GetFCMPositions": SUBTRADER,
    "GetFCMSubtraderBlockedCategories": SUBTRADER,
    "GetGameStats": MILESTONE,
    "GetHistoricalMarket": ARCHIVED,
    "GetIntraExchangeInstanceTransfer": {"transfer_id": NAMES["transfer_id"][0]},
    "GetLiveData": {"type": NAMES["type"][0], **MILESTONE},
    "GetLiveDataByMilestone": MILESTONE,
    "GetLiveDatas": {"milestone_ids": NAMES["milestone_id"]},
    "GetMarket": MARKET,
    "GetMarketCandlesticks": {**SERIES, **MARKET, **WINDOW},
    "GetMarketCandlesticksByEvent": {**OF_EVENT, **WINDOW},
    "GetMarketCandlesticksHistorical": {**ARCHIVED, **WINDOW},
    "GetMarketOrderbook": MARKET,
    "GetMarketOrderbooks": {"tickers": [MARKET["ticker"]]},
    "GetMilestone": MILESTONE,
    "GetMilestones": {"limit": 100},
    "GetMultivariateEventCollection": {"collection_ticker": NAMES["collection_ticker"][0]},
    "GetOrder": ORDER,
    "GetOrderGroup": {"order_group_id": NAMES["order_group_id"][0]},
    "GetOrderQueuePosition": ORDER,
    "GetQuote": QUOTE,
    "GetRFQ": RFQ,
    "GetRFQQuote": {**RFQ, **QUOTE},
    "GetSeries": SERIES,
    "GetStructuredTarget": {"structured_target_id": NAMES["structured_target_id"][0]},
    "GetWeatherIndex": CITY,
    "GetWeatherIndexCalibrations": CITY,
}
"""Arguments of operations that need some."""
IDENTIFYING = ("ticker", "id", "event_ticker", "series_ticker", "market_ticker", "order_id", "fill_id", "trade_id")
"""Names of the fields that identify an object."""
SUFFIXES = ("", "_dollars", "_fp", "_centi_cents")
"""Ends of the wire's names that clients leave out."""


def operation_ids() -> list[str]:
    """Return the ids of all reads of the newest document, by its paths."""
    document = api_documents.read("kalshi/2026-10")
    return [one.id for one in sorted(operations_of(document), key=lambda one: one.path) if one.method == "get"]


def ask_reads(sandbox: Sandbox, peer: Peer) -> dict[str, tuple[Cell, list[str]]]:
    """Return what a client makes of each read, and its mistakes."""
    return {name: _ask(sandbox, peer, name) for name in operation_ids()}


def _ask(sandbox: Sandbox, peer: Peer, operation: str) -> tuple[Cell, list[str]]:
    credential = sandbox.keys[FCM if operation in OF_FCM else MEMBER, "main"]
    task: Task = {
        "id": 1,
        "task": operation.lower(),
        "base_url": sandbox.base_url,
        "ws_url": sandbox.ws_url,
        "key_id": credential.key_id,
        "private_key_path": str(peer.write_key(credential)),
        "arguments": ARGUMENTS.get(operation, {}),
    }
    (answer,) = peer.run(task)
    return judge_read(answer, sandbox.last_answer, task["arguments"])


def judge_read(answer: Answer, wire: Callable[[], str], arguments: Mapping[str, Any]) -> tuple[Cell, list[str]]:
    """Return the cell of a reply, and how it differs from the answer on the wire."""
    if "unsupported" in answer:
        return Cell.NONE, []
    if "error" in answer:
        return ABSENT.get(answer["status"], Cell.NO), [answer["error"]]
    mistakes = list(misread(answer["rows"][0]["read"], json.loads(wire(), parse_float=str), arguments))
    return (Cell.NO if mistakes else Cell.YES), mistakes


def misread(reported: Any, wire: Any, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each wrong value, and one for objects that are not reported; what was asked for is known."""
    sent: dict[str, set[Any]] = {}
    for name, value in _leaves(wire):
        sent.setdefault(name, set()).add(_canonical(value))
    seen = list(_leaves(reported))
    for name, value in seen:
        known = [sent[name + suffix] for suffix in SUFFIXES if name + suffix in sent]
        if known and value is not None and not any(_canonical(value) in values for values in known):
            yield f"{name} is reported as {value!r}"
    if sent and not seen:
        yield "nothing is reported"
    values = {_canonical(value) for _, value in (*seen, *_leaves(arguments))}
    missing = [names[0] for names in _identities(wire) if not values.intersection(names)]
    if missing:
        yield f"not reported: {', '.join(missing)}"


def _identities(value: Any) -> Iterator[list[Any]]:
    """Yield the values of the identifying fields of each object of an answer."""
    if isinstance(value, Mapping):
        names = [_canonical(value[name]) for name in IDENTIFYING if value.get(name)]
        if names:
            yield names
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _identities(inner)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


def _canonical(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        return Decimal(str(value))
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return Decimal(str(datetime.fromisoformat(value).timestamp()))
    return value
