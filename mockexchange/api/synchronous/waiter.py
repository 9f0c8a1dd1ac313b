# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/waiter.py: change that.
"""Waits for records of the journal: requests and frames.

The records are fetched again after each new one, until enough of them match.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from mockexchange.api.errors import TimedOut, UnknownAccount
from mockexchange.api.transport.control_client import PATIENCE_S, ControlClient, Query
from mockexchange.api.values.accounts import unknown_account
from mockexchange.api.values.json_encoding import Duration, duration_text
from mockexchange.api.values.records import Frame, Request
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_duration, parse_duration

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
