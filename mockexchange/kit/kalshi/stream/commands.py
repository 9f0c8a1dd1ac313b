"""Checks the effect of each valid command of the stream, and the error code of each kind of wrong one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import (
    ORDER_BOOKS,
    FindingWriter,
    actions,
    has_code,
    known_channels,
    parameters,
)
from mockexchange.kit.kalshi.stream.recording import recording_of, tickers_of
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

# Valid commands


TICKER, TRADE, FILL = "ticker", "trade", "fill"
SUBSCRIBE, UNSUBSCRIBE, UPDATE = "subscribe", "unsubscribe", "update_subscription"
ADD, DELETE, GET = "add_markets", "delete_markets", "get_snapshot"
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


# Wrong commands, and the code of each


Params = Any
"""The parameters of a command: an object, unless another type is the mistake."""
NO_SID, UNKNOWN_TICKER, UUID = 999_999, "KXUNKNOWN_TICKER-99DEC31-X", "11111111-2222-4333-8444-555555555555"
LAST_UNKNOWN_MARKET = "2026-06"
"""The last API date whose documents have an error for unknown markets."""
COMMUNICATIONS, INDICES, PYTH = "communications", "cfbenchmarks_value", "pyth_value"


class CommandStream(NamedTuple):
    """A stream on which wrong commands are tried. It is subscribed to order book, ticker and fills of one market."""

    stream: RecordedStream
    ticker: str
    order_books: int
    """The id of the subscription to the order book; the next two fields are the ids for ticker and fills."""
    tickers: int
    fills: int


class WrongCommand(NamedTuple):
    """A command with one mistake, and the error code with which the server must answer it."""

    description: str
    code: int | None
    """The expected error code; None if no source documents it."""
    command: str
    params: Callable[[CommandStream], Params]
    applies_to: Callable[[StreamTarget], bool] = lambda target: True
    """Whether the mistake is possible at the target's API date."""


def _nothing(commands: CommandStream) -> Params:
    return None


def _given(**params: Any) -> Callable[[CommandStream], Params]:
    return lambda commands: params


def _takes(command: str, parameter: str) -> Callable[[StreamTarget], bool]:
    return lambda target: parameter in parameters(target, command)


WRONG_COMMANDS = (
    WrongCommand("params that are a list", 1, SUBSCRIBE, lambda commands: [commands.ticker]),
    WrongCommand("channels that are a string", 1, SUBSCRIBE, _given(channels="ticker")),
    WrongCommand("sids that are strings", 1, UNSUBSCRIBE, _given(sids=["1"])),
    WrongCommand("subscribe without params", 2, SUBSCRIBE, _nothing),
    WrongCommand("unsubscribe without params", 2, UNSUBSCRIBE, _nothing),
    WrongCommand("update without params", 2, UPDATE, _nothing),
    WrongCommand("books of no market", 2, SUBSCRIBE, _given(channels=[ORDER_BOOKS])),
    WrongCommand("subscribe without channels", 3, SUBSCRIBE, lambda commands: {"market_tickers": [commands.ticker]}),
    WrongCommand("unsubscribe without sids", 4, UNSUBSCRIBE, _given()),
    WrongCommand("an unknown command", 5, "resubscribe", _given(channels=["ticker"])),
    WrongCommand("unsubscribe of an unknown sid", 7, UNSUBSCRIBE, _given(sids=[NO_SID])),
    WrongCommand(
        "update of an unknown sid",
        7,
        UPDATE,
        lambda commands: {"sids": [NO_SID], "action": ADD, "market_tickers": [commands.ticker]},
    ),
    WrongCommand("an unknown channel", 8, SUBSCRIBE, _given(channels=["nothing"])),
    WrongCommand(
        "a channel of a later date",
        8,
        SUBSCRIBE,
        _given(channels=["user_orders"]),
        lambda target: "user_orders" not in known_channels(target),
    ),
    WrongCommand("one unknown channel of two", 8, SUBSCRIBE, _given(channels=["trade", "nothing"])),
    WrongCommand(
        "ids where only tickers filter",
        None,
        SUBSCRIBE,
        lambda commands: {"channels": ["market_positions"], "market_ids": [UUID]},
        _takes(SUBSCRIBE, "market_ids"),
    ),
    WrongCommand(
        "a ticker and a list of them",
        None,
        SUBSCRIBE,
        lambda commands: {"channels": ["trade"], "market_ticker": commands.ticker, "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "update without a sid", 12, UPDATE, lambda commands: {"action": ADD, "market_tickers": [commands.ticker]}
    ),
    WrongCommand(
        "update of two sids",
        12,
        UPDATE,
        lambda commands: {
            "sids": [commands.order_books, commands.tickers],
            "action": ADD,
            "market_tickers": [commands.ticker],
        },
    ),
    WrongCommand(
        "update of a sid in both ways",
        12,
        UPDATE,
        lambda commands: {
            "sid": commands.order_books,
            "sids": [commands.order_books],
            "action": ADD,
            "market_tickers": [commands.ticker],
        },
    ),
    WrongCommand(
        "an unknown action",
        13,
        UPDATE,
        lambda commands: {"sid": commands.order_books, "action": "move_markets", "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "books of a subscription to tickers",
        13,
        UPDATE,
        lambda commands: {"sid": commands.tickers, "action": "get_snapshot", "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "add_markets without markets", 14, UPDATE, lambda commands: {"sid": commands.order_books, "action": ADD}
    ),
    WrongCommand(
        "update without an action",
        15,
        UPDATE,
        lambda commands: {"sid": commands.order_books, "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "an unknown market",
        16,
        SUBSCRIBE,
        _given(channels=["trade"], market_tickers=[UNKNOWN_TICKER]),
        lambda target: target.alias <= LAST_UNKNOWN_MARKET,
    ),
    WrongCommand(
        "a shard_factor of 0",
        19,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=0),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    WrongCommand(
        "a shard_key alone",
        20,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_key=0),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    WrongCommand(
        "a shard_key that is too large",
        21,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=2, shard_key=2),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    WrongCommand(
        "a shard_factor of 101",
        22,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=101),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
)
BY_DESCRIPTION = {one.description: one for one in WRONG_COMMANDS}
NOT_JSON = "not JSON"
NOT_COMMANDS = {NOT_JSON: b"{nothing", "JSON that is not an object": b"[1]", "an empty frame": b""}
ACTIONS = {
    "no indices": (INDICES, 24, "subscribe_indices"),
    "no underlyings": (PYTH, 28, "subscribe_underlyings"),
}


def _subjects(target: StreamTarget) -> Iterable[str]:
    yield from NOT_COMMANDS
    for one in WRONG_COMMANDS:
        if (one.code is None or has_code(target, one.code)) and one.applies_to(target):
            yield one.description
    for description, (channel, _, _) in ACTIONS.items():
        if channel in known_channels(target):
            yield description


def command_stream_of(target: StreamTarget) -> CommandStream:
    """Return the stream for wrong commands; open it again if the last command ended it. Raises NotJudged."""
    found: CommandStream = target.cached("commands", _open_command_stream)
    if found.stream.is_closed:
        target.drop_cached("commands")
        found = target.cached("commands", _open_command_stream)
    return found


def _open_command_stream(target: StreamTarget) -> CommandStream:
    stream, ticker = target.open(), tickers_of(target)[0]
    stream.name = "commands"
    stream.subscribe(ORDER_BOOKS, "ticker", "fill", market_tickers=[ticker])
    sids = {channel: sid for sid, channel in stream.channels.items()}
    if len(sids) != 3:  # the channels above
        raise NotJudged("the subscriptions to books, tickers and fills were not acknowledged")
    return CommandStream(stream, ticker, sids[ORDER_BOOKS], sids["ticker"], sids["fill"])


def judge(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that a command with one mistake is answered by its error code, with the command's id, and nothing else."""
    commands = command_stream_of(target)
    if subject in NOT_COMMANDS:
        commands.stream.send(NOT_COMMANDS[subject])
        reply = commands.stream.first(MessageKind.ERROR)
        yield from _objections(target, subject, [reply] if reply else [], 1)
    elif subject in ACTIONS:
        channel, code, action = ACTIONS[subject]
        acknowledged = commands.stream.subscribe(channel)
        params = {"sid": acknowledged[0].sid, "action": action} if acknowledged else {}
        yield from _objections(target, subject, commands.stream.ask(UPDATE, params), code)
    else:
        one = BY_DESCRIPTION[subject]
        yield from _objections(target, subject, commands.stream.ask(one.command, one.params(commands)), one.code)


def _objections(
    target: StreamTarget, subject: str, replies: list[StreamMessage], code: int | None
) -> Iterator[Finding]:
    writer = FindingWriter("stream.codes", target)
    expected = "an error" if code is None else f"error {code}"
    if not replies:
        yield writer.finding(subject, "no reply", expected, "error")
    for reply in replies:
        seen = reply.body.get("code")
        if reply.kind is not MessageKind.ERROR or (code is not None and seen != code):
            seen_reply = f"{reply.name} {seen}" if reply.kind is MessageKind.ERROR else reply.name
            yield writer.finding(subject, seen_reply, expected, "error")


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check(
        "stream.codes", "A wrong command is answered with the code of its mistake.", "asyncapi.yaml", _subjects, judge
    ),
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
