"""Commands of derivatives are valid once they exist: what is out of range never becomes one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mockexchange.core.commands import (
    CreditCurrency,
    DeliverDerivative,
    ListDerivative,
    MarkDerivative,
    OpenHolding,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, OptionType, Period
from tests.core.derivatives_world import DORA, terms
from tests.helpers.rows import each_row

Values = dict[str, Any]

ONE, ZERO = Decimal(1), Decimal(0)
LISTED: Values = {"terms": terms("F"), "mark": ONE}
MARKED: Values = {"derivative": "F", "price": ONE}
TRADE: Values = {"subaccount_ref": DORA, "derivative": "F", "direction": Direction.BUY, "amount": ONE, "price": ONE}
HELD: Values = {"subaccount_ref": DORA, "derivative": "F", "size": ONE, "average_price": ONE}
FUNDED: Values = {"derivative": "P", "rate": ONE}
CREDIT: Values = {"subaccount_ref": DORA, "currency": "BTC", "amount": ONE}
CALL: Values = {"kind": DerivativeKind.OPTION, "strike": ONE, "option_type": OptionType.CALL}
LEGS = (("A", 1), ("B", -1))
COMBO: Values = {"kind": DerivativeKind.FUTURE_COMBO, "legs": LEGS}

BOTH = "strike and option_type: expected both, and for options alone"
SOME_LEGS = "legs: expected some, and for combos alone"
EXPIRY = "expires: expected one, or period perpetual"
ONLY_FUTURES = "period: only futures can be perpetual"
DIGITS = "expected at most 18 digits before the point and after it"


def listed(**changes: Any) -> Values:
    return {"terms": terms("F", **changes)}


REFUSED: list[tuple[type, Values, Values, str]] = [
    # the command, values that are fine, the one that is not, and what is said about it
    *((ListDerivative, LISTED, listed(**{name: ""}), f"{name}: expected one") for name in ("base", "quote", "index")),
    (ListDerivative, LISTED, {"terms": terms("")}, "name: expected one"),
    *(
        (ListDerivative, LISTED, listed(**{name: ZERO}), f"{name}: expected more than 0")
        for name in ("contract_size", "tick", "amount_min")
    ),
    (ListDerivative, LISTED, listed(maker_fee=Decimal("NaN")), f"maker_fee: {DIGITS}"),
    (ListDerivative, LISTED, listed(expires_at=None), EXPIRY),
    (ListDerivative, LISTED, listed(period=Period.PERPETUAL, expires_at=5), EXPIRY),
    *(
        (ListDerivative, LISTED, listed(**what, period=Period.PERPETUAL, expires_at=None), ONLY_FUTURES)
        for what in (CALL, COMBO)
    ),
    (ListDerivative, LISTED, listed(strike=ONE), BOTH),
    (ListDerivative, LISTED, listed(option_type=OptionType.PUT), BOTH),
    (ListDerivative, LISTED, listed(**CALL | {"strike": None}), BOTH),
    (ListDerivative, LISTED, listed(**CALL | {"option_type": None}), BOTH),
    (ListDerivative, LISTED, listed(**CALL | {"strike": ZERO}), "strike: expected more than 0"),
    (ListDerivative, LISTED, listed(legs=LEGS), SOME_LEGS),
    (ListDerivative, LISTED, listed(**COMBO | {"legs": ()}), SOME_LEGS),
    (ListDerivative, LISTED, listed(**COMBO | {"legs": (("A", 1), ("A", 2))}), "legs: expected each contract once"),
    (ListDerivative, LISTED, listed(**COMBO | {"legs": (("A", 0),)}), "legs: expected ratios other than 0"),
    (ListDerivative, LISTED, listed(margin=MarginTerms(initial=ZERO)), "margin: initial: expected more than 0"),
    (ListDerivative, LISTED, listed(margin=MarginTerms(slope=-ONE)), "margin: expected 0 or more"),
    (ListDerivative, LISTED, listed(margin=MarginTerms(maintenance=-ONE)), "margin: expected 0 or more"),
    (ListDerivative, LISTED, {"mark": ZERO}, "mark: expected more than 0"),
    (ListDerivative, LISTED, {"mark": Decimal("Infinity")}, f"mark: {DIGITS}"),
    (ListDerivative, LISTED, {"settlement": -ONE}, "settlement: expected 0 or more"),
    (ListDerivative, LISTED, {"iv": ZERO}, "iv: expected more than 0"),
    (ListDerivative, LISTED, {"greeks": Greeks(theta=Decimal("1e18"))}, f"theta: {DIGITS}"),
    (SetIndex, {"index": "btc_usd", "price": ONE}, {"index": ""}, "index: expected a name"),
    (SetIndex, {"index": "btc_usd", "price": ONE}, {"price": ZERO}, "price: expected more than 0"),
    (MarkDerivative, MARKED, {"price": Decimal("sNaN")}, f"price: {DIGITS}"),
    (MarkDerivative, MARKED, {"iv": -ONE}, "iv: expected more than 0"),
    (MarkDerivative, MARKED, {"greeks": Greeks(gamma=Decimal("1e-19"))}, f"gamma: {DIGITS}"),
    (TradeDerivative, TRADE, {"amount": ZERO}, "amount: expected more than 0"),
    (TradeDerivative, TRADE, {"amount": Decimal("1e18")}, f"amount: {DIGITS}"),
    (TradeDerivative, TRADE, {"price": Decimal("1e999999")}, f"price: {DIGITS}"),
    (TradeDerivative, TRADE, {"fee": Decimal("NaN")}, f"fee: {DIGITS}"),
    (TradeDerivative, TRADE, {"against": DORA}, "against: expected another book than the account's own"),
    (OpenHolding, HELD, {"average_price": ZERO}, "average_price: expected more than 0"),
    (OpenHolding, HELD, {"reference": ZERO}, "reference: expected more than 0"),
    (OpenHolding, HELD, {"average_price_usd": ZERO}, "average_price_usd: expected more than 0"),
    *(
        (OpenHolding, HELD, {name: Decimal("NaN")}, f"{name}: {DIGITS}")
        for name in ("size", "realized", "realized_funding")
    ),
    (SettleSession, {}, {"prices": (("F", ONE), ("G", Decimal("NaN")))}, f"prices: G: {DIGITS}"),
    (PayFunding, FUNDED, {"rate": Decimal("-Infinity")}, f"rate: {DIGITS}"),
    (PayFunding, FUNDED, {"interest_value": Decimal("NaN")}, f"interest_value: {DIGITS}"),
    (DeliverDerivative, {"derivative": "F"}, {"price": ZERO}, "price: expected more than 0"),
    (CreditCurrency, CREDIT, {"currency": ""}, "currency: expected one"),
    (CreditCurrency, CREDIT, {"amount": ZERO}, "amount: expected another than 0"),
    (CreditCurrency, CREDIT, {"amount": Decimal("NaN")}, f"amount: {DIGITS}"),
]

ACCEPTED: list[tuple[type, Values]] = [
    (ListDerivative, LISTED),
    (ListDerivative, {"terms": terms("C", **COMBO), "mark": -ONE, "settlement": -ONE}),
    (ListDerivative, {"terms": terms("C", **CALL), "mark": Decimal("1e-18"), "iv": ONE}),
    (MarkDerivative, MARKED | {"price": ZERO}),
    (TradeDerivative, TRADE | {"amount": Decimal("999999999999999999.999999999999999999"), "price": -ONE}),
    (TradeDerivative, TRADE | {"fee": -ONE}),
    (OpenHolding, HELD | {"size": ZERO}),
    (OpenHolding, HELD | {"size": -ONE, "realized": -ONE}),
    (SettleSession, {"prices": ()}),
    (PayFunding, FUNDED | {"rate": ZERO}),
    (CreditCurrency, CREDIT | {"amount": -ONE}),
]


@each_row(("command", "fine", "wrong", "message"), REFUSED, ids=[f"{row[0].__name__} {row[3]}"[:80] for row in REFUSED])
def test_what_is_out_of_range_is_refused(
    command: Callable[..., object], fine: Values, wrong: Values, message: str
) -> None:
    assert command(**fine)
    with pytest.raises(ValueError, match=f"^{message}$"):
        command(**fine | wrong)


@each_row(("command", "values"), ACCEPTED, ids=[row[0].__name__ for row in ACCEPTED])
def test_what_is_just_in_range_is_not(command: Callable[..., object], values: Values) -> None:
    made = command(**values)
    assert {name: getattr(made, name) for name in values} == values
