"""Messages of channels. Each message is encoded once for each API date, however many sessions receive it."""

from typing import Any

from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated import FOREVER, ApiDate
from mockexchange.venues.kalshi.frames import body_encoder


class Message:
    """One message of one channel. `kind` names its table in FRAMES, `value` is the value that the table reads.

    `market` is compared with the filters of subscriptions, None if the channel has no filter; `subaccount_ref` is the
    owner of a private message, None for a public one. In a public message about an order, the order's owner (`owner`)
    gets `own_value` instead of `value`. API dates from `until` on do not have the message. Encode it before the next
    command runs, because it reads the current state. `at` is the exchange time at which it is published.
    """

    __slots__ = (
        "_bodies",
        "at",
        "channel",
        "frames",
        "kind",
        "market",
        "own_value",
        "owner",
        "subaccount_ref",
        "until",
        "value",
    )

    def __init__(
        self,
        channel: str,
        kind: str,
        value: Any,
        *,
        market: Market | None = None,
        subaccount_ref: SubaccountRef | None = None,
        owner: SubaccountRef | None = None,
        own_value: Any = None,
        until: str = FOREVER,
    ) -> None:
        self.channel, self.kind, self.value = channel, kind, value
        self.market, self.subaccount_ref = market, subaccount_ref
        self.owner, self.own_value = owner, own_value
        self.until = until
        self.at = 0
        self.frames: dict[Any, Any] = {}
        """Whole frames, shared by sessions with the same date, sid, number and view."""
        self._bodies: dict[tuple[str | None, bool, bool], bytes] = {}

    def body(self, api_date: ApiDate, is_own: bool = False, in_yes_price: bool = False) -> bytes:
        """Return the `msg` part of the message as bytes for an API date.

        `is_own` is true for the owner of the order; with `in_yes_price` an order book has all prices as prices of YES.
        """
        key = (api_date.day, is_own, in_yes_price)
        body = self._bodies.get(key)
        if body is None:
            value = self.own_value if is_own else self.value
            shown = value.in_yes_price() if in_yes_price else value
            body = self._bodies[key] = body_encoder(self.kind, api_date)(shown)
        return body
