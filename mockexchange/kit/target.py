"""A server that is judged: how to ask it, by whose keys, and which documents it has to keep."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import httpx

from mockexchange import documents
from mockexchange.documents import Document
from mockexchange.kit.findings import Finding
from mockexchange.kit.judging.answers import AnswerJudge
from mockexchange.kit.venue import Signer, VenueKit

Headers = dict[str, str]
Query = Mapping[str, Any]
MEMBER, FCM = "member", "fcm"
"""Roles of keys: a plain member's, an FCM member's."""
BOUND, RESTRICTED, OTHER = "bound", "restricted", "other"
"""An FCM member's key bound to one subtrader; a member's restricted to one subaccount; another member's."""


class Unreachable(Exception):
    """No answer came; the message says from where and why."""


class Answer(NamedTuple):
    """`where` is the request in a line: "GET /portfolio/positions?limit=2"."""

    where: str
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(kw_only=True)
class Target:
    """`keys` has a signer for each role that there is one of; `base_url` ends in the venue's prefix.

    `http` decides how requests travel: in process, over a socket, politely. Every answer is held against the document;
    what that has against it is kept in `objections` until somebody clears them.
    """

    venue: VenueKit
    api_date: str
    """The alias whose documents it has to keep."""
    base_url: str
    http: httpx.Client
    keys: Mapping[str, Signer]
    ws_url: str | None = None
    may_write: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    """What is known to be there, by parameter name: {"subtrader_id": "fcm7_st1"}."""
    objections: list[Finding] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"{self.venue.name}/{self.api_date}"

    @cached_property
    def document(self) -> Document:
        return documents.read(self.subject)

    @cached_property
    def stream_document(self) -> Document:
        return documents.read(self.subject, documents.ASYNCAPI)

    @cached_property
    def answers(self) -> AnswerJudge:
        return AnswerJudge(self.document, self.subject)

    def ask(
        self,
        path: str,
        *,
        names: Mapping[str, str] | None = None,
        query: Query | None = None,
        signer: Signer | None = None,
        method: str = "GET",
        age_ms: int = 0,
        change: Callable[[Headers], Headers] = dict,
    ) -> Answer:
        """Send a request to a path of the document, its variables filled from `names`, and judge the answer.

        It is signed by `signer`, or by the role that the operation is for; `change` changes the signed headers.
        Raises Unreachable.
        """
        url = self.base_url + path.format_map({**self.names, **(names or {})})
        by = signer or self.signer_of(path)
        headers = change(by.headers(method, url, age_ms) if by else {})
        given = {name: value for name, value in (query or {}).items() if value is not None}
        request = self.http.build_request(method, url, params=given or None, headers=headers)
        answer = self._send(request)
        self.objections.extend(self.answers.objections(path, method, answer))
        return answer

    def signer_of(self, path: str) -> Signer | None:
        """Return the key that a path of the document is asked with; None where it is public."""
        role = self.venue.role_of(self.document["paths"][path].get("get", {}), path)
        return None if role is None else self.keys[role]

    def _send(self, request: httpx.Request) -> Answer:
        where = f"{request.method} {request.url.raw_path.decode().removeprefix(self.venue.prefix)}"
        try:
            response = self.http.send(request)
        except httpx.HTTPError as error:
            raise Unreachable(f"{where}: no answer: {str(error) or type(error).__name__}") from None
        return Answer(where, response.status_code, response.headers, response.content)
