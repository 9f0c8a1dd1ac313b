"""An exchange with every kind of derivative, called over HTTP by requests that are signed as documented."""

import json
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import Command, CreditCurrency, ListDerivative, OpenHolding, SetIndex, TradeDerivative
from mockexchange.core.derivatives.derivative import Greeks, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.core.instants import parse_instant
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit import rest
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.request import Answer, Request, resume
from tests.venues.deribit.keyring import DORA, ERIC, HOST, KEY_ID, NOW, SECRET, Bench, bench, request, rpc, signed

EXPIRY = parse_instant("2026-12-25T08:00:00Z")
DATED, PERPETUAL, LINEAR = "BTC-25DEC26", "BTC-PERPETUAL", "BTC_USDC-PERPETUAL"
PUT, CALL, SPREAD = "BTC-25DEC26-28000-P", "BTC-25DEC26-150000-C", "BTC-FS-25DEC26_PERP"
GREEKS = Greeks(delta=Decimal("-0.25"), gamma=Decimal("0.00001"), vega=Decimal("12.5"), theta=Decimal("-7.25"))
FEES = {"maker_fee": Decimal("0.0003"), "taker_fee": Decimal("0.0003")}


def terms(name: str, **changes: Any) -> Terms:
    """Return the terms of a dated inverse future of BTC, with changes."""
    plain: dict[str, Any] = {
        "kind": DerivativeKind.FUTURE,
        "form": Form.INVERSE,
        "base": "BTC",
        "quote": "USD",
        "index": "btc_usd",
        "period": Period.MONTH,
        "contract_size": Decimal(10),
        "tick": Decimal("0.5"),
        "amount_min": Decimal(10),
        "expires_at": EXPIRY,
        **FEES,
    }
    return Terms(name=name, **(plain | changes))


def option(name: str, strike: int, option_type: OptionType) -> Terms:
    return terms(
        name,
        kind=DerivativeKind.OPTION,
        contract_size=Decimal("0.1"),
        amount_min=Decimal("0.1"),
        tick=Decimal("0.0005"),
        strike=Decimal(strike),
        option_type=option_type,
    )


CONTRACTS: tuple[Command, ...] = (
    SetIndex(index="btc_usdc", price=Decimal("113860.5")),
    ListDerivative(
        terms=terms(
            LINEAR,
            form=Form.LINEAR,
            quote="USDC",
            index="btc_usdc",
            period=Period.PERPETUAL,
            expires_at=None,
            contract_size=Decimal("0.0001"),
            amount_min=Decimal("0.0001"),
        ),
        mark=Decimal("30015.878"),
    ),
    ListDerivative(terms=option(PUT, 28000, OptionType.PUT), mark=Decimal("0.1401105"), greeks=GREEKS),
    ListDerivative(
        terms=option(CALL, 150000, OptionType.CALL),
        mark=Decimal("0.0175"),
        settlement=Decimal("0.0125"),
        iv=Decimal("65.2"),
    ),
    ListDerivative(
        terms=terms(SPREAD, kind=DerivativeKind.FUTURE_COMBO, legs=((DATED, 1), (PERPETUAL, -1))), mark=Decimal(17)
    ),
)


def trade(
    derivative: str, amount: str, price: str, subaccount_ref: SubaccountRef = DORA, **more: Any
) -> TradeDerivative:
    """Return a trade; a negative `amount` is a sale."""
    direction = Direction.SELL if amount.startswith("-") else Direction.BUY
    size = Decimal(amount.lstrip("-"))
    return TradeDerivative(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        direction=direction,
        amount=size,
        price=Decimal(price),
        **more,
    )


def hold(derivative: str, size: str, price: str, subaccount_ref: SubaccountRef = DORA) -> OpenHolding:
    return OpenHolding(
        subaccount_ref=subaccount_ref, derivative=derivative, size=Decimal(size), average_price=Decimal(price)
    )


class DeribitExchange:
    """An exchange with dora and her subaccount 3, eric, rita (account:read alone), and gina of another venue."""

    def __init__(self, **settings: Any) -> None:
        self.bench: Bench = bench(DeribitSettings(**settings))
        self.at = NOW
        self.do(*CONTRACTS)

    def do(self, *commands: Command) -> None:
        """Execute commands, a second apart."""
        for command in commands:
            self.at += 1_000_000
            self.bench.execute(command, self.at)

    def send(self, asked: Request) -> Answer:
        """Send a request; the commands of a write are executed at once."""
        answer = rest.answer(self.bench.context, asked, self.at, HOST)
        if answer.pending is None:
            return answer
        step = resume(answer.pending)
        while not isinstance(step, Answer):
            step = resume(answer.pending, self.bench.exchange.execute(step, self.at))
        return step

    def get(self, target: str, key_id: str = KEY_ID, secret: str = SECRET) -> Answer:
        """Send a GET of a target below the prefix, signed for a private method."""
        path = f"/api/v2/{target}"
        asked = signed("GET", path, key_id=key_id, secret=secret) if target.startswith("private") else None
        return self.send(asked or request("GET", path, None))

    def post(self, method: str, params: dict[str, Any] | None = None, path: str | None = None) -> Answer:
        body = rpc(method, params)
        return self.send(signed("POST", f"/api/v2/{method}" if path is None else path, body))

    def result(self, target: str, key_id: str = KEY_ID, secret: str = SECRET) -> Any:
        """Return the result of a GET; numbers with a point are `Decimal`."""
        answer = self.get(target, key_id, secret)
        assert answer.status == 200, (answer.body, answer.diagnosis)
        return json.loads(answer.body, parse_float=Decimal)["result"]

    def error(self, target: str, key_id: str = KEY_ID, secret: str = SECRET) -> dict[str, Any]:
        return error_of(self.get(target, key_id, secret))


def error_of(answer: Answer, status: int = 400) -> dict[str, Any]:
    """Return the error object of an answer, which must have a diagnosis."""
    assert answer.status == status, answer.body
    assert answer.diagnosis or answer.diagnose
    document: dict[str, Any] = json.loads(answer.body)
    assert "result" not in document
    error: dict[str, Any] = document["error"]
    return error


def diagnosis_of(answer: Answer) -> str:
    """Return the diagnosis of an answer, after its search if it needs one."""
    if answer.diagnose is not None:
        return answer.diagnose(lambda: None)
    assert answer.diagnosis is not None
    return answer.diagnosis


FUNDS = (
    CreditCurrency(subaccount_ref=DORA, currency="USDC", amount=Decimal(1000)),
    CreditCurrency(subaccount_ref=ERIC, currency="USDC", amount=Decimal(1000)),
)
