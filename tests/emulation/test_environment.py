"""The environment of a child: nothing in it leads to a real venue, and everything known leads here."""

from pathlib import Path

import pytest

from mockexchange.clients.published import CLIENT_SETUPS, CLIENTS, GENERIC, AccountKey, UnusableAccount
from mockexchange.emulation.environment import (
    OWN_PREFIXES,
    WHERE,
    TrustFiles,
    pointing,
    proxied,
    scrubbed,
    trusting,
)
from mockexchange.venues.kalshi.client_variables import DEMO_KEY_IDS, DEMO_KEY_PATHS

VENUES = {
    "kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2", "ws_url": "ws://127.0.0.1:1/trade-api/ws/v2"},
    "deribit": {"base_url": "http://127.0.0.1:1/api/v2", "ws_url": "ws://127.0.0.1:1/ws/api/v2"},
    "signalplus": {"base_url": "http://127.0.0.1:1/signalplus/api", "ws_url": "ws://127.0.0.1:1/signalplus/ws/api"},
}
ALICE = AccountKey("alice", "kalshi", "alice-id", lambda: "PEM", None)
BOB = AccountKey("bob", "kalshi", "bob-id", lambda: "PEM", None)
DORA = AccountKey("dora", "deribit", "dora-id", None, "hush")
NOBODY = AccountKey("nobody", "signalplus", "no-id", None, None)
ACCOUNTS = {"alice": (ALICE, "alice.pem"), "bob": (BOB, "bob.pem"), "dora": (DORA, ""), "nobody": (NOBODY, "")}


def test_whatever_is_a_venues_is_taken_away() -> None:
    environment = {"KALSHI_API_KEY_ID": "real", "kalshi_demo": "1", "TEST_DERIBIT_CLIENT_ID": "x", "HOME": "/home/me"}
    assert scrubbed(environment) == {"HOME": "/home/me"}


def test_the_generic_client_is_one_of_every_venue() -> None:
    found = pointing(GENERIC, None, ACCOUNTS, VENUES, is_demo=False)
    assert found.accounts == {"kalshi": "alice", "deribit": "dora"}
    wanted = {
        "KALSHI_API_BASE_URL": "http://127.0.0.1:1/trade-api/v2",
        "KALSHI_KEY_ID": "alice-id",
        "KALSHI_PRIVATE_KEY_PATH": "alice.pem",
        "KALSHI_DEMO": None,
        "DERIBIT_API_URL": "http://127.0.0.1:1/api/v2",
        "DERIBIT_CLIENT_SECRET": "hush",
    }
    assert {name: found.variables[name] for name in wanted} == wanted


def test_an_account_is_chosen_for_its_venue_alone() -> None:
    assert pointing(GENERIC, "bob", ACCOUNTS, VENUES, is_demo=False).accounts == {"kalshi": "bob", "deribit": "dora"}
    assert pointing("kalshi-sdk", "bob", ACCOUNTS, VENUES, is_demo=False).accounts == {"kalshi": "bob"}
    assert pointing("ccxt", None, ACCOUNTS, VENUES, is_demo=False).accounts == {"deribit": "dora"}


@pytest.mark.parametrize(
    ("client", "account", "problem"),
    [
        (GENERIC, "carol", "no account 'carol'; known: alice, bob, dora, nobody"),
        ("kalshi-sdk", "dora", "kalshi-sdk is a client of kalshi: the account dora is on deribit"),
        (GENERIC, "nobody", "the scenario has only the public half of nobody's key"),
    ],
)
def test_an_account_that_cannot_be_used_is_told_of(client: str, account: str, problem: str) -> None:
    with pytest.raises(UnusableAccount, match=problem):
        pointing(client, account, ACCOUNTS, VENUES, is_demo=False)


def test_of_no_accounts_nothing_is_said() -> None:
    assert pointing(GENERIC, None, {}, VENUES, is_demo=False).variables == {}


@pytest.mark.parametrize("client", CLIENTS)
def test_for_the_demo_no_client_is_told_where(client: str) -> None:
    found = pointing(client, None, ACCOUNTS, VENUES, is_demo=True)
    assert not [value for value in found.variables.values() if value and "127.0.0.1" in value]
    (venue,) = {CLIENTS[client].venue} if client != GENERIC else {"kalshi"}
    for name in CLIENT_SETUPS[venue].demo_switches:
        assert found.variables[name]


def test_for_the_demo_clients_choose_it_and_have_its_keys() -> None:
    found = pointing(GENERIC, None, ACCOUNTS, VENUES, is_demo=True).variables
    assert (found["KALSHI_DEMO"], found["KALSHI_API_KEY_ID"], found["KALSHI_PRODUCTION"]) == ("true", "alice-id", None)
    assert {found[name] for name in DEMO_KEY_IDS} == {"alice-id"}
    assert {found[name] for name in DEMO_KEY_PATHS} == {found["KALSHI_PRIVATE_KEY_PATH"]}
    assert (found["KALSHI_DEMO_PRIVATE_KEY"], found["KALSHI_ENV"]) == (found["KALSHI_PRIVATE_KEY_PEM"], "demo")
    assert (found["TEST_DERIBIT_CLIENT_ID"], found["DERIBIT_CLIENT_ID"]) == ("dora-id", "dora-id")


@pytest.mark.parametrize(
    ("key_id", "key_path"),
    [
        ("KALSHI_DEMO_KEY_ID", "KALSHI_DEMO_PRIVATE_KEY_PATH"),
        ("KALSHI_DEMO_API_KEY_ID", "KALSHI_DEMO_PRIVATE_KEY_PATH"),
        ("KALSHI_DEMO_API_KEY_ID", "KALSHI_DEMO_KEY_PATH"),
    ],
)
def test_for_the_demo_the_names_that_public_suites_read_are_set(key_id: str, key_path: str) -> None:
    found = pointing(GENERIC, None, ACCOUNTS, VENUES, is_demo=True).variables
    assert (found[key_id], found[key_path]) == ("alice-id", ACCOUNTS["alice"][1])


def test_every_name_that_points_a_client_is_one_that_is_scrubbed() -> None:
    names = {name for client in CLIENTS.values() for name in (*client.exports, *client.unset)}
    names |= {name for setup in CLIENT_SETUPS.values() for name in setup.demo_switches} | {"PROD_KEYID", "PROD_KEYFILE"}
    assert {name for name in names if not name.startswith(OWN_PREFIXES)} == set()
    assert set(WHERE) == {"{base_url}", "{ws_url}", "{origin}", "{ws_origin}"}


def test_programs_are_led_to_the_proxy_but_not_for_this_machine() -> None:
    found = proxied(9, "word", {})
    assert {found[name] for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY")} == {
        "http://run:word@127.0.0.1:9"
    }
    assert found["no_proxy"] == found["NO_PROXY"] == "127.0.0.1,::1,localhost"
    assert found["NODE_USE_ENV_PROXY"] == "1"
    assert "ALL_PROXY" not in found
    assert proxied(9, "w", {"ALL_PROXY": "socks5://x"})["all_proxy"] == "http://run:w@127.0.0.1:9"


def test_programs_trust_our_authority_beside_the_systems(tmp_path: Path) -> None:
    own, theirs = tmp_path / "own.crt", tmp_path / "theirs.crt"
    own.write_text("ours")
    theirs.write_text("theirs")
    trust = TrustFiles(str(own), "bundle.crt")
    found = trusting(trust, {"NODE_EXTRA_CA_CERTS": str(tmp_path / "gone.crt")}, tmp_path)
    assert found == {
        "SSL_CERT_FILE": "bundle.crt",
        "REQUESTS_CA_BUNDLE": "bundle.crt",
        "CURL_CA_BUNDLE": "bundle.crt",
        "NODE_EXTRA_CA_CERTS": str(own),
    }
    both = trusting(trust, {"NODE_EXTRA_CA_CERTS": str(theirs)}, tmp_path)["NODE_EXTRA_CA_CERTS"]
    assert Path(both).read_text() == "theirs\nours"
