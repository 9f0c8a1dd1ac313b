"""Messages of the channels. Each message is encoded once for each API date, however many sessions receive it."""

from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.jsonrpc.envelope import spell


class MessageData(NamedTuple):
    """The data of one change, which several channels send.

    `subaccount_ref` is the subaccount that may see it. `write` reads the state right after the command.
    """

    subaccount_ref: SubaccountRef
    write: Callable[[ApiDate], str]
    written: dict[str | None, str]

    def text(self, api_date: ApiDate) -> str:
        """Return the data of the change as JSON for an API date."""
        found = self.written.get(api_date.day)
        if found is None:
            found = self.written[api_date.day] = self.write(api_date)
        return found


class Message(NamedTuple):
    """One message of one channel, which is named by its full name."""

    channel: str
    data: MessageData

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.data.subaccount_ref

    def frame(self, api_date: ApiDate) -> bytes:
        """Return the notification as bytes: a JSON-RPC request without an id [doc]."""
        channel, data = spell(self.channel), self.data.text(api_date)
        return f'{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":{channel},"data":{data}}}}}'.encode()
