"""Implements the operations that read account summaries, in one currency or in all currencies."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from mockexchange.core.derivatives.valuation import PositionView, currencies_of, positions_of, summary_of
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.deribit.formatting import CONTEXT
from mockexchange.venues.deribit.objects.rows import writer
from mockexchange.venues.deribit.objects.summaries import (
    ACCOUNT_SUMMARIES,
    ACCOUNT_SUMMARIES_EXTENDED,
    ACCOUNT_SUMMARY,
    ACCOUNT_SUMMARY_EXTENDED,
    ByIndex,
    Fees,
    Owner,
    Rates,
    Statement,
    Statements,
)
from mockexchange.venues.deribit.operations.call import Call, Operation, cached_result
from mockexchange.venues.deribit.operations.lookups import subaccount_ref_of
from mockexchange.venues.deribit.parameters.rows import EXTENDED, SUBACCOUNT_ID, SUMMARY_CURRENCY
from mockexchange.venues.deribit.settings import DeribitSettings

SCOPE = "account:read"
WRITE_ONE = {False: writer(ACCOUNT_SUMMARY), True: writer(ACCOUNT_SUMMARY_EXTENDED)}
WRITE_ALL = {False: writer(ACCOUNT_SUMMARIES), True: writer(ACCOUNT_SUMMARIES_EXTENDED)}


def get_account_summary(call: Call) -> bytes:
    """Return the caller's summary in one currency, with zeros in a currency that was never held."""
    subaccount_ref, currency, extended = subaccount_ref_of(call), call.params["currency"], call.params["extended"]

    def write() -> bytes:
        statement = _statement(call, subaccount_ref, currency)
        return WRITE_ONE[extended](statement, call.context.api_date).encode()

    return cached_result(call, write, subaccount_ref, currency, extended)


def get_account_summaries(call: Call) -> bytes:
    """Return a summary for each currency in which the subaccount holds anything."""
    state, subaccount_ref, extended = call.context.state, subaccount_ref_of(call), call.params["extended"]

    def write() -> bytes:
        currencies = currencies_of(state, subaccount_ref)
        summaries = [_statement(call, subaccount_ref, currency) for currency in currencies]
        return WRITE_ALL[extended](
            Statements(owner_of(state, subaccount_ref), summaries), call.context.api_date
        ).encode()

    return cached_result(call, write, subaccount_ref, extended)


def _statement(call: Call, subaccount_ref: SubaccountRef, currency: str) -> Statement:
    """Return a summary, with fees if it is extended and the settings show them."""
    state, settings = call.context.state, call.context.settings
    statement = statement_of(state, subaccount_ref, currency, settings)
    has_fees = call.params["extended"] and settings.fees == "show"
    return statement._replace(fees=_fees_of(state, currency)) if has_fees else statement


def _fees_of(state: State, currency: str) -> Fees:
    """Return the rates of the first instrument of each index and kind that settles in a currency."""
    found: dict[str, dict[str, Rates]] = {}
    for derivative in state.derivatives.listed.values():
        terms = derivative.terms
        if terms.settlement_currency == currency and terms.kind not in COMBOS:
            kind = "perpetual" if terms.is_perpetual else str(terms.kind)
            found.setdefault(terms.index, {}).setdefault(kind, Rates(terms.maker_fee, terms.taker_fee))
    return found


def statement_of(state: State, subaccount_ref: SubaccountRef, currency: str, settings: DeribitSettings) -> Statement:
    """Return a subaccount's summary in one currency, with its sums by price index."""
    held = [
        view for view in positions_of(state, subaccount_ref) if view.derivative.terms.settlement_currency == currency
    ]
    options = [view for view in held if view.derivative.terms.kind is DerivativeKind.OPTION]
    return Statement(
        view=summary_of(state, subaccount_ref, currency),
        owner=owner_of(state, subaccount_ref),
        delta_total=_by_index(held, lambda view: view.delta),
        gamma=_by_index(options, lambda view: view.gamma),
        theta=_by_index(options, lambda view: view.theta),
        vega=_by_index(options, lambda view: view.vega),
        ratio=Decimal(0) if settings.liquidation_ratio == "zero" else None,
    )


def owner_of(state: State, subaccount_ref: SubaccountRef) -> Owner:
    """Return the subaccount as a summary shows it; its creation time is that of its account."""
    name, subaccount = subaccount_ref
    opened_at = state.accounts[name].opened_at
    if subaccount == PRIMARY_SUBACCOUNT:
        return Owner(0, name, "main", opened_at)
    return Owner(int(subaccount), f"{name}_{subaccount}", "subaccount", opened_at)


def _by_index(views: Iterable[PositionView], read: Callable[[PositionView], Decimal | None]) -> ByIndex:
    sums: dict[str, Decimal] = {}
    for view in views:
        index = view.derivative.terms.index
        sums[index] = CONTEXT.add(sums.get(index, Decimal(0)), read(view) or Decimal(0))
    return sums


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="private/get_account_summary",
        answer=get_account_summary,
        parameters=(SUMMARY_CURRENCY, SUBACCOUNT_ID, EXTENDED),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_account_summaries",
        answer=get_account_summaries,
        parameters=(SUBACCOUNT_ID, EXTENDED),
        scope=SCOPE,
    ),
)
