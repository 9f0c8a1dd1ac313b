"""The part of a session that commands of the client change: subscriptions, liveness and cancel-on-disconnect."""

from mockexchange.core.commands import CancelDerivativeOrders, Command, PlaceDerivativeOrder
from mockexchange.core.derivatives.orders import ALIVE
from mockexchange.core.derivatives.vocabulary import CancelReason
from mockexchange.core.events import DerivativeOrderChanged
from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.errors import Rejected
from mockexchange.venues.deribit.resources.call import Write
from mockexchange.venues.deribit.stream.market_data import MarketData
from mockexchange.venues.frame import Frame
from mockexchange.venues.jsonrpc.session import JsonRpcSession

# Liveness: the venue's heartbeat, which is off by default, and the end of idle streams
#
# At the end of each interval the venue sends a heartbeat to a client that sent a request during the interval, and a
# test_request to any other client. A client has to answer a test_request with public/test before the end of the next
# interval; otherwise the stream is closed with 4000 [wire].


INTERVAL_MIN_S = 10
UNANSWERED = 4000, "heartbeat close"
IDLE = 1000, "idle"
Ending = tuple[int, str]


class Liveness:
    """The heartbeat and the idle timer of one stream. Times are host times in microseconds."""

    def __init__(self, idle_us: int, host_at: int) -> None:
        self._idle_us = idle_us
        self._last_request_at = self._began_at = host_at
        self._interval_us = 0
        self._is_tested = False

    @property
    def due_at(self) -> int | None:
        """Return the host time in microseconds at which a heartbeat or the end of the stream is due; None for never."""
        if self._interval_us:
            return self._began_at + self._interval_us
        return self._last_request_at + self._idle_us if self._idle_us else None

    def note_request(self, host_at: int) -> None:
        self._last_request_at = host_at

    def note_test(self) -> None:
        """Record that the client called public/test, which answers a test_request."""
        self._is_tested = False

    def set_interval(self, seconds: int) -> None:
        """Set the heartbeat interval and restart its timer; 0 turns heartbeats off."""
        self._interval_us = seconds * MICROSECONDS_PER_SECOND
        self._began_at, self._is_tested = self._last_request_at, False

    def wake(self, host_at: int, ending: Ending | None) -> tuple[list[Frame], Ending | None]:
        """Return the frames that are due, and the close code and reason if the stream has to end."""
        due_at = self.due_at
        if ending or due_at is None or host_at < due_at:
            return [], ending
        if not self._interval_us:
            return [], IDLE
        if self._is_tested:
            return [], UNANSWERED
        self._is_tested = self._last_request_at <= self._began_at
        self._began_at = host_at
        return [_heartbeat("test_request" if self._is_tested else "heartbeat")], None


def _heartbeat(kind: str) -> Frame:
    """Return a heartbeat, its keys in the recorded order [wire]."""
    return Frame(f'{{"params":{{"type":"{kind}"}},"method":"heartbeat","jsonrpc":"2.0"}}'.encode(), "heartbeat")


# Cancel-on-disconnect: which orders are canceled when a stream ends
#
# A stream cancels its orders if it is closed by the client, for lack of a heartbeat, or for silence; private/logout
# leaves them [doc].


PLACED_MAX = 1_000
"""Number of orders that a stream remembers before it forgets the done ones.

It is twice the number of open orders, if that is more.
"""


class Disconnecting:
    """Remembers the orders of one stream, and whether the stream's end cancels them."""

    def __init__(self, context: DeribitContext) -> None:
        self._context = context
        self._chosen: bool | None = None
        """What the client set for this connection."""
        self._subaccount_ref: SubaccountRef | None = None
        self._begun_enabled = False
        self.placed: dict[str, None] = {}
        self.placed_max = PLACED_MAX
        self.is_logged_out = False

    @property
    def is_enabled(self) -> bool:
        """Whether the end of the connection cancels its orders."""
        if self._chosen is not None:
            return self._chosen
        if self._context.settings.disconnect_scope == "all" and self._subaccount_ref is not None:
            return self.is_enabled_for(self._subaccount_ref)
        return self._begun_enabled

    def is_enabled_for(self, subaccount_ref: SubaccountRef) -> bool:
        """Return whether cancel-on-disconnect is on for new connections of a subaccount."""
        account = self._context.state.accounts[subaccount_ref.account]
        return subaccount_ref.subaccount in account.disconnect_subaccounts

    def choose(self, is_enabled: bool) -> None:
        self._chosen = is_enabled

    def log_in(self, subaccount_ref: SubaccountRef) -> None:
        """Apply the cancel-on-disconnect setting of a subaccount to this stream when the subaccount logs in."""
        self._subaccount_ref = subaccount_ref
        self._begun_enabled = self.is_enabled_for(subaccount_ref)

    def noting(self, write: Write) -> Write:
        """Carry out `write` unchanged, and remember the orders that it places as orders of this stream."""
        try:
            command = next(write)
            while True:
                outcome = yield command
                if isinstance(command, PlaceDerivativeOrder):
                    self._note(outcome)
                command = write.send(outcome)
        except StopIteration as stop:
            return str(stop.value)

    def _note(self, outcome: Outcome) -> None:
        match outcome:
            case [DerivativeOrderChanged(order_id=order_id), *_]:
                if self._context.settings.disconnect_orders == "connection" or self.is_enabled:
                    self.placed[order_id] = None
        if len(self.placed) > self.placed_max:
            self.placed = dict.fromkeys(filter(self._is_open, self.placed))
            self.placed_max = max(PLACED_MAX, 2 * len(self.placed))

    def _is_open(self, order_id: str) -> bool:
        return self._context.state.derivatives.orders[order_id].state in ALIVE

    def commands(self) -> list[Command]:
        """Return the commands to execute when the stream ends, which cancel its orders, one command per subaccount."""
        if self.is_logged_out or not self.is_enabled:
            return []
        found: dict[SubaccountRef, list[str]] = {}
        for order_id in filter(self._is_open, self.placed):
            found.setdefault(self._context.state.derivatives.orders[order_id].subaccount_ref, []).append(order_id)
        return [
            CancelDerivativeOrders(subaccount_ref=owner, orders=tuple(orders), reason=CancelReason.DISCONNECT)
            for owner, orders in found.items()
        ]


# The subscriber


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
