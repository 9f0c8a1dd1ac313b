"""The part of a session that commands of the client change: subscriptions, liveness and cancel-on-disconnect."""

from mockexchange.core.commands import Command
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.errors import Rejected
from mockexchange.venues.deribit.stream.disconnecting import Disconnecting
from mockexchange.venues.deribit.stream.liveness import Liveness
from mockexchange.venues.deribit.stream.market_data import MarketData
from mockexchange.venues.jsonrpc.session import JsonRpcSession


class Subscriber(JsonRpcSession[DeribitContext, Rejected]):
    rejection_type = Rejected

    def __init__(self, context: DeribitContext, api_date: ApiDate, host_at: int) -> None:
        super().__init__(context, None, api_date)
        self.liveness = Liveness(context.settings.stream_idle_us, host_at)
        self.disconnecting = Disconnecting(context)
        self.market_data = MarketData()

    @property
    def wakes_at(self) -> int | None:
        return None if self.ending else self.liveness.due_at

    @property
    def parting_commands(self) -> list[Command]:
        return self.disconnecting.commands()
