"""What is wrong with a command, and the code that it is answered with."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, FindingWriter, has_code, known_channels, parameters
from mockexchange.kit.kalshi.stream.recording import tickers_of
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

Params = Any
"""An object, but where that is what is wrong."""
SUBSCRIBE, UNSUBSCRIBE, UPDATE = "subscribe", "unsubscribe", "update_subscription"
ADD = "add_markets"
NO_SID, NOBODY, UUID = 999_999, "KXNOBODY-99DEC31-X", "11111111-2222-4333-8444-555555555555"
LAST_UNKNOWN_MARKET = "2026-06"
"""The last alias whose documents have an error for unknown markets."""
COMMUNICATIONS, INDICES, PYTH = "communications", "cfbenchmarks_value", "pyth_value"


class CommandStream(NamedTuple):
    """A stream with a subscription to books, to tickers and to fills of which commands may speak."""

    stream: RecordedStream
    ticker: str
    books: int
    tickers: int
    fills: int


class WrongCommand(NamedTuple):
    """A command, or bytes that are none, and the code it gets; None where no source says which it is.

    `since` names the parameter, the channel or the alias that there has to be for it.
    """

    words: str
    code: int | None
    command: str
    params: Callable[[CommandStream], Params]
    needs: Callable[[StreamTarget], bool] = lambda target: True


def _nothing(commands: CommandStream) -> Params:
    return None


def _given(**params: Any) -> Callable[[CommandStream], Params]:
    return lambda commands: params


def _takes(command: str, parameter: str) -> Callable[[StreamTarget], bool]:
    return lambda target: parameter in parameters(target, command)


WRONG_COMMANDS = (
    WrongCommand("params that are a list", 1, SUBSCRIBE, lambda commands: [commands.ticker]),
    WrongCommand("channels that are a text", 1, SUBSCRIBE, _given(channels="ticker")),
    WrongCommand("sids that are texts", 1, UNSUBSCRIBE, _given(sids=["1"])),
    WrongCommand("subscribe without params", 2, SUBSCRIBE, _nothing),
    WrongCommand("unsubscribe without params", 2, UNSUBSCRIBE, _nothing),
    WrongCommand("update without params", 2, UPDATE, _nothing),
    WrongCommand("books of no market", 2, SUBSCRIBE, _given(channels=[BOOKS])),
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
        "a channel before it was there",
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
            "sids": [commands.books, commands.tickers],
            "action": ADD,
            "market_tickers": [commands.ticker],
        },
    ),
    WrongCommand(
        "update of a sid in both ways",
        12,
        UPDATE,
        lambda commands: {
            "sid": commands.books,
            "sids": [commands.books],
            "action": ADD,
            "market_tickers": [commands.ticker],
        },
    ),
    WrongCommand(
        "an unknown action",
        13,
        UPDATE,
        lambda commands: {"sid": commands.books, "action": "move_markets", "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "books of a subscription to tickers",
        13,
        UPDATE,
        lambda commands: {"sid": commands.tickers, "action": "get_snapshot", "market_tickers": [commands.ticker]},
    ),
    WrongCommand("add_markets without markets", 14, UPDATE, lambda commands: {"sid": commands.books, "action": ADD}),
    WrongCommand(
        "update without an action",
        15,
        UPDATE,
        lambda commands: {"sid": commands.books, "market_tickers": [commands.ticker]},
    ),
    WrongCommand(
        "a market of nobody",
        16,
        SUBSCRIBE,
        _given(channels=["trade"], market_tickers=[NOBODY]),
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
BY_WORDS = {one.words: one for one in WRONG_COMMANDS}
NOT_JSON = "no JSON at all"
NOT_TEXTS = {NOT_JSON: b"{nothing", "JSON that is no object": b"[1]", "no frame at all": b""}
ACTIONS = {
    "no indices": (INDICES, 24, "subscribe_indices"),
    "no underlyings": (PYTH, 28, "subscribe_underlyings"),
}


def _subjects(target: StreamTarget) -> Iterable[str]:
    yield from NOT_TEXTS
    for one in WRONG_COMMANDS:
        if (one.code is None or has_code(target, one.code)) and one.needs(target):
            yield one.words
    for words, (channel, _, _) in ACTIONS.items():
        if channel in known_channels(target):
            yield words


def command_stream_of(target: StreamTarget) -> CommandStream:
    """The stream on which commands are tried, opened again where the last one ended it. Raises NotJudged."""
    found: CommandStream = target.cached("commands", _open_command_stream)
    if found.stream.is_closed:
        target.drop_cached("commands")
        found = target.cached("commands", _open_command_stream)
    return found


def _open_command_stream(target: StreamTarget) -> CommandStream:
    stream, ticker = target.open(), tickers_of(target)[0]
    stream.name = "commands"
    stream.subscribe(BOOKS, "ticker", "fill", market_tickers=[ticker])
    sids = {channel: sid for sid, channel in stream.channels.items()}
    if len(sids) != 3:  # the channels above
        raise NotJudged("books, tickers and fills were not subscribed to")
    return CommandStream(stream, ticker, sids[BOOKS], sids["ticker"], sids["fill"])


def judge(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command with one thing wrong is answered with its code and its id, and nothing else."""
    commands = command_stream_of(target)
    if subject in NOT_TEXTS:
        commands.stream.send(NOT_TEXTS[subject])
        reply = commands.stream.first(MessageKind.ERROR)
        yield from _objections(target, subject, [reply] if reply else [], 1)
    elif subject in ACTIONS:
        channel, code, action = ACTIONS[subject]
        acknowledged = commands.stream.subscribe(channel)
        params = {"sid": acknowledged[0].sid, "action": action} if acknowledged else {}
        yield from _objections(target, subject, commands.stream.ask(UPDATE, params), code)
    else:
        one = BY_WORDS[subject]
        yield from _objections(target, subject, commands.stream.ask(one.command, one.params(commands)), one.code)


def _objections(
    target: StreamTarget, subject: str, replies: list[StreamMessage], code: int | None
) -> Iterator[Finding]:
    words = FindingWriter("stream.codes", target)
    expected = "an error" if code is None else f"error {code}"
    if not replies:
        yield words.finding(subject, "no reply", expected, "error")
    for reply in replies:
        seen = reply.body.get("code")
        if reply.kind is not MessageKind.ERROR or (code is not None and seen != code):
            described = f"{reply.name} {seen}" if reply.kind is MessageKind.ERROR else reply.name
            yield words.finding(subject, described, expected, "error")


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check("stream.codes", "What is wrong with a command has a code.", "asyncapi.yaml", _subjects, judge),
)
