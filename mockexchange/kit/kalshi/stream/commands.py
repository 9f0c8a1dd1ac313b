"""What commands do when nothing is wrong with them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, Words, actions, parameters
from mockexchange.kit.kalshi.stream.recording import tickers_of
from mockexchange.kit.streaming.protocol import Kind, Told
from mockexchange.kit.streaming.recorded_stream import Line
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

TICKER, TRADE, FILL = "ticker", "trade", "fill"
UPDATE, ADD, DELETE, GET = "update_subscription", "add_markets", "delete_markets", "get_snapshot"
SNAPSHOT = "orderbook_snapshot"
STREAM = "stream"
"""The only subject of a rule that is about all of it."""


def judge_list(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """list_subscriptions tells every subscription there is, with its channel, in the order of their sids."""
    line = target.open()
    line.subscribe(TRADE, FILL)
    line.subscribe(TICKER)
    line.unsubscribe(2)
    yield from _listed(
        Words("stream.list", target), line, [{"channel": TRADE, "sid": 1}, {"channel": TICKER, "sid": 3}]
    )


def judge_unsubscribe(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Each sid is told to have ended, once; it is unknown afterwards, and never used again."""
    words, line = Words("stream.unsubscribe", target), target.open()
    line.subscribe(TRADE, FILL, TICKER)
    gone = [one.sid for one in line.unsubscribe(1, 3) if one.kind is Kind.GONE]
    yield from words.differing("unsubscribe of 1 and 3", sorted(map(str, gone)), ["1", "3"], "unsubscribed")
    yield from _listed(words, line, [{"channel": FILL, "sid": 2}])
    again = [one.body.get("code") for one in line.unsubscribe(1)]
    yield from words.differing("unsubscribe of 1 once more", again, [7], "error")
    sids = [one.sid for one in line.subscribe(TICKER)]
    yield from words.differing("subscribing after it", sids, [4], "subscribed")


def judge_repeat(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Who subscribes to a channel again is not refused, and has one subscription with all the markets."""
    first, second = _two(target)
    words, line = Words("stream.repeat", target), target.open()
    line.subscribe(TICKER, market_tickers=[first])
    errors = [one.body.get("code") for one in line.subscribe(TICKER, market_tickers=[first, second])]
    yield from words.differing("subscribing again", errors, [None], "subscribed")
    yield from _listed(words, line, [{"channel": TICKER, "sid": 1}])
    markets = [_markets(one) for one in _update(line, ADD, first)]
    yield from words.differing("the markets afterwards", markets, [[first, second]], "ok")


def judge_add(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """add_markets is answered with the whole filter, and books that are new begin with a snapshot."""
    first, second = _two(target)
    words, line = Words("stream.add", target), target.open()
    line.subscribe(BOOKS, market_tickers=[first])
    markets = [_markets(one) for one in _update(line, ADD, second)]
    yield from words.differing("the markets after add_markets", markets, [[first, second]], "ok")
    line.sync()
    begun = [one.body.get("market_ticker") for one in line.data(BOOKS) if one.message == SNAPSHOT]
    yield from words.differing("the snapshots", begun, [first, second], SNAPSHOT)


def judge_delete(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """delete_markets is answered with what is left of the filter, and nothing is told of what is not in it."""
    first, second = _two(target)
    words, line = Words("stream.delete", target), target.open()
    line.subscribe(BOOKS, market_tickers=[first, second])
    markets = [_markets(one) for one in _update(line, DELETE, first)]
    yield from words.differing("the markets after delete_markets", markets, [[second]], "ok")
    since = len(line.entries)
    if target.stir:
        target.let_happen(line)
    else:
        line.sync()
    told = {one.body.get("market_ticker") for one in line.data(BOOKS, line.entries[since:])}
    yield from words.differing(f"books after {first} was deleted", sorted(told - {second}), [], BOOKS)


def judge_get_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """get_snapshot is answered with the books that it names, under the command's id."""
    first, second = _two(target)
    words, line = Words("stream.get-snapshot", target), target.open()
    line.subscribe(BOOKS, market_tickers=[first, second])
    line.sync()
    sid = next(iter(line.channels), 0)
    told = line.ask(UPDATE, {"sids": [sid], "action": GET, "market_tickers": [first, second]}, 2)
    answered = [(one.message, one.body.get("market_ticker")) for one in told]
    yield from words.differing(GET, answered, [(SNAPSHOT, first), (SNAPSHOT, second)], SNAPSHOT)


def judge_initial_snapshot(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """With send_initial_snapshot each market that is named begins with its ticker."""
    tickers = list(_two(target))
    words, line = Words("stream.initial-snapshot", target), target.open()
    line.subscribe(TICKER, market_tickers=tickers, send_initial_snapshot=True)
    line.sync()
    begun = list(dict.fromkeys(one.body.get("market_ticker") for one in line.data(TICKER)))
    yield from words.differing("tickers after subscribing", sorted(map(str, begun)), sorted(tickers), TICKER)


def judge_skip(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """With skip_ticker_ack the answer to a change leaves the filter out."""
    first, second = _two(target)
    words, line = Words("stream.skip-ack", target), target.open()
    line.subscribe(TICKER, market_tickers=[first], skip_ticker_ack=True)
    markets = [_markets(one) for one in _update(line, ADD, second)]
    yield from words.differing("the markets in the answer", markets, [None], "ok")


def judge_no_id(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command without an id, or with 0, is answered without one."""
    words, line = Words("stream.no-id", target), target.open()
    for raw in (b'{"cmd":"list_subscriptions"}', b'{"id":0,"cmd":"list_subscriptions"}'):
        line.say(raw)
        reply = line.first(Kind.OK)
        seen = "no reply" if reply is None else f"id {reply.frame['id']}" if "id" in reply.frame else "no id"
        yield from words.differing(raw.decode(), seen, "no id", "subscriptions")


def judge_binary(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command in a binary message is carried out as in a text."""
    words, line = Words("stream.binary", target), target.open()
    command_id = line.next_id()
    line.say(line.dialect.command(command_id, "subscribe", {"channels": [FILL]}), is_binary=True)
    told = [one.message for one in line.replies(command_id)]
    yield from words.differing("subscribe in a binary message", told, ["subscribed"], "subscribed")


def _two(target: StreamTarget) -> tuple[str, str]:
    found = tickers_of(target)
    if len(found) < 2:  # of what is wanted
        raise NotJudged("there is one market alone")
    return found[0], found[1]


def _update(line: Line, action: str, ticker: str) -> list[Told]:
    """Change the filter of the line's first subscription; return the replies."""
    sid = next(iter(line.channels), 0)
    return line.ask(UPDATE, {"sids": [sid], "action": action, "market_tickers": [ticker]})


def _markets(told: Told) -> Any:
    """The filter in an `ok`, wherever it stands."""
    return told.body.get("market_tickers", told.frame.get("market_tickers"))


def _listed(words: Words, line: Line, expected: list[dict[str, Any]]) -> Iterator[Finding]:
    replies = line.ask("list_subscriptions")
    if not replies:
        yield words.finding("list_subscriptions", "no reply", str(expected), "subscriptions")
    for reply in replies:
        places = [reply.frame[name] for name in ("msg", "subscriptions") if name in reply.frame]
        for listed in places or ["no list"]:
            yield from words.differing("list_subscriptions", listed, expected, "subscriptions")


Judge = Callable[[StreamTarget, str], Iterator[Finding]]


def whole_check(
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
    whole_check("stream.list", "list_subscriptions tells all there are.", judge_list),
    whole_check("stream.unsubscribe", "What is unsubscribed from ends.", judge_unsubscribe),
    whole_check("stream.repeat", "Subscribing again joins.", judge_repeat),
    whole_check("stream.add", "Markets join, and their books begin.", judge_add),
    whole_check("stream.delete", "Markets leave.", judge_delete),
    whole_check("stream.get-snapshot", "Books are sent once more when asked for.", judge_get_snapshot, _has_get),
    whole_check("stream.initial-snapshot", "Tickers begin with a snapshot when asked to.", judge_initial_snapshot),
    whole_check("stream.skip-ack", "Answers leave the filter out when asked to.", judge_skip, _has_skip),
    whole_check("stream.no-id", "No id is answered without one.", judge_no_id),
    whole_check("stream.binary", "Commands may be binary messages.", judge_binary),
)
