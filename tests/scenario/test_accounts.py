"""Accounts of several venues: their fields, their keys, and the errors of contradictions."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange.core import commands
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.scenario.accounts import KeySpec
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.plan import Plan
from mockexchange.venues.registry import VENUES
from tests.helpers.derivatives import WORLD, credential_of
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make

INDEXES = "indexes: {btc_usd: 100}\n"
LISTED = INDEXES + "instruments:\n  F: {kind: future, base: BTC, mark: 100}\n"
GINA = "accounts:\n  gina: {venue: signalplus}\n"


def load(text: str) -> Plan:
    return load_text(f"scenario: s\n{text}", "s.yaml")


def test_an_account_of_currencies_is_opened_with_them() -> None:
    plan = load("accounts:\n  d: {venue: deribit, cash: {BTC: 1.5, USDC: 0}, subaccounts: {3: {cash: {ETH: 2}}}}\n")
    assert [timed.command for timed in plan.setup] == [
        commands.OpenAccount(account="d", venue="deribit"),
        commands.CreditCurrency(subaccount_ref=SubaccountRef("d"), currency="BTC", amount=Decimal("1.5")),
        commands.OpenSubaccount(account="d", subaccount="3"),
        commands.CreditCurrency(subaccount_ref=SubaccountRef("d", "3"), currency="ETH", amount=Decimal(2)),
    ]


def test_the_default_venue_may_be_named() -> None:
    [opened] = load("accounts:\n  a: {venue: kalshi}\n").setup
    assert opened.command == commands.OpenAccount(account="a")


def test_indexes_and_instruments_come_first() -> None:
    plan = load(GINA + LISTED)
    kinds = [type(timed.command) for timed in plan.setup]
    assert kinds == [commands.SetIndex, commands.ListDerivative, commands.OpenAccount]


def test_the_keys_of_a_venue_have_its_scopes_and_secrets() -> None:
    plan = load(
        "accounts:\n  g: {venue: signalplus, keys: {a: {secret: c2VjcmV0, key_id: x}, b: {}}}\n  d: {venue: deribit}\n"
    )
    scopes = {name: VENUES[name].auth.scopes_default for name in ("signalplus", "deribit")}
    assert plan.keys == [
        KeySpec("g", "a", key_id="x", secret="c2VjcmV0", scopes=scopes["signalplus"], venue="signalplus"),  # made up
        KeySpec("g", "b", scopes=scopes["signalplus"], venue="signalplus"),
        KeySpec("d", "main", scopes=scopes["deribit"], venue="deribit"),
    ]


def test_secrets_are_the_same_in_every_run_and_different_for_every_key() -> None:
    text = WORLD.replace("dora: {", "dora: {keys: {main: {}, other: {}}, ")
    first, second = ([one.secret for one in make(text).credentials() if one.secret] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first) == 3
    elsewhere = make(text, name="elsewhere")
    assert credential_of(elsewhere, "dora").secret not in first


def test_settings_are_switched_under_the_name_of_the_venue() -> None:
    plan = load("signalplus: {window: 20s, flat_rows: omit}\nderibit: {processing_us: 7, token_lifetime: 5m}\n")
    assert (plan.settings["signalplus"].window_us, plan.settings["signalplus"].flat_rows) == (20_000_000, "omit")
    assert (plan.settings["deribit"].processing_us, plan.settings["deribit"].token_lifetime_us) == (7, 300_000_000)
    assert plan.settings["kalshi"] == VENUES["kalshi"].scenario.settings()


def test_common_settings_apply_to_all_venues_unless_one_overrides_them() -> None:
    plan = load("auth: {clock: exchange}\nstream: {heartbeat: 1s, outbox: 2048}\nderibit: {auth_clock: host}\n")
    told = {
        name: (one.auth_clock, one.stream_heartbeat_us, one.stream_outbox_bytes) for name, one in plan.settings.items()
    }
    assert told == {
        "kalshi": ("exchange", 1_000_000, 2_048),
        "deribit": ("host", 1_000_000, 2_048),
        "signalplus": ("exchange", 1_000_000, 2_048),
    }


def account(inside: str, venue: str = "signalplus") -> str:
    return f"accounts:\n  d:\n    venue: {venue}\n    {inside}\n"


def contract(inside: str) -> str:
    return f"instruments:\n  F: {{{inside}}}\n"


# scenario, error
WRONG: list[tuple[str, str]] = [
    (account("kind: fcm"), "5: accounts.d: expected no kind: accounts at signalplus are of one kind, got fcm"),
    (account("kind: fcm", "deribit"), "5: accounts.d: expected no kind"),
    (account("subtraders: {a: {}}"), "5: accounts.d: expected subaccounts, got subtraders"),
    (account("cash: 12"), "5: accounts.d.cash: expected a mapping such as {BTC: 1.5}: accounts at signalplus hold"),
    (account("subaccounts: {3: {cash: 12}}"), "5: accounts.d.subaccounts.3.cash: expected a mapping such as"),
    (
        account("cash: {BTC: 1}", "kalshi"),
        "5: accounts.d.cash: expected dollars such as 12.34: accounts at kalshi hold",
    ),
    (account("cash: {BCT: 1}"), "5: accounts.d.cash: expected a currency such as BTC, got 'BCT': did you mean 'BTC'?"),
    (account("cash: {BTC: -1}"), "5: accounts.d.cash.BTC: expected a number such as 0.0005, got '-1': it is below 0"),
    (account("cash: [1]"), "5: accounts.d.cash: expected dollars such as 12.34, of at most 6 decimals, or a mapping"),
    (account("cash: ", "deribit"), "5: accounts.d.cash: expected dollars such as 12.34"),
    (
        "accounts:\n  d: {venue: derbit}\n",
        "3: accounts.d.venue: expected kalshi, deribit or signalplus, got 'derb",
    ),
    (
        account("keys: {k: {algorithm: rsa}}"),
        "5: accounts.d.keys.k.algorithm: expected no algorithm: a key of sig",
    ),
    (
        account("keys: {k: {public_key: p}}"),
        "5: accounts.d.keys.k.public_key: expected no public_key: a",
    ),
    (
        account("keys: {k: {secret: c2Vj}}", "kalshi"),
        "5: accounts.d.keys.k.secret: expected no secret: a key of kal",
    ),
    (account("keys: {k: {secret: a b}}"), "5: accounts.d.keys.k.secret: expected standard base64"),
    (
        account("keys: {k: {scopes: [read]}}"),
        "5: accounts.d.keys.k.scopes: expected a scope of signalplus (",
    ),
    (
        account('keys: {k: {scopes: ["trade:read"]}}', "kalshi"),
        "5: accounts.d.keys.k.scopes: expected a scope of",
    ),
    (
        account('keys: {k: {scopes: ["trade:raed"]}}'),
        "5: accounts.d.keys.k.scopes[0]: expected a scope such as",
    ),
    (account("keys: {k: {subaccount: 3}}"), "5: accounts.d.keys.k.subaccount: expected a book of the account (0)"),
    ("signalplus: {widow: 20s}\n", "2: signalplus: unknown key 'widow': did you mean 'window'?"),
    ("signalplus: {window: 20}\n", "2: signalplus.window: expected a duration such as"),
    ("deribit: {testnet: maybe}\n", "2: deribit.testnet: expected yes or no, got 'maybe'"),
    ("deribit: {processing_us: 1000001}\n", "2: deribit.processing_us: expected a whole number from 0 to 1000000"),
    (contract("kind: futures, base: BTC, mark: 1"), "3: instruments.F.kind: expected future, option,"),
    (contract("kind: future, base: BTC"), "3: instruments.F: expected the key 'mark', which is missing"),
    (
        contract("kind: future, base: btc, mark: 1"),
        "3: instruments.F.base: expected a currency such as BTC",
    ),
    (contract("kind: future, base: XYZ, mark: 1"), "3: instruments.F: base: expected one of BTC, ETH,"),
    (
        contract("kind: future, base: BTC, quote: USCD, mark: 1"),
        "3: instruments.F: quote: expected one of BTC,",
    ),
    (contract("kind: future, base: BTC, mark: 0"), "3: instruments.F: mark: expected more than 0"),
    (
        contract("kind: option, base: BTC, mark: 1, expires: 2030-01-01"),
        "3: instruments.F: strike and option_type",
    ),
    (
        contract("kind: future, base: BTC, mark: 1, legs: [[A, 1]]"),
        "3: instruments.F: legs: expected some, and",
    ),
    (
        contract("kind: future, base: BTC, mark: 1, legs: [[A, x]]"),
        "3: instruments.F.legs[0][1]: expected a whole",
    ),
    (contract("kind: future, base: BTC, mark: 1e5"), "3: instruments.F.mark: expected a number such as"),
    (
        contract("kind: future, base: BTC, mark: 0.1234567890123456789"),
        "3: instruments.F.mark: expected a number such as",
    ),
    (
        LISTED + "script:\n  - mark: {instrument: G, price: 1}\n",
        "6: script[0].mark.instrument: expected an instrument,",
    ),
    (
        GINA + LISTED + "script:\n  - trade: {account: gin, instrument: F, direction: buy, amount: 10, price: 1}\n",
        "8: script[0].trade.account: expected an account, got 'gin': did you mean 'gina'?",
    ),
    (
        "script:\n  - {when: {request: {operation: private/get_postions}}, announce: {message: x}}\n",
        "3: script[0].when.request.operation: expected an operation such as GetPositions, or *, got 'private/get_po",
    ),
    (
        "faults:\n  - {match: {channel: user.change}, then: {gap}}\n",
        "3: faults[0].match.channel: expected the name of a channel, such as market_positions, got 'user.change': did",
    ),
    ("faults:\n  - {match: {path: /api/v3/x}, then: {drop}}\n", "3: faults[0].match.path: expected a path such as"),
]


@each_row(("text", "error"), WRONG)
def test_the_error_of_a_contradiction_has_its_place(text: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert str(caught.value).startswith(f"s.yaml:{error}")


# what the exchange refuses while the scenario is carried out
REFUSED: list[tuple[str, str]] = [
    ("instruments:\n  F: {kind: future, base: BTC, mark: 1}\n", "3: unknown_index: index 'btc_usd' has no price"),
    (
        INDEXES + "instruments:\n  F: {kind: future_combo, base: BTC, expires: 2030-01-01, legs: [[A, 1]], mark: 1}\n",
        "4: unknown_contract: no instrument 'A'",
    ),
    (
        GINA + LISTED + "history:\n  - trade: {account: gina, instrument: G, direction: buy, amount: 10, price: 1}\n",
        "8: unknown_contract: no instrument 'G'",
    ),
    (
        "accounts: {alice: {}}\n"
        + LISTED
        + "history:\n  - trade: {account: alice, instrument: F, direction: buy, amount: 10, price: 1}\n",
        "7: wrong_kind: account alice has dollars and event contracts",
    ),
    (GINA + "history:\n  - deposit: {account: gina, amount: 5}\n", "5: wrong_kind: account gina is of signalplus"),
    (
        "markets: {M: {event: E, series: S}}\n"
        + GINA
        + "history:\n  - fill: {account: gina, market: M, side: yes, action: buy, count: 1, price: 0.5}\n",
        "6: wrong_kind: account gina is of signalplus",
    ),
    (
        "accounts:\n  d: {venue: deribit, keys: {k: {key_id: x}}}\n  e: {venue: signalplus, keys: {k: {key_id: x}}}\n",
        "4: key_in_use: key id x exists already",
    ),
]


@each_row(("text", "error"), REFUSED)
def test_the_error_of_a_refused_command_has_its_place(text: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        make(f"scenario: s\n{text}")
    assert str(caught.value).startswith(f"scenario:{error}")


# instrument, terms that it has without saying so
USUAL: list[tuple[str, dict[str, Any]]] = [
    ("base: BTC", {"form": "inverse", "quote": "USD", "index": "btc_usd", "contract_size": 10, "period": "perpetual"}),
    ("base: ETH", {"form": "inverse", "quote": "USD", "index": "eth_usd", "contract_size": 1}),
    ("base: BTC, expires: 2030-01-01", {"period": "month", "is_perpetual": False}),
    ("base: SOL, quote: USDC", {"form": "linear", "index": "sol_usdc", "settlement_currency": "USDC"}),
    ("base: BTC, form: linear", {"quote": "USDC", "index": "btc_usdc"}),
    ("base: BTC, quote: USDT, index: other", {"form": "linear", "index": "other"}),
]


@each_row(("given", "terms"), USUAL)
def test_an_instrument_has_defaults(given: str, terms: dict[str, Any]) -> None:
    [timed] = load(f"instruments:\n  F: {{kind: future, {given}, mark: 1}}\n").setup
    assert isinstance(timed.command, commands.ListDerivative)
    assert {name: getattr(timed.command.terms, name) for name in terms} == terms
