"""Checks Deribit's stream: logins, channels, frames, notifications of orders, and the same results as over HTTP."""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import AUTH, call_result
from mockexchange.kit.deribit.signing import Signer
from mockexchange.kit.deribit.writes import CANCEL, open_placer
from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.connections import FrameType, StreamConnection
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, NotJudged, Unreachable

LOGIN, CHANNELS, RAW, IDS, SAME, ORDERS, BOOKS = (
    f"stream.{name}" for name in ("login", "channels", "raw", "ids", "results", "orders", "books")
)
SUBSCRIBE, UNSUBSCRIBE = "private/subscribe", "private/unsubscribe"
POSITIONS, SUMMARIES = "private/get_positions", "private/get_account_summaries"
CHANGES_CHANNEL, ORDERS_CHANNEL = "user.changes.any.any.raw", "user.orders.any.any.raw"
UNKNOWN_CHANNEL = "user.shoes"
UNAUTHORIZED, RAW_UNAUTHORIZED, UNKNOWN_METHOD = 13009, 13778, -32601
ATTEMPTS_MAX = 3
ORDER_BOOK, DEPTH_MAX = "public/get_order_book", 10_000


class Caller:
    """A client of one stream; every frame that it receives is compared with the API document."""

    def __init__(self, target: StreamTarget, connection: StreamConnection) -> None:
        self._target, self._connection, self._ids = target, connection, itertools.count(1)
        self.notifications: list[Mapping[str, Any]] = []

    def log_in(self) -> Any:
        """Log in with the member's key. Raises NotJudged if it is refused."""
        key = self._target.signer(MEMBER)
        assert isinstance(key, Signer), "a member's key is an id and a secret"
        params = {"grant_type": "client_credentials", "client_id": key.key_id, "client_secret": key.secret}
        answer = self.ask(AUTH, params)
        if "result" not in answer:
            raise NotJudged(f"no login on the stream: {answer}")
        return answer["result"]

    def ask(self, method: str, params: Mapping[str, Any] | None = None, request_id: object = None) -> Mapping[str, Any]:
        """Call a method and return its answer. Raises NotJudged if no answer comes."""
        asked = next(self._ids) if request_id is None else request_id
        envelope = {"jsonrpc": "2.0", "id": asked, "method": method, "params": params or {}}
        self._connection.send(json.dumps(envelope).encode())
        for frame in self.frames():
            if "method" not in frame:
                return frame
            self.notifications.append(frame)
        raise NotJudged(f"{method} was not answered on the stream within {self._target.answer_s:g} seconds")

    def frames(self) -> Iterator[Mapping[str, Any]]:
        """Yield frames until none has arrived for `answer_s` seconds. Raises Unreachable if the stream is closed."""
        until_s = time.monotonic() + self._target.answer_s
        while (arrival := self._connection.receive(max(0.0, until_s - time.monotonic()))) is not None:
            if arrival.type is FrameType.CLOSE:
                raise Unreachable(f"the stream was closed with {arrival.code}")
            if arrival.type is FrameType.TEXT:
                self._target.objections.extend(self._target.judge.objections(arrival.raw, "the stream"))
                yield json.loads(arrival.raw, parse_float=Decimal, parse_int=Decimal)

    def next_notification(self, channel: str) -> Any:
        """Return the data of the next notification of a channel. Raises NotJudged if none comes."""
        kept, self.notifications = iter(self.notifications), []
        for frame in itertools.chain(kept, self.frames()):
            if frame.get("method") == "subscription" and frame["params"]["channel"] == channel:
                self.notifications.extend(kept)
                return frame["params"]["data"]
            self.notifications.append(frame)
        raise NotJudged(f"no notification of {channel} came within {self._target.answer_s:g} seconds")


@contextmanager
def opened(target: StreamTarget) -> Iterator[Caller]:
    """Yield a client of a new stream, which needs no credentials, and drop the connection at the end."""
    connection = target.connect(target.url, {}, target.answer_s)
    try:
        yield Caller(target, connection)
    finally:
        connection.drop()


Expect = Callable[[str, object, object], Iterator[Finding]]


def judge_login(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that private calls are refused before a login and answered after it."""
    yield from expect("a private call before the login", _code(caller.ask(POSITIONS)), UNAUTHORIZED)
    granted = caller.log_in()
    yield from expect("the granted token", granted["token_type"].lower(), "bearer")
    yield from expect("a private call after the login", "result" in caller.ask(POSITIONS), True)


def judge_channels(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that the answers to subscribing and unsubscribing list the channels, without unknown ones."""
    caller.log_in()
    both = {"channels": [CHANGES_CHANNEL, UNKNOWN_CHANNEL]}
    yield from expect("subscribing", caller.ask(SUBSCRIBE, both).get("result"), [CHANGES_CHANNEL])
    yield from expect("unsubscribing", caller.ask(UNSUBSCRIBE, both).get("result"), [CHANGES_CHANNEL])
    yield from expect("unsubscribing again", caller.ask(UNSUBSCRIBE, both).get("result"), [])


def judge_raw(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that subscribing to a raw channel is refused before a login."""
    answer = caller.ask("public/subscribe", {"channels": ["trades.BTC-PERPETUAL.raw"]})
    yield from expect("a raw channel without a login", _code(answer), RAW_UNAUTHORIZED)


def judge_ids(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that each answer, also an error, has the id of its request."""
    for sent in (7, -1, "text", 9_007_199_254_740_993):
        yield from expect(f"the id {sent!r}", caller.ask("public/test", request_id=sent).get("id"), sent)
        answer = caller.ask("private/nothing", request_id=sent)
        yield from expect("an unknown method", (_code(answer), answer.get("id")), (UNKNOWN_METHOD, sent))


def judge_results(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that private reads return the same on the stream as over HTTP. A trade in between is no finding."""
    caller.log_in()
    for method in (POSITIONS, SUMMARIES):
        for _ in range(ATTEMPTS_MAX):
            before, streamed = call_result(target.rest, method), caller.ask(method).get("result")
            after = call_result(target.rest, method)
            if before == after:
                yield from expect(f"{method} on the stream", streamed, before)
                break
        else:
            raise NotJudged(f"{method} changed while it was read")


def judge_orders(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Yield a finding for each difference between the notifications of an order and the answers to REST requests.

    The order is placed and then canceled; after each, all its keys and values are compared.
    """
    _require_orders(target)
    caller.log_in()
    caller.ask(SUBSCRIBE, {"channels": [ORDERS_CHANNEL, CHANGES_CHANNEL]})
    with open_placer(target.rest) as placer:
        order = placer.place()["order"]
        for _ in range(2):
            yield from expect("the order in user.orders", caller.next_notification(ORDERS_CHANNEL), order)
            changes = caller.next_notification(CHANGES_CHANNEL)
            yield from expect("the orders in user.changes", changes["orders"], [order])
            yield from expect("the order as it is read", placer.state(order["order_id"]), order)
            if order["order_state"] == "open":
                order = placer.result(CANCEL, order_id=order["order_id"])


def judge_books(target: StreamTarget, caller: Caller, expect: Expect) -> Iterator[Finding]:
    """Check that a snapshot, and then the change that an order causes, add up to the order book that a read returns."""
    _require_orders(target)
    caller.log_in()
    with open_placer(target.rest) as placer:
        channel, best = f"book.{placer.name}.raw", f"quote.{placer.name}"
        caller.ask("public/subscribe", {"channels": [channel, best]})
        first = caller.next_notification(channel)
        shown = first["type"], "prev_change_id" in first
        yield from expect("the first message of an order book", shown, ("snapshot", False))
        placer.place()
        change = caller.next_notification(channel)
        followed = change["type"], change.get("prev_change_id")
        yield from expect("the message after it", followed, ("change", first["change_id"]))
        book = caller.ask(ORDER_BOOK, {"instrument_name": placer.name, "depth": DEPTH_MAX}).get("result", {})
        if book.get("change_id") != change["change_id"]:
            raise NotJudged("the order book changed while it was read")
        for side in ("bids", "asks"):
            levels = _applied(first[side], change[side])
            yield from expect(f"{side} of the messages together", levels, dict(book[side]))
        names = ("best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount")
        quote = caller.next_notification(best)
        if any(quote[name] != book[name] for name in names):
            quote = caller.next_notification(best)
        yield from expect("the best prices", [quote[name] for name in names], [book[name] for name in names])


def _applied(*messages: Sequence[tuple[str, Decimal, Decimal]]) -> dict[Decimal, Decimal]:
    """Return the levels of a side, by price, after some messages."""
    levels = {price: amount for rows in messages for _, price, amount in rows}
    gone = {price for action, price, _ in messages[-1] if action == "delete"}
    return {price: amount for price, amount in levels.items() if price not in gone}


def _require_orders(target: StreamTarget) -> None:
    if not target.rest.may_order:
        raise NotJudged("it places orders: --writes allows that, on hosts other than production")


def _code(answer: Mapping[str, Any]) -> object:
    error = answer.get("error")
    return error.get("code") if isinstance(error, dict) else f"no error: {answer}"


Judge = Callable[[StreamTarget, Caller, Expect], Iterator[Finding]]


def _check(rule: str, description: str, judge: Judge) -> Check[StreamTarget]:
    def judged(target: StreamTarget, subject: str) -> Iterator[Finding]:
        def expect(what: str, seen: object, expected: object) -> Iterator[Finding]:
            if seen != expected:
                yield Finding(rule, f"the stream: {what}", str(seen), str(expected), target.location())

        with opened(target) as caller:
            yield from judge(target, caller, expect)

    return Check(rule, description, "contracts/deribit/README.md", lambda target: ["stream"], judged)


CHECKS: tuple[Check[StreamTarget], ...] = (
    _check(LOGIN, "Private calls need a login, and have one.", judge_login),
    _check(CHANNELS, "Subscribing answers with the channels.", judge_channels),
    _check(RAW, "Raw channels need a login.", judge_raw),
    _check(IDS, "An answer on the stream has the id of its request.", judge_ids),
    _check(SAME, "Reads are the same on the stream and over HTTP.", judge_results),
    _check(ORDERS, "Notifications of orders have what REST has.", judge_orders),
    _check(BOOKS, "Changes of an order book add up to it.", judge_books),
)
