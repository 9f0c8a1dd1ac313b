"""Account summaries: one currency's, and all there are."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from mockexchange.core.derivatives.queries import currencies_of, positions_of, summary_of
from mockexchange.core.derivatives.views import PositionView
from mockexchange.core.derivatives.vocabulary import ContractKind
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_BOOK, BookRef
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
from mockexchange.venues.deribit.operations.call import Call, Operation, kept
from mockexchange.venues.deribit.operations.row_owner import purse_of
from mockexchange.venues.deribit.parameters.rows import EXTENDED, SUBACCOUNT_ID, SUMMARY_CURRENCY

SCOPE = "account:read"
WRITE_ONE = {False: writer(ACCOUNT_SUMMARY), True: writer(ACCOUNT_SUMMARY_EXTENDED)}
WRITE_ALL = {False: writer(ACCOUNT_SUMMARIES), True: writer(ACCOUNT_SUMMARIES_EXTENDED)}


def get_account_summary(call: Call) -> str:
    """In a currency that the book never had: zeros."""
    purse, currency, extended = purse_of(call), call.params["currency"], call.params["extended"]

    def write() -> bytes:
        return WRITE_ONE[extended](statement_of(call.context.state, purse, currency), call.context.api_date).encode()

    return kept(call, write, purse, currency, extended)


def get_account_summaries(call: Call) -> str:
    """A summary for each currency that the book has anything in."""
    state, purse, extended = call.context.state, purse_of(call), call.params["extended"]

    def write() -> bytes:
        summaries = [statement_of(state, purse, currency) for currency in currencies_of(state, purse)]
        return WRITE_ALL[extended](Statements(owner_of(purse), summaries), call.context.api_date).encode()

    return kept(call, write, purse, extended)


def statement_of(state: State, purse: BookRef, currency: str) -> Statement:
    """A book's summary with its sums by index."""
    held = [view for view in positions_of(state, purse) if view.contract.terms.settlement_currency == currency]
    options = [view for view in held if view.contract.terms.kind is ContractKind.OPTION]
    return Statement(
        view=summary_of(state, purse, currency),
        owner=owner_of(purse),
        delta_total=_by_index(held, lambda view: view.delta),
        gamma=_by_index(options, lambda view: view.gamma),
        theta=_by_index(options, lambda view: view.theta),
        vega=_by_index(options, lambda view: view.vega),
    )


def owner_of(purse: BookRef) -> Owner:
    if purse.book == PRIMARY_BOOK:
        return Owner(0, purse.account, "main")
    return Owner(int(purse.book), f"{purse.account}_{purse.book}", "subaccount")


def _by_index(views: Iterable[PositionView], read: Callable[[PositionView], Decimal | None]) -> ByIndex:
    sums: dict[str, Decimal] = {}
    for view in views:
        index = view.contract.terms.index
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
