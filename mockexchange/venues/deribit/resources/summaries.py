"""Account summaries, in one currency or in all currencies, and the data of user.portfolio."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.derivatives.valuation import PositionView, SummaryView, currencies_of, positions_of, summary_of
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.dated_fields import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.formatting import CONTEXT, MILLISECONDS
from mockexchange.venues.deribit.formatting import number as spell_number
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation, cached_result, subaccount_ref_of
from mockexchange.venues.deribit.resources.fields import always, field, integer, number, text, writer
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.jsonrpc.envelope import spell

# --- fields of answers


LIMITS = json.dumps(
    {
        "limits_per_currency": False,
        "matching_engine": {
            "cancel_all": {"burst": 250, "rate": 200},
            "guaranteed_quotes": {"burst": 2, "rate": 2},
            "max_quotes": {"burst": 10, "rate": 10},
            "quotes": {"burst": 500, "rate": 500},
            "spot": {"burst": 250, "rate": 200},
            "trading": {"total": {"burst": 250, "rate": 200}},
        },
        "non_matching_engine": {"burst": 1500, "rate": 1000},
    },
    separators=(",", ":"),
)
"""The rate limits in the documents' example, as JSON; the mock enforces none of them."""


ByIndex = Mapping[str, Decimal]


NO_RATIOS: ByIndex = {}


class Rates(NamedTuple):
    """The fee rates of one kind of instrument, as fractions of a trade's value."""

    maker: Decimal
    taker: Decimal


Fees = Mapping[str, Mapping[str, Rates]]
"""Fee rates by price index and kind: future, perpetual or option."""


BLOCK_TRADE = {"future": "0.3", "option": "0.625", "perpetual": "0.3"}
"""The fee rates of block trades in the documents' example; the mock has no block trades."""


class Owner(NamedTuple):
    """The subaccount that a summary describes; `id` is its `subaccount_id`."""

    id: int
    username: str
    type: str
    opened_at: int


class Statement(NamedTuple):
    """A summary with the subaccount that it describes, and with sums by price index, such as btc_usd."""

    view: SummaryView
    owner: Owner
    delta_total: ByIndex
    gamma: ByIndex
    theta: ByIndex
    vega: ByIndex
    ratio: Decimal | None
    """Estimated liquidation ratio; None if the summary does not show it."""
    fees: Fees | None = None
    """Fee rates by index and kind; None if the summary does not show them."""

    @property
    def ratios(self) -> ByIndex | None:
        """Return the map by index, which the wire shows empty; None if the summary does not show the ratio."""
        return None if self.ratio is None else NO_RATIOS


class SummaryList(NamedTuple):
    """The summaries of a subaccount in all its currencies, with the subaccount."""

    owner: Owner
    summaries: list[Statement]


def _index_text(sums: ByIndex) -> str:
    return "{" + ",".join(f"{spell(index)}:{spell_number(value)}" for index, value in sorted(sums.items())) + "}"


def _fees_text(fees: Fees) -> str:
    return "{" + ",".join(f"{spell(index)}:{_rates_text(kinds)}" for index, kinds in sorted(fees.items())) + "}"


def _rates_text(kinds: Mapping[str, Rates]) -> str:
    rows = (
        f'{spell(kind)}:{{"block_trade":{BLOCK_TRADE[kind]},"default":'
        f'{{"maker":{spell_number(rates.maker)},"taker":{spell_number(rates.taker)},"type":"fixed"}}}}'
        for kind, rates in sorted(kinds.items())
    )
    return "{" + ",".join(rows) + "}"


BY_INDEX = Spelling("object of price index to number", _index_text)


FEES = Spelling("object of price index to the fees of each kind of instrument", _fees_text)


def _amount(name: str, read: str = "") -> Field:
    return number(name, f"view.{read or name}")


PORTFOLIO: tuple[Field, ...] = (
    _amount("available_funds"),
    _amount("available_withdrawal_funds"),
    _amount("balance"),
    always("cross_collateral_enabled", "false", "view"),
    text("currency", "view.currency"),
    _amount("delta_total"),
    field("delta_total_map", BY_INDEX, "delta_total"),
    _amount("equity"),
    number("estimated_liquidation_ratio", "ratio", empty="absent"),
    field("estimated_liquidation_ratio_map", BY_INDEX, "ratios", empty="absent", source="wire"),
    always("fee_balance", "0.0", "view"),
    _amount("futures_pl", "futures_total"),
    _amount("futures_session_rpl", "futures_session_realized"),
    _amount("futures_session_upl", "futures_session_floating"),
    _amount("initial_margin"),
    _amount("maintenance_margin"),
    _amount("margin_balance"),
    always("margin_model", '"segregated_pm"', "view"),
    _amount("options_delta"),
    _amount("options_gamma"),
    field("options_gamma_map", BY_INDEX, "gamma"),
    _amount("options_pl", "options_total"),
    _amount("options_session_rpl", "options_session_realized"),
    _amount("options_session_upl", "options_session_floating"),
    _amount("options_theta"),
    field("options_theta_map", BY_INDEX, "theta"),
    _amount("options_value"),
    _amount("options_vega"),
    field("options_vega_map", BY_INDEX, "vega"),
    always("portfolio_margining_enabled", "true", "view"),
    # Computed as if nothing expired soon.
    _amount("projected_delta_total", "delta_total"),
    _amount("projected_initial_margin", "initial_margin"),
    _amount("projected_maintenance_margin", "maintenance_margin"),
    _amount("session_funding"),
    _amount("session_rpl", "session_realized"),
    _amount("session_upl", "session_floating"),
    always("spot_reserve", "0.0", "view"),
    _amount("total_pl", "total"),
)
"""Fields of a summary that user.portfolio notifications have as well."""


ACCOUNT_SUMMARY: tuple[Field, ...] = (
    *PORTFOLIO,
    field("fees", FEES, "fees", empty="absent"),
    always("limits", LIMITS, "view", source="docs"),
)


IDENTITY: tuple[Field, ...] = (
    field("email", Spelling("string", lambda name: spell(f"{name}@example.com")), "owner.username"),
    integer("id", "owner.id"),
    always("security_keys_enabled", "false", "owner"),
    text("system_name", "owner.username"),
    text("type", "owner.type"),
    text("username", "owner.username"),
)
"""Fields about the owner that a list of summaries always has."""


OWNER: tuple[Field, ...] = (
    *IDENTITY,
    field("creation_timestamp", MILLISECONDS, "owner.opened_at"),
    always("interuser_transfers_enabled", "false", "owner"),
    always("login_enabled", "true", "owner"),
    always("mmp_enabled", "false", "owner"),
    always("referrer_id", "null", "owner"),
    always("self_trading_extended_to_subaccounts", "false", "owner"),
    always("self_trading_reject_mode", '"cancel_maker"', "owner"),
)
"""Fields about the owner that the parameter `extended` adds."""


ACCOUNT_SUMMARY_EXTENDED = (*ACCOUNT_SUMMARY, *OWNER)


_SUMMARIES = field("summaries", Nested("AccountSummary", ACCOUNT_SUMMARY, is_list=True), "summaries")


ACCOUNT_SUMMARIES: tuple[Field, ...] = (*IDENTITY, _SUMMARIES)


ACCOUNT_SUMMARIES_EXTENDED: tuple[Field, ...] = (*OWNER, _SUMMARIES)


_WRITE_PORTFOLIO = writer(PORTFOLIO)


def portfolio_text(statement: Statement, api_date: ApiDate) -> str:
    """Return a summary as the JSON data of a user.portfolio notification."""
    return _WRITE_PORTFOLIO(statement, api_date)


# --- operations


SCOPE = "account:read"


WRITE_ONE = {False: writer(ACCOUNT_SUMMARY), True: writer(ACCOUNT_SUMMARY_EXTENDED)}


WRITE_ALL = {False: writer(ACCOUNT_SUMMARIES), True: writer(ACCOUNT_SUMMARIES_EXTENDED)}


def get_account_summary(call: Call) -> bytes:
    """Return the caller's summary in one currency, with zeros in a currency that was never held."""
    subaccount_ref, currency, extended = subaccount_ref_of(call), call.params["currency"], call.params["extended"]

    def write() -> bytes:
        statement = _statement(call, subaccount_ref, currency, extended)
        return WRITE_ONE[extended](statement, call.context.api_date).encode()

    return cached_result(call, write, subaccount_ref, currency, extended)


def get_account_summaries(call: Call) -> bytes:
    """Return a summary for each currency in which the subaccount holds anything."""
    state, subaccount_ref, extended = call.context.state, subaccount_ref_of(call), call.params["extended"]

    def write() -> bytes:
        currencies = currencies_of(state, subaccount_ref)
        summaries = [_statement(call, subaccount_ref, currency, extended) for currency in currencies]
        return WRITE_ALL[extended](
            SummaryList(owner_of(state, subaccount_ref), summaries), call.context.api_date
        ).encode()

    return cached_result(call, write, subaccount_ref, extended)


def _statement(call: Call, subaccount_ref: SubaccountRef, currency: str, extended: bool) -> Statement:
    """Return a summary, with fees if it is `extended` and the settings show them."""
    state, settings = call.context.state, call.context.settings
    statement = statement_of(state, subaccount_ref, currency, settings)
    has_fees = extended and settings.fees == "show"
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
        parameters=(parameters.SUMMARY_CURRENCY, parameters.SUBACCOUNT_ID, parameters.EXTENDED),
        scope=SCOPE,
    ),
    Operation(
        name="private/get_account_summaries",
        answer=get_account_summaries,
        parameters=(parameters.SUBACCOUNT_ID, parameters.EXTENDED),
        scope=SCOPE,
    ),
)
