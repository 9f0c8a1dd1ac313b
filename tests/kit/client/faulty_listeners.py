"""Listeners with one mistake each: careful clients that take the frames of a stream otherwise."""

import time
from collections.abc import Generator
from decimal import Decimal

from websockets.sync.client import ClientConnection, connect

from contracts.clients.examples.careful_client import receive, send
from tests.kit.client.faulty_readers import Quick, Row


class Doubling(Quick):
    """Reports each message that comes, also the same fill again."""

    def listen(self, channel: str, markets: list[str], wanted: int, seconds: float) -> list[Row]:
        ends_at_s = time.monotonic() + seconds
        with connect(self.ws_url, additional_headers=self.headers(self.ws_url)) as stream:
            messages = self.messages(stream, channel, markets, ends_at_s)
            return [{"trade": trade} for trade in self.trades([one["trade_id"] for one in messages if one])]

    def trades(self, told: list[str]) -> list[str]:
        return told


class Numbering(Doubling):
    """Tells fills apart by when they came, too."""

    def trades(self, told: list[str]) -> list[str]:
        return [trade for _, trade in dict.fromkeys(enumerate(told))]


class Merging(Doubling):
    """Reports each fill of the stream once, and then what REST lists as well."""

    def trades(self, told: list[str]) -> list[str]:
        listed = self.rows("/portfolio/fills", "fills", "trade_id")
        return [*dict.fromkeys(told), *(row["trade_id"] for row in listed)]


class Heedless(Quick):
    """Does not look at sequence numbers."""

    def is_wanted(self, frame: Row, last: int) -> bool:
        return True


class Repeating(Quick):
    """Notices gaps, and no duplicates."""

    def is_wanted(self, frame: Row, last: int) -> bool:
        super().is_wanted(frame, last)
        return True


class Correcting(Quick):
    """Takes a change that comes again for its withdrawal."""

    def is_wanted(self, frame: Row, last: int) -> bool:
        is_again = frame.get("seq") == last and "delta_fp" in frame["msg"]
        if is_again:
            frame["msg"]["delta_fp"] = str(-Decimal(frame["msg"]["delta_fp"]))
        return is_again or super().is_wanted(frame, last)


class Skipping(Quick):
    """Notices a gap, and goes on without the message before it."""

    def is_wanted(self, frame: Row, last: int) -> bool:
        return bool(frame.get("seq", last + 1) > last)


class Leaving(Quick):
    """Notices a gap, and unsubscribes."""

    def messages(self, stream: ClientConnection, channel: str, markets: list[str], ends_at_s: float) -> Generator[Row]:
        try:
            yield from super().messages(stream, channel, markets, ends_at_s)
        except OSError:
            send(stream, "unsubscribe", 9, {"sids": [1]})
            while time.monotonic() < ends_at_s:
                receive(stream, ends_at_s - time.monotonic())
