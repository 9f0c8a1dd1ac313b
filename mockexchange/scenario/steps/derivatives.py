"""Defines the scenario steps for derivatives.

They set prices, record trades, carry out settlements, funding and delivery, and change cash by currency.
"""

import re
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core import commands
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.steps.shared_fields import CURRENCIES, CURRENCY
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import ListOf, Made, MapOf, Record, TupleOf, may, must
from mockexchange.scenario.types.decimals import NUMBER, NUMBER_ABOVE_ZERO, SIGNED_NUMBER
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import BOOK, BOOLEAN, NAME, TEXT, choice, integer, matching

LEG_RATIO_MAX = 100
USD, USDC = "USD", "USDC"
COIN = matching("a currency such as BTC", re.compile("[A-Z][A-Z0-9]{0,11}"))
"""The type of a derivative's base coin; accounts need not be able to hold it, unlike its settlement currency."""
_LEG = TupleOf((NAME, integer(-LEG_RATIO_MAX, LEG_RATIO_MAX)), "a leg [instrument, ratio]")
_GREEKS = Made(Record({name: may(SIGNED_NUMBER) for name in ("delta", "gamma", "vega", "theta")}), Greeks)
_MARGIN = Made(Record({name: may(NUMBER) for name in ("initial", "maintenance", "slope")}), MarginTerms)
_INSTRUMENT = {"instrument": ("derivative", must(NAME))}
_PRICING = {"iv": ("iv", may(NUMBER_ABOVE_ZERO)), "greeks": ("greeks", may(_GREEKS))}


class Lot(NamedTuple):
    """Defaults of a derivative: contract size, smallest amount, tick, maker fee and taker fee."""

    contract_size: Decimal
    amount_min: Decimal
    tick: Decimal
    maker_fee: Decimal
    taker_fee: Decimal


def _lot(size: str, least: str, tick: str, maker: str, taker: str) -> Lot:
    return Lot(*map(Decimal, (size, least, tick, maker, taker)))


# Inverse futures are counted in 10 USD where the coin is BTC and in 1 USD otherwise [doc]. The other numbers are
# choices: what the exchange lists differs by coin and changes, so scenarios and not clients should rely on them.
LOTS = {
    (False, Form.INVERSE): _lot("1", "1", "0.05", "0", "0.0005"),
    (False, Form.LINEAR): _lot("0.0001", "0.0001", "0.01", "0", "0.0005"),
    (True, Form.INVERSE): _lot("1", "0.1", "0.0001", "0.0003", "0.0003"),
    (True, Form.LINEAR): _lot("1", "0.1", "0.0001", "0.0003", "0.0003"),
}
"""Default sizes and fees by (whether it is an option, form)."""
LOT_BTC = _lot("10", "10", "0.5", "0", "0.0005")
"""Default sizes and fees of inverse futures of BTC."""

DERIVATIVE = {
    "kind": ("terms.kind", must(choice({kind.value: kind for kind in DerivativeKind}))),
    "form": ("terms.form", may(choice({form.value: form for form in Form}))),
    "base": ("terms.base", must(COIN)),
    "quote": ("terms.quote", may(COIN)),
    "index": ("terms.index", may(NAME)),
    "period": ("terms.period", may(choice({period.value: period for period in Period}))),
    "expires": ("terms.expires_at", may(INSTANT)),
    "strike": ("terms.strike", may(NUMBER_ABOVE_ZERO)),
    "option_type": ("terms.option_type", may(choice({kind.value: kind for kind in OptionType}))),
    "legs": ("terms.legs", may(ListOf(_LEG, "a list of legs [instrument, ratio]"))),
    "contract_size": ("terms.contract_size", may(NUMBER_ABOVE_ZERO)),
    "amount_min": ("terms.amount_min", may(NUMBER_ABOVE_ZERO)),
    "tick": ("terms.tick", may(NUMBER_ABOVE_ZERO)),
    "maker_fee": ("terms.maker_fee", may(SIGNED_NUMBER)),
    "taker_fee": ("terms.taker_fee", may(SIGNED_NUMBER)),
    "margin": ("terms.margin", may(_MARGIN)),
    "mark": ("mark", must(SIGNED_NUMBER)),
    "settlement": ("settlement", may(NUMBER)),
    **_PRICING,
}
"""The fields of an instrument in a scenario, and of the step that lists an instrument."""


def terms_of(**given: Any) -> Terms:
    """Return the terms of a derivative from the values of a step and the defaults.

    Raises ValueError if they contradict each other.
    """
    terms = Terms(**_with_defaults(given))
    _require_cash(terms)
    return terms


def _with_defaults(given: dict[str, Any]) -> dict[str, Any]:
    """Return the given terms, completed with defaults.

    Without a form, a quote of dollars or no quote means inverse, any other quote means linear. The default quote of the
    linear form is USDC.
    """
    kind, base, expires_at = given["kind"], given["base"], given.get("expires_at")
    form = given.get("form") or (Form.INVERSE if given.get("quote") in (None, USD) else Form.LINEAR)
    quote = given.get("quote") or (USD if form is Form.INVERSE else USDC)
    is_perpetual = kind is DerivativeKind.FUTURE and expires_at is None
    usual = {
        **_usual_lot(kind, form, base)._asdict(),
        "index": f"{base}_{quote}".lower(),
        "period": Period.PERPETUAL if is_perpetual else Period.MONTH,
    }
    return {**usual, **given, "form": form, "quote": quote}


def _require_cash(terms: Terms) -> None:
    """Refuse a derivative with a settlement currency that no account can hold."""
    if terms.settlement_currency not in CURRENCIES:
        key = "base" if terms.form is Form.INVERSE else "quote"
        advice = did_you_mean(terms.settlement_currency, CURRENCIES)
        known = f"one of {', '.join(CURRENCIES)}, since that is what it settles in"
        raise ValueError(f"{key}: expected {known}; got {terms.settlement_currency!r}{advice}")


def _usual_lot(kind: DerivativeKind, form: Form, base: str) -> Lot:
    is_of_options = kind in (DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO)
    return LOT_BTC if base == "BTC" and not is_of_options and form is Form.INVERSE else LOTS[is_of_options, form]


STEPS: dict[str, StepKind] = {
    "index": step(commands.SetIndex, index=("index", must(NAME)), price=("price", must(NUMBER_ABOVE_ZERO))),
    "instrument": step(commands.ListDerivative, terms_of, instrument=("terms.name", must(NAME)), **DERIVATIVE),
    "mark": step(commands.MarkDerivative, **_INSTRUMENT, price=("price", must(SIGNED_NUMBER)), **_PRICING),
    "trade": step(
        commands.TradeDerivative,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        direction=("direction", must(choice({direction.value: direction for direction in Direction}))),
        amount=("amount", must(NUMBER_ABOVE_ZERO)),
        price=("price", must(SIGNED_NUMBER)),
        taker=("taker", may(BOOLEAN, False)),
        fee=("fee", may(SIGNED_NUMBER)),
        against=("against", may(BOOK)),
        order=("order", may(NAME)),
        id=("trade", may(NAME)),
        label=("label", may(TEXT, "")),
    ),
    "hold": step(
        commands.OpenHolding,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        size=("size", must(SIGNED_NUMBER)),
        average_price=("average_price", must(NUMBER_ABOVE_ZERO)),
        reference=("reference", may(NUMBER_ABOVE_ZERO)),
        average_price_usd=("average_price_usd", may(NUMBER_ABOVE_ZERO)),
        realized=("realized", may(SIGNED_NUMBER)),
        realized_funding=("realized_funding", may(SIGNED_NUMBER)),
    ),
    "session": step(commands.SettleSession, prices=("prices", may(MapOf(NUMBER_ABOVE_ZERO), {}))),
    "funding": step(
        commands.PayFunding,
        **_INSTRUMENT,
        rate=("rate", must(SIGNED_NUMBER)),
        interest=("interest_value", may(SIGNED_NUMBER)),
    ),
    "deliver": step(commands.DeliverDerivative, **_INSTRUMENT, price=("price", may(NUMBER_ABOVE_ZERO))),
    "credit": step(
        commands.CreditCurrency,
        account=("subaccount_ref", must(BOOK)),
        currency=("currency", must(CURRENCY)),
        amount=("amount", must(SIGNED_NUMBER)),
    ),
}
