"""What a generator of requests cannot know from a document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.kit.validation.references import resolved
from mockexchange.runtime.api_documents import Document

METHODS = ("get", "put", "post", "delete", "patch")

Names = Mapping[str, Sequence[str]]
"""Values that exist, by the name of the parameter that asks for them."""
SchemathesisSettings = dict[str, Any]
Node = Mapping[str, Any]
MAY_BE_MISSING: SchemathesisSettings = {"positive_data_acceptance": {"expected-statuses": ["2xx", "404"]}}
"""Of an operation: there may be nothing to answer with, though everything asked for exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemathesisHints:
    """`document` is the published one, and in it what only this server can tell, such as the names that there are.

    `role_of` says by whose key a request is sent: the operation's node, its path, the query that was drawn. `values`:
    parameters ("query.ticker") with values to draw half of the time. `checks`: settings of schemathesis' checks that
    are other for an operation, by its id. `operations`: the ids of those to run, all if there are none. `left_out`: the
    ids of those that cannot be asked, and why. `must_answer`: everything is there to be read, so an operation that
    never answers 2xx is broken. `may_forbid_more`: the document was told less than the whole truth; what it alone
    forbids may be accepted.
    """

    document: Document
    role_of: Callable[[Node, str, Node], str | None]
    values: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    checks: Mapping[str, SchemathesisSettings] = field(default_factory=dict)
    operations: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    must_answer: bool = False
    may_forbid_more: bool = False


class ApiOperation(NamedTuple):
    """An operation of a document: its id, path and method, and its node."""

    id: str
    path: str
    method: str
    node: Node

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations_of(document: Document) -> Iterator[ApiOperation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield ApiOperation(item[method]["operationId"], path, method, item[method])


def operation_ids(document: Document) -> dict[str, bool]:
    """Return each operation's id, and whether it is ever carried out: a write that is always refused proves nothing."""
    return {one.id: not one.node.get("x-never-carried-out", False) for one in operations_of(document)}


def operations_to_test(hints: SchemathesisHints, may_write: bool) -> list[ApiOperation]:
    """Return the operations that a run is about: a read-only one asks the reads alone."""
    carried_out = operation_ids(hints.document)
    return [
        one
        for one in operations_of(hints.document)
        if carried_out[one.id]
        and (not hints.operations or one.id in hints.operations)
        and (may_write or one.method == "get")
    ]


def restrict_names(document: Document, names: Names, must_exist: frozenset[str] = frozenset()) -> None:
    """Change a document so that paths, and the parameters that `must_exist`, take the names that there are."""
    for item in document["paths"].values():
        for node in (item, *(item[method] for method in METHODS if method in item)):
            if "parameters" in node:
                node["parameters"] = [_named(document, one, names, must_exist) for one in node["parameters"]]


def _named(document: Document, parameter: Node, names: Names, must_exist: frozenset[str]) -> Node:
    found = resolved(document, parameter)
    if not names.get(found["name"]) or not (found["in"] == "path" or found["name"] in must_exist):
        return parameter
    known = list(names[found["name"]])
    bare = {key: value for key, value in found.items() if key != "examples"}
    return {**bare, "schema": {"type": "string", "enum": known}, "example": known[0]}


def parameters_of(document: Document, asked: ApiOperation) -> list[dict[str, Any]]:
    """Return the parameters of an operation, those of its path among them."""
    listed = (*document["paths"][asked.path].get("parameters", []), *asked.node.get("parameters", []))
    return [resolved(document, one) for one in listed]


def query_values(document: Document, names: Names) -> dict[str, Sequence[str | int]]:
    """Return the values to draw for those parameters of queries that ask for a name that is known."""
    found = [one for asked in operations_of(document) for one in parameters_of(document, asked)]
    known = {one["name"] for one in found if one["in"] == "query" and names.get(one["name"])}
    return {f"query.{name}": list(names[name]) for name in sorted(known)}


def lenient_checks(document: Document) -> dict[str, SchemathesisSettings]:
    """Return the settings for a server of which little is known: a name that was found may be the wrong one to ask."""
    return {asked.id: MAY_BE_MISSING for asked in operations_of(document) if "{" in asked.path}


def may_be_missing(hints: SchemathesisHints) -> frozenset[str]:
    """Return the ids of the operations that may answer 404 to a request with which nothing is wrong."""
    return frozenset(
        name
        for name, checks in hints.checks.items()
        if "404" in checks.get("positive_data_acceptance", {}).get("expected-statuses", ())
    )
