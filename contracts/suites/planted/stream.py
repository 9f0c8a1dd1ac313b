"""Faults of the stream: sequence numbers, acknowledgements, frames and their recipients."""

import json
from collections.abc import Callable
from typing import Any

from contracts.suites.planted.planting import Ask, Fault, Planter, fault
from mockexchange.venues.dated_fields import Spelling
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi import formatting
from mockexchange.venues.kalshi.stream import (
    errors,
    feed,
    session,
    subscriber,
    subscribing,
)
from mockexchange.venues.kalshi.stream.channels import ORDERBOOK
from mockexchange.venues.kalshi.stream.errors import Code
from mockexchange.venues.kalshi.stream.subscriber import Subscriber, Subscription
from mockexchange.venues.request import Answer


def numbers_leave_gaps(planter: Planter) -> None:
    def make(frame: Any) -> Any:
        def skip(self: Subscriber, message: Any, subscription: Subscription) -> Frame:
            if subscription.sequence == 3:
                subscription.sequence += 1
            made: Frame = frame(self, message, subscription)
            return made

        return skip

    planter.member(Subscriber, "_shared_frame", make)


def numbers_begin_with_zero(planter: Planter) -> None:
    def make(init: Any) -> Any:
        def begin(self: Subscription, *given: Any) -> None:
            init(self, *given)
            self.sequence = -1

        return begin

    planter.member(Subscription, "__init__", make)


def data_comes_before_its_ack(planter: Planter) -> None:
    planter.function(subscribing.subscribe, lambda subscribe: lambda *given: subscribe(*given)[::-1])


def acks_are_missing(planter: Planter) -> None:
    planter.function(subscribing.unsubscribe, lambda unsubscribe: lambda *given: unsubscribe(*given)[:0])


def ack_has_another_id(planter: Planter) -> None:
    planter.member(subscriber, "_id", lambda before: lambda command_id: {"id": command_id + 1} if command_id else {})


def sids_are_wrong(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame.update(sid=frame["sid"] + 1))


def frames_have_no_newline(planter: Planter) -> None:
    planter.member(Subscriber, "stamped", lambda make: lambda *given: _bare(make(*given)))


def _bare(frame: Frame) -> Frame:
    return frame._replace(raw=frame.raw.rstrip())


def rewrite(planter: Planter, change: Any, kind: str = "") -> None:
    """Change data frames of one kind, or of all, when they are encoded."""

    def make(write: Any) -> Any:
        def write_otherwise(*given: Any) -> Frame:
            frame: Frame = write(*given)
            if kind and frame.kind != kind:
                return frame
            document = json.loads(frame.raw)
            change(document)
            raw = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            return frame._replace(raw=raw)

        return write_otherwise

    planter.member(subscriber, "_frame", make)


def frame_has_an_extra_key(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame["msg"].update(note=""), "fill")


def frame_lacks_a_key(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame["msg"].pop("trade_id"), "fill")


def position_differs_from_rest(planter: Planter) -> None:
    off = Spelling("off", lambda micros: formatting.dollars_6(micros + 1))
    planter.frame_field("market_position", "position_cost_dollars", spelling=off)


def own_fills_are_of_the_other_side(planter: Planter) -> None:
    planter.frame_field("fill", "outcome_side", read="filled.action", spelling=Spelling("no", lambda side: '"no"'))


def frames_come_twice(planter: Planter) -> None:
    planter.function(feed.messages_of, lambda made: lambda *given: [one for one in made(*given) for _ in range(2)])


def frames_are_lost(planter: Planter) -> None:
    planter.function(
        feed.messages_of,
        lambda made: lambda *given: [one for one in made(*given) if one.channel != "user_orders"],
    )


def levels_are_lost(planter: Planter) -> None:
    planter.function(
        feed.messages_of, lambda made: lambda *given: [one for one in made(*given) if one.channel != ORDERBOOK]
    )


def book_is_not_sent_first(planter: Planter) -> None:
    planter.function(subscribing.first_data, lambda before: lambda *given: iter(()))


def deltas_have_no_sign(planter: Planter) -> None:
    def change(frame: dict[str, Any]) -> None:
        frame["msg"]["delta_fp"] = frame["msg"]["delta_fp"].lstrip("-")

    rewrite(planter, change, ORDERBOOK)


def filter_is_ignored(planter: Planter) -> None:
    planter.function(subscribing.add_markets, lambda add: lambda subscription, named: add(subscription, None))


def left_markets_stay(planter: Planter) -> None:
    planter.member(Subscription, "leave", lambda before: lambda self, markets: None)


def everybody_sees_everything(planter: Planter) -> None:
    planter.member(Subscriber, "_is_of_key", lambda before: lambda self, subaccount_ref: True)


def restricted_key_sees_all_books(planter: Planter) -> None:
    planter.member(
        Subscriber, "_is_of_key", lambda before: lambda self, subaccount_ref: subaccount_ref[0] == self._account
    )


def code_is_of_another_date(planter: Planter) -> None:
    planter.function(
        errors.error_row,
        lambda row_of: (
            lambda code, api_date: row_of(Code.UNKNOWN_COMMAND if code is Code.UNKNOWN_CHANNEL else code, api_date)
        ),
    )


def error_is_not_answered(planter: Planter) -> None:
    def make(receive: Any) -> Any:
        def swallow(self: Any, *given: Any) -> list[Frame]:
            return [frame for frame in receive(self, *given) if frame.kind != "error"]

        return swallow

    planter.member(session.Session, "receive", make)


def stream_needs_no_key(planter: Planter) -> None:
    planter.member(session, "_accepts_anonymous", lambda before: lambda context, api_date: True)


def types_are_swapped(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame.update(type="ticker"), "trade")


def positions_are_of_the_primary_subaccount(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame["msg"].update(subaccount=0), "market_position")


def positions_are_of_the_next_subaccount(planter: Planter) -> None:
    def change(frame: Any) -> None:
        if "subaccount" in frame["msg"]:
            frame["msg"]["subaccount"] += 1

    rewrite(planter, change, "market_position")


def positions_name_no_subaccount(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame["msg"].pop("subaccount", None), "market_position")


def deleted_markets_are_still_sent(planter: Planter) -> None:
    frames_after_a_deletion(planter, lambda gone, ticker: ticker in gone)


def a_deletion_ends_the_filter(planter: Planter) -> None:
    frames_after_a_deletion(planter, lambda gone, ticker: True)


def frames_after_a_deletion(planter: Planter, is_sent: Callable[[set[str], str], bool]) -> None:
    """Answer a deletion as documented, and send frames of these markets nevertheless."""
    deleted: dict[int, set[str]] = {}

    def make_leave(leave: Any) -> Any:
        def leave_and_note(self: Subscription, markets: dict[str, str]) -> None:
            deleted.setdefault(id(self), set()).update(markets)
            leave(self, markets)

        return leave_and_note

    def make_frame(frame_of: Any) -> Any:
        def frame(self: Subscriber, message: Any) -> Frame | None:
            subscription = self.channels.get(message.channel)
            gone = deleted.get(id(subscription))
            if subscription and gone and message.market and is_sent(gone, message.market.ticker):
                return self._shared_frame(message, subscription)
            usual: Frame | None = frame_of(self, message)
            return usual

        return frame

    planter.member(Subscription, "leave", make_leave)
    planter.member(Subscriber, "frame_of", make_frame)


def positions_after_fills_are_counts(planter: Planter) -> None:
    rewrite(planter, lambda frame: frame["msg"].update(post_position_fp=frame["msg"]["count_fp"]), "fill")


def positions_after_fills_are_off_by_one(planter: Planter) -> None:
    def change(frame: dict[str, Any]) -> None:
        frame["msg"]["post_position_fp"] = f"{float(frame['msg']['post_position_fp']) + 1:.2f}"

    rewrite(planter, change, "fill")


def positions_after_fills_are_those_before(planter: Planter) -> None:
    before: dict[str, str] = {}

    def change(frame: dict[str, Any]) -> None:
        message = frame["msg"]
        now, market = message["post_position_fp"], message["market_ticker"]
        message["post_position_fp"], before[market] = before.get(market, now), now

    rewrite(planter, change, "fill")


def queries_are_answered_once(planter: Planter, path: str) -> None:
    known: dict[str, bytes] = {}

    def serve(ask: Ask, query: dict[str, str]) -> Answer:
        reply = ask(query)
        if reply.status == 200:
            reply.body = known.setdefault(f"{reply.key_id} {sorted(query.items())}", reply.body)
        return reply

    planter.served(path, serve)


def stale(path: str) -> Fault:
    return fault(
        f"GET {path} answers a query as it did before",
        "stream.fresh",
        lambda planter: queries_are_answered_once(planter, path),
    )


STREAM = (
    fault(
        "subaccounts' positions are shown as the primary's",
        "stream.subaccount-positions",
        positions_are_of_the_primary_subaccount,
    ),
    fault("positions are of the next subaccount", "stream.subaccount-positions", positions_are_of_the_next_subaccount),
    fault("positions name no subaccount", "stream.subaccount-positions", positions_name_no_subaccount),
    fault("deleted markets are still sent", "stream.delete", deleted_markets_are_still_sent),
    fault("a deletion ends the filter", "stream.delete", a_deletion_ends_the_filter),
    fault("post_position is the count of the fill", "stream.post-position", positions_after_fills_are_counts),
    fault("post_position is off by one", "stream.post-position", positions_after_fills_are_off_by_one),
    fault("post_position is late by a fill", "stream.post-position", positions_after_fills_are_those_before),
    stale("/portfolio/balance"),
    stale("/portfolio/positions"),
    stale("/portfolio/fills"),
    fault("numbers leave a gap", "stream.numbers", numbers_leave_gaps),
    fault("numbers begin with zero", "stream.numbers", numbers_begin_with_zero),
    fault("data comes before its ack", "stream.acks stream.acks-first", data_comes_before_its_ack),
    fault("an unsubscribe is not answered", "stream.ids stream.unsubscribe", acks_are_missing),
    fault("an ack has another id", "stream.acks", ack_has_another_id),
    fault("frames have another sid", "stream.acks-first stream.sids", sids_are_wrong),
    fault("frames end without a newline", "frames.newline", frames_have_no_newline),
    fault("a frame has an extra key", "frames.documented", frame_has_an_extra_key),
    fault("a frame lacks a key", "frames.documented", frame_lacks_a_key),
    fault("a frame of a position differs from REST", "stream.positions", position_differs_from_rest),
    fault("a frame of a fill has another side", "stream.fills", own_fills_are_of_the_other_side),
    fault("frames come twice", "stream.once", frames_come_twice),
    fault("frames of orders are lost", "stream.told stream.orders", frames_are_lost),
    fault("frames of books are lost", "stream.book-equals-rest stream.books", levels_are_lost),
    fault("a book is not sent first", "stream.books", book_is_not_sent_first),
    fault("deltas have no sign", "stream.book-equals-rest stream.books", deltas_have_no_sign),
    fault("the filter by markets is ignored", "stream.books stream.filter", filter_is_ignored),
    fault("deleted markets stay", "stream.ids stream.delete", left_markets_stay),
    fault("everybody sees everything", "stream.positions stream.own", everybody_sees_everything),
    fault("a restricted key sees all books", "stream.bound", restricted_key_sees_all_books),
    fault("an error has the code of another", "stream.codes", code_is_of_another_date),
    fault("errors are not answered", "stream.codes", error_is_not_answered),
    fault("the stream needs no key", "stream.refusals stream.handshake", stream_needs_no_key),
    fault("a trade is called a ticker", "stream.right-channel frames.documented", types_are_swapped),
)
