"""Random commands and events against a naive model: readers, sids and numbers of every frame."""

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import Command, QuoteMarket
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.stream.feed import messages_of
from mockexchange.venues.kalshi.stream.session import Session
from tests.helpers.effort import examples
from tests.venues.kalshi.stream.sessions import HEAT, RAIN, SNOW, WALL, make_venue, open_session, trade
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, Venue

UNKNOWN = "NOWHERE-1"
BOOKS_SEEN = {"alice": {ALICE, ALICE_3}, "only_3": {ALICE_3}}
CHANNELS = ("orderbook_delta", "trade", "ticker", "fill", "market_positions")
DATES = ("2025-11", "2026-06", "2026-10", "compat")


@dataclass
class Rules:
    """What of the rules depends on the date, spelt out."""

    date: str

    @property
    def filtered(self) -> set[str]:
        return set(CHANNELS) - ({"fill"} if self.date == "2025-11" else set())

    @property
    def numbered(self) -> set[str]:
        return {"orderbook_delta"} | ({"trade"} if self.date != "2025-11" else set())

    @property
    def has_ok_seq(self) -> bool:
        return self.date != "compat"

    @property
    def has_end_seq(self) -> bool:
        return self.date != "2025-11"

    @property
    def has_error_seq(self) -> bool:
        return self.date == "2026-10"

    @property
    def knows_code_16(self) -> bool:
        return self.date in ("2025-11", "2026-06")


@dataclass
class Naive:
    """sid to [channel, tickers or None for all, last number]."""

    rules: Rules
    open: dict[int, list[Any]] = field(default_factory=dict)
    last_sid: int = 0

    def sid_of(self, channel: str) -> int | None:
        return next((sid for sid, one in self.open.items() if one[0] == channel), None)

    def number(self, sid: int) -> int:
        self.open[sid][2] += 1
        return int(self.open[sid][2])

    def subscribe(self, channels: list[str], tickers: list[str] | None) -> list[tuple[Any, ...]]:
        """The frames wanted, each (type, sid, seq, market)."""
        is_filtered = any(channel in self.rules.filtered for channel in channels)
        if "orderbook_delta" in channels and tickers is None:
            return [("error", 2)]
        if tickers and UNKNOWN in tickers and is_filtered and self.rules.knows_code_16:
            return [("error", 16)]
        acks, subaccounts = [], []
        for channel in dict.fromkeys(channels):
            sid = self.sid_of(channel)
            if sid is None:
                self.last_sid += 1
                sid = self.last_sid
                self.open[sid] = [channel, [], 0]
            acks.append(("subscribed", sid))
            new = self.join(sid, tickers if channel in self.rules.filtered else None)
            subaccounts += [(sid, ticker) for ticker in new if channel == "orderbook_delta"]
        return acks + [("orderbook_snapshot", sid, self.number(sid), ticker) for sid, ticker in subaccounts]

    def join(self, sid: int, tickers: list[str] | None) -> list[str]:
        one = self.open[sid]
        if tickers is None or one[1] is None:
            one[1] = None
            return []
        new = [ticker for ticker in dict.fromkeys(tickers) if ticker not in one[1] and ticker != UNKNOWN]
        one[1] = one[1] + new
        return new

    def update(self, sid: int, action: str, tickers: list[str]) -> list[tuple[Any, ...]]:
        if sid not in self.open:
            return [("error", 7)]
        channel = self.open[sid][0]
        if channel not in self.rules.filtered:
            return [self.error(sid, 13)]
        if not tickers:
            return [self.error(sid, 14)]
        if UNKNOWN in tickers and self.rules.knows_code_16:
            return [self.error(sid, 16)]
        if action == "delete_markets":
            if self.open[sid][1] is not None:
                self.open[sid][1] = [one for one in self.open[sid][1] if one not in tickers]
            return [self.ok(sid)]
        new = self.join(sid, tickers)
        found = [self.ok(sid)]
        if channel == "orderbook_delta":
            found += [("orderbook_snapshot", sid, self.number(sid), ticker) for ticker in new]
        return found

    def ok(self, sid: int) -> tuple[Any, ...]:
        seq = self.number(sid) if self.rules.has_ok_seq else None
        tickers = self.open[sid][1]
        return "ok", sid, seq, None if tickers is None else tuple(tickers)

    def error(self, sid: int, code: int) -> tuple[Any, ...]:
        if self.rules.has_error_seq and self.open[sid][0] in self.rules.numbered:
            return "error", code, self.number(sid)
        return "error", code

    def unsubscribe(self, sids: list[int]) -> list[tuple[Any, ...]]:
        if not sids:
            return [("error", 4)]
        if any(sid not in self.open for sid in sids):
            return [("error", 7)]
        found = []
        for sid in dict.fromkeys(sids):
            found.append(("unsubscribed", sid, self.number(sid) if self.rules.has_end_seq else None))
            del self.open[sid]
        return found

    def sees(
        self, channel: str, ticker: str, subaccount_ref: SubaccountRef | None, subaccounts: set[SubaccountRef]
    ) -> tuple[int, int | None] | None:
        sid = self.sid_of(channel)
        if sid is None or (subaccount_ref is not None and subaccount_ref not in subaccounts):
            return None
        tickers = self.open[sid][1]
        if tickers is not None and ticker not in tickers:
            return None
        return sid, self.number(sid) if channel in self.rules.numbered else None


def seen(frame: Frame) -> tuple[Any, ...]:
    """An answer in the words of the naive reader."""
    answer = json.loads(frame.raw)
    kind = answer["type"]
    if kind == "subscribed":
        return kind, answer["msg"]["sid"]
    if kind == "error":
        return (kind, answer["msg"]["code"], answer["seq"]) if "seq" in answer else (kind, answer["msg"]["code"])
    if kind == "unsubscribed":
        return kind, answer["sid"], answer.get("seq")
    if kind == "ok":
        lists = answer if "market_tickers" in answer else answer.get("msg", {})
        tickers = lists.get("market_tickers")
        return kind, answer["sid"], answer.get("seq"), None if tickers is None else tuple(tickers)
    return kind, answer["sid"], answer.get("seq"), answer["msg"]["market_ticker"]


TICKERS = st.lists(st.sampled_from([RAIN, HEAT, SNOW, UNKNOWN]), max_size=3)
SIDS = st.integers(1, 6)
STEPS = st.one_of(
    st.tuples(
        st.just("subscribe"),
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3),
        st.none() | TICKERS.filter(bool),
    ),
    st.tuples(st.just("update"), SIDS, st.sampled_from(["add_markets", "delete_markets"]), TICKERS),
    st.tuples(st.just("unsubscribe"), st.lists(SIDS, max_size=2)),
    st.tuples(st.just("terminate"), SIDS),
    st.tuples(st.just("fill"), st.sampled_from([ALICE, ALICE_3, BOB]), st.sampled_from([RAIN, HEAT, SNOW])),
    st.tuples(st.just("quote"), st.sampled_from([RAIN, HEAT, SNOW]), st.integers(1, 9)),
)


@settings(max_examples=examples(150), deadline=None)
@given(steps=st.lists(STEPS, max_size=25), date=st.sampled_from(DATES), who=st.sampled_from(sorted(BOOKS_SEEN)))
def test_a_session_does_what_the_rules_say(steps: list[tuple[Any, ...]], date: str, who: str) -> None:
    venue = make_venue()
    session, naive = open_session(venue, date, who), Naive(Rules(date))
    for name, *given_ones in steps:
        if name == "fill":
            happen(session, naive, venue, trade(given_ones[1], subaccount_ref=given_ones[0]), BOOKS_SEEN[who])
        elif name == "quote":
            quote = QuoteMarket(market=given_ones[0], yes=((given_ones[1] * 100, 1_000),))
            happen(session, naive, venue, quote, BOOKS_SEEN[who])
        elif name == "terminate":
            terminate(session, naive, given_ones[0])
        else:
            say(session, naive, name, given_ones)
        assert {sid: one[0] for sid, one in naive.open.items()} == {
            sid: one.channel for sid, one in session.subscriptions.items()
        }


def say(session: Session, naive: Naive, name: str, given_ones: list[Any]) -> None:
    if name == "subscribe":
        channels, tickers = given_ones
        document = {"cmd": name, "params": {"channels": channels, "market_tickers": tickers}}
        wanted = naive.subscribe(channels, tickers)
    elif name == "update":
        sid, action, tickers = given_ones
        params = {"sid": sid, "action": action, "market_tickers": tickers}
        document = {"cmd": "update_subscription", "params": params}
        wanted = naive.update(sid, action, tickers)
    else:
        document = {"cmd": name, "params": {"sids": given_ones[0]}}
        wanted = naive.unsubscribe(given_ones[0])
    frames = session.receive(json.dumps(document).encode(), 0, WALL)
    assert [seen(frame) for frame in frames] == wanted, document


def terminate(session: Session, naive: Naive, sid: int) -> None:
    if sid in naive.open:
        wanted = naive.error(sid, 25 if naive.rules.date != "2025-11" else 10)
        assert seen(session.terminate(sid, 25, 0)) == wanted
        del naive.open[sid]


def happen(session: Session, naive: Naive, venue: Venue, command: Command, subaccounts: set[SubaccountRef]) -> None:
    """Every message that the rules let through is delivered, in order, and nothing else is."""
    venue.at += 1_000
    outcome = venue.exchange.execute(command, venue.at)
    assert not isinstance(outcome, Refusal), outcome
    for message in messages_of(venue.exchange.state, outcome, venue.at):
        ticker = message.market.ticker if message.market else ""
        wanted = naive.sees(message.channel, ticker, message.subaccount_ref, subaccounts)
        frame = session.frame_of(message)
        if wanted is None:
            assert frame is None, message.kind
            continue
        assert frame is not None, message.kind
        answer = json.loads(frame.raw)
        assert (answer["type"], answer["sid"], answer.get("seq")) == (message.kind, *wanted)
        assert answer["msg"]["market_ticker"] == ticker
