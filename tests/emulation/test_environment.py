"""The environment of a child: nothing in it leads to a real venue, and everything known leads here."""

import base64
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockexchange.clients.own_variables import read_dotenv, venue_of
from mockexchange.clients.published import CLIENT_SETUPS, CLIENTS, GENERIC, AccountKey, UnusableAccount
from mockexchange.emulation.environment import TrustFiles, for_program, origins_of, pointing, proxied, trusting
from mockexchange.emulation.hosts import EMULATED
from mockexchange.venues.kalshi.client_variables import BOT_KEY_IDS, BOT_KEY_PATHS
from mockexchange.venues.keys.development_keys import development_keys, pkcs1
from tests.helpers.rows import each_row

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


@each_row(
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


@each_row("client", CLIENTS)
def test_for_the_demo_no_client_is_told_where(client: str) -> None:
    found = pointing(client, None, ACCOUNTS, VENUES, is_demo=True)
    assert not [value for value in found.variables.values() if value and "127.0.0.1" in value]
    (venue,) = {CLIENTS[client].venue} if client != GENERIC else {"kalshi"}
    for name in (*CLIENT_SETUPS[venue].demo_choices, *CLIENT_SETUPS[venue].bot_keys):
        assert found.variables[name]
    urls = [value for name, value in found.variables.items() if value and "://" in value]
    assert len(urls) >= len(CLIENT_SETUPS[venue].pointers) - 2 if client == GENERIC else urls
    assert {urlsplit(url).hostname for url in urls} <= EMULATED


def test_for_the_demo_clients_choose_it_and_have_its_keys() -> None:
    found = pointing(GENERIC, None, ACCOUNTS, VENUES, is_demo=True).variables
    assert (found["KALSHI_DEMO"], found["KALSHI_API_KEY_ID"], found["KALSHI_PRODUCTION"]) == ("true", "alice-id", None)
    assert {found[name] for name in BOT_KEY_IDS} == {"alice-id"}
    assert {found[name] for name in BOT_KEY_PATHS} == {found["KALSHI_PRIVATE_KEY_PATH"]}
    assert (found["KALSHI_DEMO_PRIVATE_KEY"], found["KALSHI_ENV"]) == (found["KALSHI_PRIVATE_KEY_PEM"], "demo")
    assert (found["TEST_DERIBIT_CLIENT_ID"], found["DERIBIT_CLIENT_ID"]) == ("dora-id", "dora-id")


@each_row(
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


def test_every_name_that_points_a_client_is_a_venues() -> None:
    names = {name for client in CLIENTS.values() for name in (*client.exports, *client.unset)}
    names |= {name for setup in CLIENT_SETUPS.values() for name in (*setup.demo_choices, *setup.bot_keys)}
    assert {name for name in names if venue_of(name) is None} == set()


REAL, OURS = (development_keys()[number].private_pem or "" for number in (0, 1))
REAL_ID, REAL_SECRET = "0f2a6f6e-9f1c-4b7e-8a63-5f1d0c2b3a49", "x" * 43
ONE_LINE = REAL.replace("\n", "\\n")
BODY = "".join(REAL.splitlines()[1:-1])


@each_row("is_demo", [False, True])
def test_the_users_keys_and_urls_are_replaced_in_their_own_form_and_settings_pass(
    is_demo: bool, tmp_path: Path
) -> None:
    key_file = tmp_path / "mine"
    key_file.write_text(pkcs1(REAL))
    http, ws = ("https://demo-api.kalshi.co", "wss://demo-api.kalshi.co") if is_demo else ("http://h:1", "ws://h:1")
    deribit = "https://test.deribit.com" if is_demo else "http://h:1"
    encoded = base64.b64encode(REAL.encode()).decode()
    rows: dict[str, tuple[str, str | None]] = {
        "KALSHI_PRIVATE_KEY": (REAL, OURS),
        "KALSHI_RSA_PRIVATE_KEY": (pkcs1(REAL), pkcs1(OURS)),
        "KALSHI_PRIVATE_KEY_PEM": (ONE_LINE, OURS.replace("\n", "\\n")),
        "KALSHI_PRIVATE_KEY_CONTENTS": (BODY, "".join(OURS.splitlines()[1:-1])),
        "KALSHI_PRIVATE_KEY_BASE64": (encoded, base64.b64encode(OURS.encode()).decode()),
        "KALSHI_API_SECRET": (REAL, OURS),
        "KALSHI_KEY": (REAL_ID, "alice-id"),
        "KALSHI_ACCOUNT": (REAL_ID, "alice-id"),
        "KALSHI_PEM": (str(key_file), "alice.pem"),
        "KALSHI_CREDENTIALS": (str(key_file), "alice.pem"),
        "KALSHI_PROD_PRIVATE_KEY": ("/gone/kalshi.pem", "alice.pem"),
        "KALSHI_PRIVATE_KEY_PASSPHRASE": ("hush", None),
        "MY_KALSHI_KEY_PASSWORD": ("hush", None),
        "KALSHI_EMAIL": ("me@example.com", "mockexchange"),
        "KALSHI_PASSWORD": ("hush", "mockexchange"),
        "PROD_KEYID": (REAL_ID, "alice-id"),
        "API_KEY_ID": (REAL_ID, "alice-id"),
        "PRIVATE_KEY": (REAL, OURS),
        "PRIVATE_KEY_PATH": (str(key_file), "alice.pem"),
        "KALSHI_BASE_URL": ("https://api.elections.kalshi.com", http),
        "KALSHI_API_URL": ("https://trading-api.kalshi.com/trade-api/v2/", f"{http}/trade-api/v2/"),
        "BOT_FEED": ("wss://api.elections.kalshi.com/trade-api/ws/v2", f"{ws}/trade-api/ws/v2"),
        "KALSHI_HOST": ("api.elections.kalshi.com", http.partition("//")[2]),
        "KALSHI_PROXY_URL": ("https://relay.example/trade-api/v2", f"{http}/trade-api/v2"),
        "KALSHI_ENV": ("PROD", "DEMO"),
        "KALSHI_USE_PROD": ("True", "False"),
        "KALSHI_PAPER_DEMO": ("0", "1"),
        "DERIBIT_KEY_FILE": ("/gone/deribit.pem", None),
        "DERIBIT_API_KEY": ("abcd1234", "dora-id"),
        "DERIBIT_SECRET": (REAL_SECRET, "hush"),
        "CLIENT_SECRET": (REAL_SECRET, "hush"),
        "DERIBIT_NETWORK": ("mainnet", "testnet"),
        "DERIBIT_URL": ("https://www.deribit.com/api/v2", f"{deribit}/api/v2"),
        "SIGNALPLUS_API_SECRET": ("hush", None),
    }
    harmless = {
        "KALSHI_MAX_POSITION": "50",
        "KALSHI_DRY_RUN": "true",
        "KALSHI_JOURNAL_DB": "./trade_journal.db",
        "KALSHI_WEBHOOK_URL": "https://hooks.example/x",
        "KALSHI_SERIES_TICKERS": "KXBTC15M,KXNBAGAME",
        "DERIBIT_CURRENCY": "BTC",
        "PRIVATE_KEY_OF_A_CHAIN": "0x" + "ab" * 32,
        "CLIENT_ID": "a-client-id-of-another-service",
        "HOME": "/home/me",
    }
    accounts = {**ACCOUNTS, "alice": (AccountKey("alice", "kalshi", "alice-id", lambda: OURS, None), "alice.pem")}
    found = pointing(GENERIC, None, accounts, VENUES, is_demo=is_demo)
    users = {name: value for name, (value, _) in rows.items()} | harmless
    emulated = EMULATED if is_demo else frozenset()
    origins = origins_of(CLIENT_SETUPS, "http://h:1", is_demo=is_demo)
    made = for_program(users, {}, found, origins, emulated)
    assert {name: made.variables.get(name) for name in rows} == {name: ours for name, (_, ours) in rows.items()}
    assert {name: made.variables.get(name) for name in harmless} == harmless
    assert not {REAL_ID, REAL, REAL_SECRET} & set(made.variables.values())
    assert made.changed.startswith("replaced API_KEY_ID, ")
    removed = "DERIBIT_KEY_FILE, KALSHI_PRIVATE_KEY_PASSPHRASE, MY_KALSHI_KEY_PASSWORD, SIGNALPLUS_API_SECRET"
    assert f"; removed {removed}; passed " in made.changed
    assert "KALSHI_DRY_RUN" in made.changed.partition("; passed ")[2]
    assert REAL_ID not in made.changed
    stream = f"wss://{next(one for one in sorted(EMULATED) if 'kalshi' in one and one != 'demo-api.kalshi.co')}/x"
    led = for_program({"BOT_FEED": stream}, {}, found, origins, emulated).variables["BOT_FEED"]
    assert led == (stream if is_demo else "ws://h:1/x"), "every host that is answered for stays"
    from_file = for_program({}, users, found, origins, emulated).variables
    assert {name: from_file.get(name) for name in rows} == {name: ours or "" for name, (_, ours) in rows.items()}
    assert from_file.keys().isdisjoint({"KALSHI_MAX_POSITION", "HOME"}), "the program reads its file itself"


def test_variables_of_a_file_that_is_an_example_are_no_users(tmp_path: Path) -> None:
    for name in (".env", ".env.example", ".env.dist"):
        (tmp_path / name).write_text(f"A_{len(name)}='1'\nSHARED={name} # of this file\n")
    (tmp_path / ".env.d").mkdir()
    assert read_dotenv([tmp_path]) == {"A_4": "1", "SHARED": ".env"}


def test_a_user_without_variables_gets_those_that_are_printed_and_nothing_is_told() -> None:
    for is_demo in (False, True):
        found = pointing(GENERIC, None, ACCOUNTS, VENUES, is_demo=is_demo)
        made = for_program({"HOME": "/x"}, {}, found, origins_of(VENUES, "http://h:1", is_demo=is_demo), frozenset())
        assert made.changed == ""
        for venue in ("kalshi", "deribit"):
            assert all(made.variables.get(name) for name in CLIENT_SETUPS[venue].pointers)


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
