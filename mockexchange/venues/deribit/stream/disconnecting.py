"""Cancel-on-disconnect: determines which orders are canceled when a stream ends.

A stream cancels its orders if it is closed by the client, for lack of a heartbeat, or for silence; private/logout
leaves them [doc].
"""

from mockexchange.core.commands import CancelDerivativeOrders, Command, PlaceDerivativeOrder
from mockexchange.core.derivatives.orders import ALIVE
from mockexchange.core.derivatives.vocabulary import CancelReason
from mockexchange.core.events import DerivativeOrderChanged
from mockexchange.core.exchange import Outcome
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.resources.call import Write

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
