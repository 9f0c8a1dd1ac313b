"""An exchange without a sandbox, read as of any date: signatures are off, so a key's name identifies the caller."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    AddKey,
    Command,
    Deposit,
    Fill,
    ListMarket,
    NewOrder,
    OpenAccount,
    OpenSubaccount,
    RestOrder,
)
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import AccountKind, Action, Side, SubaccountRef
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.request import Answer, Request
from tests.venues.kalshi.bodies import Body

PREFIX = "/trade-api/v2"
QUIET: dict[str, Any] = {"auth_mode": "off", "rate_limits": "off"}
START = parse_instant("2026-10-20T12:00:00Z")
MILLISECOND = 1_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
DOLLAR = 1_000_000
ALICE, ALICE_3, BOB = SubaccountRef("alice"), SubaccountRef("alice", "3"), SubaccountRef("bob")
ST1, ST2 = SubaccountRef("desk", "st1"), SubaccountRef("desk", "st2")


@dataclass(eq=False, repr=False)
class Venue:
    """An exchange with alice and her subaccount 3, bob, and desk, an FCM with st1 and st2, each with a key."""

    exchange: Exchange = field(default_factory=Exchange)
    at: int = START
    contexts: dict[str, KalshiContext] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.do(OpenAccount(account="alice", user_id="user-of-alice"), OpenAccount(account="bob"))
        self.do(OpenAccount(account="desk", kind=AccountKind.FCM, account_id="fcm7"))
        self.do(
            *(
                OpenSubaccount(account=subaccount_ref.account, subaccount=subaccount_ref.subaccount)
                for subaccount_ref in (ALICE_3, ST1, ST2)
            )
        )
        for key, subaccount in (("alice", None), ("only_3", "3"), ("bob", None), ("desk", None), ("st1", "st1")):
            account = {"only_3": "alice", "st1": "desk"}.get(key, key)
            self.do(AddKey(account=account, key=key, key_id=key, public_key=account, subaccount=subaccount))

    def do(self, *commands: Command, at: int | None = None) -> None:
        """Carry the commands out, a millisecond apart, or all of them at one instant."""
        for command in commands:
            self.at = self.at + MILLISECOND if at is None else at
            outcome = self.exchange.execute(command, self.at)
            assert not isinstance(outcome, Refusal), outcome

    def list_markets(self, *tickers: str, exchange_index: int = 0) -> None:
        """List "EVENT-NUMBER" markets."""
        for ticker in tickers:
            event = ticker.partition("-")[0]
            self.do(ListMarket(market=ticker, event=event, series=event, exchange_index=exchange_index))

    def fund(self, *subaccount_refs: SubaccountRef, dollars: int = 10_000) -> None:
        for subaccount_ref in subaccount_refs:
            self.do(
                Deposit(
                    subaccount_ref=subaccount_ref, amount_micros=dollars * DOLLAR, payment=f"funds-{subaccount_ref}"
                )
            )

    def ask(self, target: str, who: str = "alice", date: str = "2026-10", **settings: Any) -> Answer:
        """Return the answer to a GET below the prefix; caches of a date are reused without `settings`."""
        context = self.contexts.get(date)
        if context is None or settings:
            context = KalshiContext(self.exchange.state, api_date(date), KalshiSettings(**{**QUIET, **settings}))
        if not settings:
            self.contexts[date] = context
        path, _, query = target.partition("?")
        request = Request("GET", f"{PREFIX}/{path}", query, ((b"kalshi-access-key", who.encode()),))
        return rest.answer(context, request, self.at, host_at=0)

    def read(self, target: str, who: str = "alice", date: str = "2026-10", **settings: Any) -> dict[str, Any]:
        answer = self.ask(target, who, date, **settings)
        assert answer.status == 200, answer
        body: dict[str, Any] = json.loads(answer.body)
        return body


def buy(
    market: str,
    count: int,
    price: int | Decimal,
    subaccount_ref: SubaccountRef = ALICE,
    side: Side = Side.YES,
    **more: Any,
) -> Fill:
    """Contracts bought, `price` in cents; `new` is the id of an order that is made with the fill."""
    if "new" in more:
        more["order"] = NewOrder(more.pop("new"))
    return Fill(
        subaccount_ref=subaccount_ref,
        market=market,
        side=side,
        action=more.pop("action", Action.BUY),
        count_centis=count * 100,
        price_centicents=int(price * 100),
        **more,
    )


def rest_order(
    market: str,
    count: int,
    price: int | Decimal,
    subaccount_ref: SubaccountRef = ALICE,
    side: Side = Side.YES,
    **more: Any,
) -> RestOrder:
    """Contracts to buy, `price` in cents."""
    return RestOrder(
        subaccount_ref=subaccount_ref,
        market=market,
        side=side,
        action=more.pop("action", Action.BUY),
        count_centis=count * 100,
        price_centicents=int(price * 100),
        **more,
    )


def refusal(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


def at(body: Body, date: str = "2026-10") -> tuple[int, bytes]:
    return body.status, body.at(date)


def why(answer: Answer) -> str:
    """The diagnosis, found out now if that takes work."""
    if answer.diagnose is not None:
        return answer.diagnose(lambda: None)
    assert answer.diagnosis is not None
    return answer.diagnosis
