"""What happened, as the channels tell it: written once for each API date, however many sessions it goes to."""

from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.vocabulary import BookRef
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.jsonrpc.envelope import spell


class Told(NamedTuple):
    """What is told on several channels at once. What it reads of the exchange is as of its command."""

    purse: BookRef
    write: Callable[[ApiDate], str]
    written: dict[str | None, str]

    def data(self, api_date: ApiDate) -> str:
        found = self.written.get(api_date.day)
        if found is None:
            found = self.written[api_date.day] = self.write(api_date)
        return found


class Message(NamedTuple):
    """One message of one channel; `channel` is the full name, `told.purse` whose it is."""

    channel: str
    told: Told

    def frame(self, api_date: ApiDate) -> bytes:
        """The notification: a request of JSON-RPC without an id [doc]."""
        channel, data = spell(self.channel), self.told.data(api_date)
        return f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":{channel},"data":{data}}}}}'.encode()
