"""Records several simultaneous streams once in a run, since most rules about the stream examine them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import ORDER_BOOKS, channels, query_parameters
from mockexchange.kit.streaming.protocol import StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, RESTRICTED, NotJudged, Unreachable
from mockexchange.venues import json_comparison

# REST rows and bodies of frames, compared in the fields that both have


Row = Mapping[str, Any]
CENTICENTS_PER_DOLLAR, CENTS_PER_DOLLAR = 10_000, 100


def amount(value: object) -> Decimal | None:
    """Return a JSON integer, or the number in a JSON text, as Decimal; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def is_same(one: object, other: object) -> bool:
    """Return whether two values are equal. Numbers are compared by value, also if they are text."""
    mine, yours = amount(one), amount(other)
    return mine == yours if mine is not None and yours is not None else bool(one == other)


def differences(
    body: Row, row: Row, renamed: Mapping[str, str] | None = None, exempt: Collection[str] = ()
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields in which a frame and a row differ: key, value in the frame and value in the row.

    `renamed` maps keys of frames to names in REST. The keys in `exempt` are not compared.
    """
    called = {key: (renamed or {}).get(key, key) for key in body if key not in exempt}
    both = [key for key, name in called.items() if name in row]
    mine, theirs = {key: body[key] for key in both}, {key: row[called[key]] for key in both}
    for one in json_comparison.differences(mine, theirs, is_same=is_same):
        yield one.path, one.expected, one.received


def dollars(body: Row, name: str, whole: str = "", parts: int = CENTICENTS_PER_DOLLAR) -> Decimal | None:
    """Return an amount in dollars: from `<name>_dollars`, or else from `whole`, in which a dollar has `parts` units.

    The default of `whole` is `name`.
    """
    exact = amount(body.get(f"{name}_dollars"))
    if exact is not None:
        return exact
    counted = amount(body.get(whole or name))
    return None if counted is None else counted / parts


def count(body: Row, name: str) -> Decimal | None:
    """Return a number of contracts: from `<name>_fp`, or else the whole number in `name`."""
    exact = amount(body.get(f"{name}_fp"))
    return exact if exact is not None else amount(body.get(name))


# The recording


T = TypeVar("T")
UNFILTERED, ONE_MARKET, UNSUBSCRIBED, CHANGED_FILTER, RESTRICTED_KEY, OTHER_ACCOUNT = (
    "unfiltered",
    "one market",
    "unsubscribed",
    "changed filter",
    "restricted key",
    "another account",
)
NAMES = (UNFILTERED, ONE_MARKET, UNSUBSCRIBED, CHANGED_FILTER, RESTRICTED_KEY, OTHER_ACCOUNT)
ROLES = {RESTRICTED_KEY: RESTRICTED, OTHER_ACCOUNT: OTHER}
"""The roles whose keys open a stream, for streams not opened with the member's key."""
LAG_S = 2.0
"""The seconds by which REST may lag behind the stream; 360 ms were recorded."""
MARKETS_MAX = 20
"""The most markets whose order books are followed: the account's positions first, then the most traded."""
POSITIONS, MARKETS, FILLS = "/portfolio/positions", "/markets", "/portfolio/fills"
ORDERS, GROUPS, TRADES = "/portfolio/orders", "/portfolio/order_groups", "/markets/trades"
KEYS = {
    POSITIONS: ("market_positions", "ticker"),
    FILLS: ("fills", "trade_id"),
    ORDERS: ("orders", "order_id"),
    GROUPS: ("order_groups", "id"),
    TRADES: ("trades", "trade_id"),
}
"""For each list: its key in the response, and the key that identifies a row."""
ROWS_MAX = 100
UNKNOWN = "no_such_parameter"
"""A parameter that changes no answer: a query with it was never sent before."""
FRESH: Mapping[str, Mapping[str, str]] = {
    "/portfolio/balance": {},
    **{path: {"limit": "20"} for path in (POSITIONS, FILLS, ORDERS, TRADES, MARKETS)},
}
"""Reads that show the events of a run, with their queries."""


@dataclass
class Recording:
    """The recorded streams of a run, and the rows that REST listed before events were caused."""

    target: StreamTarget
    tickers: list[str] = field(default_factory=list)
    streams: dict[str, RecordedStream] = field(default_factory=dict)
    """The recorded streams, by a name of NAMES."""
    missing: dict[str, str] = field(default_factory=dict)
    """Reasons why streams could not be opened, by name."""
    before: dict[str, dict[str, Row]] = field(default_factory=dict)
    """The rows of REST after the subscriptions and before the events, by path and row key."""
    positions: dict[str, dict[str, Row]] = field(default_factory=dict)
    """The positions of each subaccount before the events, by ticker."""
    asked: dict[str, Any] = field(default_factory=dict)
    """Answers of reads before the events, by path, to be compared with answers after them."""

    def stream(self, name: str) -> RecordedStream:
        """Return a stream by name. Raises NotJudged if it could not be opened."""
        if name not in self.streams:
            raise NotJudged(self.missing.get(name, "there is no such stream"))
        return self.streams[name]

    @property
    def unfiltered(self) -> RecordedStream:
        return self.stream(UNFILTERED)

    def messages(self, channel: str, name: str = UNFILTERED) -> list[StreamMessage]:
        """Return the data messages of a channel. Raises NotJudged if there are none."""
        found = self.stream(name).data(channel)
        if not found:
            raise NotJudged(f"nothing came on {channel}")
        return found

    def settled_differences(self, channel: str, compare: Callable[[], Iterable[T]]) -> list[T]:
        """Return the differences between a channel's frames and REST, compared once no more frames arrive.

        REST may lag behind the stream, so differences are compared once more after LAG_S. Raises NotJudged.
        """
        found = self._compared(channel, compare)
        if found and not self.target.is_scripted:
            self.target.listen((self.unfiltered,), LAG_S)
            found = self._compared(channel, compare)
        return found

    def _compared(self, channel: str, compare: Callable[[], Iterable[T]]) -> list[T]:
        stream = self.unfiltered
        since, found = len(stream.entries), list(compare())
        stream.sync()
        if stream.data(channel, stream.entries[since:]):
            raise NotJudged(f"{channel} went on while REST was asked")
        return found


def recording_of(target: StreamTarget) -> Recording:
    """Return the recording of a run; the first call makes it. Raises NotJudged and Unreachable."""
    return target.cached("recording", _record)


def _record(target: StreamTarget) -> Recording:
    found = Recording(target, tickers=tickers_of(target))
    for name in NAMES:
        try:
            _open(found, name)
        except NotJudged as reason:
            if name == UNFILTERED:
                raise
            found.missing[name] = str(reason)
    for path in KEYS:
        with suppress(NotJudged):  # rules that need it report that it is missing
            found.before[path] = keyed(target, path)
    with suppress(NotJudged):
        found.positions = {number: positions_of(target, number) for number in _subaccounts(target)}
    for path in {operation.path for operation in target.rest.operations.values() if not operation.names}:
        if path in FRESH:
            found.asked[path] = asked_again(found, path)
    target.collect_events(*found.streams.values())
    return found


def _subaccounts(target: StreamTarget) -> list[str]:
    if "GetSubaccountBalances" not in target.rest.operations:
        return []
    listed = rows(target, "/portfolio/subaccounts/balances", "subaccount_balances")
    return sorted({str(row["subaccount_number"]) for row in listed})


def positions_of(target: StreamTarget, number: str) -> dict[str, Row]:
    """Return the open positions of a subaccount by ticker. Raises NotJudged."""
    found = rows(target, POSITIONS, "market_positions", subaccount=number, limit=ROWS_MAX)
    return {str(row["ticker"]): row for row in found}


def asked_again(recording: Recording, path: str, further: Mapping[str, str] | None = None) -> Any:
    """Repeat a read that was sent before the events, and return the answer without fields that change by themselves."""
    rest = recording.target.rest
    answer = rest.ask(path, query={**FRESH[path], **(further or {})})
    rest.objections.clear()  # answers are judged by other rules
    return rest.still(answer)


def _open(found: Recording, name: str) -> None:
    apart: list[Finding] = []  # judged by a rule of its own
    stream = found.target.open(ROLES.get(name, MEMBER), apart)
    stream.name = name
    found.streams[name] = stream
    with suppress(Unreachable):  # the rule of open streams reports it
        _subscribe(found, name, stream)


def _subscribe(found: Recording, name: str, stream: RecordedStream) -> None:
    tickers = found.tickers[:1] if name == ONE_MARKET else found.tickers
    subscribe_to_all(found.target, stream, tickers, is_narrow=name == ONE_MARKET)
    if name == UNSUBSCRIBED:
        stream.unsubscribe(*stream.channels)
    if name == CHANGED_FILTER:
        _change_filter(stream, found.tickers)


def _change_filter(stream: RecordedStream, tickers: list[str]) -> None:
    """Remove the markets from the subscription to order books, and add them again."""
    books = next((sid for sid, channel in stream.channels.items() if channel == ORDER_BOOKS), 0)
    for action in ("delete_markets", "add_markets"):
        stream.ask("update_subscription", {"sids": [books], "action": action, "market_tickers": tickers})


def subscribe_to_all(
    target: StreamTarget, stream: RecordedStream, tickers: list[str], *, is_narrow: bool = False
) -> None:
    """Subscribe to the order books of these tickers, and to all other channels.

    With `is_narrow` the other channels are filtered by the tickers, too.
    """
    others = [name for name in channels(target) if name != ORDER_BOOKS]
    stream.subscribe(ORDER_BOOKS, market_tickers=tickers)
    stream.subscribe(*others, **({"market_tickers": tickers} if is_narrow else {}))


def tickers_of(target: StreamTarget) -> list[str]:
    """Return the tickers of markets to follow: the account's positions, then the most traded ones. Raises NotJudged."""
    return target.cached("tickers", _tickers)


def _tickers(target: StreamTarget) -> list[str]:
    held = [row["ticker"] for row in rows(target, POSITIONS, "market_positions", limit=MARKETS_MAX)]
    open_ones = rows(target, MARKETS, "markets", limit=100, status="open")
    traded = sorted(open_ones, key=lambda row: -volume(row))
    found = list(dict.fromkeys([*(one for one in held), *(row["ticker"] for row in traded)]))[:MARKETS_MAX]
    if not found:
        raise NotJudged("there is no market to follow")
    return found


def volume(row: Row) -> Decimal:
    return amount(row.get("volume_fp", row.get("volume"))) or Decimal(0)


def rows(target: StreamTarget, path: str, key: str, **query: Any) -> list[Row]:
    """Read a list over REST and return its rows. Raises NotJudged if the answer is not 200."""
    answer = target.rest.ask(path, query=query)
    target.rest.objections.clear()  # answers are judged by other rules
    if answer.status != 200:
        raise NotJudged(f"{answer.where} was answered with status {answer.status}")
    found: list[Row] = answer.json().get(key) or []
    return found


def keyed(target: StreamTarget, path: str) -> dict[str, Row]:
    """Return the newest rows of a REST list by the field that identifies them. Raises NotJudged."""
    key, name = KEYS[path]
    limit = {"limit": ROWS_MAX} if "limit" in query_parameters(target, path) else {}
    return {str(row[name]): row for row in rows(target, path, key, **limit)}


def last_by(frames: Iterable[StreamMessage], *keys: str) -> dict[tuple[Any, ...], StreamMessage]:
    """Return the last message for each combination of values of the fields `keys` in the bodies."""
    return {tuple(one.body.get(key) for key in keys): one for one in frames}
