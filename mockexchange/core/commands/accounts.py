"""Commands that open and change accounts, subaccounts and API keys."""

from mockexchange.core.commands.validation import CommandStruct, require
from mockexchange.core.vocabulary import AccountKind, SubaccountRef


class OpenAccount(CommandStruct, frozen=True, kw_only=True):
    """Open an account with its primary subaccount."""

    account: str
    kind: AccountKind = AccountKind.MEMBER
    account_id: str = ""
    """The venue's id of the account if it differs from the name; subtrader ids begin with it."""
    user_id: str = ""
    """The user id in the account's orders; derived from the name if empty."""
    tier: str = "basic"
    """Usage tier of the account, which determines its rate limits."""
    venue: str = ""
    """Venue of the account; "" is the default venue."""

    def __post_init__(self) -> None:
        require(bool(self.account) and "/" not in self.account, "account: expected a name without a slash")


class OpenSubaccount(CommandStruct, frozen=True, kw_only=True):
    """Open a member's subaccount ("1" to "63") or an FCM's subtrader (any name)."""

    account: str
    subaccount: str
    subaccount_id: str = ""
    """The venue's id of the subaccount; "" lets the venue derive it."""

    def __post_init__(self) -> None:
        require(bool(self.subaccount) and "/" not in self.subaccount, "book: expected a name without a slash")


class AddKey(CommandStruct, frozen=True, kw_only=True):
    """Add an API key with a public key or a shared secret to an account."""

    account: str
    key: str
    key_id: str
    public_key: str = ""
    """Public key as PEM (SubjectPublicKeyInfo). The core compares it but never parses it."""
    scopes: tuple[str, ...] = ("read", "write")
    subaccount: str | None = None
    """The only subaccount that the key may see, or None for the whole account."""
    api_date: str | None = None
    secret: str = ""
    """Shared secret, for venues that sign with a secret instead of a key pair."""

    def __post_init__(self) -> None:
        require(bool(self.public_key) != bool(self.secret), "public_key and secret: expected one of them")


class RemoveKey(CommandStruct, frozen=True, kw_only=True):
    """Remove an API key; requests with it are refused from then on."""

    account: str
    key_id: str


class SetTier(CommandStruct, frozen=True, kw_only=True):
    """Set the usage tier of an account, which determines its rate limits."""

    account: str
    tier: str


class RestrictSubtrader(CommandStruct, frozen=True, kw_only=True):
    """Forbid a subtrader of an FCM to trade some categories, or to trade at all."""

    subaccount_ref: SubaccountRef
    categories: tuple[str, ...] = ()
    blocked: bool = False


class CapSubtrader(CommandStruct, frozen=True, kw_only=True):
    """Cap the daily spending of a subtrader on event contracts; None lifts the cap."""

    subaccount_ref: SubaccountRef
    limit_micros: int | None = None

    def __post_init__(self) -> None:
        require(self.limit_micros is None or self.limit_micros >= 0, "limit: expected 0 or more")
