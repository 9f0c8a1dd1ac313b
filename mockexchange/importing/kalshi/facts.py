"""Collects the rows of one Kalshi account in a recording: the newest of each fill, order, position and settlement."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.importing.kalshi.amounts import Row, instant_of
from mockexchange.importing.kalshi.fcm import FCM, FCM_FILLS, FCM_ORDERS, Fcm, named_subtrader
from mockexchange.importing.kalshi.order_books import tickers_of
from mockexchange.importing.recorded_answers import Problem, RecordedAnswer
from mockexchange.recording.read_errors import reason_of

PORTFOLIO = "/trade-api/v2/portfolio/"
HISTORICAL = "/trade-api/v2/historical/"
CUTOFF = f"{HISTORICAL}cutoff"
SUBACCOUNT_BALANCES = f"{PORTFOLIO}subaccounts/balances"
ORDERS = f"{PORTFOLIO}orders"
FILLS = f"{PORTFOLIO}fills"
UNFILTERED = frozenset({"limit", "cursor", "subaccount"})
"""Parameters that leave no rows out of a list that is read to its end."""
BALANCES = (f"{PORTFOLIO}balance", SUBACCOUNT_BALANCES)


class Dated(NamedTuple):
    """A row of an answer, with the answer's time in microseconds and its line in the recording."""

    row: Row
    at: int
    line: int = 0


class GroupEvent(NamedTuple):
    """An event of an order group that a frame shows; the limit, in hundredths of a contract, is None if it has none."""

    at: int
    kind: str
    limit_centis: int | None


@dataclass(slots=True)
class Facts:
    """All recorded rows by id. A row of a later answer replaces the earlier one with the same id."""

    fills: dict[tuple[str, str], Row] = field(default_factory=dict)
    """Fills by their ids and those of their orders: a trade between two subaccounts is two fills with one id."""
    orders: dict[str, Row] = field(default_factory=dict)
    versions: dict[str, list[Row]] = field(default_factory=dict)
    """The different rows of each order, in the order in which they were answered."""
    settlements: dict[str, Row] = field(default_factory=dict)
    payouts: dict[tuple[int, str], Row] = field(default_factory=dict)
    """Settlements by subaccount and market ticker."""
    positions: dict[tuple[int, str], Dated] = field(default_factory=dict)
    """Positions in markets, by subaccount and market ticker."""
    shares: dict[tuple[int, str], Row] = field(default_factory=dict)
    """Positions in events, by subaccount and event ticker."""
    markets: dict[str, Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, tuple[str, Row]] = field(default_factory=dict)
    """Deposits and withdrawals by id, each with the name of its step."""
    has_deposits: bool = False
    """Whether a list of deposits was recorded."""
    transfers: dict[str, Row] = field(default_factory=dict)
    """Transfers between subaccounts, and between shards and instances."""
    netting: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Whether netting is enabled, by subaccount number and exchange index."""
    allocation: Row = field(default_factory=dict)
    cutoff: Row = field(default_factory=dict)
    """The instants before which rows are served by the historical operations."""
    archived: list[str] = field(default_factory=list)
    """Instants of rows that historical operations served."""
    balances: list[RecordedAnswer] = field(default_factory=list)
    tier: str = ""
    """The usage tier of the account."""
    books: dict[str, None] = field(default_factory=dict)
    """The markets whose order book was recorded."""
    subaccounts: set[int] = field(default_factory=set)
    """The subaccounts in the recorded list of balances."""
    listed_positions: set[int] = field(default_factory=set)
    """The subaccounts whose list of positions was recorded."""
    whole_lists: dict[int | None, int] = field(default_factory=dict)
    """The last instant at which the list of a subaccount's fills was recorded to its end; None for the list of all."""
    oldest_listed: dict[int | None, int] = field(default_factory=dict)
    """The instant of the oldest recorded fill in the list of each subaccount; None for the list of all."""
    listed_orders: set[int] = field(default_factory=set)
    """The subaccounts whose list of orders was recorded to its end."""
    lines: dict[str, int] = field(default_factory=dict)
    """The line of the first answer with an order or a fill of it, by the id of the order."""
    fcm: Fcm = field(default_factory=Fcm)
    assumed: list[Problem] = field(default_factory=list)
    """Assumptions about rows that lack a fact, with their lines."""
    group_events: defaultdict[str, list[GroupEvent]] = field(default_factory=lambda: defaultdict(list))
    """What frames show of order groups, by the group's id, the oldest first."""
    from_frames: list[Problem] = field(default_factory=list)
    """The rows that only frames show, with their lines."""
    unread: list[tuple[RecordedAnswer, str]] = field(default_factory=list)
    """Answers with a row that could not be read, each with the reason."""


def rows_of(bodies: Iterable[tuple[RecordedAnswer, Any]]) -> Facts:
    """Return the rows of all answers in a recording."""
    facts = Facts()
    for answer, body in bodies:
        try:
            _take(facts, answer, body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            facts.unread.append((answer, reason_of(error)))
    return facts


def _take(facts: Facts, answer: RecordedAnswer, body: Any) -> None:
    subaccount = _owner_of(facts, answer)
    _take_orders(facts, answer, body, subaccount)
    if answer.is_write:
        return
    if answer.path.startswith(FCM):
        facts.fcm.take(answer, body)
    if answer.path == FCM_FILLS:
        return
    for fill in body.get("fills") or []:
        facts.fills[fill["fill_id"], fill["order_id"]] = {"subaccount_number": subaccount, **fill}
        facts.lines.setdefault(fill["order_id"], answer.line)
        facts.archived += [fill["created_time"]] if _is_archive(answer) else []
    if answer.path == FILLS:
        _note_list(facts, answer, body)
    for settlement in body.get("settlements") or []:
        facts.settlements[settlement["ticker"]] = facts.payouts[subaccount, settlement["ticker"]] = settlement
    for position in body.get("market_positions") or []:
        facts.positions[subaccount, position["ticker"]] = Dated(position, answer.at, answer.line)
    facts.listed_positions |= {subaccount} if "market_positions" in body else set()
    for event in body.get("event_positions") or []:
        facts.shares[subaccount, event["event_ticker"]] = event
    facts.tier = body.get("usage_tier") or facts.tier
    facts.listed_orders |= {subaccount} if _is_list_of_orders(answer) and not body.get("cursor") else set()
    facts.books |= dict.fromkeys(tickers_of(answer, body))
    _take_cash(facts, answer, body)
    _take_markets(facts, body)


def _take_orders(facts: Facts, answer: RecordedAnswer, body: Any, subaccount: int) -> None:
    """Take the orders of a list, of one order, and of the answer to a write, and the groups."""
    group_id = _last_part(answer.path, "/order_groups/")
    if group_id:
        facts.groups[group_id] = {"subaccount_number": subaccount, "id": group_id, **body}
        return
    single = [body[name] for name in ("old_order", "order") if isinstance(body.get(name), dict)]
    for order in [*(body.get("orders") or []), *single]:
        row = {"subaccount_number": subaccount, **(order.get("order") or order)}
        facts.orders[row["order_id"]] = row
        facts.lines.setdefault(row["order_id"], answer.line)
        if subaccount and answer.path == FCM_ORDERS:
            facts.fcm.owners[row["order_id"]] = subaccount
        versions = facts.versions.setdefault(row["order_id"], [])
        versions += [row] if not versions or versions[-1] != row else []
        facts.archived += [row["last_update_time"]] if _is_archive(answer) else []
    for group in body.get("order_groups") or []:
        facts.groups[group["id"]] = {"subaccount_number": subaccount, **group}


def _note_list(facts: Facts, answer: RecordedAnswer, body: Any) -> None:
    """Note the extent of a list of fills, unless it was asked with filters."""
    pairs = dict(part.partition("=")[::2] for part in answer.query.split("&") if part)
    if pairs.keys() - UNFILTERED:
        return
    key = int(pairs["subaccount"]) if pairs.get("subaccount") else None
    instants = [instant_of(fill, "created_time") for fill in body.get("fills") or []]
    if known := [*instants, *([facts.oldest_listed[key]] if key in facts.oldest_listed else [])]:
        facts.oldest_listed[key] = min(known)
    if not body.get("cursor"):
        facts.whole_lists[key] = answer.at


def _take_cash(facts: Facts, answer: RecordedAnswer, body: Any) -> None:
    """Take payments, transfers, switches of netting and allocations; balances are asked again to solve the opening."""
    facts.has_deposits |= "deposits" in body
    for name, step in (("deposits", "deposit"), ("withdrawals", "withdraw")):
        facts.payments |= {row["id"]: (step, row) for row in body.get(name) or []}
    single = [body["transfer"]] if isinstance(body.get("transfer"), dict) else []
    facts.transfers |= {row["transfer_id"]: row for row in [*(body.get("transfers") or []), *single]}
    for row in body.get("netting_configs") or []:
        facts.netting[int(row["subaccount_number"]), int(row.get("exchange_index") or 0)] = bool(row["enabled"])
    facts.subaccounts |= {int(row["subaccount_number"]) for row in body.get("subaccount_balances") or []}
    if "resting_margin_reservation" in body:
        facts.allocation = body
    if answer.path == CUTOFF:
        facts.cutoff = body
    if answer.path in BALANCES:
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


def _owner_of(facts: Facts, answer: RecordedAnswer) -> int:
    """Return the number of the subtrader or subaccount that a request names; 0 if it names none."""
    named = named_subtrader(answer)
    return facts.fcm.number(named) if named else subaccount_of(answer.query)


def _is_list_of_orders(answer: RecordedAnswer) -> bool:
    return answer.path in (ORDERS, FCM_ORDERS) and "client_order_ids=" not in answer.query


def subaccount_of(query: str) -> int:
    """Return the number of the subaccount that a query names; 0 if it names none."""
    pairs = dict(part.partition("=")[::2] for part in query.split("&"))
    return int(pairs.get("subaccount") or 0)


def _last_part(path: str, folder: str) -> str:
    """Return the id at the end of the path of one row; empty for another path."""
    before, _, last = path.partition(folder)
    return last if before and "/" not in last else ""


def _is_archive(answer: RecordedAnswer) -> bool:
    return answer.path.startswith(HISTORICAL)
