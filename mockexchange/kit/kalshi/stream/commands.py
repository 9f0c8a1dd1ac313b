"""What commands do when nothing is wrong with them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, FindingWriter, actions, parameters
from mockexchange.kit.kalshi.stream.recording import tickers_of
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

TICKER, TRADE, FILL = "ticker", "trade", "fill"
UPDATE, ADD, DELETE, GET = "update_subscription", "add_markets", "delete_markets", "get_snapshot"
SNAPSHOT = "orderbook_snapshot"
STREAM = "stream"
"""The only subject of a rule that is about all of it."""


def judge_list(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """list_subscriptions tells every subscription there is, with its channel, in the order of their sids."""
    stream = target.open()
    stream.subscribe(TRADE, FILL)
    stream.subscribe(TICKER)
    stream.unsubscribe(2)
    yield from _listed(
        FindingWriter("stream.list", target), stream, [{"channel": TRADE, "sid": 1}, {"channel": TICKER, "sid": 3}]
    )


def judge_unsubscribe(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Each sid is told to have ended, once; it is unknown afterwards, and never used again."""
    words, stream = FindingWriter("stream.unsubscribe", target), target.open()
    stream.subscribe(TRADE, FILL, TICKER)
    gone = [one.sid for one in stream.unsubscribe(1, 3) if one.kind is MessageKind.GONE]
    yield from words.differing("unsubscribe of 1 and 3", sorted(map(str, gone)), ["1", "3"], "unsubscribed")
    yield from _listed(words, stream, [{"channel": FILL, "sid": 2}])
    again = [one.body.get("code") for one in stream.unsubscribe(1)]
    yield from words.differing("unsubscribe of 1 once more", again, [7], "error")
    sids = [one.sid for one in stream.subscribe(TICKER)]
    yield from words.differing("subscribing after it", sids, [4], "subscribed")


def judge_repeat(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Who subscribes to a channel again is not refused, and has one subscription with all the markets."""
    first, second = _two(target)
    words, stream = FindingWriter("stream.repeat", target), target.open()
    stream.subscribe(TICKER, market_tickers=[first])
    errors = [one.body.get("code") for one in stream.subscribe(TICKER, market_tickers=[first, second])]
    yield from words.differing("subscribing again", errors, [None], "subscribed")
    yield from _listed(words, stream, [{"channel": TICKER, "sid": 1}])
    markets = [_markets(one) for one in _update(stream, ADD, first)]
    yield from words.differing("the markets afterwards", markets, [[first, second]], "ok")


def judge_add(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """add_markets is answered with the whole filter, and books that are new begin with a snapshot."""
    first, second = _two(target)
    words, stream = FindingWriter("stream.add", target), target.open()
    stream.subscribe(BOOKS, market_tickers=[first])
    markets = [_markets(one) for one in _update(stream, ADD, second)]
    yield from words.differing("the markets after add_markets", markets, [[first, second]], "ok")
    stream.sync()
    begun = [one.body.get("market_ticker") for one in stream.data(BOOKS) if one.name == SNAPSHOT]
    yield from words.differing("the snapshots", begun, [first, second], SNAPSHOT)


def judge_delete(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """delete_markets is answered with what is left of the filter, and nothing is told of what is not in it."""
    first, second = _two(target)
    words, stream = FindingWriter("stream.delete", target), target.open()
    stream.subscribe(BOOKS, market_tickers=[first, second])
    markets = [_markets(one) for one in _update(stream, DELETE, first)]
    yield from words.differing("the markets after delete_markets", markets, [[second]], "ok")
    since = len(stream.entries)
    if target.trigger_events:
        target.collect_events(stream)
    else:
        stream.sync()
    seen = {one.body.get("market_ticker") for one in stream.data(BOOKS, stream.entries[since:])}
    yield from words.differing(f"books after {first} was deleted", sorted(seen - {second}), [], BOOKS)


def judge_get_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """get_snapshot is answered with the books that it names, under the command's id."""
    first, second = _two(target)
    words, stream = FindingWriter("stream.get-snapshot", target), target.open()
    stream.subscribe(BOOKS, market_tickers=[first, second])
    stream.sync()
    sid = next(iter(stream.channels), 0)
    replies = stream.ask(UPDATE, {"sids": [sid], "action": GET, "market_tickers": [first, second]}, 2)
    answered = [(one.name, one.body.get("market_ticker")) for one in replies]
    yield from words.differing(GET, answered, [(SNAPSHOT, first), (SNAPSHOT, second)], SNAPSHOT)


def judge_initial_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """With send_initial_snapshot each market that is named begins with its ticker."""
    tickers = list(_two(target))
    words, stream = FindingWriter("stream.initial-snapshot", target), target.open()
    stream.subscribe(TICKER, market_tickers=tickers, send_initial_snapshot=True)
    stream.sync()
    begun = list(dict.fromkeys(one.body.get("market_ticker") for one in stream.data(TICKER)))
    yield from words.differing("tickers after subscribing", sorted(map(str, begun)), sorted(tickers), TICKER)


def judge_skip(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """With skip_ticker_ack the answer to a change leaves the filter out."""
    first, second = _two(target)
    words, stream = FindingWriter("stream.skip-ack", target), target.open()
    stream.subscribe(TICKER, market_tickers=[first], skip_ticker_ack=True)
    markets = [_markets(one) for one in _update(stream, ADD, second)]
    yield from words.differing("the markets in the answer", markets, [None], "ok")


def judge_no_id(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command without an id, or with 0, is answered without one."""
    words, stream = FindingWriter("stream.no-id", target), target.open()
    for raw in (b'{"cmd":"list_subscriptions"}', b'{"id":0,"cmd":"list_subscriptions"}'):
        stream.send(raw)
        reply = stream.first(MessageKind.OK)
        seen = "no reply" if reply is None else f"id {reply.frame['id']}" if "id" in reply.frame else "no id"
        yield from words.differing(raw.decode(), seen, "no id", "subscriptions")


def judge_binary(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command in a binary message is carried out as in a text."""
    words, stream = FindingWriter("stream.binary", target), target.open()
    command_id = stream.next_id()
    stream.send(stream.protocol.command(command_id, "subscribe", {"channels": [FILL]}), is_binary=True)
    replies = [one.name for one in stream.replies(command_id)]
    yield from words.differing("subscribe in a binary message", replies, ["subscribed"], "subscribed")


def _two(target: StreamTarget) -> tuple[str, str]:
    found = tickers_of(target)
    if len(found) < 2:  # of what is wanted
        raise NotJudged("there is one market alone")
    return found[0], found[1]


def _update(stream: RecordedStream, action: str, ticker: str) -> list[StreamMessage]:
    """Change the filter of the line's first subscription; return the replies."""
    sid = next(iter(stream.channels), 0)
    return stream.ask(UPDATE, {"sids": [sid], "action": action, "market_tickers": [ticker]})


def _markets(message: StreamMessage) -> Any:
    """The filter in an `ok`, wherever it stands."""
    return message.body.get("market_tickers", message.frame.get("market_tickers"))


def _listed(words: FindingWriter, stream: RecordedStream, expected: list[dict[str, Any]]) -> Iterator[Finding]:
    replies = stream.ask("list_subscriptions")
    if not replies:
        yield words.finding("list_subscriptions", "no reply", str(expected), "subscriptions")
    for reply in replies:
        places = [reply.frame[name] for name in ("msg", "subscriptions") if name in reply.frame]
        for listed in places or ["no list"]:
            yield from words.differing("list_subscriptions", listed, expected, "subscriptions")


Judge = Callable[[StreamTarget, str], Iterator[Finding]]


def single_check(
    rule: str, says: str, judge: Judge, is_there: Callable[[StreamTarget], bool] = lambda target: True
) -> Check[StreamTarget]:
    """A check of the stream as a whole, on the days that have what it is about."""

    def subjects(target: StreamTarget) -> Iterable[str]:
        return (STREAM,) if is_there(target) else ()

    return Check(rule, says, "asyncapi.yaml", subjects, judge)


def _has_skip(target: StreamTarget) -> bool:
    return "skip_ticker_ack" in parameters(target, "subscribe")


def _has_get(target: StreamTarget) -> bool:
    return GET in actions(target)


CHECKS: tuple[Check[StreamTarget], ...] = (
    single_check("stream.list", "list_subscriptions tells all there are.", judge_list),
    single_check("stream.unsubscribe", "What is unsubscribed from ends.", judge_unsubscribe),
    single_check("stream.repeat", "Subscribing again joins.", judge_repeat),
    single_check("stream.add", "Markets join, and their books begin.", judge_add),
    single_check("stream.delete", "Markets leave.", judge_delete),
    single_check("stream.get-snapshot", "Books are sent once more when asked for.", judge_get_snapshot, _has_get),
    single_check("stream.initial-snapshot", "Tickers begin with a snapshot when asked to.", judge_initial_snapshot),
    single_check("stream.skip-ack", "Answers leave the filter out when asked to.", judge_skip, _has_skip),
    single_check("stream.no-id", "No id is answered without one.", judge_no_id),
    single_check("stream.binary", "Commands may be binary messages.", judge_binary),
)
