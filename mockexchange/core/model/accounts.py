"""Accounts, their API keys and the restrictions of subtraders."""

from dataclasses import dataclass, field

from msgspec import Struct

from mockexchange.core.model.ledgers import Ledger
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import AccountKind, Reservation


class Key(Struct, frozen=True):
    """An API key with a public key or a shared secret; the core does not parse either of them."""

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
    """The venue's id of each subaccount by name, in the order of opening; "" if the venue derives the id."""
    keys: dict[str, Key] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    subtrader_rules: dict[str, SubtraderRules] = field(default_factory=dict)
    """Restrictions by subaccount. A subaccount that is not in it has none."""
    netted_subaccounts: set[str] = field(default_factory=set)
    disconnect_subaccounts: set[str] = field(default_factory=set)
    """Subaccounts whose new streams cancel their orders when they end."""
    allocations: tuple[tuple[int, int], ...] = ()
    """Shares of the account's cash that the venue keeps on each shard: (exchange index, percent).

    If empty, cash stays where it is.
    """
    reservation: Reservation = Reservation.NONE
    client_order_ids: set[str] = field(default_factory=set)
    """Client order ids of all orders that the account ever had; a placed order needs a new one."""
    named_orders: dict[str, list[Order]] = field(default_factory=dict)
    """Orders of the account by their present client order id, oldest first, including rejected orders."""
    resting_orders: int = 0
    """Number of the account's resting orders."""
    venue: str = ""
    """Venue of the account; "" is the default venue. The core attaches no meaning to the name."""
    opened_at: int = 0
