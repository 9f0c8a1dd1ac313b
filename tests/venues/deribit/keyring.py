"""An exchange with accounts that sign with secrets, and a client's signatures, made from the documents alone."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    AddKey,
    Command,
    CreditCurrency,
    ListDerivative,
    OpenAccount,
    OpenSubaccount,
    SetIndex,
    TradeDerivative,
)
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, Period
from mockexchange.core.events import Event
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.named_days import api_date
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.request import Request

NOW = parse_instant("2026-10-20T12:00:00Z")
"""Exchange time; host time is an hour later, so that a test notices the wrong clock."""
HOST = NOW + 3_600_000_000
SECOND, MILLISECOND = 1_000_000, 1_000
PERPETUAL, FUTURE = "BTC-PERPETUAL", "BTC-25DEC26"
KEY_ID, SECRET = "dora-key", "W0H6FJW4IRPZ1MOQ8FP6KMC5RZDUUKXS"
ERIC_ID, ERIC_SECRET = "eric-key", "x7YbR2v1mUqk3pTnA0sEoDfHcGzJiLwQ"
GINA_ID = "gina-key"
OLD_ID, OLD_SECRET = "eric-old", "a-secret-of-2025"
READER_ID, READER_SECRET = "reader", "readers-own-secret"
SUB_ID, SUB_SECRET = "dora-3", "secret-of-subaccount-3"
ALL_SCOPES = ("account:read_write", "trade:read_write", "wallet:read")
DORA, DORA_3, ERIC = SubaccountRef("dora"), SubaccountRef("dora", "3"), SubaccountRef("eric")


def terms(name: str, period: Period = Period.PERPETUAL, expires: str | None = None) -> Terms:
    return Terms(
        name=name,
        kind=DerivativeKind.FUTURE,
        form=Form.INVERSE,
        base="BTC",
        quote="USD",
        index="btc_usd",
        period=period,
        contract_size=Decimal(10),
        tick=Decimal("0.5"),
        amount_min=Decimal(10),
        maker_fee=Decimal(0),
        taker_fee=Decimal("0.0005"),
        expires_at=parse_instant(expires) if expires else None,
    )


def _key(
    account: str, key_id: str, secret: str, scopes: Sequence[str] = ALL_SCOPES, subaccount: str | None = None
) -> AddKey:
    name = "main" if subaccount is None else f"of-{subaccount}"
    return AddKey(account=account, key=name, key_id=key_id, secret=secret, scopes=tuple(scopes), subaccount=subaccount)


WORLD: tuple[Command, ...] = (
    OpenAccount(account="dora", venue="deribit"),
    OpenSubaccount(account="dora", subaccount="3"),
    OpenAccount(account="eric", venue="deribit"),
    OpenAccount(account="rita", venue="deribit"),
    OpenAccount(account="gina", venue="signalplus"),
    _key("dora", KEY_ID, SECRET),
    _key("dora", SUB_ID, SUB_SECRET, subaccount="3"),
    _key("eric", ERIC_ID, ERIC_SECRET),
    _key("rita", READER_ID, READER_SECRET, ("account:read",)),
    AddKey(
        account="eric", key="old", key_id=OLD_ID, secret=OLD_SECRET, scopes=("trade:read_write",), api_date="2025-11-01"
    ),
    _key("gina", GINA_ID, "c2VjcmV0"),
    SetIndex(index="btc_usd", price=Decimal("113853.63")),
    ListDerivative(terms=terms(PERPETUAL), mark=Decimal(113900)),
    ListDerivative(terms=terms(FUTURE, Period.MONTH, "2026-12-25T08:00:00Z"), mark=Decimal(115000)),
    CreditCurrency(subaccount_ref=DORA, currency="BTC", amount=Decimal("1.5")),
    CreditCurrency(subaccount_ref=ERIC, currency="BTC", amount=Decimal(2)),
)


@dataclass(eq=False, repr=False)
class Bench:
    """An exchange and the venue's context over it."""

    exchange: Exchange
    context: DeribitContext

    def execute(self, command: Command, at: int = NOW) -> tuple[Event, ...]:
        outcome = self.exchange.execute(command, at)
        assert not isinstance(outcome, Refusal), outcome
        return outcome


def bench(settings: DeribitSettings | None = None) -> Bench:
    exchange = Exchange(seed=1)
    made = Bench(exchange, DeribitContext(exchange.state, api_date("2026-10"), settings or DeribitSettings()))
    for command in WORLD:
        made.execute(command)
    return made


def buy(
    amount: int, derivative: str = PERPETUAL, subaccount_ref: SubaccountRef = DORA, price: str = "113000"
) -> TradeDerivative:
    return TradeDerivative(
        subaccount_ref=subaccount_ref,
        derivative=derivative,
        direction=Direction.BUY,
        amount=Decimal(amount),
        price=Decimal(price),
    )


def hex_hmac(secret: str | bytes, text: str | bytes, algorithm: str = "sha256") -> str:
    return hmac.new(_bytes(secret), _bytes(text), algorithm).hexdigest()


def base64_hmac(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(_bytes(secret), _bytes(text), hashlib.sha256).digest()).decode()


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def milliseconds(at: int = HOST) -> int:
    return at // MILLISECOND


def request(method: str, target: str, authorization: str | None, body: bytes = b"") -> Request:
    path, _, query = target.partition("?")
    headers = [(b"host", b"127.0.0.1:9000")]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode("latin-1")))
    return Request(method, path, query, tuple(headers), body)


def signed(
    method: str = "GET",
    target: str = "/api/v2/private/get_positions?currency=BTC",
    body: bytes = b"",
    *,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    ts: int | str | None = None,
    nonce: str = "n0nce",
) -> Request:
    """Return a request, signed as documented."""
    ts = milliseconds() if ts is None else ts
    text = f"{ts}\n{nonce}\n{method}\n{target}\n".encode() + body + b"\n"
    header = f"deri-hmac-sha256 id={key_id},ts={ts},sig={hex_hmac(secret, text)},nonce={nonce}"
    return request(method, target, header, body)


def rpc(method: str, params: dict[str, Any] | None = None, number: int | str | None = 1) -> bytes:
    document: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
    return json.dumps(document).encode()
