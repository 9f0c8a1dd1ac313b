# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/journal.py: change that.
"""Defines the methods of a sandbox's journal: they search, await and check its requests and frames."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar, Unpack
from urllib.parse import quote

from mockexchange.api.errors import NameAdvice, ShortTracebacks, TimedOut, UnknownAccount
from mockexchange.api.transport.connection import PATIENCE_S, ControlClient, Query
from mockexchange.api.values.accounts import unknown_account
from mockexchange.api.values.arguments import Duration, duration_text, require
from mockexchange.api.values.journal_checks import (
    describe_anomalies,
    describe_retirement,
    failed_steps,
    find_anomalies,
    find_deprecations,
)
from mockexchange.api.values.matching import (
    FRAME_FILTERS,
    REQUEST_FILTERS,
    REQUESTS,
    ExpectedCount,
    FrameFilters,
    RequestFilters,
    check_filters,
    describe_mismatch,
    matching,
    require_direction,
)
from mockexchange.api.values.records import Deprecation, Frame, Request, read_frame, read_request
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_duration, parse_duration

# Waiting for records: they are fetched again after each new one, until enough of them match


WAIT_US_MAX = 600 * MICROSECONDS_PER_SECOND
"""The longest timeout of one wait request to the control API, in microseconds."""
Record = TypeVar("Record", Request, Frame)
Seen = TypeVar("Seen")


class Fetch(Protocol[Seen]):
    """A function that returns all journal records that match a test's expectation."""

    def __call__(self) -> list[Seen]: ...


class Waiter:
    """A client of one sandbox's control API that waits for requests and frames."""

    def __init__(self, ask: ControlClient, sandbox: str) -> None:
        self._ask = ask
        self._path = f"sandboxes/{quote(sandbox, safe='')}"

    def ask(self, method: str, path: str = "", body: Any = None, query: Query | None = None) -> Any:
        """Send a request to the control API. `path` is relative to the sandbox; an empty path is the sandbox itself."""
        return self._ask(method, f"{self._path}/{path}".rstrip("/"), body, query)

    def wait(self, subject: str, wanted: Mapping[str, Any], within: Duration) -> list[dict[str, Any]]:
        """Wait until the control API has found requests, frames or subscriptions as `wanted` describes.

        Returns what it found. Raises TimedOut, which lists records that nearly match.
        """
        return self._wait(subject, wanted, parse_duration(duration_text(within, "within")))

    def unknown_account_hint(self, account: str | None) -> str:
        """Return a line that lists the known accounts if `account` is not one of them, else an empty text."""
        if account is None:
            return ""
        names = dict.fromkeys(row["name"] for row in (self.ask("GET"))["accounts"])
        return "" if account in names else f"\n  {unknown_account(account, names)}"

    def require_account(self, found: list[Record], account: str | None) -> list[Record]:
        """Return `found` unchanged. Raises UnknownAccount if it is empty and the sandbox has no such account."""
        if not found and (problem := self.unknown_account_hint(account)):
            raise UnknownAccount(problem.strip())
        return found

    def fetch_until(
        self,
        look: Fetch[Record],
        missing: Callable[[list[Record]], int],
        subject: str,
        narrowed: Mapping[str, Any],
        within: Duration,
    ) -> list[Record]:
        """Call `look` until `missing` returns 0 for the records that it found, or the time is up. Return the records.

        Between two calls it waits for new records of the kind `subject` (request or frame): as many as are missing,
        among those that match the filters in `narrowed`.
        """
        ends_us = _now_us() + parse_duration(duration_text(within, "within"))
        found = look()
        while (count := missing(found)) > 0 and (left_us := ends_us - _now_us()) > 0:
            newest = found[-1].number if found else 0
            with suppress(TimedOut):
                self._wait(subject, {**narrowed, "times": count, "after": newest}, min(left_us, WAIT_US_MAX))
            found = look()
        return found

    def _wait(self, subject: str, wanted: Mapping[str, Any], timeout_us: int) -> list[dict[str, Any]]:
        body = {"for": {subject: dict(wanted)}, "timeout": format_duration(timeout_us)}
        patience_s = timeout_us / MICROSECONDS_PER_SECOND + PATIENCE_S
        result = self._ask("POST", f"{self._path}/wait", body, patience_s=patience_s)
        found: list[dict[str, Any]] = result["found"]
        return found


def _now_us() -> int:
    return time.monotonic_ns() // 1_000


# The journal


NARROWING = frozenset({"operation", "account", "method", "path", "status", "key_id"})
"""Filters of requests that the control API applies; this class applies all other filters to its answer."""
NARROWING_FRAMES = frozenset({"account", "channel", "kind", "connection", "direction"})


class Journal(ShortTracebacks, NameAdvice):
    """The journal of one sandbox: its requests and frames, oldest first.

    It keeps the newest 10,000 of each, and the newest 32 MiB of bodies. An unknown operation, channel or filter raises
    WrongArgument, with the nearest known name.
    """

    def __init__(self, ask: ControlClient, sandbox: str) -> None:
        self._waiting = Waiter(ask, sandbox)

    def requests(self, operation: str | None = None, **wanted: Unpack[RequestFilters]) -> list[Request]:
        """Return the requests that match the filters, stream handshakes included; without arguments, all requests."""
        filters = _filters(operation, wanted)
        found = matching(self._requests(_narrowed(filters)), filters)
        return self._waiting.require_account(found, filters.get("account"))

    def last(self, count: int = 1) -> list[Request]:
        """Return the newest `count` requests, oldest first."""
        return [read_request(row) for row in self._waiting.ask("GET", "journal", query={"last": count})]

    def get(self, number: int) -> Request:
        """Return one request by its number. Raises WrongRequest if the journal does not have it."""
        return read_request(self._waiting.ask("GET", f"journal/{number}"))

    def frame(self, number: int) -> Frame:
        """Return one frame by its number. Raises WrongRequest if the journal does not have it."""
        return read_frame(self._waiting.ask("GET", f"frames/{number}"))

    def search(self, text: str, last: int | None = None) -> list[Request]:
        """Return the requests whose target, diagnosis, body or answer contains `text`; case is ignored.

        With `last`, only the newest requests that match are returned, at most that many.
        """
        rows = self._waiting.ask("GET", "journal", query={"q": text, "last": last})
        return [read_request(row) for row in rows]

    def expect(
        self,
        operation: str | None = None,
        *,
        times: int | None = None,
        within: Duration | None = None,
        **wanted: Unpack[RequestFilters],
    ) -> list[Request]:
        """Return the requests that match the filters.

        Raises AssertionError if there are not exactly `times`, or without `times`, if there is none. Without `within`
        the journal is checked at once. With it, the call waits that long for enough requests; `times=0` waits for the
        whole time and fails at the first match. The error (TimedOut after a wait) lists up to 3 requests that nearly
        match, how they differ, and why they were refused.
        """
        __tracebackhide__ = True
        require(times=times)
        filters = _filters(operation, wanted)
        amount = ExpectedCount(times, within)
        requests = self._requests({}) if within is None else self._wait_for(filters, amount.needed, within)
        found = matching(requests, filters)
        if amount.is_met(len(found)):
            return self._waiting.require_account(found, filters.get("account"))
        text = describe_mismatch(REQUESTS, requests, filters, amount) + self._waiting.unknown_account_hint(
            filters.get("account")
        )
        raise AssertionError(text) if within is None or amount.is_exceeded(len(found)) else TimedOut(text)

    def frames(self, direction: str | None = None, **wanted: Unpack[FrameFilters]) -> list[Frame]:
        """Return the frames that match the filters.

        `direction` is "in" from clients, "out" to clients, or "lost" if not sent.
        """
        filters = check_filters(wanted, FRAME_FILTERS)
        if direction is not None:
            filters["direction"] = require_direction(direction)
        narrowed = {name: value for name, value in filters.items() if name in NARROWING_FRAMES and value is not None}
        rows = self._waiting.ask("GET", "frames", query=narrowed)
        return self._waiting.require_account(matching(map(read_frame, rows), filters), filters.get("account"))

    def assert_clean(self, *, allow: Collection[int | str] = ()) -> None:
        """Raise an AssertionError that lists all requests and frames that look wrong, if there are any.

        These are: refused signatures, unknown paths, every other status from 400 on, requests that were cut off,
        problems that the server found in its own answers, errors on streams, frames dropped from a full outbox, and
        script steps that failed. Effects of faults and stubs are left out, unless the venue has retired the operation
        as of the exchange's API date. So are the statuses (404) and operations (GetMarket) in `allow`.
        """
        __tracebackhide__ = True
        require(allow=allow)
        has_ended = partial(describe_retirement, api_date=self._api_date())
        found = find_anomalies(self.requests(), self.frames(), allow, has_ended)
        found += failed_steps(self._waiting.ask("GET", "script"))
        if found:
            raise AssertionError(describe_anomalies(found))

    def deprecated(self) -> list[Deprecation]:
        """Return the operations, parameters and fields in use that the venue has retired or will retire.

        Each is one row, with its last day and its replacement, sorted by day. A field counts as used if answers or
        frames contained it. To find out whether the client reads the field, run the client at `api_date="latest"`.
        """
        return find_deprecations(self.requests(), self.frames(), self._api_date())

    def clear(self) -> None:
        """Remove all requests and frames from the journal. New ones continue the numbering."""
        self._waiting.ask("DELETE", "journal")

    def _api_date(self) -> str:
        return str((self._waiting.ask("GET"))["api_date"])

    def _requests(self, narrowed: Mapping[str, Any]) -> list[Request]:
        rows = self._waiting.ask("GET", "journal", query=narrowed)
        return [read_request(row) for row in rows]

    def _wait_for(self, filters: Mapping[str, Any], count: int, within: Duration) -> list[Request]:
        def look() -> list[Request]:
            return self._requests({})

        def missing(found: Sequence[Request]) -> int:
            return count - len(matching(found, filters))

        return self._waiting.fetch_until(look, missing, "request", _narrowed(filters), within)


def _filters(operation: str | None, wanted: RequestFilters) -> dict[str, Any]:
    named = {} if operation is None else {"operation": operation}
    return check_filters({**named, **wanted}, ("operation", *REQUEST_FILTERS))


def _narrowed(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that the control API knows; it cannot match missing values."""
    return {name: value for name, value in filters.items() if name in NARROWING and value is not None}
