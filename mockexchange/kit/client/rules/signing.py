"""Checks the signatures of a client's requests and handshakes, by the sandbox's refusals and their diagnoses."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.rules.rule import NotSeen, Rule
from mockexchange.kit.client.traffic import Call, Traffic
from mockexchange.kit.findings import Finding

PLACE = "docs/verify-client.md#r47"
REFUSED = 401
REDIRECTS = frozenset((301, 302, 303, 307, 308))
HOST = "host"
MISSING = "signature_is_missing_from_headers"
FAULT = "the fault "
"""The prefix of the diagnosis of a response that a fault caused."""
STALE = "header_timestamp_expired"
UNKNOWN_KEY = "no key has the id"
QUERY_SIGNED = 'sign the path without "'
"""Advice in the diagnosis of a signature that wrongly covers the query."""

IS_MISSING = "missing: "
"""The prefix of the diagnosis of a request that lacks signed headers."""


def missing_headers(call: Call, documents: ApiDocuments) -> list[str]:
    """Return the names of the signature headers that a request lacks. An empty header counts as missing."""
    return [name for name in documents.signing.headers if not call.headers.get(name.lower())]


def is_signed(call: Call, documents: ApiDocuments) -> bool:
    return not missing_headers(call, documents)


class Subject(NamedTuple):
    """A kind of requests to which a rule applies. `what` is its noun in messages, such as "signed request"."""

    what: str
    is_one: Callable[[Call, ApiDocuments], bool]


SIGNED = Subject("signed request", is_signed)
SIGNED_QUERY = Subject(
    "signed request with a query", lambda call, documents: is_signed(call, documents) and bool(call.query)
)


def refused(traffic: Traffic) -> list[Call]:
    """Return the requests that the sandbox refused because of their signature, without those that a fault refused."""
    return [call for call in traffic.calls if call.status == REFUSED and not _is_by_fault(call)]


def _is_by_fault(call: Call) -> bool:
    return call.fault is not None and (call.diagnosis or "").startswith(FAULT)


def code_of(call: Call) -> str:
    """Return the venue's error code in a refusal, from a nested or a flat body; empty if there is none."""
    body = call.json()
    error = body.get("error", body) if isinstance(body, dict) else {}
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _is_unsigned(call: Call) -> bool:
    return code_of(call) == MISSING or (call.diagnosis or "").startswith(IS_MISSING)


def _is_stale(call: Call) -> bool:
    return code_of(call) == STALE and not _is_unsigned(call)


def _is_unknown_key(call: Call) -> bool:
    return UNKNOWN_KEY in (call.diagnosis or "")


def _is_query_signed(call: Call) -> bool:
    return QUERY_SIGNED in (call.diagnosis or "")


def _is_other_mistake(call: Call) -> bool:
    return not any(is_kind(call) for is_kind in (_is_unsigned, _is_stale, _is_unknown_key, _is_query_signed))


def present(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for private requests that lack documented headers, even if the sandbox accepted them."""
    if not traffic.calls:
        raise NotSeen("no request crossed the wire")
    refusals = refused(traffic)
    wrong = [
        call for call in traffic.calls if (call in refusals and _is_unsigned(call)) or _lacks_headers(call, documents)
    ]
    for call in wrong[:1]:
        is_diagnosed = (call.diagnosis or "").startswith(IS_MISSING)
        text = call.diagnosis if is_diagnosed else f"{IS_MISSING}{', '.join(missing_headers(call, documents))}"
        yield _finding("signing.present", wrong, text, ", ".join(documents.signing.headers), documents)


def _lacks_headers(call: Call, documents: ApiDocuments) -> bool:
    if not missing_headers(call, documents):
        return False
    return call.is_handshake or _is_private(call, documents)


def accepted(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for private requests that the sandbox refused because of any mistake in their credentials."""
    if not any(_is_private(call, documents) for call in traffic.calls):
        raise NotSeen("no private call crossed the wire")
    wrong = refused(traffic)
    if wrong:
        yield _finding(
            "signing.accepted", wrong, wrong[0].diagnosis, "credentials that the exchange accepts", documents
        )


def _is_private(call: Call, documents: ApiDocuments) -> bool:
    operation = documents.operation_of(call.method, call.path)
    return operation is not None and not documents.is_public(operation)


def _finding(name: str, wrong: list[Call], seen: str | None, expected: str, documents: ApiDocuments) -> Finding:
    times = f" ({len(wrong)} times)" if len(wrong) > 1 else ""
    place = documents.location("components", "securitySchemes")
    return Finding(name, wrong[0].where, f"{seen}{times}", expected, place)


def _rule(name: str, description: str, is_kind: Callable[[Call], bool], expected: str, subject: Subject) -> Rule:
    def judge(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
        wrong = [call for call in refused(traffic) if is_kind(call)]
        if not wrong and not any(subject.is_one(call, documents) for call in traffic.calls):
            raise NotSeen(f"no {subject.what} crossed the wire")
        if wrong:
            yield _finding(name, wrong, wrong[0].diagnosis, expected.format(documents.signing.key_variable), documents)

    return Rule(name, description, judge)


def judge_redirected(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding if a client followed a redirect to another host with a signed request."""
    redirects = [call for call in traffic.requests if call.status in REDIRECTS]
    if not redirects:
        raise NotSeen("no request was redirected")
    home = redirects[0].headers.get(HOST)
    for call in traffic.requests:
        sent = [name for name in documents.signing.headers if call.headers.get(name.lower())]
        if call.headers.get(HOST) != home and sent:
            seen = f"{', '.join(sent)} went to {call.headers.get(HOST)}, where a {redirects[0].status} has led"
            yield Finding("signing.kept", call.where, seen, "no signed request to another host", PLACE)
            return


RULES = (
    Rule("signing.kept", "Signed headers are sent to the host of the base URL alone.", judge_redirected),
    Rule("signing.accepted", "No call is refused for its credentials.", accepted),
    Rule("signing.present", "Every private request carries the three signed headers.", present),
    _rule(
        "signing.key",
        "The key id that is sent is the one that was given.",
        _is_unknown_key,
        "the key id of {}",
        SIGNED,
    ),
    _rule(
        "signing.query",
        "The path is signed without its query.",
        _is_query_signed,
        "a signature over timestamp, method and path, without the query",
        SIGNED_QUERY,
    ),
    _rule(
        "signing.text",
        "RSA-PSS with SHA-256 over timestamp, method and the whole path.",
        _is_other_mistake,
        "a signature over timestamp + METHOD + path by the key that was given",
        SIGNED,
    ),
    _rule(
        "signing.timestamp",
        "Timestamps are the current time in Unix milliseconds.",
        _is_stale,
        "Unix milliseconds, at most seconds from the server's clock",
        SIGNED,
    ),
)
