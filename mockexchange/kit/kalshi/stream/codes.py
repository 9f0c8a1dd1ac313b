"""Checks that each kind of wrong command is answered with its error code."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import ORDER_BOOKS, FindingWriter, has_code, known_channels, parameters
from mockexchange.kit.kalshi.stream.recording import tickers_of
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

Params = Any
"""The parameters of a command: an object, unless another type is the mistake."""
SUBSCRIBE, UNSUBSCRIBE, UPDATE = "subscribe", "unsubscribe", "update_subscription"
ADD = "add_markets"
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
)
