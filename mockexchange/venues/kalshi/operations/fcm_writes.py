"""Implements the operations with which an FCM changes its subtraders.

They create subtraders, set risk controls, and transfer positions. A key that is bound to a subtrader may call none of
these operations.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.commands import CapSubtrader, Fill, OpenSubaccount, RestrictSubtrader
from mockexchange.core.decimals import exact
from mockexchange.core.events import Traded
from mockexchange.core.model.accounts import SubtraderRules
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, Side, SubaccountRef
from mockexchange.venues.kalshi.bodies.decoding import invalid
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, WriteOperation, write
from mockexchange.venues.kalshi.operations.refusals import submit
from mockexchange.venues.kalshi.operations.row_owner import required_subtrader, subtrader_ids

RISK = ("write", "write::fcm_risk")
SUFFIX = re.compile(r"[A-Za-z0-9]{1,16}")
MICROS_PER_CENTICENT = 100
FREE = SubtraderRules()
EMPTY = b"{}"
SHOWN_CHARS_MAX = 80


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
        known = ", ".join(names) or "none"
        message = f"{field}={asked[:SHOWN_CHARS_MAX]!r}: {call.account.name} has the subtraders {known}"
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


def _operation(
    name: str, method: str, path: str, carry_out: Callable[[AccountCall], Write], status: int = 200, table: str = ""
) -> WriteOperation:
    return WriteOperation(
        name=name,
        method=method,
        path=path,
        scopes=RISK,
        carry_out=carry_out,
        status=status,
        answer_table=table,
        is_fcm_only=True,
    )


CATEGORIES, CAP = "/fcm/subtraders/blocked_categories", "/fcm/subtraders/event_contract_daily_cap"
OPERATIONS = (
    _operation("CreateFCMSubtrader", "POST", "/fcm/subtraders", create_subtrader, 201, "CreateFCMSubtraderResponse"),
    _operation(
        "UpdateFCMSubtraderBlockedCategories",
        "PUT",
        CATEGORIES,
        update_blocked_categories,
        table="UpdateFCMSubtraderBlockedCategoriesResponse",
    ),
    _operation("UpdateFCMEventContractDailyCap", "PUT", CAP, update_daily_cap),
    _operation("DeleteFCMEventContractDailyCap", "DELETE", CAP, delete_daily_cap),
    _operation(
        "CreateFCMPositionTransfer",
        "POST",
        "/fcm/positions/transfers",
        transfer_position,
        201,
        "CreateFCMPositionTransferResponse",
    ),
)
