"""Writes of API keys and of the usage tier: answers, what the new keys may do, and refusals."""

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.codec import write_log
from mockexchange.venues.keys.development_keys import development_keys
from mockexchange.venues.request import Answer, Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, SMALL, WALL, make, send
from tests.venues.kalshi.keyring import Signer, sign
from tests.venues.kalshi.rest_answers import why

KEYS, GENERATE, UPGRADE = "/api_keys", "/api_keys/generate", "/account/api_usage_level/upgrade"
BALANCE = f"{PREFIX}/portfolio/balance"


def of_tier(tier: str, date: str = "2026-10") -> Sandbox:
    return make(SMALL.replace("alice: {", f"alice: {{tier: {tier}, "), date=date)


def unused(sandbox: Sandbox) -> str:
    """Return a public key that no account has."""
    return next(
        pair.public_pem for pair in development_keys() if pair.public_pem not in sandbox.exchange.state.key_owners
    )


def generate(sandbox: Sandbox, who: str = "alice/main", **body: Any) -> dict[str, Any]:
    answer = send(sandbox, "POST", GENERATE, {"name": "bot", **body}, who=who)
    assert answer.status == 201, answer
    made: dict[str, Any] = json.loads(answer.body)
    return made


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def ask(sandbox: Sandbox, key: dict[str, Any], target: str = BALANCE, method: str = "GET") -> int:
    """Return the status of a request that is signed with a generated key."""
    private = load_pem_private_key(key["private_key"].encode(), None)
    assert isinstance(private, Signer)
    signature = b64encode(sign(private, f"{WALL // 1_000}{method}{target.partition('?')[0]}"))
    headers = {
        b"kalshi-access-key": key["api_key_id"].encode(),
        b"kalshi-access-timestamp": str(WALL // 1_000).encode(),
        b"kalshi-access-signature": signature,
    }
    path, _, query = target.partition("?")
    return sandbox.answer(Request(method, path, query, tuple(headers.items())))[0].status


@each_row(
    ("body", "first_line", "fields"),
    [
        ({}, "-----BEGIN RSA PRIVATE KEY-----", {"key_type": "rsa"}),
        ({"key_type": "rsa"}, "-----BEGIN RSA PRIVATE KEY-----", {"key_type": "rsa"}),
        ({"key_type": "ed25519"}, "-----BEGIN PRIVATE KEY-----", {"key_type": "ed25519"}),
    ],
)
def test_a_generated_key_signs_at_once(body: dict[str, str], first_line: str, fields: dict[str, str]) -> None:
    sandbox = make()
    key = generate(sandbox, **body)
    assert key["private_key"].startswith(first_line)
    assert {name: value for name, value in key.items() if name not in ("api_key_id", "private_key")} == fields
    assert ask(sandbox, key) == 200
    rows = json.loads(send(sandbox, "GET", KEYS).body)["api_keys"]
    assert {"api_key_id": key["api_key_id"], "name": "bot", "scopes": ["read", "write"]} in rows


def test_the_type_of_a_key_is_answered_since_its_day() -> None:
    assert set(generate(make(date="2025-11"), key_type="ed25519")) == {"api_key_id", "private_key"}
    assert set(generate(make(date="2026-09-24"))) == {"api_key_id", "private_key", "key_type"}


def test_generated_keys_are_the_same_in_every_run_and_never_shared() -> None:
    first, second = ([generate(sandbox, name=name) for name in ("a", "b")] for sandbox in (make(), make()))
    assert first == second
    assert len({key["private_key"] for key in first}) == 2


def test_a_replay_answers_the_same_private_key() -> None:
    sandbox = make()
    generate(sandbox)
    generate(sandbox, name="other", key_type="ed25519")
    send(sandbox, "POST", GENERATE, {"name": "bot"})
    journal = json.dumps([entry_to_json(entry) for entry in sandbox.journal])
    verdicts = list(compare(Replay(list(write_log(sandbox.log))), read_journal(journal)))
    assert [verdict.deviation for verdict in verdicts] == [None] * 3


def test_all_pairs_of_the_package_are_given_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.venues.keys.development_keys.development_keys", lambda: development_keys()[:1])
    sandbox = make()
    sandbox.exchange.state.key_owners[development_keys()[0].public_pem] = "bob"
    answer = send(sandbox, "POST", GENERATE, {"name": "bot"})
    assert code(answer) == (400, "invalid_parameters")
    assert "ed25519" in why(answer)


def test_a_key_has_the_scopes_and_the_subaccount_that_it_is_given() -> None:
    sandbox = make()
    reader = generate(sandbox, scopes=["read"], subaccount=3)
    assert ask(sandbox, reader) == 200
    assert ask(sandbox, reader, f"{BALANCE}?subaccount=0") == 403
    assert ask(sandbox, reader, f"{PREFIX}{UPGRADE}", "POST") == 403


def test_a_key_of_an_fcm_is_bound_to_a_subtrader() -> None:
    sandbox = make()
    key = generate(sandbox, "desk/main", fcm_subtrader_id="fcm7_st1")
    rows = json.loads(send(sandbox, "GET", KEYS, who="desk/main").body)["api_keys"]
    assert [row["fcm_subtrader_id"] for row in rows if row["api_key_id"] == key["api_key_id"]] == ["fcm7_st1"]


@each_row(
    ("body", "refused"),
    [
        ({"name": "main"}, (409, "already_exists")),
        ({"name": "b", "scopes": ["write"]}, (400, "invalid_parameters")),
        ({"name": "b", "scopes": ["admin"]}, (400, "invalid_parameters")),
        ({"name": "b", "subaccount": 9}, (404, "not_found")),
        ({"name": "b", "subaccount": 64}, (400, "invalid_parameters")),
        ({"name": "b", "fcm_subtrader_id": "x"}, (404, "not_found")),
        ({"name": "b", "key_type": "dsa"}, (400, "invalid_parameters")),
        ({"name": ""}, (400, "missing_parameters")),
        ({}, (400, "missing_parameters")),
    ],
)
def test_a_key_that_cannot_be_made(body: dict[str, Any], refused: tuple[int, str]) -> None:
    sandbox = make()
    before = len(sandbox.keys)
    answer = send(sandbox, "POST", GENERATE, body)
    assert code(answer) == refused
    assert why(answer)
    assert len(sandbox.keys) == before


def test_scopes_are_a_list_of_texts() -> None:
    answer = send(make(), "POST", GENERATE, {"name": "b", "scopes": [1]})
    details = "json: cannot unmarshal number into Go struct field GenerateApiKeyRequest.scopes of type string"
    assert json.loads(answer.body) == {"code": "bad_request", "message": "bad request", "details": details}


def test_the_upper_tiers_register_a_public_key() -> None:
    sandbox = of_tier("premier")
    answer = send(sandbox, "POST", KEYS, {"name": "own", "public_key": unused(sandbox)})
    assert answer.status == 201
    assert set(json.loads(answer.body)) == {"api_key_id"}


def test_the_lower_tiers_do_not() -> None:
    sandbox = of_tier("advanced")
    answer = send(sandbox, "POST", KEYS, {"name": "own", "public_key": unused(sandbox)})
    assert code(answer) == (403, "permission_denied")
    assert "POST /api_keys/generate" in why(answer)


def test_a_public_key_is_a_pem_that_no_other_account_has() -> None:
    sandbox = of_tier("prime")
    taken = next(key.public_key for key in sandbox.keys if key.account == "bob")
    assert code(send(sandbox, "POST", KEYS, {"name": "own", "public_key": taken})) == (409, "already_exists")
    assert code(send(sandbox, "POST", KEYS, {"name": "own", "public_key": "PEM"})) == (400, "invalid_parameters")


def test_a_deleted_key_is_refused_from_then_on() -> None:
    sandbox = make()
    key = generate(sandbox)
    path = f"{KEYS}/{key['api_key_id']}"
    assert send(sandbox, "DELETE", path, who="bob/main").status == 404
    answer = send(sandbox, "DELETE", path)
    assert (answer.status, answer.body) == (204, b"")
    assert ask(sandbox, key) == 401
    assert code(send(sandbox, "DELETE", path)) == (404, "not_found")
    assert generate(sandbox)["private_key"] != key["private_key"], "the name is free, the pair is spent"


def test_a_key_without_write_makes_no_keys() -> None:
    sandbox = make()
    reader = generate(sandbox, scopes=["read"])
    assert ask(sandbox, reader, f"{PREFIX}{GENERATE}", "POST") == 403


def test_an_account_with_an_order_is_upgraded_once() -> None:
    sandbox = make(date="2026-06")
    answer = send(sandbox, "POST", UPGRADE)
    assert (answer.status, answer.body) == (201, b"{}")
    none = make(f"{SMALL}\nkalshi: {{undocumented_bodies: none}}\n", date="2026-06")
    assert send(none, "POST", UPGRADE).body == b""
    assert json.loads(send(sandbox, "GET", "/account/limits").body)["usage_tier"] == "advanced"
    assert send(sandbox, "POST", UPGRADE).status == 201
    assert json.loads(send(sandbox, "GET", "/account/limits").body)["usage_tier"] == "advanced"


def test_an_account_without_orders_is_not_upgraded() -> None:
    answer = send(make("scenario: none\naccounts: {alice: {}}\n", date="2026-06"), "POST", UPGRADE)
    assert code(answer) == (403, "permission_denied")
    assert "has no order" in why(answer)
