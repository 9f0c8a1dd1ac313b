"""Checks the effect of each valid command of the stream."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import ORDER_BOOKS, FindingWriter, actions, parameters
from mockexchange.kit.kalshi.stream.recording import recording_of, tickers_of
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

TICKER, TRADE, FILL = "ticker", "trade", "fill"
UPDATE, ADD, DELETE, GET = "update_subscription", "add_markets", "delete_markets", "get_snapshot"
SNAPSHOT = "orderbook_snapshot"
QUIET_S = 3.0
"""The time in seconds to wait for a frame of a market that had some before."""
STREAM = "stream"
"""The subject of rules that apply to the stream as a whole."""


def judge_list(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that list_subscriptions lists every subscription with its channel, ordered by subscription id (sid)."""
    stream = target.open()
    stream.subscribe(TRADE, FILL)
    stream.subscribe(TICKER)
    stream.unsubscribe(2)
    yield from _listed(
        FindingWriter("stream.list", target), stream, [{"channel": TRADE, "sid": 1}, {"channel": TICKER, "sid": 3}]
    )


def judge_unsubscribe(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that unsubscribing is acknowledged once per subscription id (sid), which is then not valid any more.

    A later subscription gets a new sid.
    """
    writer, stream = FindingWriter("stream.unsubscribe", target), target.open()
    stream.subscribe(TRADE, FILL, TICKER)
    gone = [one.sid for one in stream.unsubscribe(1, 3) if one.kind is MessageKind.GONE]
    yield from writer.difference("unsubscribe of 1 and 3", sorted(map(str, gone)), ["1", "3"], "unsubscribed")
    yield from _listed(writer, stream, [{"channel": FILL, "sid": 2}])
    again = [one.body.get("code") for one in stream.unsubscribe(1)]
    yield from writer.difference("unsubscribe of 1 once more", again, [7], "error")
    sids = [one.sid for one in stream.subscribe(TICKER)]
    yield from writer.difference("subscribing after it", sids, [4], "subscribed")


def judge_repeat(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that subscribing again to a channel, with more markets, adds them to the existing subscription."""
    first, second = _two(target)
    writer, stream = FindingWriter("stream.repeat", target), target.open()
    stream.subscribe(TICKER, market_tickers=[first])
    errors = [one.body.get("code") for one in stream.subscribe(TICKER, market_tickers=[first, second])]
    yield from writer.difference("subscribing again", errors, [None], "subscribed")
    yield from _listed(writer, stream, [{"channel": TICKER, "sid": 1}])
    markets = [_markets(one) for one in _update(stream, ADD, first)]
    yield from writer.difference("the markets afterwards", markets, [[first, second]], "ok")


def judge_add(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the answer to add_markets lists all markets, and that new order books begin with a snapshot."""
    first, second = _two(target)
    writer, stream = FindingWriter("stream.add", target), target.open()
    stream.subscribe(ORDER_BOOKS, market_tickers=[first])
    markets = [_markets(one) for one in _update(stream, ADD, second)]
    yield from writer.difference("the markets after add_markets", markets, [[first, second]], "ok")
    stream.sync()
    first_seen = [one.body.get("market_ticker") for one in stream.data(ORDER_BOOKS) if one.name == SNAPSHOT]
    yield from writer.difference("the snapshots", first_seen, [first, second], SNAPSHOT)


def judge_delete(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the answer to delete_markets lists the remaining markets, and that no frame of a deleted one follows.

    The market with the most frames is deleted. A second stream keeps it, to show that there were frames that could
    follow.
    """
    first, second = _busiest(target, *_two(target))
    writer, stream = FindingWriter("stream.delete", target), target.open()
    stream.subscribe(ORDER_BOOKS, market_tickers=[first, second])
    markets = [_markets(one) for one in _update(stream, DELETE, first)]
    yield from writer.difference("the markets after delete_markets", markets, [[second]], "ok")
    since, witness = len(stream.entries), target.open()
    witness.subscribe(ORDER_BOOKS, market_tickers=[first])
    witness.sync()
    heard = len(witness.entries)
    if target.trigger_events:
        target.collect_events(stream, witness)
    else:
        target.listen((witness, stream), QUIET_S, lambda: bool(witness.data(ORDER_BOOKS, witness.entries[heard:])))
        stream.sync()
    seen = {one.body.get("market_ticker") for one in stream.data(ORDER_BOOKS, stream.entries[since:])}
    yield from writer.difference(f"books after {first} was deleted", sorted(seen - {second}), [], ORDER_BOOKS)
    if not witness.data(ORDER_BOOKS, witness.entries[heard:]):
        raise NotJudged(f"no frame of {first} came in {QUIET_S:g} seconds, to anybody")


def _busiest(target: StreamTarget, *tickers: str) -> tuple[str, str]:
    """Return the market with most frames of its order book in the recording, and another one."""
    frames = recording_of(target).unfiltered.data(ORDER_BOOKS)
    counts = Counter(str(one.body.get("market_ticker")) for one in frames)
    busiest = max(tickers_of(target), key=lambda ticker: counts[ticker])
    return busiest, next(ticker for ticker in tickers if ticker != busiest)


def judge_get_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that get_snapshot is answered with snapshots of the order books that it names, with the command's id."""
    first, second = _two(target)
    writer, stream = FindingWriter("stream.get-snapshot", target), target.open()
    stream.subscribe(ORDER_BOOKS, market_tickers=[first, second])
    stream.sync()
    sid = next(iter(stream.channels), 0)
    replies = stream.ask(UPDATE, {"sids": [sid], "action": GET, "market_tickers": [first, second]}, 2)
    answered = [(one.name, one.body.get("market_ticker")) for one in replies]
    yield from writer.difference(GET, answered, [(SNAPSHOT, first), (SNAPSHOT, second)], SNAPSHOT)


def judge_initial_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that a subscription with `send_initial_snapshot` begins with one `ticker` frame for each of its markets."""
    tickers = list(_two(target))
    writer, stream = FindingWriter("stream.initial-snapshot", target), target.open()
    stream.subscribe(TICKER, market_tickers=tickers, send_initial_snapshot=True)
    stream.sync()
    first_seen = list(dict.fromkeys(one.body.get("market_ticker") for one in stream.data(TICKER)))
    yield from writer.difference("tickers after subscribing", sorted(map(str, first_seen)), sorted(tickers), TICKER)


def judge_skip(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the answer to a change omits the list of markets on a subscription with skip_ticker_ack."""
    first, second = _two(target)
    writer, stream = FindingWriter("stream.skip-ack", target), target.open()
    stream.subscribe(TICKER, market_tickers=[first], skip_ticker_ack=True)
    markets = [_markets(one) for one in _update(stream, ADD, second)]
    yield from writer.difference("the markets in the answer", markets, [None], "ok")


def judge_no_id(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the answer to a command without an id, or with id 0, has no id."""
    writer, stream = FindingWriter("stream.no-id", target), target.open()
    for raw in (b'{"cmd":"list_subscriptions"}', b'{"id":0,"cmd":"list_subscriptions"}'):
        stream.send(raw)
        reply = stream.first(MessageKind.OK)
        seen = "no reply" if reply is None else f"id {reply.frame['id']}" if "id" in reply.frame else "no id"
        yield from writer.difference(raw.decode(), seen, "no id", "subscriptions")


def judge_binary(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that a command in a binary message has the same effect as in a text message."""
    writer, stream = FindingWriter("stream.binary", target), target.open()
    command_id = stream.next_id()
    stream.send(stream.protocol.command(command_id, "subscribe", {"channels": [FILL]}), is_binary=True)
    replies = [one.name for one in stream.replies(command_id)]
    yield from writer.difference("subscribe in a binary message", replies, ["subscribed"], "subscribed")


def _two(target: StreamTarget) -> tuple[str, str]:
    found = tickers_of(target)
    if len(found) < 2:  # of what is wanted
        raise NotJudged("there is only one market")
    return found[0], found[1]


def _update(stream: RecordedStream, action: str, ticker: str) -> list[StreamMessage]:
    """Change the filter of the stream's first subscription; return the replies."""
    sid = next(iter(stream.channels), 0)
    return stream.ask(UPDATE, {"sids": [sid], "action": action, "market_tickers": [ticker]})


def _markets(message: StreamMessage) -> Any:
    """Return the market filter of an `ok` message, which has it in its body or beside it."""
    return message.body.get("market_tickers", message.frame.get("market_tickers"))


def _listed(writer: FindingWriter, stream: RecordedStream, expected: list[dict[str, Any]]) -> Iterator[Finding]:
    replies = stream.ask("list_subscriptions")
    if not replies:
        yield writer.finding("list_subscriptions", "no reply", str(expected), "subscriptions")
    for reply in replies:
        places = [reply.frame[name] for name in ("msg", "subscriptions") if name in reply.frame]
        for listed in places or ["no list"]:
            yield from writer.difference("list_subscriptions", listed, expected, "subscriptions")


Judge = Callable[[StreamTarget, str], Iterator[Finding]]


def stream_check(
    rule: str, description: str, judge: Judge, is_there: Callable[[StreamTarget], bool] = lambda target: True
) -> Check[StreamTarget]:
    """Return a check of the stream as a whole, at API dates at which `is_there` returns true."""

    def subjects(target: StreamTarget) -> Iterable[str]:
        return (STREAM,) if is_there(target) else ()

    return Check(rule, description, "asyncapi.yaml", subjects, judge)


def _has_skip(target: StreamTarget) -> bool:
    return "skip_ticker_ack" in parameters(target, "subscribe")


def _has_get(target: StreamTarget) -> bool:
    return GET in actions(target)


CHECKS: tuple[Check[StreamTarget], ...] = (
    stream_check("stream.list", "list_subscriptions lists every subscription.", judge_list),
    stream_check("stream.unsubscribe", "An unsubscribed channel ends.", judge_unsubscribe),
    stream_check("stream.repeat", "Subscribing again extends the subscription.", judge_repeat),
    stream_check("stream.add", "Added markets begin with a snapshot of the book.", judge_add),
    stream_check("stream.delete", "Deleted markets send no more frames.", judge_delete),
    stream_check("stream.get-snapshot", "get_snapshot sends the books again.", judge_get_snapshot, _has_get),
    stream_check("stream.initial-snapshot", "send_initial_snapshot sends tickers at once.", judge_initial_snapshot),
    stream_check("stream.skip-ack", "skip_ticker_ack omits the filter in answers.", judge_skip, _has_skip),
    stream_check("stream.no-id", "A command without an id is answered without one.", judge_no_id),
    stream_check("stream.binary", "Commands may be binary messages.", judge_binary),
)
