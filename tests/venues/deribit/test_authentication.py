"""Authentication: headers, tokens in parameters, the grants of public/auth, and every refusal."""

import base64
import json
from typing import Any

from mockexchange.venues.deribit import rest
from mockexchange.venues.deribit.authentication import claimed_key
from mockexchange.venues.deribit.context import context_of
from mockexchange.venues.deribit.settings import DeribitSettings
from mockexchange.venues.request import Answer, Request
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import (
    ERIC_ID,
    ERIC_SECRET,
    GINA_ID,
    HOST,
    KEY_ID,
    NOW,
    OLD_ID,
    OLD_SECRET,
    READER_ID,
    READER_SECRET,
    SECOND,
    SECRET,
    SUB_ID,
    SUB_SECRET,
    Bench,
    bench,
    buy,
    hex_hmac,
    milliseconds,
    request,
    rpc,
    signed,
)

POSITIONS = "/api/v2/private/get_positions?currency=BTC"
AUTH = "/api/v2/public/auth"
INVALID_TOKEN = {"code": 13009, "data": {"reason": "invalid_token"}, "message": "unauthorized"}
INVALID_CREDENTIALS = {"code": 13004, "message": "invalid_credentials"}
FORBIDDEN = {"code": 13021, "message": "forbidden"}


def ask(made: Bench, sent: Request, host_at: int = HOST) -> tuple[Answer, Any]:
    """Return the answer and its result or error."""
    answer = rest.answer(made.context, sent, NOW, host_at)
    body = json.loads(answer.body)
    assert answer.status == (200 if "result" in body else 400)
    return answer, body["result"] if "result" in body else body["error"]


def log_in(made: Bench, host_at: int = HOST, **params: Any) -> Any:
    return ask(made, request("POST", AUTH, None, rpc("public/auth", params)), host_at)[1]


def credentials(key_id: str = KEY_ID, secret: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"grant_type": "client_credentials", "client_id": key_id, "client_secret": secret, **more}


def bearer(token: str, target: str = POSITIONS) -> Request:
    return request("GET", target, f"Bearer {token}")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def diagnosis_of(answer: Answer) -> str:
    if answer.diagnosis is not None:
        return answer.diagnosis
    assert answer.diagnose is not None, "an error says why"
    return answer.diagnose(lambda: None)


POSITIONS_BODY = rpc("private/get_positions", {"currency": "BTC"})
GOOD = {
    "signed, GET": signed(),
    "signed, POST": signed("POST", "/api/v2/private/get_positions", POSITIONS_BODY),
    "signed, body and query": signed("POST", "/api/v2/private/get_positions?x=%20y", POSITIONS_BODY),
    "signed, nonce as ccxt makes it": signed(nonce=str(milliseconds())),
    "signed, 59 s ago": signed(ts=milliseconds(HOST - 59 * SECOND)),
    "signed, 59 s ahead": signed(ts=milliseconds(HOST + 59 * SECOND)),
    "basic": request("GET", POSITIONS, basic(f"{KEY_ID}:{SECRET}")),
}


@each_row("name", GOOD)
def test_valid_credentials_are_accepted(name: str) -> None:
    made = bench()
    made.execute(buy(100))
    answer, result = ask(made, GOOD[name])
    assert [row["size"] for row in result] == [100]
    assert (answer.key_id, answer.account) == (KEY_ID, "dora")


def test_a_token_is_good_in_the_header_and_among_the_parameters() -> None:
    made = bench()
    made.execute(buy(100))
    token = log_in(made, **credentials())["access_token"]
    body = rpc("private/get_positions", {"access_token": token})
    for sent in (
        bearer(token),
        request("GET", f"{POSITIONS}&access_token={token}", None),
        request("POST", "/api/v2/private/get_positions", None, body),
        request("POST", "/api/v2/private/get_positions", f"bearer {token}", POSITIONS_BODY),
    ):
        answer, result = ask(made, sent)
        assert [row["size"] for row in result] == [100]
        assert answer.account == "dora"


def test_a_key_of_a_subaccount_sees_that_alone() -> None:
    made = bench()
    made.execute(buy(100))
    assert ask(made, signed(key_id=SUB_ID, secret=SUB_SECRET))[1] == []


def test_a_key_with_a_date_of_its_own_is_answered_as_of_then() -> None:
    made = bench()
    keys = made.context.state.secret_keys
    assert context_of(made.context, keys[OLD_ID]).api_date.day == "2025-11-01"
    assert context_of(made.context, keys[KEY_ID]) is made.context
    assert ask(made, signed(key_id=OLD_ID, secret=OLD_SECRET))[1] == []


def test_the_exchanges_clock_can_be_what_counts() -> None:
    made = bench(DeribitSettings(auth_clock="exchange"))
    assert ask(made, signed(ts=milliseconds(NOW)))[1] == []
    assert ask(made, signed())[1] == INVALID_CREDENTIALS


def test_the_same_signature_is_good_twice() -> None:
    made = bench()
    assert ask(made, signed())[1] == ask(made, signed())[1] == []


def test_upper_case_hex_is_accepted_with_a_finding() -> None:
    sent = signed()
    header = sent.headers[1][1].decode()
    signature = header.partition("sig=")[2][:64]
    answer, result = ask(bench(), request("GET", POSITIONS, header.replace(signature, signature.upper())))
    assert result == []
    assert answer.findings == ["the signature is in upper-case hex: the documents show lower case"]


REFUSED: list[tuple[Request, dict[str, Any], str]] = [
    # request, error, part of the diagnosis
    (request("GET", POSITIONS, None), INVALID_TOKEN, "is private"),
    (request("GET", POSITIONS, "Token abc"), INVALID_TOKEN, 'begins with "token": expected deri-hmac-sha256, Bearer'),
    (request("GET", POSITIONS, "deri-hmac-sha256"), INVALID_CREDENTIALS, "missing in the Authorization header: id, ts"),
    (request("GET", POSITIONS, "deri-hmac-sha256 id=x,ts=1,nonce=n"), INVALID_CREDENTIALS, "header: sig; send"),
    (signed(key_id="nobody"), INVALID_CREDENTIALS, '"nobody" in this sandbox, which has 5 keys of deribit'),
    (signed(key_id=GINA_ID), INVALID_CREDENTIALS, "is the id of gina's key \"main\", which is of signalplus"),
    (signed(key_id=SECRET), INVALID_CREDENTIALS, f'key "main", not its id: send "{KEY_ID}"'),
    (signed(key_id=KEY_ID.upper()), INVALID_CREDENTIALS, "spelt otherwise than the id of dora's key"),
    (signed(ts=milliseconds(HOST - 61 * SECOND)), INVALID_CREDENTIALS, "61.0 s behind the server's; the window"),
    (signed(ts=milliseconds(HOST + 61 * SECOND)), INVALID_CREDENTIALS, "61.0 s ahead of the server's"),
    (signed(ts=milliseconds(HOST) // 1_000), INVALID_CREDENTIALS, "is in seconds: send Unix milliseconds"),
    (signed(ts="soon"), INVALID_CREDENTIALS, 'the timestamp "soon" is no number'),
    (signed(ts="9" * 5_000), INVALID_CREDENTIALS, "is no number"),
    (signed(secret=ERIC_SECRET), INVALID_CREDENTIALS, "this signature was made with eric's key \"main\""),
    (request("GET", POSITIONS, basic(KEY_ID)), INVALID_CREDENTIALS, "base64 of client_id:client_secret"),
    (request("GET", POSITIONS, "Basic !"), INVALID_CREDENTIALS, "base64 of client_id:client_secret"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:")), INVALID_CREDENTIALS, "the secret is empty"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:{ERIC_SECRET}")), INVALID_CREDENTIALS, "is the secret of eric's key"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:{KEY_ID}")), INVALID_CREDENTIALS, "the id of dora's key \"main\", not"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:{SECRET} ")), INVALID_CREDENTIALS, "with something around it"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:{SECRET.lower()}")), INVALID_CREDENTIALS, "letters of the other case"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:{SECRET[:-2]}")), INVALID_CREDENTIALS, "it has 30 characters"),
    (request("GET", POSITIONS, basic(f"{KEY_ID}:wrong")), INVALID_CREDENTIALS, "not the secret of dora's key"),
    (bearer(""), INVALID_TOKEN, "the access token is empty"),
    (bearer("abc"), INVALID_TOKEN, '"abc" is no token of this server'),
    (bearer("x" * 10_000), INVALID_TOKEN, "is no token of this server"),
    (request("POST", "/api/v2/private/get_positions", None, rpc("private/get_positions", {"access_token": 1})),
     INVALID_TOKEN, "access_token: expected a string"),
    (signed(key_id=READER_ID, secret=READER_SECRET), FORBIDDEN, "needs trade:read"),
]  # fmt: skip


@each_row(("sent", "error", "words"), REFUSED)
def test_invalid_credentials_are_refused_with_a_diagnosis(sent: Request, error: dict[str, Any], words: str) -> None:
    answer, found = ask(bench(), sent)
    assert found == error
    assert words in diagnosis_of(answer)


def test_a_header_counts_more_than_a_token_among_the_parameters() -> None:
    made = bench()
    token = log_in(made, **credentials())["access_token"]
    assert ask(made, request("GET", f"{POSITIONS}&access_token={token}", "Bearer abc"))[1] == INVALID_TOKEN


def test_what_is_wrong_of_credentials_does_not_matter_where_none_are_needed() -> None:
    assert ask(bench(), request("GET", "/api/v2/public/test", "Bearer abc"))[1] == {"version": "1.2.26"}


# --- public/auth


def test_a_login_answers_with_tokens_and_what_they_may_do() -> None:
    result = log_in(bench(), **credentials(state="echo me"))
    assert {name: value for name, value in result.items() if not name.endswith("_token")} == {
        "expires_in": 31_536_000,
        "scope": "account:read_write connection mainaccount trade:read_write wallet:read",
        "enabled_features": [],
        "token_type": "bearer",
        "state": "echo me",
    }
    assert result["access_token"] != result["refresh_token"]


def test_a_login_is_the_same_whenever_it_is_replayed() -> None:
    assert log_in(bench(), **credentials()) == log_in(bench(), **credentials())
    assert log_in(bench(), **credentials()) != log_in(bench(), HOST + 1, **credentials())


def test_a_login_works_by_get_too() -> None:
    query = f"grant_type=client_credentials&client_id={KEY_ID}&client_secret={SECRET}"
    answer, result = ask(bench(), request("GET", f"{AUTH}?{query}", None))
    assert result["token_type"] == "bearer"
    assert answer.key_id == KEY_ID


def signature_of(text: str, ts: int | None = None, **more: Any) -> dict[str, Any]:
    """Parameters of a client_signature over a text with "TS" for the timestamp."""
    ts = milliseconds() if ts is None else ts
    signature = hex_hmac(SECRET, text.replace("TS", str(ts)))
    return {"grant_type": "client_signature", "client_id": KEY_ID, "timestamp": ts, "signature": signature, **more}


SIGNATURES = [
    signature_of("TS\nabc\n", nonce="abc"),
    signature_of("TS\nabc\n", nonce="abc", data=""),
    signature_of("TS\nabc\nda\u20acta", nonce="abc", data="da\u20acta"),
    signature_of("TS\n\n"),
]


@each_row("params", SIGNATURES)
def test_a_signature_logs_in(params: dict[str, Any]) -> None:
    assert log_in(bench(), **params)["token_type"] == "bearer"


SCOPES: list[tuple[str, str]] = [
    # asked of a key with account:read_write trade:read_write wallet:read; granted, but for mainaccount
    ("connection", "account:read_write connection trade:read_write wallet:read"),
    ("trade:read", "connection trade:read"),
    ("trade:read_write account:read", "account:read connection trade:read_write"),
    ("wallet:read_write", "connection wallet:read"),
    ("block_trade:read trade:read", "connection trade:read"),
    ("block_trade:read", "connection"),
    ("trade:none", "account:read_write connection wallet:read"),
    ("session:mine", "account:read_write session:mine trade:read_write wallet:read"),
    ("nonsense trade:read trade:write", "connection trade:read"),
    ("trade:read expires:60", "connection expires:60 trade:read"),
]


@each_row(("asked", "granted"), SCOPES)
def test_scopes_are_narrowed_to_what_was_asked_for_and_the_key_may(asked: str, granted: str) -> None:
    result = log_in(bench(), **credentials(scope=asked))
    assert result["scope"].split() == sorted([*granted.split(), "mainaccount"])
    assert result.get("sid") == ("mine" if "session" in asked else None)
    assert result["expires_in"] == (60 if "expires" in asked else 31_536_000)


def test_a_subaccount_is_no_main_account() -> None:
    assert "mainaccount" not in log_in(bench(), **credentials(SUB_ID, SUB_SECRET))["scope"]


def test_a_narrowed_token_is_limited_to_its_scope() -> None:
    made = bench()
    token = log_in(made, **credentials(scope="account:read"))["access_token"]
    answer, error = ask(made, bearer(token))
    assert error == FORBIDDEN
    assert "needs trade:read" in diagnosis_of(answer)
    assert ask(made, bearer(token, "/api/v2/private/get_account_summary?currency=BTC"))[1]["balance"] == 1.5


def test_a_token_expires() -> None:
    made = bench()
    token = log_in(made, **credentials(scope="expires:60"))["access_token"]
    assert ask(made, bearer(token), HOST + 60 * SECOND - 1)[1] == []
    answer, error = ask(made, bearer(token), HOST + 63 * SECOND)
    assert error == INVALID_TOKEN
    assert diagnosis_of(answer) == (
        "the token expired 3.0 s ago, after 60.0 s: call public/auth with grant_type refresh_token"
    )


def test_the_lifetime_is_a_setting_and_the_most_there_is() -> None:
    made = bench(DeribitSettings(token_lifetime_us=30 * SECOND))
    assert log_in(made, **credentials())["expires_in"] == 30
    assert log_in(made, **credentials(scope="expires:60"))["expires_in"] == 30


def test_a_refresh_token_gives_a_new_one_with_the_same_scope_or_less() -> None:
    made = bench()
    first = log_in(made, **credentials(scope="trade:read account:read"))
    later = HOST + 40_000_000 * SECOND
    second = log_in(made, later, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["scope"] == first["scope"]
    assert ask(made, bearer(second["access_token"]), later)[1] == []
    third = log_in(
        made, later, grant_type="refresh_token", refresh_token=first["refresh_token"], scope="account:read_write"
    )
    assert third["scope"] == "account:read connection mainaccount"


def test_a_refresh_keeps_session_and_lifetime() -> None:
    made = bench()
    first = log_in(made, **credentials(scope="session:mine expires:60 trade:read"))
    second = log_in(made, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert [second[name] for name in ("scope", "sid", "expires_in")] == [first["scope"], "mine", 60]


def test_one_kind_of_token_is_not_the_other() -> None:
    made = bench()
    result = log_in(made, **credentials())
    answer, error = ask(made, bearer(result["refresh_token"]))
    assert error == INVALID_TOKEN
    assert diagnosis_of(answer) == "this is the refresh_token: send the access_token of the same answer"
    assert log_in(made, grant_type="refresh_token", refresh_token=result["access_token"]) == INVALID_TOKEN


def test_tokens_of_another_sandbox_and_wrapped_ones_are_distinguished() -> None:
    made = bench()
    token = log_in(made, **credentials())["access_token"]
    answer, error = ask(made, bearer(f"<{token}>"))
    assert (error, "something around it" in diagnosis_of(answer)) == (INVALID_TOKEN, True)
    answer, error = ask(made, bearer(token[:-6] + "AAAAAA"))
    assert error == INVALID_TOKEN


LOGINS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # parameters, error
    (credentials(secret="wrong"), INVALID_CREDENTIALS),
    (credentials("nobody"), INVALID_CREDENTIALS),
    (credentials(ERIC_ID), INVALID_CREDENTIALS),
    (signature_of("TS\nabc\n", nonce="abd"), INVALID_CREDENTIALS),
    (signature_of("TS\nabc\n", ts=milliseconds(HOST - 61 * SECOND), nonce="abc"), INVALID_CREDENTIALS),
    ({"grant_type": "refresh_token", "refresh_token": "abc"}, INVALID_TOKEN),
]


@each_row(("params", "error"), LOGINS)
def test_logins_that_fail(params: dict[str, Any], error: dict[str, Any]) -> None:
    assert log_in(bench(), **params) == error


BAD_PARAMETERS: list[tuple[dict[str, Any], str]] = [
    # parameters, the one that is named
    ({}, "grant_type"),
    ({"grant_type": "password"}, "grant_type"),
    ({"grant_type": "client_credentials"}, "client_id"),
    ({"grant_type": "client_credentials", "client_id": KEY_ID}, "client_secret"),
    ({"grant_type": "client_signature", "client_id": KEY_ID}, "timestamp"),
    ({"grant_type": "client_signature", "client_id": KEY_ID, "timestamp": 1}, "signature"),
    ({"grant_type": "client_signature", "client_id": KEY_ID, "timestamp": "x", "signature": "y"}, "timestamp"),
    ({"grant_type": "refresh_token"}, "refresh_token"),
    (credentials(scope=5), "scope"),
    (signature_of("TS\nabc\n", nonce=5), "nonce"),
]


@each_row(("params", "named"), BAD_PARAMETERS)
def test_a_login_names_the_parameter_that_is_wrong(params: dict[str, Any], named: str) -> None:
    error = log_in(bench(), **params)
    assert (error["code"], error["data"]["param"]) == (-32602, named)


CLAIMS = [
    (signed(), KEY_ID),
    (request("GET", POSITIONS, basic("abc:def")), "abc"),
    (request("GET", POSITIONS, "Basic !"), None),
    (request("GET", POSITIONS, None), None),
    (request("GET", f"{AUTH}?client_id=abc", None), "abc"),
    (request("POST", AUTH, None, rpc("public/auth", {"client_id": "abc"})), "abc"),
    (request("POST", AUTH, None, b"no JSON"), None),
    (request("POST", AUTH, None, rpc("public/auth", {"client_id": 5})), None),
    (request("GET", POSITIONS, "Bearer nonsense"), None),
]


@each_row(("sent", "claimed"), CLAIMS)
def test_the_claimed_key_of_a_request(sent: Request, claimed: str | None) -> None:
    assert claimed_key(sent) == claimed


def test_a_token_claims_the_key_it_was_made_for() -> None:
    token = log_in(bench(), **credentials())["access_token"]
    assert claimed_key(bearer(token)) == KEY_ID
    assert claimed_key(request("GET", f"{POSITIONS}&access_token={token}", None)) == KEY_ID
