"""Collects the rows of one Kalshi account in a recording: the newest of each fill, order, position and settlement.

Of an FCM it collects the subtraders, their trades and the restrictions on them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockexchange.importing.kalshi.amounts import Row, instant_of
from mockexchange.importing.kalshi.order_books import tickers_of
from mockexchange.importing.recorded_answers import Problem, RecordedAnswer
from mockexchange.recording.read_errors import reason_of

# What a recording has of an FCM: its subtraders, their trades, and the restrictions on them


FCM = "/trade-api/v2/fcm/"
FCM_POSITIONS, FCM_ORDERS, FCM_FILLS = f"{FCM}positions", f"{FCM}orders", f"{FCM}fills"
SUBTRADERS = f"{FCM}subtraders"
CATEGORIES, CAP = f"{SUBTRADERS}/blocked_categories", f"{SUBTRADERS}/event_contract_daily_cap"
MAKER, TAKER = "maker", "taker"


class Rule(NamedTuple):
    """A restriction of a subtrader as an answer shows it: whether it is blocked, its categories, or its daily cap."""

    at: int
    number: int
    name: str
    value: Any


class FcmTrade(NamedTuple):
    """A row of the list of an FCM's fills, with its line in the recording."""

    row: Row
    line: int


@dataclass(slots=True)
class Fcm:
    """An FCM and its subtraders, which have numbers in the order in which the recording names them."""

    account_id: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of each subtrader, by its id."""
    listed: list[str] = field(default_factory=list)
    """The ids in the recorded list of subtraders."""
    owners: dict[str, int] = field(default_factory=dict)
    """The numbers of the subtraders that orders belong to, by the id of the order."""
    trades: dict[str, FcmTrade] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def take(self, answer: RecordedAnswer, body: Any) -> None:
        """Take the rows of an answer that only FCMs get. Raises KeyError, TypeError and ValueError."""
        if answer.path == SUBTRADERS:
            self.listed = [str(row["subtrader_id"]) for row in body["subtraders"]]
            for row in body["subtraders"]:
                self._take_rule(answer, row["subtrader_id"], "blocked", bool(row.get("fcm_trading_blocked")))
        elif answer.path == CATEGORIES:
            self._take_rule(answer, named_subtrader(answer), "categories", list(body["categories"] or []))
        elif answer.path == CAP:
            self._take_rule(answer, body["subtrader_id"], "limit", str(body["limit"]))
        elif answer.path == FCM_FILLS:
            self._take_trades(answer, body)

    def number(self, subtrader_id: str) -> int:
        """Return the number of a subtrader. Raises ValueError for the id of another FCM's subtrader."""
        account_id, mark, _ = subtrader_id.partition("_")
        if not mark or account_id != (self.account_id or account_id):
            expected = f"{self.account_id or 'ACCOUNT'}_NAME"
            raise ValueError(f"subtrader {subtrader_id!r}: expected an id such as {expected}, of one FCM")
        self.account_id = account_id
        return self.numbers.setdefault(subtrader_id, len(self.numbers) + 1)

    def _take_trades(self, answer: RecordedAnswer, body: Any) -> None:
        for row in body["fills"] or []:
            for role in sides_of(row):
                self.owners[row[f"{role}_order_id"]] = self.number(row[f"{role}_subtrader_id"])
            self.trades[row["fill_id"]] = FcmTrade(row, answer.line)

    def _take_rule(self, answer: RecordedAnswer, subtrader_id: str, name: str, value: Any) -> None:
        self.rules.append(Rule(answer.at, self.number(subtrader_id), name, value))


def sides_of(trade: Row) -> Iterator[str]:
    """Yield the sides of a trade that belong to the FCM: maker, taker or both."""
    return (role for role in (MAKER, TAKER) if trade.get(f"{role}_subtrader_id"))


def named_subtrader(answer: RecordedAnswer) -> str:
    """Return the id of the subtrader that a request names.

    Returns an empty text if it names none. Raises ValueError if its answer is of one subtrader all the same: that of
    the key, which no answer names.
    """
    pairs = dict(part.partition("=")[::2] for part in answer.query.split("&"))
    named = unquote(pairs.get("subtrader_id", ""))
    is_of_one = answer.path in (FCM_POSITIONS, CATEGORIES, CAP)
    if not named and (is_of_one or (answer.path == FCM_ORDERS and "client_order_ids" not in pairs)):
        raise ValueError("the request names no subtrader_id, so that it is unknown to which subtrader the key is bound")
    return named


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
    # The number of the subtrader or subaccount that a request names; 0 if it names none.
    named = named_subtrader(answer)
    subaccount = facts.fcm.number(named) if named else subaccount_of(answer.query)
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
    facts.listed_orders |= (
        {subaccount}
        if (answer.path in (ORDERS, FCM_ORDERS) and "client_order_ids=" not in answer.query) and not body.get("cursor")
        else set()
    )
    facts.books |= dict.fromkeys(tickers_of(answer, body))
    _take_cash(facts, answer, body)
    _take_markets(facts, body)


def _take_orders(facts: Facts, answer: RecordedAnswer, body: Any, subaccount: int) -> None:
    """Take the orders of a list, of one order, and of the answer to a write, and the groups."""
    # The id at the end of the path of one row; empty for another path.
    before, _, last = answer.path.partition("/order_groups/")
    group_id = last if before and "/" not in last else ""
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


def subaccount_of(query: str) -> int:
    """Return the number of the subaccount that a query names; 0 if it names none."""
    pairs = dict(part.partition("=")[::2] for part in query.split("&"))
    return int(pairs.get("subaccount") or 0)


def _is_archive(answer: RecordedAnswer) -> bool:
    return answer.path.startswith(HISTORICAL)
