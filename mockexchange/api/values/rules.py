"""Defines faults and stubs as the Python API returns them, and makes the bodies of requests that install them."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockexchange.api.errors import WrongRequest
from mockexchange.api.values.arguments import require
from mockexchange.api.values.json_encoding import given_json


class NotGiven:
    """The type of `NOT_GIVEN`, the default of `json`; None cannot be the default, since it is a JSON value."""

    def __repr__(self) -> str:
        return "not given"


NOT_GIVEN = NotGiven()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule that disturbs requests, answers or frames; the values of `match` and `then` are text, as in a scenario."""

    name: str
    match: Mapping[str, Any]
    then: Mapping[str, Any]
    times: int | None
    """How many times the fault may fire; None without a limit."""
    matched: int
    """The number of requests or frames that the fault matched so far."""
    fired: int
    """The number of matched requests or frames that the fault disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A fixed answer that a matching request gets instead of the venue's own."""

    name: str
    request: str
    """Method and path, such as `GET /trade-api/v2/milestones`."""
    query: Mapping[str, str]
    """Parameters that a request must have; it may have more."""
    status: int
    times: int | None
    """How many requests the stub may answer; None without a limit."""
    matched: int
    """The number of requests that the stub matched, until it had answered `times` requests."""
    answered: int
    """The number of matched requests that the stub answered, which are those with valid signatures."""


def fault_body(preset: str | Mapping[str, Any] | None, **words: Any) -> dict[str, Any]:
    """Return the request body that installs the preset, or else the rule that `words` describe.

    Raises WrongRequest if both are given, or neither.
    """
    if isinstance(preset, Mapping):
        message = "expected the name of a preset; the keys of a rule are given by name, as in fault(**rule)"
        raise WrongRequest("bad_fault", message)
    rule = given_json(words)
    if preset is None and "then" not in rule:
        raise WrongRequest("bad_fault", "expected what the rule does, such as fault(then={'status': 503})", "then")
    if preset is not None and rule:
        message = "expected a preset such as fault('flaky'), or a rule such as fault(then={'status': 503}), not both"
        raise WrongRequest("bad_fault", message)
    return rule if preset is None else {"preset": preset}


def stub_body(json: Any, result: Any, body: bytes | None, **words: Any) -> dict[str, Any]:
    """Return the request body that installs a stub. Raises WrongArgument.

    `json` and `result` are sent unchanged, so that numbers in them stay numbers and do not become text.
    """
    require(body=body)
    literal = {name: value for name, value in (("json", json), ("result", result)) if value is not NOT_GIVEN}
    require(**literal)
    encoded = {} if body is None else {"body_base64": b64encode(body).decode()}
    return {**given_json(words), **literal, **encoded}


def read_fault(row: Mapping[str, Any]) -> Fault:
    return Fault(**row)


def read_stub(row: Mapping[str, Any]) -> Stub:
    counts = {name: row[name] for name in ("name", "request", "status", "matched", "answered")}
    return Stub(**counts, query=row.get("query", {}), times=row.get("times"))
