"""Provides stale state: a second exchange executes the log with a delay, for answers that lack the latest changes.

The history of the scenario is never delayed; only records since the clock began are. The second exchange executes each
record once, when it is old enough, so a lag costs the memory of an exchange and a second execution of each command.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.sandbox.interface import SandboxPort
from mockexchange.store.log import Record
from mockexchange.venues.venue import Venue

LAGS_MAX = 4
"""Largest number of different lags, each of which needs a whole exchange in memory."""


class LaggingExchange:
    """A copy of the exchange as it was `lag_us` ago. Call `add` with each new record, `catch_up` before each answer."""

    def __init__(self, lag_us: int, exchange: Exchange, records: Iterable[Record], history: int) -> None:
        """Begin with an empty exchange. It executes the records with the lag, except the first `history`."""
        self._lag_us = lag_us
        self._exchange = exchange
        self._late = deque(records)
        self._contexts: dict[str, Any] = {}
        for _ in range(min(history, len(self._late))):
            self._execute_next()

    def context(self, venue: Venue, context: Any) -> Any:
        """Return a copy of the venue's context that reads this lagging copy of the exchange.

        Authentication uses the current time: only data lags.
        """
        if venue.name not in self._contexts:
            settings = replace(context.settings, auth_clock="host")
            lagging = venue.open_context(self._exchange.state, context.api_date, settings)
            if venue.rest.share_limits:
                venue.rest.share_limits(context, lagging)
            self._contexts[venue.name] = lagging
        return self._contexts[venue.name]

    def add(self, record: Record) -> None:
        self._late.append(record)

    def catch_up(self, at: int) -> None:
        """Execute the records that are older than the lag by now; `at` is the current exchange time."""
        until = at - self._lag_us
        while self._late and self._late[0].at <= until:
            self._execute_next()

    def _execute_next(self) -> None:
        record = self._late.popleft()
        self._exchange.execute(record.command, record.at)


class LaggingExchanges:
    """The lagging copies of the exchange that installed rules use, one for each lag."""

    def __init__(self, sandbox: SandboxPort) -> None:
        self._sandbox = sandbox
        self._exchanges: dict[int, LaggingExchange] = {}
        self.history = 0
        """Number of records in the scenario's history, which never lag."""

    def keep(self, lags_us: set[int]) -> None:
        """Keep a lagging copy of the exchange for each of these lags: create missing ones and drop all others."""
        log, count, kept = self._sandbox.log, self._sandbox.exchange.state.sequence, self._exchanges
        self._exchanges = {
            lag_us: kept.get(lag_us)
            or LaggingExchange(lag_us, log.header.new_exchange(), log.records(count=count), self.history)
            for lag_us in lags_us
        }

    def observe(self, record: Record, outcome: Outcome) -> None:
        """Give an executed command to the lagging exchanges, which execute it after their delay."""
        for exchange in self._exchanges.values():
            exchange.add(record)

    def context(self, venue: Venue, lag_us: int, at: int) -> Any:
        """Return a context of the venue that reads the exchange as it was `lag_us` before `at`, like a late replica."""
        exchange = self._exchanges[lag_us]
        exchange.catch_up(at)
        return exchange.context(venue, self._sandbox.contexts[venue.name])
