"""Checks the requests of a client: documented operations, parameters and bodies, and reuse of connections."""

from collections.abc import Iterator

from mockexchange.kit.client.api_documents import ApiDocuments, Operation
from mockexchange.kit.client.rules.rule import REPEATS_SHOWN_MAX, NotSeen, Rule
from mockexchange.kit.client.traffic import Call, Traffic, counted
from mockexchange.kit.findings import Finding

REUSE_CALLS_MIN = 5
"""The fewest requests by which a client's reuse of connections can be checked."""


def _require_requests(traffic: Traffic) -> None:
    if not traffic.requests:
        raise NotSeen("no request crossed the wire")


def distinct(calls: list[Call]) -> list[Call]:
    """Return the first call to each path, in order, so that a repeated mistake is reported once."""
    return list({(call.method, call.path): call for call in reversed(calls)}.values())[::-1]


def documented(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    _require_requests(traffic)
    for call in distinct(traffic.requests):
        if documents.operation_of(call.method, call.path) or _other_date(call, documents):
            continue
        yield Finding(
            "calls.documented",
            call.where,
            f"no document has {call.method} {call.path}; it answered {call.status}",
            f"an operation below {documents.prefix}",
            documents.location("paths"),
        )


def current(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    _require_requests(traffic)
    for call in distinct(traffic.requests):
        other_date = None if documents.operation_of(call.method, call.path) else _other_date(call, documents)
        if other_date:
            when = "was retired" if other_date.alias < documents.alias else "does not exist yet"
            yield Finding(
                "calls.current",
                call.where,
                f"it is in the document of {other_date.alias} and {when}: it answered {call.status}",
                f"operations of the document of {documents.alias}",
                other_date.place_of(call.method, call.path),
            )


def lasting(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    _require_requests(traffic)
    for call in distinct(traffic.requests):
        gone = _first_without(call, documents) if documents.operation_of(call.method, call.path) else None
        if gone:
            yield Finding(
                "calls.lasting",
                call.where,
                f"it is no longer in the document of {gone.alias}",
                "operations that later documents still have",
                documents.place_of(call.method, call.path),
            )


def _other_date(call: Call, documents: ApiDocuments) -> ApiDocuments | None:
    """Return the documents of the nearest API date that has the operation of a call; None if none has it."""
    others = [*documents.earlier, *documents.later]
    return next((other for other in others if other.operation_of(call.method, call.path)), None)


def _first_without(call: Call, documents: ApiDocuments) -> ApiDocuments | None:
    return next((later for later in documents.later if later.operation_of(call.method, call.path) is None), None)


def _judgeable(traffic: Traffic, documents: ApiDocuments) -> list[tuple[Call, Operation]]:
    found = [(call, documents.operation_of(call.method, call.path)) for call in traffic.requests]
    return [(call, operation) for call, operation in found if operation]


def parameters(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    judged = _judgeable(traffic, documents)
    if not judged:
        raise NotSeen("no documented operation was called")
    reported: set[tuple[str, str]] = set()
    for call, operation in judged:
        objection = documents.requests.objection_to(
            operation.path, operation.method, operation.names, call.query, call.body
        )
        if objection and (operation.path, objection) not in reported and len(reported) < REPEATS_SHOWN_MAX:
            reported.add((operation.path, objection))
            place = documents.location("paths", operation.path, operation.method, "parameters")
            yield Finding("calls.parameters", call.where, objection, "parameters and bodies as documented", place)


def known(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for each parameter that a client sends although it is not documented. The venue ignores these."""
    judged = _judgeable(traffic, documents)
    if not judged:
        raise NotSeen("no documented operation was called")
    reported: set[tuple[str, str]] = set()
    for call, operation in judged:
        strange = sorted(set(call.parameters) - documents.parameters_of(operation))
        for name in strange:
            if (operation.path, name) in reported:
                continue
            reported.add((operation.path, name))
            place = documents.location("paths", operation.path, operation.method, "parameters")
            other = _date_with_parameter(documents, call, name)
            text = f"the parameter {name} is not documented" + (
                f" as of {documents.alias}, but in {other}" if other else ""
            )
            yield Finding("calls.known", call.where, text, "documented parameters: others are ignored", place)


def _date_with_parameter(documents: ApiDocuments, call: Call, name: str) -> str:
    """Return the nearest other API date that has the parameter, "" if none has it."""
    for other in (*documents.earlier, *documents.later):
        operation = other.operation_of(call.method, call.path)
        if operation and name in other.parameters_of(operation):
            return other.alias
    return ""


def reused(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    calls, connections = len(traffic.requests), traffic.connections - len(traffic.handshakes)
    if calls < REUSE_CALLS_MIN:
        raise NotSeen(f"{counted(calls, 'request')}: too few to say how connections are used")
    if connections >= calls:
        yield Finding(
            "calls.reused",
            f"{calls} requests",
            f"{connections} connections, one for each request",
            "connections that are kept for the next request",
            "docs/verify-client.md#notes",
        )


RULES = (
    Rule("calls.documented", "Every call is an operation of some document.", documented),
    Rule("calls.current", "Every call is an operation of this date.", current),
    Rule("calls.lasting", "No call is removed in a later document.", lasting, is_advice=True),
    Rule("calls.parameters", "Parameters and bodies are within what the document allows.", parameters),
    Rule("calls.known", "Every parameter is documented.", known),
    Rule("calls.reused", "Connections are kept for the next request.", reused, is_advice=True),
)
