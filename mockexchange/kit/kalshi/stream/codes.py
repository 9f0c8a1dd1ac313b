"""What is wrong with a command, and the code that it is answered with."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, Words, has_code, known_channels, parameters
from mockexchange.kit.kalshi.stream.recording import tickers_of
from mockexchange.kit.streaming.protocol import Kind, Told
from mockexchange.kit.streaming.recorded_stream import Line
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


class Desk(NamedTuple):
    """A stream with a subscription to books, to tickers and to fills of which commands may speak."""

    line: Line
    ticker: str
    books: int
    tickers: int
    fills: int


class Situation(NamedTuple):
    """A command, or bytes that are none, and the code it gets; None where no source says which it is.

    `since` names the parameter, the channel or the alias that there has to be for it.
    """

    words: str
    code: int | None
    command: str
    params: Callable[[Desk], Params]
    needs: Callable[[StreamTarget], bool] = lambda target: True


def _nothing(desk: Desk) -> Params:
    return None


def _given(**params: Any) -> Callable[[Desk], Params]:
    return lambda desk: params


def _takes(command: str, parameter: str) -> Callable[[StreamTarget], bool]:
    return lambda target: parameter in parameters(target, command)


SITUATIONS = (
    Situation("params that are a list", 1, SUBSCRIBE, lambda desk: [desk.ticker]),
    Situation("channels that are a text", 1, SUBSCRIBE, _given(channels="ticker")),
    Situation("sids that are texts", 1, UNSUBSCRIBE, _given(sids=["1"])),
    Situation("subscribe without params", 2, SUBSCRIBE, _nothing),
    Situation("unsubscribe without params", 2, UNSUBSCRIBE, _nothing),
    Situation("update without params", 2, UPDATE, _nothing),
    Situation("books of no market", 2, SUBSCRIBE, _given(channels=[BOOKS])),
    Situation("subscribe without channels", 3, SUBSCRIBE, lambda desk: {"market_tickers": [desk.ticker]}),
    Situation("unsubscribe without sids", 4, UNSUBSCRIBE, _given()),
    Situation("an unknown command", 5, "resubscribe", _given(channels=["ticker"])),
    Situation("unsubscribe of an unknown sid", 7, UNSUBSCRIBE, _given(sids=[NO_SID])),
    Situation(
        "update of an unknown sid",
        7,
        UPDATE,
        lambda desk: {"sids": [NO_SID], "action": ADD, "market_tickers": [desk.ticker]},
    ),
    Situation("an unknown channel", 8, SUBSCRIBE, _given(channels=["nothing"])),
    Situation(
        "a channel before it was there",
        8,
        SUBSCRIBE,
        _given(channels=["user_orders"]),
        lambda target: "user_orders" not in known_channels(target),
    ),
    Situation("one unknown channel of two", 8, SUBSCRIBE, _given(channels=["trade", "nothing"])),
    Situation(
        "ids where only tickers filter",
        None,
        SUBSCRIBE,
        lambda desk: {"channels": ["market_positions"], "market_ids": [UUID]},
        _takes(SUBSCRIBE, "market_ids"),
    ),
    Situation(
        "a ticker and a list of them",
        None,
        SUBSCRIBE,
        lambda desk: {"channels": ["trade"], "market_ticker": desk.ticker, "market_tickers": [desk.ticker]},
    ),
    Situation("update without a sid", 12, UPDATE, lambda desk: {"action": ADD, "market_tickers": [desk.ticker]}),
    Situation(
        "update of two sids",
        12,
        UPDATE,
        lambda desk: {"sids": [desk.books, desk.tickers], "action": ADD, "market_tickers": [desk.ticker]},
    ),
    Situation(
        "update of a sid in both ways",
        12,
        UPDATE,
        lambda desk: {"sid": desk.books, "sids": [desk.books], "action": ADD, "market_tickers": [desk.ticker]},
    ),
    Situation(
        "an unknown action",
        13,
        UPDATE,
        lambda desk: {"sid": desk.books, "action": "move_markets", "market_tickers": [desk.ticker]},
    ),
    Situation(
        "books of a subscription to tickers",
        13,
        UPDATE,
        lambda desk: {"sid": desk.tickers, "action": "get_snapshot", "market_tickers": [desk.ticker]},
    ),
    Situation("add_markets without markets", 14, UPDATE, lambda desk: {"sid": desk.books, "action": ADD}),
    Situation(
        "update without an action", 15, UPDATE, lambda desk: {"sid": desk.books, "market_tickers": [desk.ticker]}
    ),
    Situation(
        "a market of nobody",
        16,
        SUBSCRIBE,
        _given(channels=["trade"], market_tickers=[NOBODY]),
        lambda target: target.alias <= LAST_UNKNOWN_MARKET,
    ),
    Situation(
        "a shard_factor of 0",
        19,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=0),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    Situation(
        "a shard_key alone",
        20,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_key=0),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    Situation(
        "a shard_key that is too large",
        21,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=2, shard_key=2),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
    Situation(
        "a shard_factor of 101",
        22,
        SUBSCRIBE,
        _given(channels=[COMMUNICATIONS], shard_factor=101),
        _takes(SUBSCRIBE, "shard_factor"),
    ),
)
BY_WORDS = {one.words: one for one in SITUATIONS}
NOT_JSON = "no JSON at all"
NOT_TEXTS = {NOT_JSON: b"{nothing", "JSON that is no object": b"[1]", "no frame at all": b""}
ACTIONS = {
    "no indices": (INDICES, 24, "subscribe_indices"),
    "no underlyings": (PYTH, 28, "subscribe_underlyings"),
}


def _subjects(target: StreamTarget) -> Iterable[str]:
    yield from NOT_TEXTS
    for one in SITUATIONS:
        if (one.code is None or has_code(target, one.code)) and one.needs(target):
            yield one.words
    for words, (channel, _, _) in ACTIONS.items():
        if channel in known_channels(target):
            yield words


def desk_of(target: StreamTarget) -> Desk:
    """The stream on which commands are tried, opened again where the last one ended it. Raises NotJudged."""
    found: Desk = target.kept("desk", _open_desk)
    if found.line.is_closed:
        target.forget("desk")
        found = target.kept("desk", _open_desk)
    return found


def _open_desk(target: StreamTarget) -> Desk:
    line, ticker = target.open(), tickers_of(target)[0]
    line.name = "commands"
    line.subscribe(BOOKS, "ticker", "fill", market_tickers=[ticker])
    sids = {channel: sid for sid, channel in line.channels.items()}
    if len(sids) != 3:  # the channels above
        raise NotJudged("books, tickers and fills were not subscribed to")
    return Desk(line, ticker, sids[BOOKS], sids["ticker"], sids["fill"])


def judge(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """A command with one thing wrong is answered with its code and its id, and nothing else."""
    desk = desk_of(target)
    if subject in NOT_TEXTS:
        desk.line.say(NOT_TEXTS[subject])
        reply = desk.line.first(Kind.ERROR)
        yield from _objections(target, subject, [reply] if reply else [], 1)
    elif subject in ACTIONS:
        channel, code, action = ACTIONS[subject]
        acknowledged = desk.line.subscribe(channel)
        params = {"sid": acknowledged[0].sid, "action": action} if acknowledged else {}
        yield from _objections(target, subject, desk.line.ask(UPDATE, params), code)
    else:
        one = BY_WORDS[subject]
        yield from _objections(target, subject, desk.line.ask(one.command, one.params(desk)), one.code)


def _objections(target: StreamTarget, subject: str, replies: list[Told], code: int | None) -> Iterator[Finding]:
    words = Words("stream.codes", target)
    expected = "an error" if code is None else f"error {code}"
    if not replies:
        yield words.finding(subject, "no reply", expected, "error")
    for reply in replies:
        seen = reply.body.get("code")
        if reply.kind is not Kind.ERROR or (code is not None and seen != code):
            told = f"{reply.message} {seen}" if reply.kind is Kind.ERROR else reply.message
            yield words.finding(subject, told, expected, "error")


CHECKS: tuple[Check[StreamTarget], ...] = (
    Check("stream.codes", "What is wrong with a command has a code.", "asyncapi.yaml", _subjects, judge),
)
