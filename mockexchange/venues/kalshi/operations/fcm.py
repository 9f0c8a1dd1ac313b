"""Implements the operations with which an FCM member reads data of its subtraders."""

from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.accounts import SubtraderRules
from mockexchange.core.model.history import EVERYTHING, HistoryPage, Window
from mockexchange.core.model.orders import FillRow, Trade
from mockexchange.core.vocabulary import Action, SubaccountRef
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import (
    AccountCall,
    AccountOperation,
    cached_answer,
    exchange_indexes,
    write,
)
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, window_of
from mockexchange.venues.kalshi.operations.portfolio.orders import answer_orders
from mockexchange.venues.kalshi.operations.row_owner import requested_subtrader, required_subtrader, subtrader_ids
from mockexchange.venues.kalshi.settings import KalshiSettings

FILLS = ListTable("fills", "FcmFill", is_shared=False)
EMPTY_FILLS = b'{"cursor":"","fills":[]}'
EMPTY_ORDERS = b'{"cursor":"","orders":[]}'
EMPTY_SUBTRADERS = b'{"subtraders":[]}'
FREE = SubtraderRules()


def answer_plain_member(
    operation: AccountOperation, settings: KalshiSettings, account: str, findings: list[str]
) -> bytes:
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
    name: str, path: str, answer: Callable[[AccountCall], bytes], table: str, empty: bytes | None = None
) -> AccountOperation:
    return AccountOperation(
        name=name, path=path, answer=answer, answer_table=table, is_fcm_only=True, is_per_subaccount=True, empty=empty
    )


OPERATIONS = (
    _operation("GetFCMOrders", "/fcm/orders", get_fcm_orders, "GetOrdersResponse", EMPTY_ORDERS),
    _operation("GetFCMFills", "/fcm/fills", get_fcm_fills, "GetFcmFillsResponse", EMPTY_FILLS),
    _operation(
        "ListFCMSubtraders", "/fcm/subtraders", list_fcm_subtraders, "ListFCMSubtradersResponse", EMPTY_SUBTRADERS
    ),
    _operation(
        "GetFCMSubtraderBlockedCategories",
        "/fcm/subtraders/blocked_categories",
        get_blocked_categories,
        "GetFCMSubtraderBlockedCategoriesResponse",
    ),
    _operation(
        "GetFCMEventContractDailyCap",
        "/fcm/subtraders/event_contract_daily_cap",
        get_daily_cap,
        "GetFCMEventContractDailyCapResponse",
    ),
)
