"""Reads the accounts of a scenario: makes the commands that open them, and the specifications of their keys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, AccountKind, SubaccountRef
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import STEPS
from mockexchange.venues.registry import venue_of
from mockexchange.venues.venue import Venue

KEY_DEFAULT = "main"
KEY_PAIR_FIELDS = ("algorithm", "public_key", "private_key")
"""Fields of a key in a scenario, at venues where clients sign with key pairs."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key as a scenario describes it.

    Its key pair is read from files (paths relative to the scenario) or generated, or it has a secret.
    """

    account: str
    name: str
    key_id: str | None = None
    algorithm: str = "rsa"
    public_path: Path | None = None
    private_path: Path | None = None
    scopes: tuple[str, ...] = ("read", "write")
    subaccount: str | None = None
    api_date: str | None = None
    node: Located | None = field(default=None, compare=False)
    venue: str = ""
    secret: str | None = None

    @property
    def source(self) -> tuple[object, ...]:
        """The values that determine the key pair: a reset keeps the key pair of a key whose values are unchanged."""
        return self.algorithm, self.public_path, self.private_path

    @property
    def takes_pair(self) -> bool:
        """Whether the key takes one of the RSA key pairs that the package provides."""
        return self.source == ("rsa", None, None) and venue_of(self.venue).auth.secrets is None


def open_account(name: str, account: dict[str, Any]) -> Iterator[tuple[Command, Located]]:
    """Yield the commands that open an account with subaccounts and cash. Raises ScenarioError on contradictions."""
    node: Located = account["_node"]
    _check_venue(name, account)
    subaccounts = _subaccounts(name, account)
    yield step_command("account", {"account": name, **account}, f"accounts.{name}")
    yield from _cash(SubaccountRef(name), account["cash"], node)
    for subaccount, spec in subaccounts.items():
        yield (
            commands.OpenSubaccount(account=name, subaccount=subaccount, subaccount_id=spec.get("subtrader_id") or ""),
            spec["_node"],
        )
        yield from _cash(SubaccountRef(name, subaccount), spec["cash"], spec["_node"])


def step_command(kind: str, values: dict[str, Any], path: str) -> tuple[Command, Located]:
    """Return the command for a step of this kind, and the step's parsed text, to which errors refer.

    Keys in `values` that the kind does not have are ignored.
    """
    step, node = STEPS[kind], values["_node"]
    try:
        return step.build({key: value for key, value in values.items() if key in step.names}), node
    except ValueError as error:
        raise ScenarioError(str(error), node.file, node.line, path) from None


def _cash(subaccount_ref: SubaccountRef, cash: Any, node: Located) -> Iterator[tuple[Command, Located]]:
    """Yield the commands for opening cash: a deposit of dollars, or a credit for each currency."""
    if isinstance(cash, dict):
        for currency, amount in cash.items():
            if amount:
                yield commands.CreditCurrency(subaccount_ref=subaccount_ref, currency=currency, amount=amount), node
    elif cash:
        yield commands.Deposit(subaccount_ref=subaccount_ref, amount_micros=cash), node


def _check_venue(name: str, account: dict[str, Any]) -> None:
    """Refuse kinds of accounts and cash that the account's venue does not have."""
    venue = venue_of(account["venue"])
    currencies = venue.scenario.vocabulary.get("currency", ())
    if currencies and account["kind"] is not AccountKind.MEMBER:
        message = f"expected no kind: accounts at {venue.name} are of one kind, got {account['kind']}"
        raise _wrong(account, "kind", message, name)
    specs = [(account, name)]
    for kind in ("subaccounts", "subtraders"):
        specs += [(spec, f"{name}.{kind}.{subaccount}") for subaccount, spec in account[kind].items()]
    for spec, path in specs:
        cash = spec["cash"]
        if isinstance(cash, dict) and not currencies:
            message = f"expected dollars such as 12.34: accounts at {venue.name} hold no other currency"
            raise _wrong(spec, "cash", message, f"{path}.cash")
        if not isinstance(cash, dict) and cash and currencies:
            message = f"expected a mapping such as {{{currencies[0]}: 1.5}}: accounts at {venue.name} hold currencies"
            raise _wrong(spec, "cash", message, f"{path}.cash")
        unknown = next((word for word in cash if word not in currencies), None) if isinstance(cash, dict) else None
        if unknown:
            message = f"expected a currency of {venue.name} ({', '.join(currencies)}), got {unknown!r}"
            raise _wrong(spec, "cash", message + did_you_mean(unknown, currencies), f"{path}.cash")


def _subaccounts(name: str, account: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the subaccounts of an account besides the primary one, by name."""
    kind: AccountKind = account["kind"]
    own, foreign = ("subtraders", "subaccounts") if kind is AccountKind.FCM else ("subaccounts", "subtraders")
    if account[foreign]:
        raise _wrong(account, foreign, f"expected {own}, got {foreign}: this account is of kind {kind}", name)
    subaccounts = {str(subaccount): spec for subaccount, spec in account[own].items()}
    if PRIMARY_SUBACCOUNT in subaccounts:
        message = (
            f"expected another name than {PRIMARY_SUBACCOUNT!r}, which is the account's own book: its cash is `cash`"
        )
        raise _wrong(account, own, message, name)
    if kind is AccountKind.FCM:
        _check_subtrader_ids(name, account)
    return subaccounts


def _check_subtrader_ids(name: str, account: dict[str, Any]) -> None:
    """Refuse subtrader ids that do not begin with the account's id, or occur twice.

    The format is `{account_id}_{suffix}` (venue docs of 2026).
    """
    prefix = f"{account['account_id'] or name}_"
    owners: dict[str, str] = {}
    for subtrader, spec in account["subtraders"].items():
        wire_id = spec["subtrader_id"] or prefix + subtrader
        path = f"accounts.{name}.subtraders.{subtrader}.subtrader_id"
        node: Located = spec["_node"]
        if not wire_id.startswith(prefix):
            message = f"expected an id that begins with {prefix!r}, got {wire_id!r}"
            raise ScenarioError(message, node.file, node.line_of("subtrader_id"), path)
        if wire_id in owners:
            message = f"expected an id of its own, got {wire_id!r}, which is that of {owners[wire_id]!r}"
            raise ScenarioError(message, node.file, node.line_of("subtrader_id"), path)
        owners[wire_id] = subtrader


def keys_of(name: str, account: dict[str, Any], file: str) -> Iterator[KeySpec]:
    """Yield the keys that an account lists, or one default key if it lists none.

    Raises ScenarioError on contradictions.
    """
    venue = venue_of(account["venue"])
    if account["keys"] is None:
        yield KeySpec(
            name, KEY_DEFAULT, scopes=venue.auth.scopes_default, node=account["_node"], venue=account["venue"]
        )
        return
    for key, spec in account["keys"].items():
        yield _key(name, key, account, spec, file)


def _key(name: str, key: str, account: dict[str, Any], spec: dict[str, Any], file: str) -> KeySpec:
    path, venue = f"{name}.keys.{key}", venue_of(account["venue"])
    _check_key(venue, spec, path)
    sources = [name for name in KEY_PAIR_FIELDS if spec[name] is not None]
    if len(sources) > 1:
        raise _wrong(spec, sources[-1], f"expected one of {', '.join(sources)}: the file says the rest", path)
    public_key, private_key, folder = spec["public_key"], spec["private_key"], Path(file).parent
    return KeySpec(
        account=name,
        name=key,
        key_id=spec["key_id"],
        algorithm=spec["algorithm"] or "rsa",
        public_path=None if public_key is None else folder / public_key,
        private_path=None if private_key is None else folder / private_key,
        scopes=venue.auth.scopes_default if spec["scopes"] is None else tuple(spec["scopes"]),
        subaccount=_bound_subaccount(account, spec, path),
        api_date=spec["api_date"],
        node=spec["_node"],
        venue=account["venue"],
        secret=spec["secret"],
    )


def _check_key(venue: Venue, spec: dict[str, Any], path: str) -> None:
    """Refuse fields that keys of this venue do not have."""
    foreign = ("secret",) if venue.auth.secrets is None else KEY_PAIR_FIELDS
    given = next((name for name in foreign if spec[name] is not None), None)
    if given:
        own = "a key pair" if venue.auth.secrets is None else "an id and a secret"
        raise _wrong(spec, given, f"expected no {given}: a key of {venue.name} is {own}", f"{path}.{given}")
    scope = next((scope for scope in spec["scopes"] or () if scope not in venue.auth.scopes), None)
    if scope is not None:
        message = f"expected a scope of {venue.name} ({', '.join(venue.auth.scopes)}), got {scope!r}"
        raise _wrong(spec, "scopes", message + did_you_mean(scope, venue.auth.scopes), f"{path}.scopes")
    key = "api_date"
    try:
        if spec["api_date"] is not None:
            venue.api_date(spec["api_date"])
        key = "secret"
        if spec["secret"] is not None and venue.auth.secrets is not None:
            venue.auth.secrets.check(spec["secret"])
    except ValueError as error:
        raise _wrong(spec, key, str(error), f"{path}.{key}") from None


def _bound_subaccount(account: dict[str, Any], spec: dict[str, Any], path: str) -> str | None:
    if spec["subaccount"] is not None and spec["subtrader"] is not None:
        raise _wrong(spec, "subtrader", "expected subaccount or subtrader, got both", path)
    subaccounts = [PRIMARY_SUBACCOUNT, *map(str, account["subaccounts"]), *account["subtraders"]]
    for kind in ("subaccount", "subtrader"):
        subaccount = None if spec[kind] is None else str(spec[kind])
        if subaccount is not None and subaccount not in subaccounts:
            message = f"expected a book of the account ({', '.join(subaccounts)}), got {subaccount!r}"
            raise _wrong(spec, kind, message, f"{path}.{kind}")
        if subaccount is not None:
            return subaccount
    return None


def _wrong(values: dict[str, Any], key: str, message: str, path: str) -> ScenarioError:
    node: Located = values["_node"]
    return ScenarioError(message, node.file, node.line_of(key), f"accounts.{path}")
