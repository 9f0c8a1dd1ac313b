"""Holds the API documents of one date, with which a client's traffic is compared, and lists what of them it used."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Table
from mockexchange.kit.validation.frames import FrameJudge
from mockexchange.kit.validation.requests import Match, RequestJudge, Routes
from mockexchange.kit.validation.schemas import pointer, resolved
from mockexchange.kit.venue import ClientSigning, VenueKit
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document

METHODS = ("get", "post", "put", "delete", "patch")
COMPAT = "compat"
"""The name of the API date that serves every field of every date; its documents allow what any date allows."""


class Operation(NamedTuple):
    """An operation of a document that a request calls; `names` are the values of its path variables."""

    path: str
    method: str
    names: Mapping[str, str]
    operation_id: str


@dataclass(frozen=True)
class ApiDocuments:
    """The OpenAPI and AsyncAPI documents of a venue at an API date. In requests, `prefix` precedes their paths."""

    venue: str
    alias: str
    prefix: str
    signing: ClientSigning

    @property
    def subject(self) -> str:
        return f"{self.venue}/{self.alias}"

    @cached_property
    def document(self) -> Document:
        return api_documents.parse(api_documents.path_of(self.subject))

    @cached_property
    def stream_document(self) -> Document:
        return api_documents.parse(api_documents.path_of(self.subject, api_documents.ASYNCAPI))

    @cached_property
    def requests(self) -> RequestJudge:
        return RequestJudge(self.document)

    @cached_property
    def frames(self) -> FrameJudge:
        return FrameJudge(self.stream_document, self.subject)

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.document, self.prefix)

    @property
    def operation_titles(self) -> list[str]:
        """Return all operations of the document, as in "GET /portfolio/positions"."""
        paths = self.document["paths"].items()
        return [f"{method.upper()} {path}" for path, item in paths for method in item if method in METHODS]

    @property
    def channels(self) -> list[str]:
        """Return all channels of the document to which a client can subscribe."""
        return [name for node in self.stream_document["channels"].values() for name in node.get("x-channels", ())]

    @cached_property
    def earlier(self) -> list["ApiDocuments"]:
        """Return the documents of earlier dates, newest first."""
        return [replace(self, alias=alias) for alias in reversed(self._aliases) if alias < self.alias]

    @cached_property
    def later(self) -> list["ApiDocuments"]:
        """Return the documents of later dates, oldest first."""
        return [replace(self, alias=alias) for alias in self._aliases if alias > self.alias]

    @cached_property
    def _aliases(self) -> list[str]:
        found = [
            subject.partition("/")[2] for subject in api_documents.subjects() if subject.startswith(f"{self.venue}/")
        ]
        return [alias for alias in found if alias[:1].isdigit()]

    def operation_of(self, method: str, raw_path: str) -> Operation | None:
        """Return the operation of a request; None if the document has no such operation."""
        match = self.routes.find(raw_path)
        if match is None or method.lower() not in self.document["paths"][match.path]:
            return None
        return self._operation(match, method.lower())

    def _operation(self, match: Match, method: str) -> Operation:
        operation_id = self.document["paths"][match.path][method].get("operationId", "")
        return Operation(match.path, method, match.path_values, operation_id)

    def is_public(self, operation: Operation) -> bool:
        """Return whether the document allows unsigned calls of an operation."""
        described = self.document["paths"][operation.path][operation.method]
        return not described.get("security", self.document.get("security"))

    def location(self, *parts: str) -> str:
        """Return the path of the OpenAPI document's file, followed by a JSON pointer made of `parts`."""
        return f"contracts/{self.subject}/openapi.yaml{pointer(*parts)}"

    def place_of(self, method: str, raw_path: str) -> str:
        """Return where the document describes a request's operation; if it does not, where its paths begin."""
        operation = self.operation_of(method, raw_path)
        return self.location("paths", operation.path, operation.method) if operation else self.location("paths")

    def parameters_of(self, operation: Operation) -> set[str]:
        """Return the names of an operation's query parameters."""
        item = self.document["paths"][operation.path]
        nodes = (*item.get("parameters", ()), *item[operation.method].get("parameters", ()))
        listed = (resolved(self.document, node) for node in nodes)
        return {node["name"] for node in listed if node["in"] == "query"}


def documents_of(kit: VenueKit, day: str | None) -> ApiDocuments:
    """Return the documents of the last API date that is not after a day; those of `compat` if the day is None."""
    assert kit.client_signing is not None, f"the kit does not judge clients of {kit.name}"
    if day is None:
        return ApiDocuments(kit.name, COMPAT, kit.prefix, kit.client_signing)
    since = api_documents.versions_of(kit.name)
    last = max((version for version in since if version <= day), default=min(since))
    return ApiDocuments(kit.name, since[last], kit.prefix, kit.client_signing)


# What of a document a client used


NONE = "-"


def coverage(traffic: Traffic, documents: ApiDocuments) -> list[Table]:
    """Return a table of the operations and a table of the channels that a client used.

    The last row counts unused ones.
    """
    return [_operations(traffic, documents), _channels(traffic, documents)]


def _operations(traffic: Traffic, documents: ApiDocuments) -> Table:
    calls: Counter[str] = Counter()
    statuses: dict[str, set[str]] = {}
    parameters: dict[str, set[str]] = {}
    for call in traffic.requests:
        operation = documents.operation_of(call.method, call.path)
        if operation:
            title = f"{operation.method.upper()} {operation.path}"
            calls[title] += 1
            statuses.setdefault(title, set()).add(str(call.status))
            parameters.setdefault(title, set()).update(call.parameters)
    used = [
        (title, str(count), " ".join(sorted(statuses[title])), " ".join(sorted(parameters[title])) or NONE)
        for title, count in calls.most_common()
    ]
    every = documents.operation_titles
    unused = f"{len(every) - len(used)} more, not called"
    return Table(
        f"{len(used)} of {len(every)} operations of {documents.subject}",
        ("operation", "calls", "statuses", "parameters"),
        [*used, (unused, NONE, NONE, NONE)] if len(used) < len(every) else used,
    )


def _channels(traffic: Traffic, documents: ApiDocuments) -> Table:
    subscribed = Counter(frame.channel for frame in traffic.acknowledged)
    sent = [frame for frame in traffic.frames if frame.direction == "out" and frame.channel]
    delivered = Counter(frame.channel for frame in sent if frame.kind not in ("subscribed", "unsubscribed"))
    every = documents.channels
    rows = [(channel, str(count), str(delivered[channel])) for channel, count in subscribed.most_common()]
    if len(rows) < len(every):
        rows.append((f"{len(every) - len(rows)} more, not subscribed to", NONE, NONE))
    return Table(
        f"{len(subscribed)} of {len(every)} channels of {documents.subject}",
        ("channel", "subscriptions", "messages"),
        rows,
    )
