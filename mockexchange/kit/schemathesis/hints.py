"""Completes an API document with hints: data that it lacks and that schemathesis needs to generate valid requests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.kit.validation.schemas import resolved
from mockexchange.runtime.api_documents import Document

METHODS = ("get", "put", "post", "delete", "patch")

Names = Mapping[str, Sequence[str]]
"""Existing values, by the name of the parameter that takes them."""
SchemathesisSettings = dict[str, Any]
Node = Mapping[str, Any]
LONG_LIST = 1000
SHORT_ITEM = {"type": "string", "pattern": "^[a-z0-9-]{1,12}$"}
"""The schema for items of long lists, so short that 2,000 of them with the parameter's name fit into a URL."""
SHORT_EXAMPLE = "7c2d4b1a"
MAY_BE_MISSING: SchemathesisSettings = {"positive_data_acceptance": {"expected-statuses": ["2xx", "404"]}}
"""Settings of an operation that may answer 404 although everything named in the request exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemathesisHints:
    """An API document that is completed for one server, and settings of schemathesis for its operations."""

    document: Document
    """The published document, completed with what only this server knows, such as existing names.

    It may forbid more than the server does; what must be refused is decided by `refusing`.
    """
    refusing: Document | None = None
    """The document that decides what must be refused; None for the published one."""
    role_of: Callable[[Node, str, Node], str | None]
    """A function from an operation's node, its path and the generated query to the role whose key signs the request."""
    values: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    """Values that half of the generated requests use, by parameter ("query.ticker")."""
    checks: Mapping[str, SchemathesisSettings] = field(default_factory=dict)
    """Settings of checks that differ for an operation, by the operation's id."""
    operations: Sequence[str] = ()
    """The ids of the operations to test; all if empty."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Reasons why operations cannot be tested, by id."""
    may_refuse: frozenset[str] = frozenset()
    """Ids of operations that may refuse a valid request, since other facts than its form decide: writes."""
    may_accept: frozenset[str] = frozenset()
    """Ids of operations that may accept a request with a wrong part, since they answer for each part: batches."""
    must_answer: bool = False
    """Whether an operation that never answers 2xx is a finding, since everything that is requested exists."""


class ApiOperation(NamedTuple):
    """An operation of a document; `node` is its object in the document."""

    id: str
    path: str
    method: str
    node: Node

    @property
    def is_read(self) -> bool:
        """Return whether the operation changes nothing.

        That is so for a GET that is not marked as a write, and for a POST that is marked as a read.
        """
        return (self.method == "get" or self.node.get("x-read", False)) and not self.node.get("x-write", False)

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations_of(document: Document) -> Iterator[ApiOperation]:
    """Yield the operations of a document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield ApiOperation(item[method]["operationId"], path, method, item[method])


def mark_posts_as_reads(document: Document) -> None:
    """Mark each POST of a JSON-RPC document as a read, unless it is marked as a write. The document is changed."""
    for one in operations_of(document):
        if one.method == "post" and not one.node.get("x-write"):
            document["paths"][one.path][one.method]["x-read"] = True


def operation_ids(document: Document) -> dict[str, bool]:
    """Return for each operation id whether the operation can succeed; the venue always refuses some."""
    return {one.id: not one.node.get("x-never-carried-out", False) for one in operations_of(document)}


def operations_to_test(hints: SchemathesisHints, may_write: bool) -> list[ApiOperation]:
    """Return the operations that a run tests. A read-only run tests only reads."""
    carried_out = operation_ids(hints.document)
    return [
        one
        for one in operations_of(hints.document)
        if carried_out[one.id] and (not hints.operations or one.id in hints.operations) and (may_write or one.is_read)
    ]


def restrict_names(document: Document, names: Names, must_exist: frozenset[str] = frozenset()) -> None:
    """Limit path variables, and the parameters in `must_exist`, to existing names. The document is changed."""
    for item in document["paths"].values():
        for node in (item, *(item[method] for method in METHODS if method in item)):
            if "parameters" in node:
                node["parameters"] = [_named(document, one, names, must_exist) for one in node["parameters"]]


def shorten_lists(document: Document) -> list[str]:
    """Give short items to list parameters that may be too long for a URL, and return the ids of their operations.

    The document is changed. Otherwise a list of the maximum length could not be sent, and so the maximum not be tested.
    """
    found = []
    for operation in operations_of(document):
        own = operation.node.get("parameters", [])
        short = [_shortened(document, one) for one in own]
        if short != own:
            document["paths"][operation.path][operation.method]["parameters"] = short
            found.append(operation.id)
    return found


def _shortened(document: Document, parameter: Node) -> Node:
    found = resolved(document, parameter)
    schema = found["schema"]
    if schema.get("type") != "array" or schema.get("maxItems", 0) < LONG_LIST or schema["items"] != {"type": "string"}:
        return parameter
    return {**found, "schema": {**schema, "items": SHORT_ITEM}, "example": [SHORT_EXAMPLE]}


def _named(document: Document, parameter: Node, names: Names, must_exist: frozenset[str]) -> Node:
    found = resolved(document, parameter)
    if not names.get(found["name"]) or not (found["in"] == "path" or found["name"] in must_exist):
        return parameter
    known = list(names[found["name"]])
    bare = {key: value for key, value in found.items() if key != "examples"}
    return {**bare, "schema": {"type": "string", "enum": known}, "example": known[0]}


def parameters_of(document: Document, operation: ApiOperation) -> list[dict[str, Any]]:
    """Return the parameters of an operation, including those of its path."""
    listed = (*document["paths"][operation.path].get("parameters", []), *operation.node.get("parameters", []))
    return [resolved(document, one) for one in listed]


def query_values(document: Document, names: Names) -> dict[str, Sequence[str | int]]:
    """Return the known values of query parameters, by "query.NAME", from which requests are generated."""
    found = [one for operation in operations_of(document) for one in parameters_of(document, operation)]
    known = {one["name"] for one in found if one["in"] == "query" and names.get(one["name"])}
    return {f"query.{name}": list(names[name]) for name in sorted(known)}


def lenient_checks(document: Document) -> dict[str, SchemathesisSettings]:
    """Return settings that allow a 404 from each operation with a path variable.

    A name that one operation returned may not fit another.
    """
    return {operation.id: MAY_BE_MISSING for operation in operations_of(document) if "{" in operation.path}


def may_be_missing(hints: SchemathesisHints) -> frozenset[str]:
    """Return the ids of the operations that may answer 404 to a valid request."""
    return frozenset(
        name
        for name, checks in hints.checks.items()
        if "404" in checks.get("positive_data_acceptance", {}).get("expected-statuses", ())
    )
