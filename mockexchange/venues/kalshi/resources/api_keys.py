"""An account's API keys: listed, registered, generated and removed.

Keys restricted to a subaccount may call none of these operations.
"""

from collections.abc import Generator
from typing import NamedTuple

from mockexchange.core.commands import AddKey, Command, RemoveKey
from mockexchange.core.exchange import Outcome
from mockexchange.core.ids import derived_id
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.vocabulary import SUBACCOUNTS_MAX, AccountKind
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi import enumerations
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import SUBACCOUNT, TEXT, TEXTS, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.resources import bodies
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, Write, WriteOperation, write
from mockexchange.venues.kalshi.resources.fields import list_of, maybe, optional, table
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import accepted, invalid, submit
from mockexchange.venues.kalshi.resources.row_owner import SHOWN_CHARS_MAX, own_names, subtrader_ids
from mockexchange.venues.keys.development_keys import KeyPair, derive_ed25519, free_rsa_pair, pkcs1, public_pem
from mockexchange.venues.keys.public_keys import UnusableKey, load_public_key
from mockexchange.venues.request import KEY_TAKEN

# --- fields of answers

SCOPES_ADDED = "2025-12-18"

RESTRICTED_KEYS_ADDED = "2026-07-02"
KEY_TYPE_ADDED = "2026-09-24"
REGION_EXPIRY_ADDED = "2026-08-16"


def _old_scopes(scopes: tuple[str, ...]) -> str:
    """Return scopes as JSON before narrower ones existed: the wider scopes that contain them."""
    return TEXTS.write(dict.fromkeys(scope.partition("::")[0] for scope in scopes))


OLD_SCOPES = Spelling("list of strings", _old_scopes)
SCOPES = Spelling("list of strings", TEXTS.write, enumerations.SCOPES)

API_KEY = table(
    "ApiKey",
    Field(name="api_key_id", spelling=TEXT, read="key.key_id", source="docs-2025-11"),
    *optional("fcm_subtrader_id", TEXT, "subtrader_id", since=AUTUMN_2026, source="sdk-3.34"),
    Field(name="name", spelling=TEXT, read="key.name", source="docs-2025-11"),
    Field(
        name="scopes",
        spelling=OLD_SCOPES,
        read="key.scopes",
        since=SCOPES_ADDED,
        until=AUTUMN_2026,
        source="changelog",
    ),
    Field(name="scopes", spelling=SCOPES, read="key.scopes", since=AUTUMN_2026, source="sdk-3.34"),
    *optional("subaccount", SUBACCOUNT, "subaccount", since=RESTRICTED_KEYS_ADDED, source="client-report"),
)
GET_API_KEYS_RESPONSE = table(
    "GetApiKeysResponse",
    *optional(
        "api_key_region_expiration_ts", UNIX_SECONDS, "region_expires_at", since=REGION_EXPIRY_ADDED, source="changelog"
    ),
    list_of("api_keys", "ApiKey", API_KEY),
)

_NEW_KEY = (
    Field(name="api_key_id", spelling=TEXT, read="api_key_id", source="docs-2025-11"),
    maybe("warning", TEXT, "warning", since=AUTUMN_2026, source="sdk-3.34"),
)
CREATE_API_KEY_RESPONSE = table("CreateApiKeyResponse", *_NEW_KEY)
GENERATE_API_KEY_RESPONSE = table(
    "GenerateApiKeyResponse",
    *_NEW_KEY,
    maybe("key_type", one_of("rsa", "ed25519"), "key_type", since=KEY_TYPE_ADDED, source="changelog"),
    Field(name="private_key", spelling=TEXT, read="private_key", source="docs-2025-11"),
)

# --- parameters of queries

GET_API_KEYS: tuple[Parameter, ...] = (
    Parameter(name="fcm_subtrader_id", kind="text", since=AUTUMN_2026, source="sdk-3.34"),
)

# --- bodies of requests

NARROW_SCOPES_ADDED = "2026-06-02"
KEY_TYPES = ("rsa", "ed25519")
WIDE_SCOPES = ("read", "write")


def _text(name: str) -> BodyField:
    return BodyField(name=name, kind="text", required=True, source="docs-2025-11")


_SHARED = (
    _text("name"),
    BodyField(
        name="scopes",
        kind="texts",
        choices=WIDE_SCOPES,
        since=SCOPES_ADDED,
        until=NARROW_SCOPES_ADDED,
        source="changelog",
    ),
    BodyField(name="scopes", kind="texts", choices=enumerations.SCOPES, since=NARROW_SCOPES_ADDED, source="changelog"),
    BodyField(
        name="subaccount",
        kind="integer",
        minimum=0,
        maximum=SUBACCOUNTS_MAX,
        since=RESTRICTED_KEYS_ADDED,
        source="changelog",
    ),
    bodies.optional("fcm_subtrader_id", "text", since=AUTUMN_2026, source="sdk-3.34"),
)

CREATE_API_KEY = Body(struct="CreateApiKeyRequest", fields=(*_SHARED, _text("public_key")))
GENERATE_API_KEY = Body(
    struct="GenerateApiKeyRequest",
    fields=(
        *_SHARED,
        BodyField(name="key_type", kind="choice", choices=KEY_TYPES, since=KEY_TYPE_ADDED, source="changelog"),
    ),
)

# --- reads


class KeyView(NamedTuple):
    """An API key as answers show it, with its subaccount or subtrader, depending on the kind of the account."""

    key: Key
    subaccount: str | None
    subtrader_id: str | None


class Keys(NamedTuple):
    api_keys: list[KeyView]
    region_expires_at: None = None


def get_api_keys(call: AccountCall) -> bytes:
    asked = call.params.get("fcm_subtrader_id")
    views = [_view(call.account, key) for key in call.account.keys.values()]
    return write(call, Keys([one for one in views if not asked or one.subtrader_id == asked]))


def _view(account: Account, key: Key) -> KeyView:
    if key.subaccount is None or account.kind is AccountKind.MEMBER:
        return KeyView(key, key.subaccount, None)
    return KeyView(key, None, subtrader_ids(account).get(key.subaccount))


# --- writes

WRITE = ("write",)
OWN_KEYS_TIERS = ("premier", "paragon", "prime", "prestige")
"""Tiers that may register a public key of their own; accounts of other tiers can only have keys generated."""

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
        message = f"{call.account.name} has no subaccount {number}; {own_names(call.account)}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return str(number)


def _subtrader(call: AccountCall, subtrader_id: str) -> str:
    known = {wire: name for name, wire in subtrader_ids(call.account).items()}
    if subtrader_id not in known:
        message = f"{call.account.name} has no subtrader {subtrader_id[:SHOWN_CHARS_MAX]!r}; {own_names(call.account)}"
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
    AccountOperation(
        name="GetApiKeys",
        path="/api_keys",
        answer=get_api_keys,
        answer_table="GetApiKeysResponse",
        parameters=GET_API_KEYS,
    ),
    WriteOperation(
        name="CreateApiKey",
        method="POST",
        path="/api_keys",
        scopes=WRITE,
        carry_out=create_api_key,
        status=201,
        answer_table="CreateApiKeyResponse",
        body=CREATE_API_KEY,
    ),
    WriteOperation(
        name="GenerateApiKey",
        method="POST",
        path="/api_keys/generate",
        scopes=WRITE,
        carry_out=generate_api_key,
        status=201,
        answer_table="GenerateApiKeyResponse",
        body=GENERATE_API_KEY,
    ),
    WriteOperation(
        name="DeleteApiKey",
        method="DELETE",
        path="/api_keys/{api_key}",
        scopes=WRITE,
        carry_out=delete_api_key,
        status=204,
    ),
)
