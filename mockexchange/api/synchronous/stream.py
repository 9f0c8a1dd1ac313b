# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/stream.py: change that.
"""Defines the methods for a sandbox's open streams: they wait for subscriptions and frames, send frames, and close."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from mockexchange.api.errors import MockExchangeError, ShortTracebacks, TimedOut
from mockexchange.api.synchronous.journal import Waiter
from mockexchange.api.transport.connection import ControlClient
from mockexchange.api.values.arguments import Duration, require, require_as
from mockexchange.api.values.matching import (
    FRAME_FILTERS,
    RECEIVED,
    SENT,
    ExpectedCount,
    MessageFilters,
    check_filters,
    describe_mismatch,
    matching,
)
from mockexchange.api.values.records import Frame, Subscription, read_frame

ANY = "*"
ABNORMAL = 1006
"""The close code 1006, which is never sent: the connection is cut without a close frame."""


class Stream(ShortTracebacks):
    """The open streams of one sandbox and their frames.

    "Sent" means by the exchange, "received" means by the exchange too.
    """

    def __init__(self, ask: ControlClient, sandbox: str) -> None:
        self._waiting = Waiter(ask, sandbox)

    def wait_subscribed(
        self, account: str = ANY, channel: str = ANY, count: int = 1, within: Duration = "5s"
    ) -> list[Subscription]:
        """Wait until `count` subscriptions of an account to a channel are open at the same time; return them.

        Raises TimedOut, an AssertionError that lists the open subscriptions, and WrongRequest for an unknown channel.
        """
        __tracebackhide__ = True
        require(count=count)
        wanted = check_filters(_given_filters(account=account, channel=channel), FRAME_FILTERS)
        try:
            rows = self._waiting.wait("subscribed", {**wanted, "count": count}, within)
        except TimedOut as error:
            raise TimedOut(str(error) + self._waiting.unknown_account_hint(_account_filter(account))) from None
        return [Subscription(**row) for row in rows]

    def send(self, raw: str | bytes | Mapping[str, Any], account: str = ANY, connection: int | None = None) -> int:
        """Send a text frame exactly as given, without filters and faults; a mapping is sent as JSON.

        The frame goes to all open streams, to those of an account, or to one connection. Returns the number of streams;
        raises MockExchangeError if it is zero.
        """
        require_as("raw", raw, "raw")
        text = raw.decode() if isinstance(raw, bytes) else raw if isinstance(raw, str) else json.dumps(raw)
        return self._post_to_streams({"send": {"text": text}}, account, connection)

    def close(
        self, code: int = ABNORMAL, account: str = ANY, connection: int | None = None, *, reason: str = ""
    ) -> int:
        """Close streams with a close code; code 1006 cuts the connections without a close frame.

        Returns the number of streams; raises MockExchangeError if it is zero.
        """
        return self._post_to_streams({"close": {"code": code, "reason": reason}}, account, connection)

    def reject(
        self,
        status: int,
        times: int | None = 1,
        account: str = ANY,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        content_type: str | None = None,
    ) -> None:
        """Install a fault that answers the next `times` stream handshakes (None: all) with this status, 200 to 599.

        Without a `body` the answer has the venue's own for the status.
        """
        parts = {"headers": headers, "body": body, "content_type": content_type}
        effect = {"refuse": status, **{name: part for name, part in parts.items() if part is not None}}
        always = {"match": _given_filters(account=account), "then": effect}
        self._waiting.ask("POST", "faults", always if times is None else {**always, "times": times})

    def received(
        self,
        account: str = ANY,
        *,
        count: int | None = None,
        within: Duration | None = None,
        **wanted: Unpack[MessageFilters],
    ) -> list[Frame]:
        """Return the frames from clients that match the filters, oldest first; wait until there are `count`.

        Without `within` it does not wait. Too few frames raise an AssertionError (TimedOut after a wait), which lists
        frames that nearly match.
        """
        __tracebackhide__ = True
        return self._frames("in", account, wanted, count, within)

    def sent(
        self,
        account: str = ANY,
        *,
        count: int | None = None,
        within: Duration | None = None,
        **wanted: Unpack[MessageFilters],
    ) -> list[Frame]:
        """Return the frames that the exchange sent to clients and that match the filters.

        The arguments are those of `received`.
        """
        __tracebackhide__ = True
        return self._frames("out", account, wanted, count, within)

    def _post_to_streams(self, what: Mapping[str, Any], account: str, connection: int | None) -> int:
        number = {} if connection is None else {"connection": connection}
        result = self._waiting.ask("POST", "streams", {**what, **_given_filters(account=account), **number})
        if not result["connections"]:
            require_account = "" if account == ANY else f" of {account}"
            unknown_account_hint = self._waiting.unknown_account_hint(_account_filter(account))
            raise MockExchangeError(
                f"no stream{require_account} is open: wait for one with stream.wait_subscribed(){unknown_account_hint}"
            )
        connections: int = result["connections"]
        return connections

    def _frames(
        self, direction: str, account: str, wanted: Mapping[str, Any], count: int | None, within: Duration | None
    ) -> list[Frame]:
        __tracebackhide__ = True
        require(count=count)
        filters = check_filters({**_given_filters(account=account), **wanted}, FRAME_FILTERS)

        def look() -> list[Frame]:
            rows = self._waiting.ask("GET", "frames", query={"direction": direction})
            return [read_frame(row) for row in rows]

        amount = ExpectedCount(count, within, is_least=True)

        def missing(frames: Sequence[Frame]) -> int:
            return amount.needed - len(_messages(frames, filters))

        if within is None:
            frames = look()
        else:
            frames = self._waiting.fetch_until(look, missing, "frame", {"direction": direction}, within)
        found = _messages(frames, filters)
        if (count is None and within is None) or amount.is_met(len(found)):
            return self._waiting.require_account(found, _account_filter(account))
        messages = [frame for frame in frames if frame.is_message]
        text = describe_mismatch(RECEIVED if direction == "in" else SENT, messages, filters, amount)
        text += self._waiting.unknown_account_hint(_account_filter(account))
        raise AssertionError(text) if within is None else TimedOut(text)


def _messages(frames: Sequence[Frame], filters: Mapping[str, Any]) -> list[Frame]:
    return matching([frame for frame in frames if frame.is_message], filters)


def _account_filter(account: str) -> str | None:
    return None if account == ANY else account


def _given_filters(**words: str) -> dict[str, str]:
    """Return the filters that are not ANY."""
    return {name: word for name, word in words.items() if word != ANY}
