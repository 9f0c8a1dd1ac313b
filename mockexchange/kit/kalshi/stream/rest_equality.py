"""Checks that frames equal REST: the last frames of each channel, and those of each account."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import FindingWriter, channels, message_keys, query_parameters
from mockexchange.kit.kalshi.stream.commands import stream_check
from mockexchange.kit.kalshi.stream.recording import (
    CENTS_PER_DOLLAR,
    FILLS,
    FRESH,
    GROUPS,
    ORDERS,
    POSITIONS,
    TRADES,
    UNKNOWN,
    Recording,
    Row,
    asked_again,
    count,
    differences,
    dollars,
    is_same,
    keyed,
    last_by,
    positions_of,
    recording_of,
    rows,
)
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

# The last frames of each channel


ORDER, MARKET = "/portfolio/orders/{order_id}", "/markets/{ticker}"
LOOKED_UP_MAX = 30
"""The most objects of one kind that are read over REST, the newest ones; each takes a request."""
OK, NOT_FOUND = 200, 404
MONEY = {"position_cost": "market_exposure", "realized_pnl": "realized_pnl", "fees_paid": "fees_paid"}
"""Amounts of a position in frames, and the names of the same amounts in REST."""

Found = tuple[str, Any, Any]
"""A difference: its place, the value in the frame, and the value in REST."""


class Comparison(NamedTuple):
    """A rule that compares the frames of a channel with REST; `compare` yields the differences."""

    rule: str
    channel: str
    description: str
    compare: Callable[[Recording], Iterable[Found]]


def _row(recording: Recording, path: str, names: Mapping[str, str]) -> Row | None:
    """Read one object over REST; `names` fill the variables of the path. None for a 404. Raises NotJudged."""
    answer = recording.target.rest.ask(path, names=names)
    recording.target.rest.objections.clear()  # answers are judged by other rules
    if answer.status == NOT_FOUND:
        return None
    if answer.status != OK:
        raise NotJudged(f"{answer.where} was answered with status {answer.status}")
    found: Row = next(iter(answer.json().values()))
    return found


def positions(recording: Recording) -> Iterator[Found]:
    """Compare the last position frame of each market and subaccount with the same position in REST."""
    known = query_parameters(recording.target, POSITIONS)
    frames = recording.unfiltered.data("market_positions")
    for (ticker, subaccount), message in last_by(frames, "market_ticker", "subaccount").items():
        row = _position(recording, known, ticker, subaccount)
        where = f"{ticker}{'' if subaccount is None else f', subaccount {subaccount}'}"
        if row is None:
            if count(message.body, "position"):
                yield where, f"position {count(message.body, 'position')}", "no row"
            continue
        yield from ((f"{where}: {name}", seen, shown) for name, seen, shown in position_differences(message.body, row))
    named = {str(one.body.get("market_ticker")) for one in frames}
    yield from _unreported(recording, POSITIONS, keyed(recording.target, POSITIONS), named, "market_positions")


def _position(recording: Recording, known: Collection[str], ticker: str, subaccount: int | None) -> Row | None:
    query = {"ticker": ticker, "subaccount": subaccount, "settlement_status": "all"}
    given = {name: value for name, value in query.items() if name in known}
    found = rows(recording.target, POSITIONS, "market_positions", **given)
    return next((row for row in found if row["ticker"] == ticker), None)


def position_differences(body: Row, row: Row) -> Iterator[tuple[str, Decimal | None, Decimal | None]]:
    """Yield the amounts in which a frame and a REST row of the same position differ.

    Each is a name, the value in the frame and the value in the row, in contracts or dollars.
    """
    if count(body, "position") != count(row, "position"):
        yield "position", count(body, "position"), count(row, "position")
    for name, called in MONEY.items():
        seen, shown = dollars(body, name), dollars(row, called, parts=CENTS_PER_DOLLAR)
        if seen != shown:
            yield name, seen, shown


def fills(recording: Recording) -> Iterator[Found]:
    """Compare the fills of the stream with those of REST. Each new fill in REST needs a frame."""
    bodies = {str(one.body.get("trade_id")): one.body for one in recording.unfiltered.data("fill")}
    shown = keyed(recording.target, FILLS)
    for trade_id, body in list(bodies.items())[-LOOKED_UP_MAX:]:
        if trade_id not in shown:
            yield f"fill {trade_id}", "a frame", "no row"
        else:
            yield from _compare_keys(f"fill {trade_id}", body, shown[trade_id], {"market_ticker": "ticker"}, ("ts",))
    yield from _unreported(recording, FILLS, shown, bodies, "fill")


def _unreported(
    recording: Recording, path: str, shown: Mapping[str, Row], reported: Collection[str], channel: str
) -> Iterator[Found]:
    """Yield new and changed REST rows without a frame. Raises NotJudged if nothing changed."""
    if path not in recording.before:
        raise NotJudged(f"GET {path} was not answered before it")
    before = recording.before[path]
    changed = [key for key, row in shown.items() if key not in before or _is_other(path, row, before[key])]
    if not changed and not reported:
        raise NotJudged(f"nothing came on {channel}")
    yield from ((f"{channel} {key}", "no frame", "a row that changed") for key in changed if key not in reported)


def _is_other(path: str, row: Row, before: Row) -> bool:
    """Return whether a row has changed; for positions only in fields that the stream reports."""
    if path != POSITIONS:
        return row != before
    names = ("position", *(f"{name}{unit}" for name in MONEY.values() for unit in ("", "_dollars")), "position_fp")
    return any(row.get(name) != before.get(name) for name in names)


def orders(recording: Recording) -> Iterator[Found]:
    """Compare the last frame of each order with its row in REST."""
    last = last_by(recording.unfiltered.data("user_orders"), "order_id")
    for (order_id,), message in list(last.items())[-LOOKED_UP_MAX:]:
        row = _row(recording, ORDER, {"order_id": str(order_id)})
        if row is None:
            yield f"order {order_id}", message.body.get("status"), "no row"
        else:
            yield from _compare_keys(f"order {order_id}", message.body, row)
    named = {str(order_id) for (order_id,) in last}
    yield from _unreported(recording, ORDERS, keyed(recording.target, ORDERS), named, "user_orders")


def groups(recording: Recording) -> Iterator[Found]:
    """Compare the frames of order groups with REST, which lists a group with its last limit until it is deleted."""
    shown, frames = keyed(recording.target, GROUPS), recording.unfiltered.data("order_group_updates")
    last = last_by(frames, "order_group_id")
    for (group,), message in last.items():
        is_gone = message.body.get("event_type") == "deleted"
        if is_gone == (str(group) in shown):
            listed = "listed" if str(group) in shown else "not listed"
            yield f"group {group}", f"the last event {message.body.get('event_type')}", listed
    limits = last_by((one for one in frames if LIMIT in one.body), "order_group_id")
    for (group,), message in limits.items():
        row = shown.get(str(group), {})
        yield from _compare_keys(f"group {group}", {LIMIT: message.body[LIMIT]}, row)
    yield from _unreported(recording, GROUPS, shown, {str(group) for (group,) in last}, "order_group_updates")


LIMIT = "contracts_limit_fp"


def trades(recording: Recording) -> Iterator[Found]:
    """Compare the trades of the stream with those of REST. If trades have ids, each new trade in REST needs a frame."""
    shown, frames = keyed(recording.target, TRADES), recording.unfiltered.data("trade")
    for message in frames[-LOOKED_UP_MAX:]:
        if not any(_is_trade(message.body, row) for row in shown.values()):
            yield f"trade {message.body.get('trade_id') or dict(message.body)}", "a frame", "no equal row"
    named = {str(one.body["trade_id"]) for one in frames if "trade_id" in one.body}
    if named or not frames:
        yield from _unreported(recording, TRADES, shown, named, "trade")


def _is_trade(body: Row, row: Row) -> bool:
    if "trade_id" in body and body["trade_id"] != row["trade_id"]:
        return False
    return not list(differences(body, row, {"market_ticker": "ticker"}, ("ts",)))


def tickers(recording: Recording) -> Iterator[Found]:
    """Compare the last ticker message of each open market with the market in REST."""
    for (ticker,), message in list(last_by(recording.messages("ticker"), "market_ticker").items())[-LOOKED_UP_MAX:]:
        row = _row(recording, MARKET, {"ticker": str(ticker)})
        if row is None:
            yield f"market {ticker}", "a ticker", "no such market"
        elif row.get("status") in OPEN:
            body = {name: value for name, value in message.body.items() if value != ""}
            yield from _compare_keys(f"market {ticker}", body, row, LAST_PRICE)


OPEN = ("active", "open")
LAST_PRICE = {"price": "last_price", "price_dollars": "last_price_dollars", "market_ticker": "ticker"}
STATES: Mapping[str, Collection[str]] = {
    "deactivated": ("closed", "inactive", "determined", "disputed", "amended", "finalized", "settled"),
    "determined": ("closed", "determined", "disputed", "amended", "finalized", "settled"),
    "settled": ("finalized", "settled"),
}
"""Statuses that REST may show for a market, by the last event of its lifecycle."""


def lifecycle(recording: Recording) -> Iterator[Found]:
    """Compare the status and the result of each market in REST with the last event of its lifecycle on the stream."""
    events = [one for one in recording.messages("market_lifecycle_v2") if "market_ticker" in one.body]
    for (ticker,), last in list(last_by(events, "market_ticker").items())[-LOOKED_UP_MAX:]:
        event, row = str(last.body.get("event_type")), _row(recording, MARKET, {"ticker": str(ticker)})
        if row is None:
            yield f"market {ticker}", event, "no such market"
        elif event in STATES and row.get("status") not in STATES[event]:
            yield f"market {ticker}", event, f"status {row.get('status')}"
    for (ticker,), last in last_by((one for one in events if one.body.get("result")), "market_ticker").items():
        row = _row(recording, MARKET, {"ticker": str(ticker)}) or {}
        if not is_same(last.body["result"], row.get("result")):
            yield f"market {ticker}", f"result {last.body['result']}", f"result {row.get('result')}"


def _compare_keys(
    where: str, body: Row, row: Row, renamed: Mapping[str, str] | None = None, exempt: Collection[str] = ()
) -> Iterator[Found]:
    for name, seen, shown in differences(body, row, renamed, exempt):
        yield f"{where}: {name}", seen, shown


COMPARISONS = (
    Comparison("stream.positions", "market_positions", "The last frame of a position equals its row.", positions),
    Comparison("stream.fills", "fill", "Fills of the stream equal those of REST.", fills),
    Comparison("stream.orders", "user_orders", "The last frame of an order equals its row.", orders),
    Comparison("stream.groups", "order_group_updates", "Groups are listed until they are deleted.", groups),
    Comparison("stream.trades", "trade", "Trades of the stream equal those of REST.", trades),
    Comparison("stream.tickers", "ticker", "The last ticker equals the market of REST.", tickers),
    Comparison("stream.lifecycle", "market_lifecycle_v2", "The status of a market follows its last event.", lifecycle),
)


def _check(one: Comparison) -> Check[StreamTarget]:
    def subjects(target: StreamTarget) -> Iterable[str]:
        return (one.channel,) if one.channel in channels(target) else ()

    def judge(target: StreamTarget, subject: str) -> Iterator[Finding]:
        recording = recording_of(target)
        found = recording.settled_differences(one.channel, lambda: one.compare(recording))
        message = channels(target)[one.channel].messages[0]
        for where, seen, shown in found:
            yield FindingWriter(one.rule, target).finding(
                where, f"the stream shows {seen}", f"REST shows {shown}", message
            )

    return Check(one.rule, one.description, "asyncapi.yaml", subjects, judge)


# Frames of accounts: positions of subaccounts, positions after fills, and fresh reads


POSITION_CHANNEL, POSITION, FILL = "market_positions", "market_position", "fill"
"""A channel, its message, and a channel whose message has the channel's name."""


def judge_subaccounts(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that each change of a position, in any subaccount, caused a frame for its market and subaccount."""
    recording, writer = recording_of(target), FindingWriter("stream.subaccount-positions", target)
    found = recording.settled_differences(POSITION_CHANNEL, lambda: _without_frame(recording))
    for number, ticker in found:
        yield writer.finding(f"{ticker}, subaccount {number}", "no frame", "a frame, as the row changed", POSITION)


def _without_frame(recording: Recording) -> Iterator[tuple[str, str]]:
    frames = recording.unfiltered.data(POSITION_CHANNEL)
    reported = {(str(one.body.get("subaccount", 0)), one.body.get("market_ticker")) for one in frames}
    judged = False
    for number, before in recording.positions.items():
        for ticker, row in positions_of(recording.target, number).items():
            if count(row, "position") != count(before.get(ticker, {"position": 0}), "position"):
                judged = True
                if (number, ticker) not in reported:
                    yield number, ticker
    if not judged:
        raise NotJudged("no position changed")


def judge_post_positions(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the `post_position` of each fill is that of the previous fill, plus or less the fill's count."""
    writer, judged = FindingWriter("stream.post-position", target), False
    last: dict[tuple[object, object], Decimal] = {}
    for message in recording_of(target).messages(FILL):
        body = message.body
        key, after, size = (
            (body.get("market_ticker"), body.get("subaccount")),
            count(body, "post_position"),
            _size(body),
        )
        if after is None or size is None:
            continue
        if key in last:
            judged, expected = True, last[key] + size
            if abs(after - expected) > _cut_off(body):
                where = f"fill {body.get('trade_id')} of {key[0]}"
                yield writer.finding(where, f"post_position {after}", f"post_position {expected}", FILL)
        last[key] = after
    if not judged:
        raise NotJudged("no market had two fills")
    recording = recording_of(target)
    for where, shown, row in recording.settled_differences(FILL, lambda: _other_than_rest(target, last)):
        yield writer.finding(where, f"post_position {shown} of its last fill", f"REST shows {row}", FILL)


def _other_than_rest(
    target: StreamTarget, last: Mapping[tuple[object, object], Decimal]
) -> Iterator[tuple[str, Decimal, Decimal | None]]:
    """Yield the markets whose last fill shows another position than REST; settled positions have no row."""
    for (ticker, number), shown in last.items():
        row = positions_of(target, str(number or 0)).get(str(ticker)) if _shows_subaccounts(target) else None
        if row is not None and count(row, "position") != shown:
            yield f"{ticker}, subaccount {number or 0}", shown, count(row, "position")


def _size(body: Row) -> Decimal | None:
    """Return the contracts of a fill; negative if it sells YES or buys NO."""
    size = count(body, "count")
    return None if size is None else size if (body["side"] == "yes") == (body["action"] == "buy") else -size


def _cut_off(body: Row) -> int:
    """Return by how much whole counts may miss their sum: of parts of contracts the first dates show nothing."""
    return 0 if "post_position_fp" in body else 1


def judge_fresh(target: StreamTarget, path: str) -> Iterator[Finding]:
    """Check that a read shows events that came after its last answer, as a read with a new query does.

    Both are sent twice in turn, so that a change between them is not taken for an old answer.
    """
    recording, writer = recording_of(target), FindingWriter("stream.fresh", target)
    known, new = recording.asked[path], {UNKNOWN: "1"}
    first, other, again, last = (asked_again(recording, path, further) for further in ({}, new, {}, new))
    if first == again and other == last and first != other:
        yield writer.finding(f"GET {path}", "the answer from before the events", "what another query shows")
    if other == known:
        raise NotJudged("nothing that it shows has changed")


def _shows_subaccounts(target: StreamTarget) -> bool:
    return "subaccount" in message_keys(target, POSITION) and "GetSubaccountBalances" in target.rest.operations


def _shows_positions(target: StreamTarget) -> bool:
    return bool({"post_position", "post_position_fp"} & message_keys(target, FILL)) and FILL in channels(target)


def _asked(target: StreamTarget) -> Iterable[str]:
    return [operation.path for operation in target.rest.operations.values() if operation.path in FRESH]


CHECKS: tuple[Check[StreamTarget], ...] = (
    *(_check(one) for one in COMPARISONS),
    stream_check(
        "stream.subaccount-positions",
        "Positions of every subaccount have frames.",
        judge_subaccounts,
        _shows_subaccounts,
    ),
    stream_check(
        "stream.post-position", "Fills add up to the positions they show.", judge_post_positions, _shows_positions
    ),
    Check("stream.fresh", "A query that is sent again shows what has happened.", "asyncapi.yaml", _asked, judge_fresh),
)
