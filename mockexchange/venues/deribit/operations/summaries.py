"""Account summaries: of one currency, or of all currencies."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from mockexchange.core.derivatives.queries import currencies_of, positions_of, summary_of
from mockexchange.core.derivatives.views import PositionView
from mockexchange.core.derivatives.vocabulary import DerivativeKind
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
    Owner,
    Statement,
    Statements,
)
from mockexchange.venues.deribit.operations.call import Call, Operation, cached_result
from mockexchange.venues.deribit.operations.lookups import subaccount_ref_of
from mockexchange.venues.deribit.parameters.rows import EXTENDED, SUBACCOUNT_ID, SUMMARY_CURRENCY

SCOPE = "account:read"
WRITE_ONE = {False: writer(ACCOUNT_SUMMARY), True: writer(ACCOUNT_SUMMARY_EXTENDED)}
WRITE_ALL = {False: writer(ACCOUNT_SUMMARIES), True: writer(ACCOUNT_SUMMARIES_EXTENDED)}


def get_account_summary(call: Call) -> str:
    """Return the summary of one currency, with zeros for a currency never held."""
    subaccount_ref, currency, extended = subaccount_ref_of(call), call.params["currency"], call.params["extended"]

    def write() -> bytes:
        return WRITE_ONE[extended](
            statement_of(call.context.state, subaccount_ref, currency), call.context.api_date
        ).encode()

    return cached_result(call, write, subaccount_ref, currency, extended)


def get_account_summaries(call: Call) -> str:
    """Return a summary for each currency that the subaccount holds anything in."""
    state, subaccount_ref, extended = call.context.state, subaccount_ref_of(call), call.params["extended"]

    def write() -> bytes:
        summaries = [statement_of(state, subaccount_ref, currency) for currency in currencies_of(state, subaccount_ref)]
        return WRITE_ALL[extended](Statements(owner_of(subaccount_ref), summaries), call.context.api_date).encode()

    return cached_result(call, write, subaccount_ref, extended)


def statement_of(state: State, subaccount_ref: SubaccountRef, currency: str) -> Statement:
    """Return a subaccount's summary with its sums by index."""
    held = [
        view for view in positions_of(state, subaccount_ref) if view.derivative.terms.settlement_currency == currency
    ]
    options = [view for view in held if view.derivative.terms.kind is DerivativeKind.OPTION]
    return Statement(
        view=summary_of(state, subaccount_ref, currency),
        owner=owner_of(subaccount_ref),
        delta_total=_by_index(held, lambda view: view.delta),
        gamma=_by_index(options, lambda view: view.gamma),
        theta=_by_index(options, lambda view: view.theta),
        vega=_by_index(options, lambda view: view.vega),
    )


def owner_of(subaccount_ref: SubaccountRef) -> Owner:
    if subaccount_ref.subaccount == PRIMARY_SUBACCOUNT:
        return Owner(0, subaccount_ref.account, "main")
    return Owner(int(subaccount_ref.subaccount), f"{subaccount_ref.account}_{subaccount_ref.subaccount}", "subaccount")


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
