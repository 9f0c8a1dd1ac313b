"""Accounts, their API keys and the restrictions of subtraders."""

from dataclasses import dataclass, field

from msgspec import Struct

from mockexchange.core.model.ledgers import Ledger
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import AccountKind, Reservation


class Key(Struct, frozen=True):
    """An API key with a public key or a shared secret; the core parses neither."""

    account: str
    name: str
    key_id: str
    public_key: str
    scopes: tuple[str, ...]
    subaccount: str | None
    api_date: str | None
    secret: str = ""
    """Shared secret; "" for a key with a public key, whose `public_key` is "" in turn."""


class SubtraderRules(Struct):
    """Restrictions that an FCM sets on a subtrader."""

    blocked: bool = False
    categories: tuple[str, ...] = ()
    cap_micros: int | None = None


@dataclass(slots=True, eq=False)
class Account:
    """An account with its keys, subaccounts and ledger."""

    name: str
    kind: AccountKind
    account_id: str
    user_id: str
    tier: str
    subaccounts: dict[str, str] = field(default_factory=dict)
    """The venue's id of each subaccount by name, "" if the venue derives it; in the order of opening."""
    keys: dict[str, Key] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    subtrader_rules: dict[str, SubtraderRules] = field(default_factory=dict)
    """Restrictions by subaccount. A subaccount that is not in it has none."""
    netted_subaccounts: set[str] = field(default_factory=set)
    disconnect_subaccounts: set[str] = field(default_factory=set)
    """Subaccounts whose new streams begin with cancelling on disconnect."""
    allocations: tuple[tuple[int, int], ...] = ()
    """Target allocation of its cash over the shards: (exchange index, percent); without one, its cash stays."""
    reservation: Reservation = Reservation.NONE
    client_order_ids: set[str] = field(default_factory=set)
    """Client order ids of all its orders ever; a placed order needs a new one."""
    named_orders: dict[str, list[Order]] = field(default_factory=dict)
    """Its orders by their present client order id, in the order of serials; rejected orders are here too."""
    resting_orders: int = 0
    """Count of its resting orders."""
    venue: str = ""
    """Venue of the account; "" is the default venue. The core attaches no meaning to the name."""
    opened_at: int = 0
