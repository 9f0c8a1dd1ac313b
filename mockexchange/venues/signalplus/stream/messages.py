"""Messages of the channel user.changes. Each is encoded once for each API date, however many sessions receive it."""

from typing import NamedTuple

from msgspec import Struct, field

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.jsonrpc.envelope import spell
from mockexchange.venues.signalplus.resources.fields import encode_list
from mockexchange.venues.signalplus.stream.channels import CHANGES


class Change(Struct, eq=False):
    """The trades of one derivative by one subaccount in one command, and the position after them."""

    subaccount_ref: SubaccountRef
    derivative: str
    position: PositionView
    trades: list[DerivativeTrade] = field(default_factory=list)
    _frames: dict[str, bytes] = field(default_factory=dict)

    def frame(self, api_date: ApiDate) -> bytes:
        """Return the notification as bytes; its keys are not nested, and it names the channel's family [doc].

        Its list of orders is always empty.
        """
        known = self._frames.get(api_date.name)
        if known is None:
            known = self._frames[api_date.name] = self._written(api_date)
        return known

    def _written(self, api_date: ApiDate) -> bytes:
        return b'{"method":"subscription","channel":"%b","result":{%b}}' % (
            CHANGES.encode(),
            b'"instrumentName":%b,"orders":[],"positions":%b,"trades":%b'
            % (
                spell(self.derivative).encode(),
                encode_list("Position", api_date, [self.position]),
                encode_list("Trade", api_date, self.trades),
            ),
        )


class Message(NamedTuple):
    """The changes of one derivative as a message of one channel."""

    channel: str
    change: Change

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.change.subaccount_ref

    def frame(self, api_date: ApiDate) -> bytes:
        return self.change.frame(api_date)
