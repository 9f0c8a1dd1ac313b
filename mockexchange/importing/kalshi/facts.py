"""The rows of one account in a recording: the newest of each fill, order, position and settlement."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.importing.kalshi.amounts import Row
from mockexchange.importing.recorded_answers import RecordedAnswer

PORTFOLIO = "/trade-api/v2/portfolio/"


class Dated(NamedTuple):
    """A row, and the instant at which it was answered."""

    row: Row
    at: int


@dataclass(slots=True)
class Facts:
    """Rows by their ids: a later answer replaces an earlier one."""

    fills: dict[str, Row] = field(default_factory=dict)
    orders: dict[str, Row] = field(default_factory=dict)
    settlements: dict[str, Row] = field(default_factory=dict)
    positions: dict[tuple[int, str], Dated] = field(default_factory=dict)
    """Rows of markets by subaccount and ticker."""
    shares: dict[tuple[int, str], Row] = field(default_factory=dict)
    """Rows of events by subaccount and ticker."""
    markets: dict[str, Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)
    balances: list[RecordedAnswer] = field(default_factory=list)
    unread: list[tuple[RecordedAnswer, str]] = field(default_factory=list)
    """Answers with a row that could not be read, with the reason."""


def facts_of(bodies: Iterable[tuple[RecordedAnswer, Any]]) -> Facts:
    """Collect the rows of all answers."""
    facts = Facts()
    for answer, body in bodies:
        try:
            _take(facts, answer, body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            facts.unread.append((answer, f"{type(error).__name__} {error}"))
    return facts


def _take(facts: Facts, answer: RecordedAnswer, body: Any) -> None:
    subaccount = _subaccount(answer.query)
    for fill in body.get("fills") or []:
        facts.fills[fill["fill_id"]] = {"subaccount_number": subaccount, **fill}
    single = [body["order"]] if isinstance(body.get("order"), dict) else []
    for order in [*(body.get("orders") or []), *single]:
        facts.orders[order["order_id"]] = {"subaccount_number": subaccount, **order}
    for group in body.get("order_groups") or []:
        facts.groups[group["id"]] = {"subaccount_number": subaccount, **group}
    for settlement in body.get("settlements") or []:
        facts.settlements[settlement["ticker"]] = settlement
    for position in body.get("market_positions") or []:
        facts.positions[subaccount, position["ticker"]] = Dated(position, answer.at)
    for event in body.get("event_positions") or []:
        facts.shares[subaccount, event["event_ticker"]] = event
    _take_markets(facts, body)
    if answer.path == f"{PORTFOLIO}balance":
        facts.balances.append(answer)


def _take_markets(facts: Facts, body: Any) -> None:
    """Take the markets and events that a body names: alone, in lists, and inside events."""
    events = [*(body.get("events") or []), *([body["event"]] if isinstance(body.get("event"), dict) else [])]
    single = [body["market"]] if isinstance(body.get("market"), dict) else []
    inside = [market for event in events for market in event.get("markets") or []]
    for market in [*(body.get("markets") or []), *single, *inside]:
        facts.markets[market["ticker"]] = market
    for event in events:
        facts.events[event["event_ticker"]] = event


def _subaccount(query: str) -> int:
    pairs = dict(part.partition("=")[::2] for part in query.split("&"))
    return int(pairs.get("subaccount") or 0)
