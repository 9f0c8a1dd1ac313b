"""Several streams at once, listened to for a while, and what REST says right afterwards.

Most rules are judged on this one listening: a server that is not ours is then listened to once, not once for each.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import BOOKS, channels, query_parameters
from mockexchange.kit.kalshi.stream.rows import Row, amount
from mockexchange.kit.streaming.protocol import StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, RESTRICTED, NotJudged, Unreachable

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
"""Of the streams that are not the member's own."""
LAG_S = 2.0
"""A read that was 360 ms behind was seen."""
MARKETS_MAX = 20
"""Books that are followed: the most traded, and those of the account's positions."""
POSITIONS, MARKETS, FILLS = "/portfolio/positions", "/markets", "/portfolio/fills"
ORDERS, GROUPS, TRADES = "/portfolio/orders", "/portfolio/order_groups", "/markets/trades"
KEYS = {
    POSITIONS: ("market_positions", "ticker"),
    FILLS: ("fills", "trade_id"),
    ORDERS: ("orders", "order_id"),
    GROUPS: ("order_groups", "id"),
    TRADES: ("trades", "trade_id"),
}
"""Of each list its key in the answer, and the key of a row."""
ROWS_MAX = 100


@dataclass
class Recording:
    """`streams` by what is special about them; `missing` says why one of them is not there."""

    target: StreamTarget
    tickers: list[str] = field(default_factory=list)
    streams: dict[str, RecordedStream] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    before: dict[str, dict[str, Row]] = field(default_factory=dict)
    """What REST showed when everything was subscribed to and nothing had happened yet, by path and key of the row."""

    def stream(self, name: str) -> RecordedStream:
        """Raises NotJudged where there is no such stream."""
        if name not in self.streams:
            raise NotJudged(self.missing.get(name, "there is no such stream"))
        return self.streams[name]

    @property
    def unfiltered(self) -> RecordedStream:
        return self.stream(UNFILTERED)

    def messages(self, channel: str, name: str = UNFILTERED) -> list[StreamMessage]:
        """The data of a channel. Raises NotJudged where nothing came."""
        found = self.stream(name).data(channel)
        if not found:
            raise NotJudged(f"nothing came on {channel}")
        return found

    def settled_differences(self, channel: str, compare: Callable[[], Iterable[T]]) -> list[T]:
        """What differs between the frames of a channel and REST, while nothing more comes on it.

        REST may lag behind the stream: what differs is looked at once more, a little later. Raises NotJudged.
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
    """Return the listening of a run, made when it is first asked for. Raises NotJudged and Unreachable."""
    return target.cached("listening", _listen)


def _listen(target: StreamTarget) -> Recording:
    found = Recording(target, tickers=tickers_of(target))
    for name in NAMES:
        try:
            _begin(found, name)
        except NotJudged as reason:
            if name == UNFILTERED:
                raise
            found.missing[name] = str(reason)
    for path in KEYS:
        with suppress(NotJudged):  # whoever needs it says so
            found.before[path] = keyed(target, path)
    target.collect_events(*found.streams.values())
    return found


def _begin(found: Recording, name: str) -> None:
    apart: list[Finding] = []  # judged as a rule of its own
    stream = found.target.open(ROLES.get(name, MEMBER), apart)
    stream.name = name
    found.streams[name] = stream
    with suppress(Unreachable):  # a line that is closed says so itself
        _set_up(found, name, stream)


def _set_up(found: Recording, name: str, stream: RecordedStream) -> None:
    tickers = found.tickers[:1] if name == ONE_MARKET else found.tickers
    subscribe_to_all(found.target, stream, tickers, is_narrow=name == ONE_MARKET)
    if name == UNSUBSCRIBED:
        stream.unsubscribe(*stream.channels)
    if name == CHANGED_FILTER:
        _change(stream, found.tickers)


def _change(stream: RecordedStream, tickers: list[str]) -> None:
    """Let the markets leave the books and come back."""
    books = next((sid for sid, channel in stream.channels.items() if channel == BOOKS), 0)
    for action in ("delete_markets", "add_markets"):
        stream.ask("update_subscription", {"sids": [books], "action": action, "market_tickers": tickers})


def subscribe_to_all(
    target: StreamTarget, stream: RecordedStream, tickers: list[str], *, is_narrow: bool = False
) -> None:
    """Subscribe to every channel that is described, to books by ticker and to the others by ticker if told so."""
    others = [name for name in channels(target) if name != BOOKS]
    stream.subscribe(BOOKS, market_tickers=tickers)
    stream.subscribe(*others, **({"market_tickers": tickers} if is_narrow else {}))


def tickers_of(target: StreamTarget) -> list[str]:
    """Markets to follow: those of the account's positions first, then the most traded. Raises NotJudged."""
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
    """Ask REST for a list. Raises NotJudged where it has none to give."""
    answer = target.rest.ask(path, query=query)
    target.rest.objections.clear()  # answers are judged by other rules
    if answer.status != 200:
        raise NotJudged(f"{answer.where} was answered with status {answer.status}")
    found: list[Row] = answer.json().get(key) or []
    return found


def keyed(target: StreamTarget, path: str) -> dict[str, Row]:
    """The newest rows of a list by their key. Raises NotJudged."""
    key, name = KEYS[path]
    limit = {"limit": ROWS_MAX} if "limit" in query_parameters(target, path) else {}
    return {str(row[name]): row for row in rows(target, path, key, **limit)}


def last_by(frames: Iterable[StreamMessage], *keys: str) -> dict[tuple[Any, ...], StreamMessage]:
    """The last frame for each value of some keys of its body."""
    return {tuple(one.body.get(key) for key in keys): one for one in frames}
