"""An exchange without a sandbox, called by signed requests; signatures are made as by a client."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from mockexchange.core.commands import (
    AddKey,
    Command,
    CreditCurrency,
    ListDerivative,
    OpenAccount,
    OpenHolding,
    OpenSubaccount,
    SetIndex,
    TradeDerivative,
)
from mockexchange.core.derivatives.derivative import Greeks, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, Form, OptionType, Period
from mockexchange.core.events import Event
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.frame import Frame
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.signalplus.context import SignalPlusContext
from mockexchange.venues.signalplus.named_days import api_date
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from mockexchange.venues.signalplus.stream.session import Session
from mockexchange.venues.signalplus.venue import SIGNALPLUS

BASE = "/signalplus/api"
START = parse_instant("2025-10-15T12:00:00Z")
MILLISECOND, SECOND = 1_000, 1_000_000
HOST = START + 400 * 86_400 * SECOND
"""Host time, far from exchange time, so that a test notices the wrong clock."""
GINA, GINA_3, HUGO, DORA = (
    SubaccountRef("gina"),
    SubaccountRef("gina", "3"),
    SubaccountRef("hugo"),
    SubaccountRef("dora"),
)
SECRETS = {
    "gina-key": "Z2luYSdzIHNlY3JldCBpcyBsb25n",
    "gina-3-key": "dGhlIHNlY3JldCBvZiBib29rIDM=",
    "hugo-key": "aHVnbydzIHNlY3JldCBpcyBsb25nZXI=",
    "blind-key": "bm90aGluZyBtYXkgYmUgcmVhZA==",
    "dora-key": "a deribit secret is no base64",
}
GET_POSITIONS = "private/get_positions"
WEEKLY = parse_instant("2025-10-17T08:00:00Z")


def terms(name: str, **more: Any) -> Terms:
    """Return the terms of an inverse future of BTC, with changes."""
    given: dict[str, Any] = {
        "name": name,
        "kind": DerivativeKind.FUTURE,
        "form": Form.INVERSE,
        "base": "BTC",
        "quote": "USD",
        "index": "btc_usd",
        "period": Period.WEEK,
        "contract_size": Decimal(10),
        "tick": Decimal("0.5"),
        "amount_min": Decimal(10),
        "maker_fee": Decimal(0),
        "taker_fee": Decimal("0.0005"),
        "expires_at": WEEKLY,
    }
    return Terms(**(given | more))


ONE_PERPETUAL = {"period": Period.PERPETUAL, "expires_at": None}
PUT: dict[str, Any] = {
    "kind": DerivativeKind.OPTION,
    "strike": Decimal(110_000),
    "option_type": OptionType.PUT,
    "contract_size": Decimal(1),
    "amount_min": Decimal("0.1"),
    "tick": Decimal("0.0005"),
}
LINEAR: dict[str, Any] = {
    "form": Form.LINEAR,
    "quote": "USDC",
    "index": "btc_usdc",
    "contract_size": Decimal("0.0001"),
    "amount_min": Decimal("0.0001"),
}
GREEKS = Greeks(delta=Decimal("-0.25"), gamma=Decimal("0.00002"), vega=Decimal("31.5"), theta=Decimal("-210.25"))


@dataclass(eq=False, repr=False)
class World:
    """gina with a subaccount 3 and hugo at SignalPlus, dora at Deribit, alice at Kalshi; every kind of derivative."""

    exchange: Exchange = field(default_factory=Exchange)
    at: int = START
    rid: int = 0

    def __post_init__(self) -> None:
        self.do(*(OpenAccount(account=name, venue="signalplus") for name in ("gina", "hugo")))
        self.do(OpenAccount(account="dora", venue="deribit"), OpenAccount(account="alice"))
        self.do(OpenSubaccount(account="gina", subaccount="3"))
        add = partial(AddKey, scopes=("trade:read",))
        for name, subaccount in (("gina-key", None), ("gina-3-key", "3"), ("hugo-key", None), ("dora-key", None)):
            account = name.partition("-")[0]
            self.do(add(account=account, key=name, key_id=name, secret=SECRETS[name], subaccount=subaccount))
        self.do(add(account="hugo", key="blind", key_id="blind-key", secret=SECRETS["blind-key"], scopes=()))
        self.do(AddKey(account="alice", key="alice", key_id="alice-key", public_key="PEM"))
        self.do(
            SetIndex(index="btc_usd", price=Decimal("113853.63")), SetIndex(index="btc_usdc", price=Decimal(113_800))
        )
        for terms_of, mark, settlement, greeks in CONTRACTS:
            listed = ListDerivative(terms=terms_of, mark=Decimal(mark), settlement=Decimal(settlement), greeks=greeks)
            self.do(listed)
        self.do(CreditCurrency(subaccount_ref=GINA, currency="BTC", amount=Decimal(5)))

    def do(self, *commands: Command) -> tuple[Event, ...]:
        """Execute commands, a millisecond apart; return the events of the last."""
        events: tuple[Event, ...] = ()
        for command in commands:
            self.at += MILLISECOND
            outcome = self.exchange.execute(command, self.at)
            assert not isinstance(outcome, Refusal), outcome
            events = outcome
        return events

    def hold(self, derivative: str, size: str, price: str, subaccount_ref: SubaccountRef = GINA, **more: Any) -> None:
        holding = partial(OpenHolding, subaccount_ref=subaccount_ref, derivative=derivative, size=Decimal(size))
        self.do(holding(average_price=Decimal(price), **more))

    def trade(
        self, derivative: str, amount: str, price: str, subaccount_ref: SubaccountRef = GINA, **more: Any
    ) -> tuple[Event, ...]:
        direction = more.pop("direction", Direction.BUY)
        deal = partial(TradeDerivative, subaccount_ref=subaccount_ref, derivative=derivative, direction=direction)
        return self.do(deal(amount=Decimal(amount), price=Decimal(price), **more))

    def context(self, date: str = "2026-10", **settings: Any) -> SignalPlusContext:
        return SignalPlusContext(self.exchange.state, api_date(date), SignalPlusSettings(**settings))

    def send(self, request: Request, **settings: Any) -> Answer:
        return SIGNALPLUS.rest.answer(self.context(**settings), request, self.at, HOST)

    def ask(self, method: str = GET_POSITIONS, params: Any = None, who: str = "gina-key", **settings: Any) -> Answer:
        """Return the answer to a signed call in the envelope of the page."""
        self.rid += 1
        body: dict[str, Any] = {"rid": self.rid, "method": method}
        return self.send(post(json.dumps(body | ({} if params is None else {"params": params})), who), **settings)

    def read(self, params: Any = None, who: str = "gina-key", **settings: Any) -> Any:
        """Return the result of get_positions."""
        answer = self.ask(params=params, who=who, **settings)
        assert answer.status == 200, answer
        body = json.loads(answer.body)
        assert list(body) == ["rid", "result"]
        assert body["rid"] == self.rid
        return body["result"]

    def open(self, who: str = "gina-key", path: str = "/signalplus/ws/api", **settings: Any) -> "Client":
        request = Request("GET", path, headers=signed(who))
        shaken = SIGNALPLUS.stream.shake_hands(self.context(**settings), request, self.at, HOST, lambda account: 0)
        assert shaken.answer.status == 101, shaken
        assert isinstance(shaken.session, Session)
        return Client(self, shaken.session)

    def tell(self, events: tuple[Event, ...], *clients: "Client") -> list[list[dict[str, Any]]]:
        """Return the notifications that each client gets for the events of a command."""
        heard = {name for client in clients for name in client.session.channels}
        messages = list(
            SIGNALPLUS.stream.messages_of(self.exchange.state, events, self.at, SignalPlusSettings(), heard)
        )
        return [
            [json.loads(frame.raw) for frame in map(client.session.frame_of, messages) if frame] for client in clients
        ]


@dataclass
class Client:
    """The client of a stream."""

    world: World
    session: Session

    def send(self, document: Any) -> Frame:
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        (frame,) = self.session.receive(raw, self.world.at, HOST)
        return frame

    def call(self, method: str, params: Any = None, rid: int = 7) -> Any:
        frame = self.send({"rid": rid, "method": method} | ({} if params is None else {"params": params}))
        assert (frame.sid, frame.is_answer) == (0, True)
        return json.loads(frame.raw)

    def subscribe(self, *channels: str) -> Any:
        return self.call("private/subscribe", {"channels": list(channels)})["result"]


CONTRACTS: list[tuple[Terms, str, str, Greeks]] = [
    (terms("BTC-17OCT25"), "113882.95", "115600.09", Greeks()),
    (terms("BTC-PERPETUAL", **ONE_PERPETUAL), "113900", "115500", Greeks()),
    (terms("BTC-17OCT25-110000-P", **PUT), "0.0105", "0.009", GREEKS),
    (terms("BTC_USDC-17OCT25", **LINEAR), "113810", "115000", Greeks()),
    (terms("BTC_USDC-PERPETUAL", **LINEAR, **ONE_PERPETUAL), "113820.5", "0", Greeks()),
]
"""Terms, mark, last settlement and greeks of each derivative."""


def signed(
    who: str = "gina-key", at: int = HOST, nonce: str = "n-1", instead: Mapping[str, str] | None = None
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the four headers as on the page; `instead` replaces values."""
    timestamp = str(at // MILLISECOND)
    key = base64.b64decode(SECRETS[who]) if who != "dora-key" else SECRETS[who].encode()
    signature = base64.b64encode(hmac.new(key, f"{timestamp}\n{nonce}".encode(), hashlib.sha256).digest()).decode()
    values = {
        "authorization": f"Bearer {who}",
        "signalplus-api-timestamp": timestamp,
        "signalplus-api-nonce": nonce,
        "signalplus-api-signature": signature,
    }
    return tuple((name.encode(), value.encode()) for name, value in (values | dict(instead or {})).items() if value)


def post(body: str | bytes, who: str = "gina-key", path: str = BASE) -> Request:
    return Request("POST", path, headers=signed(who), body=body if isinstance(body, bytes) else body.encode())


def refusal(answer: Answer) -> tuple[int, Any]:
    """Return the status, code and message of an error."""
    error = json.loads(answer.body)["error"]
    assert list(error) == ["code", "message"]
    return answer.status, (error["code"], error["message"])


def diagnosis_of(answer: Answer) -> str:
    """Return the diagnosis of an answer, after its search if it needs one."""
    if answer.diagnose is not None:
        return answer.diagnose(lambda: None)
    assert answer.diagnosis is not None
    return answer.diagnosis
