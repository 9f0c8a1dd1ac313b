"""Trades of derivatives: a row for each account's side."""

from decimal import Decimal

from msgspec import Struct

from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.vocabulary import SubaccountRef


class DerivativeTrade(Struct, frozen=True, kw_only=True):
    """One account's side of a trade. `combo` names the combo if this is a leg; mark and index are as of the trade."""

    subaccount_ref: SubaccountRef
    derivative: str
    currency: str
    """The settlement currency, and that of the fee."""
    kind: str
    serial: int
    created_at: int
    trade_id: str
    trade_seq: int
    order_id: str
    direction: Direction
    amount: Decimal
    price: Decimal
    fee: Decimal
    mark: Decimal
    index: Decimal
    iv: Decimal | None
    profit: Decimal
    """Realized by what it closed, against the session's reference."""
    is_taker: bool
    is_long_tick: bool
    """Whether the price is not below that of the trade before."""
    label: str
    combo: str | None = None
    position_size: Decimal = Decimal(0)
    """What is held after it, signed."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return (
            EVERYTHING,
            ("subaccount_ref", self.subaccount_ref),
            ("currency", self.subaccount_ref, self.currency),
            self.derivative_selector,
        )

    @property
    def derivative_selector(self) -> Selector:
        """The selector of trades of one subaccount in one derivative."""
        return "derivative", self.subaccount_ref, self.derivative

    @property
    def partition(self) -> Partition:
        """(kind,)"""
        return (self.kind,)
