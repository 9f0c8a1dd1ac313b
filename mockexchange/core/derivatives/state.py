"""What the exchange knows of derivatives. Handlers change it, as they do the rest of the state."""

from dataclasses import dataclass, field
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.holdings import Cash, Holding
from mockexchange.core.derivatives.trades import DerivativeTrade
from mockexchange.core.model.history import History
from mockexchange.core.vocabulary import SubaccountRef


@dataclass(slots=True)
class Derivatives:
    """Contracts and indexes by name; what a book holds by contract, and its cash by currency."""

    listed: dict[str, Derivative] = field(default_factory=dict)
    indexes: dict[str, Decimal] = field(default_factory=dict)
    holdings: dict[SubaccountRef, dict[str, Holding]] = field(default_factory=dict)
    """A flat one stays until the next settlement, so that what was closed can still be seen."""
    cash: dict[SubaccountRef, dict[str, Cash]] = field(default_factory=dict)
    trades: History[DerivativeTrade] = field(default_factory=History)
    trade_ids: set[str] = field(default_factory=set)
