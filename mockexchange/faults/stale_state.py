"""A second fold of the log that lags behind: what a surface answers that has not seen the last writes yet.

What the scenario's history says was always there; only what happened since the clock began comes late. Each record is
folded once, when it is old enough, so a lag costs its state in memory and each command twice.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.store.log import Log, Record
from mockexchange.venues.venue import Venue

LAGS_MAX = 4
"""Each is a whole exchange in memory."""


class LaggingExchange:
    """The exchange as it was `lag_us` ago. Tell it of every new record, and `catch_up` before it is asked."""

    def __init__(self, lag_us: int, log: Log, history: int) -> None:
        """The first `history` records of the log never lag."""
        header = log.header
        self._lag_us = lag_us
        self._exchange = Exchange(header.seed, FeeRounding(header.rounding), header.archived_before)
        self._late = deque(log)
        self._contexts: dict[str, Any] = {}
        for _ in range(min(history, len(self._late))):
            self._fold()

    def context(self, venue: Venue, context: Any) -> Any:
        """A venue's front over it, like `context`. Who asks is checked at the true time: the lag is the data's."""
        if venue.name not in self._contexts:
            settings = replace(context.settings, auth_clock="host")
            self._contexts[venue.name] = venue.open_context(self._exchange.state, context.api_date, settings)
        return self._contexts[venue.name]

    def add(self, record: Record) -> None:
        self._late.append(record)

    def catch_up(self, now: int) -> None:
        """Fold what was there at `now` less the lag."""
        until = now - self._lag_us
        while self._late and self._late[0].at <= until:
            self._fold()

    def _fold(self) -> None:
        record = self._late.popleft()
        self._exchange.execute(record.command, record.at)


class LaggingExchanges:
    """The folds in use, one for each lag."""

    def __init__(self, contexts: Mapping[str, Any], log: Log) -> None:
        self._contexts, self._log = contexts, log
        self._folds: dict[int, LaggingExchange] = {}
        self.history = 0
        """How many records never lag: those of the scenario's start."""

    def keep(self, lags_us: set[int]) -> None:
        """Have exactly these."""
        self._folds = {lag_us: self._folds.get(lag_us) or self._open(lag_us) for lag_us in lags_us}

    def add(self, record: Record) -> None:
        for fold in self._folds.values():
            fold.add(record)

    def context(self, venue: Venue, lag_us: int, now: int) -> Any:
        """The venue's front over the exchange as it was then."""
        fold = self._folds[lag_us]
        fold.catch_up(now)
        return fold.context(venue, self._contexts[venue.name])

    def _open(self, lag_us: int) -> LaggingExchange:
        return LaggingExchange(lag_us, self._log, self.history)
