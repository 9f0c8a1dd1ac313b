"""The ledger of an account: its fills, orders, settlements, payments and transfers, as lists that are read in pages."""

from mockexchange.core.model.history import History
from mockexchange.core.model.orders import FillRow, Order, Trade
from mockexchange.core.model.payments import Payment, ShardTransfer, TransferRow
from mockexchange.core.model.settlements import Settlement


class Ledger:
    """The lists of one account to which rows are only added: fills, orders, settlements, payments and transfers."""

    __slots__ = (
        "deposits",
        "fills",
        "orders",
        "settlements",
        "shard_transfers",
        "trades",
        "transfers",
        "withdrawals",
    )

    def __init__(self) -> None:
        self.fills: History[FillRow] = History()
        self.orders: History[Order] = History()
        self.settlements: History[Settlement] = History()
        self.trades: History[Trade] = History()
        """Trades of an FCM, over all its subtraders; a trade with both sides of the FCM is one row."""
        self.deposits: History[Payment] = History()
        self.withdrawals: History[Payment] = History()
        self.transfers: History[TransferRow] = History()
        self.shard_transfers: History[ShardTransfer] = History()
