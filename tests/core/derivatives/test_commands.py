"""Commands of derivatives are valid once they exist: what is out of range never becomes one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mockexchange.core.commands import (
    CreditCurrency,
    DeliverContract,
    ListContract,
    MarkContract,
    OpenHolding,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeContract,
)
from mockexchange.core.derivatives.contracts import Greeks, MarginTerms
from mockexchange.core.derivatives.vocabulary import ContractKind, Direction, OptionType, Period
from tests.core.derivatives_world import DORA, terms

Values = dict[str, Any]

ONE, ZERO = Decimal(1), Decimal(0)
LISTED: Values = {"terms": terms("F"), "mark": ONE}
MARKED: Values = {"contract": "F", "price": ONE}
TRADE: Values = {"subaccount_ref": DORA, "contract": "F", "direction": Direction.BUY, "amount": ONE, "price": ONE}
HELD: Values = {"subaccount_ref": DORA, "contract": "F", "size": ONE, "average_price": ONE}
FUNDED: Values = {"contract": "P", "rate": ONE}
CREDIT: Values = {"subaccount_ref": DORA, "currency": "BTC", "amount": ONE}
CALL: Values = {"kind": ContractKind.OPTION, "strike": ONE, "option_type": OptionType.CALL}
LEGS = (("A", 1), ("B", -1))
COMBO: Values = {"kind": ContractKind.FUTURE_COMBO, "legs": LEGS}

BOTH = "strike and option_type: expected both, and for options alone"
SOME_LEGS = "legs: expected some, and for combos alone"
EXPIRY = "expires: expected one, or period perpetual"
ONLY_FUTURES = "period: only futures can be perpetual"
DIGITS = "expected at most 18 digits before the point and after it"


def listed(**changes: Any) -> Values:
    return {"terms": terms("F", **changes)}


REFUSED: list[tuple[type, Values, Values, str]] = [
    # the command, values that are fine, the one that is not, and what is said about it
    *((ListContract, LISTED, listed(**{name: ""}), f"{name}: expected one") for name in ("base", "quote", "index")),
    (ListContract, LISTED, {"terms": terms("")}, "name: expected one"),
    *(
        (ListContract, LISTED, listed(**{name: ZERO}), f"{name}: expected more than 0")
        for name in ("contract_size", "tick", "amount_min")
    ),
    (ListContract, LISTED, listed(maker_fee=Decimal("NaN")), f"maker_fee: {DIGITS}"),
    (ListContract, LISTED, listed(expires_at=None), EXPIRY),
    (ListContract, LISTED, listed(period=Period.PERPETUAL, expires_at=5), EXPIRY),
    *(
        (ListContract, LISTED, listed(**what, period=Period.PERPETUAL, expires_at=None), ONLY_FUTURES)
        for what in (CALL, COMBO)
    ),
    (ListContract, LISTED, listed(strike=ONE), BOTH),
    (ListContract, LISTED, listed(option_type=OptionType.PUT), BOTH),
    (ListContract, LISTED, listed(**CALL | {"strike": None}), BOTH),
    (ListContract, LISTED, listed(**CALL | {"option_type": None}), BOTH),
    (ListContract, LISTED, listed(**CALL | {"strike": ZERO}), "strike: expected more than 0"),
    (ListContract, LISTED, listed(legs=LEGS), SOME_LEGS),
    (ListContract, LISTED, listed(**COMBO | {"legs": ()}), SOME_LEGS),
    (ListContract, LISTED, listed(**COMBO | {"legs": (("A", 1), ("A", 2))}), "legs: expected each contract once"),
    (ListContract, LISTED, listed(**COMBO | {"legs": (("A", 0),)}), "legs: expected ratios other than 0"),
    (ListContract, LISTED, listed(margin=MarginTerms(initial=ZERO)), "margin: initial: expected more than 0"),
    (ListContract, LISTED, listed(margin=MarginTerms(slope=-ONE)), "margin: expected 0 or more"),
    (ListContract, LISTED, listed(margin=MarginTerms(maintenance=-ONE)), "margin: expected 0 or more"),
    (ListContract, LISTED, {"mark": ZERO}, "mark: expected more than 0"),
    (ListContract, LISTED, {"mark": Decimal("Infinity")}, f"mark: {DIGITS}"),
    (ListContract, LISTED, {"settlement": -ONE}, "settlement: expected 0 or more"),
    (ListContract, LISTED, {"iv": ZERO}, "iv: expected more than 0"),
    (ListContract, LISTED, {"greeks": Greeks(theta=Decimal("1e18"))}, f"theta: {DIGITS}"),
    (SetIndex, {"index": "btc_usd", "price": ONE}, {"index": ""}, "index: expected a name"),
    (SetIndex, {"index": "btc_usd", "price": ONE}, {"price": ZERO}, "price: expected more than 0"),
    (MarkContract, MARKED, {"price": Decimal("sNaN")}, f"price: {DIGITS}"),
    (MarkContract, MARKED, {"iv": -ONE}, "iv: expected more than 0"),
    (MarkContract, MARKED, {"greeks": Greeks(gamma=Decimal("1e-19"))}, f"gamma: {DIGITS}"),
    (TradeContract, TRADE, {"amount": ZERO}, "amount: expected more than 0"),
    (TradeContract, TRADE, {"amount": Decimal("1e18")}, f"amount: {DIGITS}"),
    (TradeContract, TRADE, {"price": Decimal("1e999999")}, f"price: {DIGITS}"),
    (TradeContract, TRADE, {"fee": Decimal("NaN")}, f"fee: {DIGITS}"),
    (TradeContract, TRADE, {"against": DORA}, "against: expected another book than the account's own"),
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
    (DeliverContract, {"contract": "F"}, {"price": ZERO}, "price: expected more than 0"),
    (CreditCurrency, CREDIT, {"currency": ""}, "currency: expected one"),
    (CreditCurrency, CREDIT, {"amount": ZERO}, "amount: expected another than 0"),
    (CreditCurrency, CREDIT, {"amount": Decimal("NaN")}, f"amount: {DIGITS}"),
]

ACCEPTED: list[tuple[type, Values]] = [
    (ListContract, LISTED),
    (ListContract, {"terms": terms("C", **COMBO), "mark": -ONE, "settlement": -ONE}),
    (ListContract, {"terms": terms("C", **CALL), "mark": Decimal("1e-18"), "iv": ONE}),
    (MarkContract, MARKED | {"price": ZERO}),
    (TradeContract, TRADE | {"amount": Decimal("999999999999999999.999999999999999999"), "price": -ONE}),
    (TradeContract, TRADE | {"fee": -ONE}),
    (OpenHolding, HELD | {"size": ZERO}),
    (OpenHolding, HELD | {"size": -ONE, "realized": -ONE}),
    (SettleSession, {"prices": ()}),
    (PayFunding, FUNDED | {"rate": ZERO}),
    (CreditCurrency, CREDIT | {"amount": -ONE}),
]


@pytest.mark.parametrize(
    ("command", "fine", "wrong", "message"), REFUSED, ids=[f"{row[0].__name__} {row[3]}"[:80] for row in REFUSED]
)
def test_what_is_out_of_range_is_refused(
    command: Callable[..., object], fine: Values, wrong: Values, message: str
) -> None:
    assert command(**fine)
    with pytest.raises(ValueError, match=f"^{message}$"):
        command(**fine | wrong)


@pytest.mark.parametrize(("command", "values"), ACCEPTED, ids=[row[0].__name__ for row in ACCEPTED])
def test_what_is_just_in_range_is_not(command: Callable[..., object], values: Values) -> None:
    made = command(**values)
    assert {name: getattr(made, name) for name in values} == values
