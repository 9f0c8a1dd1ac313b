"""Checks that every documented way to authenticate is accepted, and that wrong credentials are refused."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import AUTH
from mockexchange.kit.deribit.signing import HEADER, SCHEME, Basic, Bearer, Signer, hexadecimal, now_ms, text_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import post, result_of
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import MEMBER, OTHER, Answer, NotJudged, Target

GRANTS, SPOILED, WRONG, SIGNED, MISSIGNED, NARROWED, CREDENTIAL_KINDS = (
    f"tokens.{name}" for name in ("grants", "spoiled", "wrong", "signed", "missigned", "narrowed", "ways")
)
SUBJECT = "private/get_positions"
SUMMARY = "private/get_account_summaries"
URL_QUERY = "?currency=any"
WINDOW_MS = 60_000
MARGIN_MS = 5_000
MakeParams = Callable[[Signer], Mapping[str, Any]]


def _key(target: Target, role: str = MEMBER) -> Signer:
    key = target.key(role)
    if not isinstance(key, Signer):
        raise NotJudged("the kit cannot sign wrongly with this kind of key")
    return key


def auth_call(**params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": AUTH, "params": params}


def by_secret(key: Signer, **more: Any) -> dict[str, Any]:
    return {"grant_type": "client_credentials", "client_id": key.key_id, "client_secret": key.secret, **more}


def by_signature(key: Signer, nonce: str = "n1", data: str = "", age_ms: int = 0) -> dict[str, Any]:
    timestamp = now_ms() - age_ms
    signature = hexadecimal(key.secret, f"{timestamp}\n{nonce}\n{data}".encode())
    signed = {"timestamp": timestamp, "signature": signature, "nonce": nonce, "data": data}
    return {"grant_type": "client_signature", "client_id": key.key_id, **signed}


def _auth(target: Target, params: Mapping[str, Any]) -> Answer:
    return post(target, AUTH, auth_call(**params), None)


def _token(target: Target, params: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result_of(_auth(target, params))
    return found


def _with_token(target: Target, token: str, method: str = SUBJECT) -> Answer:
    return target.ask(f"/{method}", signer=Bearer("", token))


GRANTED: dict[str, MakeParams] = {
    "a secret": by_secret,
    "a signature": by_signature,
    "a signature over data": lambda key: by_signature(key, "another", "some data"),
    "a signature without a nonce": lambda key: by_signature(key, ""),
}


def judge_grants(target: Target, description: str) -> Iterator[Finding]:
    """Check that a granted token is accepted, and so is the token granted for its refresh token."""
    granted = _token(target, GRANTED[description](_key(target)))
    refreshed = _token(target, {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]})
    for token in (granted["access_token"], refreshed["access_token"]):
        answer = _with_token(target, token)
        if answer.status != 200:
            yield finding(
                target, GRANTS, f"{answer.where} by {description}", answer_text(answer), "status 200", SUBJECT
            )


def judge_spoiled(target: Target, description: str) -> Iterator[Finding]:
    """Check that a wrong access token is refused: one that is changed, cut, or is a refresh token, for example."""
    granted = _token(target, by_secret(_key(target)))
    token = str(granted["access_token"])
    middle = len(token) // 2
    changed = "A" if token[middle] != "A" else "B"
    spoiled = {
        "changed": f"{token[:middle]}{changed}{token[middle + 1 :]}",
        "cut": token[:-1],
        "longer": f"{token}A",
        "unknown": "no-token-at-all",
        "a refresh token": str(granted["refresh_token"]),
    }
    answer = _with_token(target, spoiled[description])
    if answer.status != 400 or answer.json()["error"]["code"] != 13009:
        expected = "status 400 and the error 13009"
        yield finding(
            target, SPOILED, f"{answer.where}, a token that is {description}", answer_text(answer), expected, SUBJECT
        )


REFUSED: dict[str, MakeParams] = {
    "another secret": lambda key: by_secret(key._replace(secret=f"{key.secret}x")),
    "an unknown key": lambda key: by_secret(key._replace(key_id="no-such-key")),
    "another's signature": lambda key: by_signature(key._replace(secret=f"{key.secret}x")),
    "signed over other data": lambda key: {**by_signature(key), "data": "other"},
    "signed with another nonce": lambda key: {**by_signature(key), "nonce": "other"},
    "signed too long ago": lambda key: by_signature(key, age_ms=WINDOW_MS + MARGIN_MS),
    "an unknown refresh token": lambda key: {"grant_type": "refresh_token", "refresh_token": "nothing"},
}


def judge_wrong(target: Target, description: str) -> Iterator[Finding]:
    answer = _auth(target, REFUSED[description](_key(target)))
    codes = (13004, 13009)
    if answer.status != 400 or answer.json()["error"]["code"] not in codes:
        expected = "status 400 and the error 13004 or 13009"
        yield finding(target, WRONG, f"{answer.where}, {description}", answer_text(answer), expected, AUTH)


class SignedGet(NamedTuple):
    """The parts of a signed GET request with a query: its key, its timestamp and its URL."""

    key: Signer
    at: str
    url: str

    def text(self, method: str = "GET", url: str = "", body: bytes = b"", nonce: str = "") -> bytes:
        return text_of(self.at, nonce or self.at, method, url or self.url, body)

    def header(self, text: bytes, **parts: str) -> str:
        """Return the Authorization header with the signature of `text`.

        `parts` replace or precede the header's other parts; an empty part keeps its right value.
        """
        right = {"id": self.key.key_id, "ts": self.at, "sig": hexadecimal(self.key.secret, text), "nonce": self.at}
        listed = {name: parts.get(name) or right[name] for name in (*parts, *right)}
        return f"{SCHEME} {','.join(f'{name}={value}' for name, value in listed.items())}"


GOOD: dict[str, Callable[[SignedGet], str]] = {
    "as documented": lambda sent: sent.header(sent.text()),
    "parts in another order": lambda sent: sent.header(sent.text(), nonce="", sig="", ts="", id=""),
    "another nonce, signed": lambda sent: sent.header(sent.text(nonce="abc"), nonce="abc"),
}
BAD: dict[str, Callable[[SignedGet], str]] = {
    "without the query": lambda sent: sent.header(sent.text(url=sent.url.partition("?")[0])),
    "another method": lambda sent: sent.header(sent.text(method="POST")),
    "a body that is not sent": lambda sent: sent.header(sent.text(body=b"{}")),
    "no newline at the end": lambda sent: sent.header(sent.text()[:-1]),
    "another nonce": lambda sent: sent.header(sent.text(), nonce="abc"),
    "another key": lambda sent: sent.header(sent.text(), id="no-such-key"),
    "a signature in Base64": lambda sent: sent.header(sent.text(), sig=_base64(sent)),
    "no signature": lambda sent: f"{SCHEME} id={sent.key.key_id},ts={sent.at},nonce={sent.at}",
    "an unknown scheme": lambda sent: sent.header(sent.text()).replace(SCHEME, "hmac"),
}


def _base64(sent: SignedGet) -> str:
    return b64encode(hmac.new(sent.key.secret.encode(), sent.text(), sha256).digest()).decode()


def _signed(target: Target, make: Callable[[SignedGet], str], age_ms: int = 0) -> Answer:
    url = f"{target.base_url}/{SUBJECT}{URL_QUERY}"
    header = make(SignedGet(_key(target), str(now_ms() - age_ms), url))
    return target.ask(f"/{SUBJECT}", query={"currency": "any"}, change=lambda headers: {HEADER: header})


def judge_signed(target: Target, description: str) -> Iterator[Finding]:
    answer = _signed(target, GOOD[description], WINDOW_MS - MARGIN_MS if description == "as documented" else 0)
    if answer.status != 200:
        yield finding(target, SIGNED, f"{answer.where}, {description}", answer_text(answer), "status 200", SUBJECT)


def judge_missigned(target: Target, description: str) -> Iterator[Finding]:
    answers = [_signed(target, BAD[description])] if description in BAD else _late(target)
    for answer in answers:
        if answer.status != 400 or answer.json()["error"]["code"] not in {13004, 13009}:
            expected = "status 400 and the error 13009 or 13004"
            yield finding(target, MISSIGNED, f"{answer.where}, {description}", answer_text(answer), expected, SUBJECT)


LATE = "outside of the minute"


def _late(target: Target) -> list[Answer]:
    return [
        _signed(target, GOOD["as documented"], age_ms) for age_ms in (WINDOW_MS + MARGIN_MS, -WINDOW_MS - MARGIN_MS)
    ]


def judge_narrowed(target: Target, method: str) -> Iterator[Finding]:
    """Check that a token with only the scope `account:read` reads account summaries and nothing else."""
    token = _token(target, by_secret(_key(target), scope="account:read"))["access_token"]
    answer = _with_token(target, token, method)
    expected = 200 if method == SUMMARY else 400
    if answer.status != expected:
        wanted = f"status {expected}, by a token of account:read"
        yield finding(target, NARROWED, answer.where, answer_text(answer), wanted, method)


def judge_credential_kinds(target: Target, description: str) -> Iterator[Finding]:
    """Check that a token, or the key's id and secret, read the same account as a signature does.

    The secret of another key has to be refused.
    """
    key, other = _key(target), _key(target, OTHER)
    expected = result_of(target.ask(f"/{SUBJECT}"))
    token = _token(target, by_secret(key))["access_token"]
    by = Bearer("", token) if description == "a token" else Basic(key.key_id, key.secret)
    answer = target.ask(f"/{SUBJECT}", signer=by)
    if answer.status != 200 or result_of(answer) != expected:
        yield finding(
            target,
            CREDENTIAL_KINDS,
            f"{answer.where} by {description}",
            answer_text(answer),
            f"as by a signature: {expected}",
        )
    mixed = target.ask(f"/{SUBJECT}", signer=Basic(key.key_id, other.secret))
    if mixed.status != 400:
        yield finding(target, CREDENTIAL_KINDS, f"{mixed.where} by another's secret", answer_text(mixed), "status 400")


def _listed(names: Mapping[str, Any], *more: str) -> Callable[[Target], list[str]]:
    return lambda target: [*names, *more]


PLACE = "contracts/deribit/README.md"
SPOILS = ("changed", "cut", "longer", "unknown", "a refresh token")
CHECKS: tuple[Check[Target], ...] = (
    Check(GRANTS, "Each grant gives a valid token.", PLACE, _listed(GRANTED), judge_grants),
    Check(SPOILED, "A token that was not granted is refused.", PLACE, lambda target: SPOILS, judge_spoiled),
    Check(WRONG, "A wrong grant is refused.", PLACE, _listed(REFUSED), judge_wrong),
    Check(SIGNED, "A signed request is accepted.", PLACE, _listed(GOOD), judge_signed),
    Check(MISSIGNED, "A wrongly signed request is refused.", PLACE, _listed(BAD, LATE), judge_missigned),
    Check(NARROWED, "A token has the requested scope.", PLACE, lambda target: [SUBJECT, SUMMARY], judge_narrowed),
    Check(
        CREDENTIAL_KINDS,
        "All ways to authenticate read the same account.",
        PLACE,
        lambda target: ["a token", "the secret"],
        judge_credential_kinds,
    ),
)
