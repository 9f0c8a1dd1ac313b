"""A small derivatives exchange to try things on: one word per command, every step checked against the invariants."""

from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    Command,
    CreditCurrency,
    DeliverDerivative,
    ListDerivative,
    MarkDerivative,
    OpenAccount,
    OpenHolding,
    OpenSubaccount,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.holdings import Cash
from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView, position_of, positions_of
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.core.events import Event
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.invariants import violations
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef

NINE = Decimal("1e-9")
START = parse_instant("2025-10-16T09:00:00Z")
EXPIRY = parse_instant("2025-10-17T08:00:00Z")
STEP_US = 1_000
DORA, DORA_3, MIRA = SubaccountRef("dora"), SubaccountRef("dora", "3"), SubaccountRef("mira")
FUTURE, PERPETUAL, LINEAR, LINEAR_FUTURE = "BTC-17OCT25", "BTC-PERPETUAL", "BTC_USDC-PERPETUAL", "BTC_USDC-17OCT25"
PUT, CALL, LINEAR_CALL = "BTC-17OCT25-110000-P", "BTC-17OCT25-120000-C", "BTC_USDC-17OCT25-120000-C"
SPREAD, STRADDLE = "BTC-FS-17OCT25_PERP", "BTC-STRG-17OCT25"


def terms(name: str, **changes: Any) -> Terms:
    """An inverse future of BTC, but for the changes; what has an expiry has that of the week."""
    plain: dict[str, Any] = {
        "kind": DerivativeKind.FUTURE,
        "form": Form.INVERSE,
        "base": "BTC",
        "quote": "USD",
        "index": "btc_usd",
        "period": Period.WEEK,
        "contract_size": Decimal(10),
        "tick": Decimal("0.5"),
        "amount_min": Decimal(10),
        "maker_fee": Decimal("-0.0001"),
        "taker_fee": Decimal("0.0005"),
    }
    values = plain | changes
    if values["period"] is not Period.PERPETUAL:
        values.setdefault("expires_at", EXPIRY)
    return Terms(name=name, **values)


COINS = {"contract_size": Decimal("0.1"), "amount_min": Decimal("0.1"), "maker_fee": Decimal("0.0003")}
COINS["taker_fee"] = Decimal("0.0003")
USDC: dict[str, Any] = {"form": Form.LINEAR, "quote": "USDC", "index": "btc_usdc"}
OPTION: dict[str, Any] = {"kind": DerivativeKind.OPTION, **COINS}
CONTRACTS = [
    ListDerivative(terms=terms(FUTURE), mark=Decimal("113882.95"), settlement=Decimal("115600.09")),
    ListDerivative(terms=terms(PERPETUAL, period=Period.PERPETUAL), mark=Decimal(113_900)),
    ListDerivative(terms=terms(LINEAR, period=Period.PERPETUAL, **COINS, **USDC), mark=Decimal(113_910)),
    ListDerivative(terms=terms(LINEAR_FUTURE, **COINS, **USDC), mark=Decimal(114_000)),
    ListDerivative(
        terms=terms(PUT, strike=Decimal(110_000), option_type=OptionType.PUT, **OPTION),
        mark=Decimal("0.0105"),
        settlement=Decimal("0.0125"),
    ),
    ListDerivative(
        terms=terms(CALL, strike=Decimal(120_000), option_type=OptionType.CALL, **OPTION), mark=Decimal("0.002")
    ),
    ListDerivative(
        terms=terms(LINEAR_CALL, strike=Decimal(120_000), option_type=OptionType.CALL, **OPTION, **USDC),
        mark=Decimal(230),
    ),
    ListDerivative(
        terms=terms(SPREAD, kind=DerivativeKind.FUTURE_COMBO, legs=((FUTURE, 1), (PERPETUAL, -1))), mark=Decimal(-17)
    ),
    ListDerivative(
        terms=terms(STRADDLE, **OPTION | {"kind": DerivativeKind.OPTION_COMBO}, legs=((PUT, 1), (CALL, 2))),
        mark=Decimal("0.0145"),
    ),
]


class DerivativesWorld:
    """dora (with a book 3) and mira of a venue, alice of the default one; a contract of every kind; no cash."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self.at = START
        self.do(OpenAccount(account="alice"), OpenAccount(account="dora", venue="there"))
        self.do(OpenAccount(account="mira", venue="there"), OpenSubaccount(account="dora", subaccount="3"))
        self.do(SetIndex(index="btc_usd", price=Decimal("113853.63")))
        self.do(SetIndex(index="btc_usdc", price=Decimal(113860)))
        self.do(*CONTRACTS)

    def do(self, *commands: Command) -> list[Event]:
        """Carry the commands out, one `STEP_US` after the other; return what happened."""
        return [event for command in commands for event in self._do_one(command)]

    def refuse(self, command: Command) -> Refusal:
        outcome = self.exchange.execute(command, self.at)
        assert isinstance(outcome, Refusal), f"{command} was carried out: {outcome}"
        return outcome

    def trade(
        self, text: str, derivative: str = FUTURE, subaccount_ref: SubaccountRef = DORA, **extra: Any
    ) -> list[Event]:
        return self.do(trade(text, derivative, subaccount_ref, **extra))

    def mark(self, price: str, derivative: str = FUTURE, **extra: Any) -> list[Event]:
        return self.do(MarkDerivative(derivative=derivative, price=Decimal(price), **extra))

    def settle(self, **prices: str) -> list[Event]:
        return self.do(SettleSession(prices=tuple((name, Decimal(price)) for name, price in prices.items())))

    def fund(self, rate: str, derivative: str = PERPETUAL, interest_value: str | None = None) -> list[Event]:
        value = None if interest_value is None else Decimal(interest_value)
        return self.do(PayFunding(derivative=derivative, rate=Decimal(rate), interest_value=value))

    def deliver(self, derivative: str = FUTURE, price: str | None = None) -> list[Event]:
        return self.do(DeliverDerivative(derivative=derivative, price=None if price is None else Decimal(price)))

    def credit(self, amount: str, currency: str = "BTC", subaccount_ref: SubaccountRef = DORA) -> list[Event]:
        return self.do(CreditCurrency(subaccount_ref=subaccount_ref, currency=currency, amount=Decimal(amount)))

    def hold(
        self, size: str, average: str, derivative: str = FUTURE, subaccount_ref: SubaccountRef = DORA, **extra: Any
    ) -> list[Event]:
        return self.do(
            OpenHolding(
                subaccount_ref=subaccount_ref,
                derivative=derivative,
                size=Decimal(size),
                average_price=Decimal(average),
                **extra,
            )
        )

    def view(self, derivative: str = FUTURE, subaccount_ref: SubaccountRef = DORA) -> PositionView:
        return position_of(self.exchange.state, subaccount_ref, derivative)

    def cash(self, currency: str = "BTC", subaccount_ref: SubaccountRef = DORA) -> Cash:
        return self.exchange.state.derivatives.cash[subaccount_ref][currency]

    def _do_one(self, command: Command) -> tuple[Event, ...]:
        self.at += STEP_US
        outcome = self.exchange.execute(command, self.at)
        assert not isinstance(outcome, Refusal), outcome
        assert violations(self.exchange.state) == []
        return outcome


def trade(text: str, derivative: str = FUTURE, subaccount_ref: SubaccountRef = DORA, **extra: Any) -> TradeDerivative:
    """Read "buy 100 @ 113000"; there is no fee unless one is asked for."""
    direction, amount, _, price = text.split()
    return TradeDerivative(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        direction=Direction(direction),
        amount=Decimal(amount),
        price=Decimal(price),
        **{"fee": Decimal(0)} | extra,
    )


def nine(number: Decimal | None) -> str:
    assert number is not None
    return str(number.quantize(NINE).normalize() + Decimal(0))


def seen(*values: object) -> list[object]:
    return [*values]


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


def rows(world: DerivativesWorld, subaccount_ref: SubaccountRef = DORA) -> list[DerivativeTrade]:
    """A book's trades, newest first."""
    return world.exchange.state.derivatives.trades.find(100, [("subaccount_ref", subaccount_ref)]).rows


def names(world: DerivativesWorld, with_flat: bool = False, subaccount_ref: SubaccountRef = DORA) -> list[str]:
    return [view.derivative.name for view in positions_of(world.exchange.state, subaccount_ref, with_flat)]
