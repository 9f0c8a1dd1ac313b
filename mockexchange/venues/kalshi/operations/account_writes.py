"""Implements the operations that change an account: its API keys, and its usage tier.

Keys restricted to a subaccount may call none of these operations.
"""

from collections.abc import Generator
from typing import NamedTuple

from mockexchange.core.commands import AddKey, Command, RemoveKey, SetTier
from mockexchange.core.exchange import Outcome
from mockexchange.core.ids import derived_id
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.kalshi.bodies.api_keys import WIDE_SCOPES
from mockexchange.venues.kalshi.bodies.decoding import invalid
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, WriteOperation, undocumented_body, write
from mockexchange.venues.kalshi.operations.refusals import accepted, submit
from mockexchange.venues.kalshi.operations.row_owner import subtrader_ids
from mockexchange.venues.kalshi.rate_limits import DEFAULT_TIER
from mockexchange.venues.keys.development_keys import KeyPair, derive_ed25519, free_rsa_pair, pkcs1, public_pem
from mockexchange.venues.keys.public_keys import UnusableKey, load_public_key
from mockexchange.venues.request import KEY_TAKEN

WRITE = ("write",)
OWN_KEYS_TIERS = ("premier", "paragon", "prime", "prestige")
"""Tiers that may register a public key of their own; accounts of other tiers can only have keys generated."""
UPGRADED_TIER = "advanced"
NOTHING = b""


class NewKey(NamedTuple):
    """The answer to a request for a new API key.

    `private_key` is None unless the exchange generated the pair of keys; no later answer has it.
    """

    api_key_id: str
    private_key: str | None = None
    key_type: str | None = None
    warning: None = None


def create_api_key(call: AccountCall) -> Write:
    """Register a public key that the client sends, as a new API key."""
    account = call.account
    if account.tier not in OWN_KEYS_TIERS:
        message = f"{account.name} has the tier {account.tier}: only {', '.join(OWN_KEYS_TIERS)} register a public key"
        raise Rejected(Situation.FORBIDDEN, f"{message}; generate one by POST /api_keys/generate")
    try:
        public_key = public_pem(load_public_key(call.body["public_key"]))
    except UnusableKey as error:
        raise invalid("PublicKey", f"public_key: {error}") from None
    key_id = yield from _add_key(call, public_key)
    return write(call, NewKey(key_id))


def generate_api_key(call: AccountCall) -> Write:
    """Create a key pair and return its private half."""
    key_type = call.body.get("key_type") or "rsa"
    pair = _new_pair(call, key_type)
    assert pair.private_pem is not None, "a pair that is made here has both halves"
    key_id = yield from _add_key(call, pair.public_pem)
    private_key = pkcs1(pair.private_pem) if key_type == "rsa" else pair.private_pem
    return write(call, NewKey(key_id, private_key, key_type))


def delete_api_key(call: AccountCall) -> Write:
    """Remove an API key; streams that were opened with it stay open."""
    yield from submit(RemoveKey(account=call.account.name, key_id=call.path_params["api_key"]))
    return NOTHING


def upgrade_api_usage_level(call: AccountCall) -> Write:
    """Raise a basic account that has placed an order to the next tier; accounts of other tiers keep theirs."""
    account = call.account
    if not len(account.ledger.orders):
        message = f"{account.name} has no order: the upgrade needs one of the last 100 to be made over the API"
        raise Rejected(Situation.FORBIDDEN, message)
    tier = UPGRADED_TIER if account.tier == DEFAULT_TIER else account.tier
    yield from submit(SetTier(account=account.name, tier=tier))
    return undocumented_body(call)


def _add_key(call: AccountCall, public_key: str) -> Generator[Command, Outcome, str]:
    """Add a key with the fields of the body; return its id. It sees the API date of the key that asks for it.

    Another sandbox of the same scenario may have been asked for the same key at the same place of its log, and has the
    same id then: the sandbox refuses the command without logging it, and the next id is tried.
    """
    name, account = call.body["name"], call.account.name
    scopes, subaccount = _scopes(call), _subaccount(call)
    seed, place = call.state.seed, call.state.sequence
    attempt, key_id = 0, ""
    outcome: Outcome = KEY_TAKEN
    while outcome is KEY_TAKEN:
        key_id = derived_id("key", seed, place, account, name, *([attempt] if attempt else []))
        attempt += 1
        outcome = yield AddKey(
            account=account,
            key=name,
            key_id=key_id,
            public_key=public_key,
            scopes=scopes,
            subaccount=subaccount,
            api_date=call.key.api_date,
        )
    accepted(outcome)
    return key_id


def _scopes(call: AccountCall) -> tuple[str, ...]:
    """Return the scopes of the body, by default the widest. Raises Rejected for ones that write and do not read."""
    scopes = tuple(dict.fromkeys(call.body.get("scopes") or WIDE_SCOPES))
    if not any(scope.startswith("read") for scope in scopes):
        raise invalid("Scopes", f"scopes={', '.join(scopes)}: a scope that writes needs read")
    return scopes


def _subaccount(call: AccountCall) -> str | None:
    """Return the subaccount or subtrader that the new key is restricted to. Raises Rejected if there is none such."""
    number, subtrader_id = call.body.get("subaccount"), call.body.get("fcm_subtrader_id")
    if subtrader_id:
        return _subtrader(call, subtrader_id)
    if number is None:
        return None
    if call.account.kind is not AccountKind.MEMBER or str(number) not in call.account.subaccounts:
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, f"{call.account.name} has no subaccount {number}")
    return str(number)


def _subtrader(call: AccountCall, subtrader_id: str) -> str:
    known = {wire: name for name, wire in subtrader_ids(call.account).items()}
    if subtrader_id not in known:
        message = f"{call.account.name} has no subtrader {subtrader_id!r}; its own: {', '.join(known) or 'none'}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return known[subtrader_id]


def _new_pair(call: AccountCall, key_type: str) -> KeyPair:
    """Return a pair that no key of the exchange has; the same in a replay. Raises Rejected if none is left."""
    state, name = call.state, f"{call.account.name}/{call.body['name']}"
    if key_type == "ed25519":
        return derive_ed25519(f"{state.seed}/{state.sequence}/{name}")
    pair = free_rsa_pair(f"{state.seed}/{name}", state.key_owners)
    if pair is None:
        raise invalid("KeyType", "all RSA key pairs of the package are in use: ask for key_type ed25519")
    return pair


OPERATIONS = (
    WriteOperation(
        name="CreateApiKey",
        method="POST",
        path="/api_keys",
        scopes=WRITE,
        carry_out=create_api_key,
        status=201,
        answer_table="CreateApiKeyResponse",
    ),
    WriteOperation(
        name="GenerateApiKey",
        method="POST",
        path="/api_keys/generate",
        scopes=WRITE,
        carry_out=generate_api_key,
        status=201,
        answer_table="GenerateApiKeyResponse",
    ),
    WriteOperation(
        name="DeleteApiKey",
        method="DELETE",
        path="/api_keys/{api_key}",
        scopes=WRITE,
        carry_out=delete_api_key,
        status=204,
    ),
    WriteOperation(
        name="UpgradeAccountApiUsageLevel",
        method="POST",
        path="/account/api_usage_level/upgrade",
        scopes=WRITE,
        carry_out=upgrade_api_usage_level,
        status=201,
    ),
)
