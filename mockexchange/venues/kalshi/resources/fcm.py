"""What an FCM member reads and changes of its subtraders: fills, orders, risk controls, and transfers of positions.

A key that is bound to a subtrader may call none of the writes.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.commands import CapSubtrader, Fill, OpenSubaccount, RestrictSubtrader
from mockexchange.core.decimal_text import exact
from mockexchange.core.events import Traded
from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.accounts import SubtraderRules
from mockexchange.core.model.orders import FillRow, Trade
from mockexchange.core.model.paged_history import EVERYTHING, HistoryPage, Window
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, Side, SubaccountRef
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    COUNT_2,
    DAY,
    DOLLARS_4,
    DOLLARS_6,
    INSTANT,
    INTEGER,
    INTEGERS,
    PRICE_4,
    SIDE,
    TEXT,
    TEXTS,
)
from mockexchange.venues.kalshi.resources import bodies, parameters
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import (
    AccountCall,
    AccountOperation,
    Operation,
    Write,
    WriteOperation,
    cached_answer,
    exchange_indexes,
    write,
)
from mockexchange.venues.kalshi.resources.fields import CURSOR, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list, window_of
from mockexchange.venues.kalshi.resources.orders import answer_orders
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import invalid, submit
from mockexchange.venues.kalshi.resources.row_owner import (
    SHOWN_CHARS_MAX,
    own_names,
    requested_subtrader,
    required_subtrader,
    subtrader_ids,
)
from mockexchange.venues.kalshi.settings import KalshiSettings

# --- fields of answers


def _field(name: str, spelling: Spelling, read: str = "") -> Field:
    return Field(name=name, spelling=spelling, read=read or name, source="sdk-3.34")


def _side(role: str) -> tuple[Field, ...]:
    """Return the rows of one side of a trade; its keys are left out unless that side belongs to the FCM."""
    parts = (("fee_cost", DOLLARS_6), ("order_id", TEXT), ("subtrader_id", TEXT))
    return tuple(
        Field(name=f"{role}_{name}", spelling=spelling, read=f"{role}_{name}", empty="absent", source="sdk-3.34")
        for name, spelling in parts
    )


FCM_FILL = table(
    "FcmFill",
    _field("count_fp", COUNT_2, "trade.count_centis"),
    _field("created_time", INSTANT, "trade.created_at"),
    _field("exchange_index", INTEGER, "trade.market.event.exchange_index"),
    _field("fill_id", TEXT, "trade.trade_id"),
    *_side("maker"),
    *_side("taker"),
    _field("taker_outcome_side", SIDE, "trade.taker_side"),
    _field("ticker", TEXT, "trade.market.ticker"),
    _field("yes_price_dollars", PRICE_4, "trade.yes_centicents"),
)

GET_FCM_FILLS_RESPONSE = table("GetFcmFillsResponse", CURSOR, list_of("fills", "FcmFill", FCM_FILL, source="sdk-3.34"))

FCM_SUBTRADER = table(
    "FCMSubtrader",
    _field("exchange_indices", INTEGERS),
    _field("fcm_trading_blocked", BOOLEAN),
    _field("propagation_pending", BOOLEAN),
    _field("subtrader_id", TEXT),
    _field("trading_blocked", BOOLEAN),
)

LIST_FCM_SUBTRADERS_RESPONSE = table(
    "ListFCMSubtradersResponse", list_of("subtraders", "FCMSubtrader", FCM_SUBTRADER, source="sdk-3.34")
)

GET_FCM_SUBTRADER_BLOCKED_CATEGORIES_RESPONSE = table(
    "GetFCMSubtraderBlockedCategoriesResponse", _field("categories", TEXTS)
)

table("UpdateFCMSubtraderBlockedCategoriesResponse", *GET_FCM_SUBTRADER_BLOCKED_CATEGORIES_RESPONSE)

GET_FCM_EVENT_CONTRACT_DAILY_CAP_RESPONSE = table(
    "GetFCMEventContractDailyCapResponse",
    _field("cap_date", DAY),
    _field("executed_utilization", DOLLARS_4),
    _field("limit", DOLLARS_4),
    _field("pending_order_utilization", DOLLARS_4),
    _field("resting_order_utilization", DOLLARS_4),
    _field("subtrader_id", TEXT),
)

CREATE_FCM_SUBTRADER_RESPONSE = table("CreateFCMSubtraderResponse", _field("subtrader_id", TEXT))
CREATE_FCM_POSITION_TRANSFER_RESPONSE = table("CreateFCMPositionTransferResponse", _field("position_transfer_id", TEXT))

# --- parameters of queries

CLIENT_ORDER_IDS_ADDED = "2026-09-03"

GET_FCM_ORDERS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    parameters.LIMIT,
    parameters.TICKER,
    *parameters.EVENT_TICKER_NARROWED,
    *parameters.WINDOW,
    *parameters.order_status(),
    *parameters.subtrader_id(CLIENT_ORDER_IDS_ADDED, "changelog"),
    Parameter(name="client_order_ids", kind="texts", items_max=100, since=CLIENT_ORDER_IDS_ADDED, source="changelog"),
)

GET_FCM_FILLS: tuple[Parameter, ...] = (parameters.CURSOR, *parameters.WINDOW)

GET_BLOCKED_CATEGORIES: tuple[Parameter, ...] = (
    Parameter(name="subtrader_id", kind="text", required=True, source="sdk-3.34"),
)

GET_DAILY_CAP: tuple[Parameter, ...] = (Parameter(name="subtrader_id", kind="text", source="sdk-3.34"),)

# --- bodies of requests

PRICE_MAX = 9_999
"""Highest price of a position transfer, in hundredths of a cent: at 0 or 1 dollar a position is settled, not moved."""


def _required(name: str, kind: bodies.Kind, minimum: int | None = None, maximum: int | None = None) -> BodyField:
    return BodyField(name=name, kind=kind, minimum=minimum, maximum=maximum, required=True, source="sdk-3.34")


_SUBTRADER = _required("subtrader_id", "text")

CREATE_FCM_SUBTRADER = Body(struct="CreateFCMSubtraderRequest", fields=(_required("subtrader_suffix", "text"),))
UPDATE_BLOCKED_CATEGORIES = Body(
    struct="UpdateFCMSubtraderBlockedCategoriesRequest",
    fields=(_SUBTRADER, _required("category", "text"), _required("blocked", "boolean")),
)
UPDATE_DAILY_CAP = Body(
    struct="UpdateFCMEventContractDailyCapRequest", fields=(_SUBTRADER, _required("limit", "price"))
)
CREATE_POSITION_TRANSFER = Body(
    struct="CreateFCMPositionTransferRequest",
    fields=(
        _required("market_ticker", "text"),
        _required("position_centicount", "integer", -bodies.INT64_MAX, bodies.INT64_MAX),
        _required("price_centicents", "integer", 1, PRICE_MAX),
        _required("source_subtrader_id", "text"),
        _required("target_subtrader_id", "text"),
    ),
)

# --- reads

FILLS = ListTable("fills", "FcmFill", is_shared=False)
EMPTY_FILLS = b'{"cursor":"","fills":[]}'
EMPTY_ORDERS = b'{"cursor":"","orders":[]}'
EMPTY_SUBTRADERS = b'{"subtraders":[]}'
FREE = SubtraderRules()


def answer_plain_member(operation: Operation, settings: KalshiSettings, account: str, findings: list[str]) -> bytes:
    """Answer a member that is not an FCM and calls an operation for FCMs.

    The answer is a 403, or by a setting of the scenario a 404 or an empty list; the venue's answer is not recorded.
    """
    message = f"{account} is a plain member: {operation.path} needs an account of kind fcm"
    if settings.plain_member == "403" or operation.empty is None:
        raise Rejected(Situation.FORBIDDEN, message)
    if settings.plain_member == "404":
        raise Rejected(Situation.NOT_FOUND, message)
    findings.append(message)
    return operation.empty


class FcmFill(NamedTuple):
    """A trade as an FCM sees it, with only those sides that belong to the FCM."""

    trade: Trade
    maker: FillRow | None
    taker: FillRow | None
    ids: dict[str, str]

    @property
    def maker_fee_cost(self) -> int | None:
        return self.maker.fee_micros if self.maker else None

    @property
    def maker_order_id(self) -> str | None:
        return self.maker.order.order_id if self.maker else None

    @property
    def maker_subtrader_id(self) -> str | None:
        return self.ids.get(self.maker.subaccount_ref.subaccount) if self.maker else None

    @property
    def taker_fee_cost(self) -> int | None:
        return self.taker.fee_micros if self.taker else None

    @property
    def taker_order_id(self) -> str | None:
        return self.taker.order.order_id if self.taker else None

    @property
    def taker_subtrader_id(self) -> str | None:
        return self.ids.get(self.taker.subaccount_ref.subaccount) if self.taker else None


class Subtrader(NamedTuple):
    subtrader_id: str
    exchange_indices: list[int]
    fcm_trading_blocked: bool
    trading_blocked: bool = False
    propagation_pending: bool = False


class Subtraders(NamedTuple):
    subtraders: list[Subtrader]


class DailyCap(NamedTuple):
    """A subtrader's daily cap of spending, in micro-dollars, with how much of it is used.

    Purchases since midnight UTC have spent a part, and resting orders reserve a part.
    """

    subtrader_id: str
    limit: int
    executed_utilization: int
    resting_order_utilization: int
    cap_date: int
    pending_order_utilization: int = 0


def get_fcm_orders(call: AccountCall) -> bytes:
    """Return orders of one subtrader or, selected by client order ids, of all subtraders over the last day."""
    named = call.params.get("client_order_ids")
    if not named:
        return answer_orders(call, required_subtrader(call), is_archived=None)
    earliest, latest = window_of(call)
    yesterday = call.at - MICROSECONDS_PER_DAY
    window = Window(yesterday if earliest is None else max(earliest, yesterday), latest)
    return answer_orders(call, requested_subtrader(call), is_archived=None, window=window)


def get_fcm_fills(call: AccountCall) -> bytes:
    """Return the trades of all subtraders, or of the only subtrader that the key may see."""
    ledger, bound = call.account.ledger, call.key.subaccount
    window, ids = window_of(call), subtrader_ids(call.account)

    def find(limit: int, after: int | None) -> HistoryPage[FcmFill]:
        if bound is None:
            page = ledger.trades.find(limit, window=window, after=after)
            return HistoryPage([_seen_by(call, trade, ids) for trade in page.rows], page.after)
        own = ledger.fills.find(limit, (EVERYTHING,), lambda partition: partition[0] == bound, window, after)
        return HistoryPage([_own_side(fill, ids) for fill in own.rows], own.after)

    return answer_list(call, FILLS, ledger.trades.revision, find)


def list_fcm_subtraders(call: AccountCall) -> bytes:
    return cached_answer(call, call.state.sequence, lambda: _write_subtraders(call))


def _write_subtraders(call: AccountCall) -> bytes:
    indices = exchange_indexes(call)
    known = [
        Subtrader(subtrader_id, indices, call.account.subtrader_rules.get(subaccount, FREE).blocked)
        for subaccount, subtrader_id in subtrader_ids(call.account).items()
        if call.key.subaccount in (None, subaccount)
    ]
    return write(call, Subtraders(known))


def get_blocked_categories(call: AccountCall) -> bytes:
    rules = call.account.subtrader_rules.get(required_subtrader(call), FREE)
    return write(call, rules)


def get_daily_cap(call: AccountCall) -> bytes:
    subaccount = required_subtrader(call)
    rules = call.account.subtrader_rules.get(subaccount, FREE)
    if rules.cap_micros is None:
        message = f"subtrader {subaccount} of {call.account.name} has no daily cap: the step `cap` sets one"
        raise Rejected(Situation.NOT_FOUND, message)
    limit_micros, midnight = rules.cap_micros, call.at - call.at % MICROSECONDS_PER_DAY
    return cached_answer(
        call, call.state.sequence, lambda: _write_cap(call, subaccount, limit_micros, midnight), midnight
    )


def _write_cap(call: AccountCall, subaccount: str, limit_micros: int, midnight: int) -> bytes:
    cap = DailyCap(
        subtrader_ids(call.account)[subaccount],
        limit_micros,
        _spent_micros(call, subaccount, midnight),
        call.state.subaccounts[SubaccountRef(call.account.name, subaccount)].reserved_micros,
        midnight,
    )
    return write(call, cap)


def _seen_by(call: AccountCall, trade: Trade, ids: dict[str, str]) -> FcmFill:
    name = call.account.name
    maker = trade.maker if trade.maker and trade.maker.subaccount_ref.account == name else None
    taker = trade.taker if trade.taker and trade.taker.subaccount_ref.account == name else None
    return FcmFill(trade, maker, taker, ids)


def _own_side(fill: FillRow, ids: dict[str, str]) -> FcmFill:
    return FcmFill(fill.trade, None if fill.is_taker else fill, fill if fill.is_taker else None, ids)


def _spent_micros(call: AccountCall, subaccount: str, since: int) -> int:
    fills = call.account.ledger.fills
    page = fills.find(len(fills), (EVERYTHING,), lambda partition: partition[0] == subaccount, Window(since))
    bought = (fill for fill in page.rows if fill.action is Action.BUY)
    return sum(fill.trade.count_centis * fill.price_centicents for fill in bought)


def _operation(
    name: str,
    path: str,
    answer: Callable[[AccountCall], bytes],
    answer_table: str,
    empty: bytes | None = None,
    parameters: tuple[Parameter, ...] = (),
) -> AccountOperation:
    return AccountOperation(
        name=name,
        path=path,
        parameters=parameters,
        answer=answer,
        answer_table=answer_table,
        is_fcm_only=True,
        is_per_subaccount=True,
        empty=empty,
    )


# --- writes

RISK = ("write", "write::fcm_risk")
SUFFIX = re.compile(r"[A-Za-z0-9]{1,16}")
MICROS_PER_CENTICENT = 100

EMPTY = b"{}"


class NewSubtrader(NamedTuple):
    subtrader_id: str


class PositionTransfer(NamedTuple):
    position_transfer_id: str


def create_subtrader(call: AccountCall) -> Write:
    """Open a subtrader, whose id is the account's id with the requested suffix."""
    suffix, account = call.body["subtrader_suffix"], call.account
    if not SUFFIX.fullmatch(suffix):
        shown = suffix[:SHOWN_CHARS_MAX]
        raise invalid("SubtraderSuffix", f"subtrader_suffix={shown!r}: expected 1 to 16 letters and digits")
    yield from submit(OpenSubaccount(account=account.name, subaccount=suffix))
    return write(call, NewSubtrader(subtrader_ids(account)[suffix]))


def update_blocked_categories(call: AccountCall) -> Write:
    """Block or unblock one category for a subtrader; return all categories that are blocked."""
    subaccount_ref, category = _named(call, "subtrader_id"), call.body["category"]
    rules = call.account.subtrader_rules.get(subaccount_ref.subaccount, FREE)
    others = tuple(one for one in rules.categories if one != category)
    categories = (*others, category) if call.body["blocked"] else others
    yield from submit(
        RestrictSubtrader(subaccount_ref=subaccount_ref, categories=tuple(sorted(categories)), blocked=rules.blocked)
    )
    return write(call, call.account.subtrader_rules[subaccount_ref.subaccount])


def update_daily_cap(call: AccountCall) -> Write:
    limit_centicents = call.body["limit"]
    if limit_centicents < 0:
        raise invalid("Limit", "limit: expected 0 or more dollars")
    limit_micros = limit_centicents * MICROS_PER_CENTICENT
    yield from submit(CapSubtrader(subaccount_ref=_named(call, "subtrader_id"), limit_micros=limit_micros))
    return EMPTY


def delete_daily_cap(call: AccountCall) -> Write:
    subaccount = required_subtrader(call)
    if call.account.subtrader_rules.get(subaccount, FREE).cap_micros is None:
        message = f"subtrader {subaccount} of {call.account.name} has no daily cap"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    yield from submit(CapSubtrader(subaccount_ref=SubaccountRef(call.account.name, subaccount)))
    return EMPTY


def transfer_position(call: AccountCall) -> Write:
    """Move part of a position between two subtraders, as a trade between them at the given price without a fee."""
    source, target = _named(call, "source_subtrader_id"), _named(call, "target_subtrader_id")
    count_centis: int = call.body["position_centicount"]
    _require_held(call, source, target, count_centis)
    is_yes, yes_price = count_centis > 0, call.body["price_centicents"]
    trade = Fill(
        subaccount_ref=target,
        market=call.body["market_ticker"],
        side=Side.YES if is_yes else Side.NO,
        action=Action.BUY,
        count_centis=abs(count_centis),
        price_centicents=yes_price if is_yes else CENTICENTS_PER_DOLLAR - yes_price,
        taker=True,
        fee_micros=0,
        against=source,
    )
    events = yield from submit(trade)
    made = next(event for event in events if isinstance(event, Traded))
    return write(call, PositionTransfer(made.trade_id))


def _named(call: AccountCall, field: str) -> SubaccountRef:
    """Return the subtrader whose id is in a field of the body. Raises Rejected if the FCM has no such subtrader."""
    asked = call.body[field]
    names = {wire: name for name, wire in subtrader_ids(call.account).items()}
    if asked not in names:
        message = (
            f"{field}: {call.account.name} has no subtrader {asked[:SHOWN_CHARS_MAX]!r}; {own_names(call.account)}"
        )
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return SubaccountRef(call.account.name, names[asked])


def _require_held(call: AccountCall, source: SubaccountRef, target: SubaccountRef, count_centis: int) -> None:
    """Raise Rejected unless the source holds the part of a position that moves to another subtrader."""
    ticker = call.body["market_ticker"]
    if ticker not in call.state.markets:
        raise Rejected(Situation.MARKET_NOT_FOUND, f"there is no market {ticker[:SHOWN_CHARS_MAX]!r}")
    if source == target:
        raise invalid("TargetSubtraderID", f"source and target are both {source.subaccount}")
    position = call.state.subaccounts[source].positions.get(ticker)
    held_centis = position.stake.quantity_centis if position else 0
    if count_centis * held_centis <= 0 or abs(count_centis) > abs(held_centis):
        message = (
            f"position_centicount={count_centis} is {exact(count_centis, 2)} contracts of {ticker},"
            f" {source} holds {exact(held_centis, 2)}: expected a part of that, of the same sign"
        )
        raise invalid("PositionCenticount", message)


def _write(
    name: str,
    method: str,
    path: str,
    carry_out: Callable[[AccountCall], Write],
    status: int = 200,
    answer_table: str = "",
    parameters: tuple[Parameter, ...] = (),
    body: Body | None = None,
) -> WriteOperation:
    return WriteOperation(
        name=name,
        method=method,
        path=path,
        scopes=RISK,
        parameters=parameters,
        body=body,
        carry_out=carry_out,
        status=status,
        answer_table=answer_table,
        is_fcm_only=True,
    )


CATEGORIES, CAP = "/fcm/subtraders/blocked_categories", "/fcm/subtraders/event_contract_daily_cap"
OPERATIONS = (
    _operation(
        "GetFCMOrders", "/fcm/orders", get_fcm_orders, "GetOrdersResponse", EMPTY_ORDERS, parameters=GET_FCM_ORDERS
    ),
    _operation(
        "GetFCMFills", "/fcm/fills", get_fcm_fills, "GetFcmFillsResponse", EMPTY_FILLS, parameters=GET_FCM_FILLS
    ),
    _operation(
        "ListFCMSubtraders",
        "/fcm/subtraders",
        list_fcm_subtraders,
        "ListFCMSubtradersResponse",
        EMPTY_SUBTRADERS,
    ),
    _operation(
        "GetFCMSubtraderBlockedCategories",
        "/fcm/subtraders/blocked_categories",
        get_blocked_categories,
        "GetFCMSubtraderBlockedCategoriesResponse",
        parameters=GET_BLOCKED_CATEGORIES,
    ),
    _operation(
        "GetFCMEventContractDailyCap",
        "/fcm/subtraders/event_contract_daily_cap",
        get_daily_cap,
        "GetFCMEventContractDailyCapResponse",
        parameters=GET_DAILY_CAP,
    ),
    _write(
        "CreateFCMSubtrader",
        "POST",
        "/fcm/subtraders",
        create_subtrader,
        201,
        "CreateFCMSubtraderResponse",
        body=CREATE_FCM_SUBTRADER,
    ),
    _write(
        "UpdateFCMSubtraderBlockedCategories",
        "PUT",
        CATEGORIES,
        update_blocked_categories,
        answer_table="UpdateFCMSubtraderBlockedCategoriesResponse",
        body=UPDATE_BLOCKED_CATEGORIES,
    ),
    _write("UpdateFCMEventContractDailyCap", "PUT", CAP, update_daily_cap, body=UPDATE_DAILY_CAP),
    _write("DeleteFCMEventContractDailyCap", "DELETE", CAP, delete_daily_cap, parameters=GET_DAILY_CAP),
    _write(
        "CreateFCMPositionTransfer",
        "POST",
        "/fcm/positions/transfers",
        transfer_position,
        201,
        "CreateFCMPositionTransferResponse",
        body=CREATE_POSITION_TRANSFER,
    ),
)
