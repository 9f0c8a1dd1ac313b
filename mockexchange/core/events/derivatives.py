"""Events: what happened to contracts, holdings and cash by currency."""

from dataclasses import dataclass
from decimal import Decimal

from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractListed:
    contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSet:
    index: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMarked:
    contract: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTraded:
    """One account's side of a trade; the row is `state.derivatives.trades` by its serial."""

    subaccount_ref: SubaccountRef
    contract: str
    trade_id: str
    order_id: str
    serial: int
    direction: Direction
    amount: Decimal
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingChanged:
    subaccount_ref: SubaccountRef
    contract: str
    size: Decimal
    cost: Decimal
    session_cost: Decimal
    realized: Decimal
    realized_funding: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashChanged:
    subaccount_ref: SubaccountRef
    currency: str
    cash: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettled:
    prices: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDelivered:
    contract: str
    price: Decimal
