"""The published clients that have a stream, each driven in its own interpreter, and what reached their users."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients.exchange import MAIN_KEY, Sandbox
from tests.clients.processes import Answer, Peer, find_python, started

Row = Mapping[str, Any]
Peers = Callable[["Streamer"], Peer]
"""Gives a client's driver, which is started once."""
PRIMARY = "0"


class Streamer(NamedTuple):
    """A client, and the newest API date whose stream it can read."""

    name: str
    version: str
    driver: str
    api_date: str

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    @contextmanager
    def driven(self, log_file: Path) -> Iterator[Peer]:
        """Start its driver; skip the test if its environment is missing."""
        python = Path(sys.executable) if self.name == "pykalshi" else find_python(self.name, self.version)
        with started([str(python), "-m", f"contracts.clients.{self.driver}"], log_file) as peer:
            yield peer


STREAMERS = (
    Streamer("pykalshi", "2.0.0", "stream_pykalshi_2", "latest"),
    Streamer("kalshi-sdk", "22.4.0", "stream_sdk_22", "latest"),
    Streamer("pykalshi-client", "1.3.0", "stream_pykalshi_client_1", "2026-06"),
)


class Listener:
    """A client whose user listens to a sandbox with one account's key."""

    def __init__(self, peer: Peer, sandbox: Sandbox, account: str, key: str = MAIN_KEY) -> None:
        self._peer, self._sandbox = peer, sandbox
        self._credential = sandbox.keys[account, key]

    def open(self, **options: object) -> Answer:
        """Connect; the answer has an `error` where the client raised one. The options are those of its driver."""
        where = {"host": self._sandbox.base_url, "ws_url": self._sandbox.ws_url}
        return self.ask("open", **where, **self._credential._asdict(), options=options)

    def subscribe(self, *channels: str, tickers: Iterable[str]) -> None:
        """Subscribe to one channel after the other; the markets are for clients that have to name some."""
        for channel in channels:
            answer = self.ask("subscribe", channel=channel, tickers=[*tickers])
            assert "error" not in answer, answer

    def begin_subscribing(self, channel: str, tickers: Iterable[str]) -> None:
        self._peer.begin({"do": "subscribe", "channel": channel, "tickers": [*tickers]})

    def finish(self) -> Answer:
        """Return the answer to what was begun."""
        return self._peer.finish()

    def try_subscribing(self, channel: str, tickers: Iterable[str]) -> bool:
        """Return whether a channel was acknowledged."""
        return "error" not in self.ask("subscribe", channel=channel, tickers=[*tickers])

    def received(self, kind: str, count: int = 0) -> list[Row]:
        """Return the rows of a kind that reached the user since the beginning, once there are `count` of them."""
        return self._rows(self.ask("rows", kind=kind, count=count))

    def first(self, counts: Mapping[str, int]) -> str:
        """Return the kind of which as many reached the user first."""
        answer = self.ask("first", counts=counts)
        assert "error" not in answer, answer["error"]
        kind: str = answer["kind"]
        return kind

    def read(self, method: str, **arguments: object) -> list[Row]:
        """Return what the same client reads over REST."""
        return self._rows(self.ask("read", task=method, arguments=arguments))

    def close(self) -> None:
        assert self.ask("close") == {}

    def ask(self, what: str, **words: object) -> Answer:
        (answer,) = self._peer.run({"do": what, **words})
        return answer

    @staticmethod
    def _rows(answer: Answer) -> list[Row]:
        assert "error" not in answer, answer["error"]
        rows: list[Row] = answer["rows"]
        return rows


def last_positions(frames: Iterable[Row], subaccount: str = PRIMARY) -> dict[str, Row]:
    """Return the last position frame of each market, in one subaccount."""
    return {row["ticker"]: amounts(row) for row in frames if (row["subaccount"] or PRIMARY) == subaccount}


def amounts(row: Row) -> Row:
    """The comparable part of a row: each client spells the same amount in its own way. None is what it did not read."""
    return {name: row[name] and Decimal(row[name]) for name in ("position", "cost", "realized", "fees")}
