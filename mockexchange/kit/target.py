"""Sends requests to the server under verification, and compares each response with the API document.

Responses are cached; everything is read again before a finding counts.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, NamedTuple

import httpx

from mockexchange.kit.findings import Finding
from mockexchange.kit.list_facts import Listing, Query, Row
from mockexchange.kit.operations import Operation, WriteOperation, answer_schema, reads, writes
from mockexchange.kit.signing_again import Signing, note_signing
from mockexchange.kit.validation.answers import AnswerJudge
from mockexchange.kit.validation.schemas import resolved
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document

# Responses, and errors for those that are missing or useless


CHARS_SHOWN_MAX = 200
UNJUDGEABLE_STATUSES = (401, 403, 429, 502, 503, 504)
"""Statuses for a key without access, and for a busy or closed exchange, which are no defects of the server."""


class Unreachable(Exception):
    """Raised if a request gets no response. The message has the request and the reason."""


class NotJudged(Exception):
    """Raised by a rule that lacks the data it needs. The message names the data, such as "no row to look at"."""


class NotAnswered(NotJudged):
    """Raised if a read that should succeed is refused: its request is `where`, the response `seen`."""

    def __init__(self, where: str, seen: str) -> None:
        super().__init__(f"{where} was answered {seen}")
        self.where, self.seen = where, seen


class Answer(NamedTuple):
    """A response of the server. `where` is the request in one line: "GET /portfolio/positions?limit=2"."""

    where: str
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


def object_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of a response.

    Raises NotAnswered if it has none, NotJudged if the key or the exchange's load is the reason.
    """
    try:
        body = answer.json() if answer.status == 200 else None
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    seen = f"{answer.status} {answer.text[:CHARS_SHOWN_MAX]}"
    if answer.status in UNJUDGEABLE_STATUSES:
        raise NotJudged(f"{answer.where} was answered {seen}")
    raise NotAnswered(answer.where, seen)


def still(answer: Answer, ticking: Collection[str]) -> tuple[int, Any]:
    """Return status and body of a response without the fields `ticking`, whose values change by themselves."""
    try:
        return answer.status, without(answer.json(), ticking)
    except ValueError:
        return answer.status, answer.text


def without(value: Any, names: Collection[str]) -> Any:
    """Return a JSON value without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {name: without(part, names) for name, part in value.items() if name not in names}
    return [without(part, names) for part in value] if isinstance(value, list) else value


# The cache of what was read: everything is read again before a finding counts


class ReadKey(NamedTuple):
    """What identifies a cached read: operation id, query, path variables, and the role of the key that signs."""

    operation_id: str
    query: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str], ...]
    role: str | None


class ListRows(NamedTuple):
    """The rows of a list. `is_complete` is true if the last page was read; `where` is the request of the first page."""

    rows: list[Row]
    is_complete: bool
    where: str


class CachedRead(NamedTuple):
    """A cached read: its request as text, and the body of the response."""

    where: str
    body: dict[str, Any]


Read = Callable[[ReadKey], CachedRead]


class Request(NamedTuple):
    """A read that bypassed the cache. `again` sends it once more; `answer` is the first response."""

    again: Callable[[], Answer]
    answer: Answer


class ReadCache:
    """Caches the results of the function `read`.

    `ticking` names fields that change by themselves and are not compared.
    """

    def __init__(self, read: Read, ticking: Collection[str]) -> None:
        self._read, self._ticking = read, ticking
        self._remembered: dict[ReadKey, CachedRead] = {}
        self._used: set[ReadKey] = set()
        self._requests: list[Request] = []

    def get(self, reading: ReadKey) -> CachedRead:
        """Return the result of a read, from the cache if it is there. Raises the errors of `read`."""
        self._used.add(reading)
        if reading not in self._remembered:
            self._remembered[reading] = self._read(reading)
        return self._remembered[reading]

    def note(self, request: Request) -> None:
        """Add a read that bypassed the cache, so that `have_changed` repeats it."""
        self._requests.append(request)

    def begin(self) -> None:
        """Clear the record of used reads; later reads are recorded anew. The cache itself is kept."""
        self._used.clear()
        self._requests.clear()

    def have_changed(self) -> bool:
        """Repeat the reads used since `begin`; if any answer differs, clear the cache and return True.

        If none differs, each answer was right from its first to its second reading, so that all were right at the same
        moment.
        """
        try:
            moved = self._has_moved()
        except (NotJudged, Unreachable):
            moved = True
        if moved:
            self._remembered.clear()
        return moved

    def _has_moved(self) -> bool:
        used = self._used & self._remembered.keys()
        return any(map(self._is_other, self._requests)) or any(map(self._has_changed, used))

    def _is_other(self, request: Request) -> bool:
        return still(request.answer, self._ticking) != still(request.again(), self._ticking)

    def _has_changed(self, reading: ReadKey) -> bool:
        before, now = self._remembered[reading].body, self._read(reading).body
        return bool(without(before, self._ticking) != without(now, self._ticking))


def read_key(operation_id: str, query: Query | None, names: Mapping[str, str] | None, role: str) -> ReadKey:
    """Return the key under which a read is cached; values of the query are converted to text."""
    asked = tuple((name, str(value)) for name, value in (query or {}).items())
    return ReadKey(operation_id, asked, tuple((names or {}).items()), role or None)


# The server under verification


Headers = dict[str, str]
MEMBER, FCM = "member", "fcm"
"""Roles of keys: a plain member, and an FCM member."""
BOUND, RESTRICTED, OTHER = "bound", "restricted", "other"
"""Roles of keys: an FCM's, bound to one subtrader; a member's, restricted to one subaccount; another account's."""
OTHER_FCM = "other-fcm"
"""The role of a key of another FCM member."""
BALANCE_ONLY = "balance-only"
"""The role of a member's key whose scopes only allow reading the balance."""
ROLES = {
    MEMBER: "a plain member's key",
    FCM: "an FCM member's key",
    BOUND: "an FCM member's key that is bound to one subtrader",
    RESTRICTED: "a member's key that is restricted to one subaccount",
    OTHER: "a key of another account",
    OTHER_FCM: "a key of another FCM member",
    BALANCE_ONLY: "a member's key with the scope for balances alone",
}
PAGES_WHOLE_MAX = 5
"""The most pages that are read of one list, in the largest size; an account may have a million rows."""
JSON = {"Content-Type": "application/json"}
READ = "GET"
NUMBERED = re.compile(r"\[\d+\]")


@dataclass(kw_only=True)
class Target:
    """A server under verification. `keys` maps roles (such as member) to signers.

    `base_url` ends in the venue's prefix. `http` determines the transport: in process, over a socket, or throttled.
    Every response is compared with the document; violations are collected in `objections`. Reads are cached until they
    turn out to have changed.
    """

    venue: VenueKit
    api_date: str
    """The alias of the API date whose documents the server is compared with."""
    base_url: str
    http: httpx.Client
    keys: Mapping[str, Signer]
    ws_url: str | None = None
    may_write: bool = False
    may_order: bool = False
    """Whether orders may be placed, of at most two contracts, far from the market, and canceled again."""
    may_trade: bool = False
    """Whether orders may also be filled, and all orders be canceled, which is allowed only at a mock."""
    lag_s: float = 0.0
    """The seconds after a write in which a read may not show it yet."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Values of parameters that exist at the server, as the user gave them: {"subtrader_id": "fcm7_st1"}."""
    objections: list[Finding] = field(default_factory=list)
    _reported: set[tuple[str, str]] = field(default_factory=set)
    _lasting: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{self.venue.name}/{self.api_date}"

    @cached_property
    def document(self) -> Document:
        """Return the API document, which all targets share: change a copy of it alone."""
        return api_documents.parse(api_documents.path_of(self.subject))

    @cached_property
    def stream_document(self) -> Document:
        """Return the document of the stream, which all targets share: change a copy of it alone."""
        return api_documents.parse(api_documents.path_of(self.subject, api_documents.ASYNCAPI))

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Return the reads of the document, by operation id."""
        return _reads_of(self.subject)

    @cached_property
    def writes(self) -> Mapping[str, WriteOperation]:
        """Return the writes of the document that the exchange executes, by operation id."""
        return writes(self.document)

    @cached_property
    def answers(self) -> AnswerJudge:
        return _answer_judge_of(self.subject)

    def location(self, pointer: str = "") -> str:
        """Return the path of the API document's file, followed by a JSON pointer."""
        return f"contracts/{self.subject}/openapi.yaml{pointer}"

    def ask(
        self,
        path: str,
        *,
        names: Mapping[str, str] | None = None,
        query: Query | None = None,
        signer: Signer | None = None,
        method: str = READ,
        age_ms: int = 0,
        change: Callable[[Headers], Headers] = dict,
    ) -> Answer:
        """Send a request to a documented path, its variables filled from `names`, and return the answer.

        The answer is compared with the document. The request is signed by `signer`, by default by the key of the
        operation's role; `change` modifies the signed headers. Raises Unreachable; NotJudged if there is no key of that
        role.
        """

        def send() -> Answer:
            return self._ask(
                path, names=names or {}, query=query or {}, signer=signer, method=method, age_ms=age_ms, change=change
            )

        answer = send()
        if method == READ and change is dict and not age_ms:  # else it is about headers, and not about data
            self.read_cache.note(Request(send, answer))
        return answer

    def _ask(
        self,
        path: str,
        *,
        names: Mapping[str, str],
        query: Query,
        signer: Signer | None,
        method: str = READ,
        age_ms: int = 0,
        change: Callable[[Headers], Headers] = dict,
    ) -> Answer:
        url = self.base_url + path.format_map({**self.names, **names})
        by = signer or self.signer_of(path)
        given = {name: value for name, value in query.items() if value is not None}
        request = self.http.build_request(method, url, params=given or None)
        answer = self._send(request, lambda: change(by.headers(method, str(request.url), age_ms) if by else {}))
        self.objections.extend(self.answers.objections(path, method, answer))
        return answer

    def post(
        self,
        path: str,
        content: bytes,
        signer: Signer | None,
        *,
        is_base: bool = False,
        is_judged: bool = True,
        age_ms: int = 0,
        change: Callable[[Headers], Headers] = dict,
    ) -> Answer:
        """Post a body to a documented path, and compare the answer with the document's description of this path.

        With `is_base` the body is posted to the base URL instead. Raises Unreachable.
        """
        below = "" if is_base else path

        def send() -> Answer:
            request = self.http.build_request("POST", self.base_url + below, content=content, headers=JSON)
            url = str(request.url)
            return self._send(request, lambda: change(signer.headers("POST", url, age_ms, content) if signer else {}))

        answer = send()
        if self.venue.is_read("POST", below, content):
            self.read_cache.note(Request(send, answer))
        if is_judged:
            self.objections.extend(self.answers.objections(path, "POST", answer))
        return answer

    def write(
        self, operation_id: str, body: object = None, names: Mapping[str, str] | None = None, query: Query | None = None
    ) -> Answer:
        """Send a write by its operation id with a JSON body, and compare the answer with the document.

        Raises Unreachable; NotJudged if there is no key of the operation's role.
        """
        operation = self.writes[operation_id]
        url = self.base_url + operation.path.format_map(names or {})
        content = b"" if body is None else json.dumps(body).encode()
        headers = None if body is None else JSON
        request = self.http.build_request(operation.method, url, params=query, content=content, headers=headers)
        role = self.venue.role_of(operation.node, operation.path) or MEMBER
        key = self.key(role)
        answer = self._send(request, lambda: key.headers(operation.method, str(request.url), 0, content))
        self.objections.extend(self.answers.objections(operation.path, operation.method, answer))
        return answer

    def signer_of(self, path: str) -> Signer | None:
        """Return the key that signs requests to a documented path; None if it is public. Raises NotJudged."""
        role = self.venue.role_of(self.document["paths"][path].get("get", {}), path)
        return None if role is None else self.key(role)

    def key(self, role: str) -> Signer:
        """Return the key that was given for a role, such as member or fcm. Raises NotJudged if none was given."""
        if role not in self.keys:
            raise NotJudged(
                f"it needs {ROLES.get(role, 'a key')}: none was given for the role {role!r}: --role {role}=KEY_ID:PEM"
            )
        return self.keys[role]

    def known(self, name: str, operation_id: str = "") -> Sequence[str]:
        """Return existing values of an operation's parameter, which the user gave or the kit found by reading lists.

        Raises NotJudged if there are none.
        """
        if name in self.names:
            return [self.names[name]]
        names, why = self.venue.facts.names, "no list has one"
        try:
            found = names.get(f"{operation_id} {name}", names.get(name, _nothing))(self)
        except NotJudged as reason:
            found, why = (), str(reason)
        if not found:
            raise NotJudged(f"there is nothing to ask for by {name!r} ({why}): give one with --name {name}=VALUE")
        return found

    def body(
        self, operation_id: str, query: Query | None = None, names: Mapping[str, str] | None = None, role: str = ""
    ) -> dict[str, Any]:
        """Return the JSON body of a read, from the cache if possible. Raises NotJudged if the read is refused."""
        return self.read_cache.get(read_key(operation_id, query, names, role))[1]

    def row(self, operation_id: str, name: str) -> Row:
        """Read a single object by the name in its path, such as a market by its ticker. Raises NotJudged."""
        operation = self._operation(operation_id)
        body = self.body(operation_id, None, {operation.names[0]: name})
        found: Row = next(value for value in body.values() if isinstance(value, dict))
        return found

    def lasting(self, subject: str) -> dict[str, str]:
        """Return a dictionary of facts about a subject that never change. Callers add to it."""
        return self._lasting.setdefault(subject, {})

    def rows(self, operation_id: str, query: Query | None = None) -> Sequence[Row]:
        return self.whole(operation_id, query).rows

    def whole(self, operation_id: str, query: Query | None = None, role: str = "") -> ListRows:
        """Return the rows of a list, up to its first PAGES_WHOLE_MAX pages. Raises NotJudged."""
        operation, listing = self._operation(operation_id), self.listing(operation_id)
        paging, asked = self.venue.facts.paging, {**self.needed(operation_id), **(query or {})}
        if paging.limit in operation.query:
            asked.setdefault(paging.limit, str(operation.query[paging.limit].schema["maximum"]))
        rows: list[Row] = []
        where = ""
        for _ in range(PAGES_WHOLE_MAX):
            request, page = self.read_cache.get(read_key(operation_id, asked, None, role or listing.role))
            where = where or request
            rows.extend(page.get(listing.rows) or [])
            if not page.get(paging.next):
                return ListRows(rows, True, where)
            asked[paging.cursor] = page[paging.next]
        return ListRows(rows, False, where)

    def listing(self, operation_id: str) -> Listing:
        return self.venue.facts.listings[operation_id]

    def needed(self, operation_id: str) -> dict[str, str]:
        """Return existing values for the parameters that a read requires. Raises NotJudged."""
        query, needs = self._operation(operation_id).query, self.venue.facts.needs
        found = [name for name, one in query.items() if name in needs or one.is_required]
        return {name: self.known(name, operation_id)[0] for name in found}

    def read(
        self,
        operation_id: str,
        query: Query | None = None,
        role: str = "",
        change: Callable[[Headers], Headers] = dict,
    ) -> Answer:
        """Send a read by its operation id, with values for its required parameters, bypassing the cache.

        Raises NotJudged, Unreachable.
        """
        operation = self._operation(operation_id)
        names = {name: self.known(name, operation_id)[0] for name in operation.names}
        asked = {**self.needed(operation_id), **(query or {})}
        return self.ask(
            operation.path, names=names, query=asked, signer=self.key(role) if role else None, change=change
        )

    def row_schema(self, operation_id: str) -> Mapping[str, Any]:
        """Return the schema of the rows of a list."""
        answer = answer_schema(self.document, self.operations[operation_id])
        rows = resolved(self.document, answer["properties"][self.listing(operation_id).rows])
        row: Mapping[str, Any] = resolved(self.document, rows["items"])
        return row

    def answer_keys(self, operation_id: str) -> frozenset[str]:
        """Return the documented keys of a read's response; an empty set if the API date has no such read."""
        if operation_id not in self.operations:
            return frozenset()
        return frozenset(answer_schema(self.document, self.operations[operation_id]).get("properties", {}))

    def send(self, method: str, path: str, change: Callable[[Headers], Headers] = dict) -> Answer:
        """Send a request to an undocumented path below the venue's prefix.

        Its response is not compared with the document.
        """
        return self._send(self.http.build_request(method, self.base_url + path), lambda: change({}))

    @cached_property
    def read_cache(self) -> ReadCache:
        return ReadCache(self._read, self.venue.facts.volatile_fields)

    def apart(self) -> "Target":
        """Return another target for the same server and another thread. Its violations and cache are separate."""
        return replace(self, objections=[], _reported=set(), _lasting={})

    def begin(self) -> None:
        """Begin to record which reads are used."""
        self.read_cache.begin()

    def has_changed(self) -> bool:
        """Return whether anything that was read since `begin` has changed."""
        return self.read_cache.have_changed()

    def still(self, answer: Answer) -> tuple[int, Any]:
        """Return status and body of a response without fields that change by themselves, such as the venue's time."""
        return still(answer, self.venue.facts.volatile_fields)

    def new_objections(self) -> tuple[Finding, ...]:
        """Return the violations found since the last call, and clear them.

        Violations that differ only in a list index are returned once in a run.
        """
        return tuple(self._take_objections())

    def _take_objections(self) -> Iterator[Finding]:
        for objection in self.objections:
            key = (objection.place, NUMBERED.sub("[]", objection.seen))
            if key not in self._reported:
                self._reported.add(key)
                yield objection
        self.objections.clear()

    def _read(self, reading: ReadKey) -> CachedRead:
        path = self._operation(reading.operation_id).path
        signer = self.key(reading.role) if reading.role else None
        answer = self._ask(path, names=dict(reading.names), query=dict(reading.query), signer=signer)
        return CachedRead(answer.where, object_of(answer))

    def _operation(self, operation_id: str) -> Operation:
        if operation_id not in self.operations:
            raise NotJudged(f"there is no {operation_id} at this date")
        return self.operations[operation_id]

    def _send(self, request: httpx.Request, sign: Callable[[], Mapping[str, str]]) -> Answer:
        request.headers.update(sign())
        note_signing(request, Signing(sign))
        where = f"{request.method} {request.url.raw_path.decode().removeprefix(self.venue.prefix)}"
        try:
            response = self.http.send(request)
        except httpx.HTTPError as error:
            raise Unreachable(f"{where}: no answer: {str(error) or type(error).__name__}") from None
        return Answer(where, response.status_code, response.headers, response.content)


def _nothing(reader: object) -> Sequence[str]:
    return ()


@cache
def _reads_of(subject: str) -> Mapping[str, Operation]:
    return reads(api_documents.parse(api_documents.path_of(subject)))


@cache
def _answer_judge_of(subject: str) -> AnswerJudge:
    """Return the judge of a document, whose validators take longer to make than a run of the checks takes."""
    return AnswerJudge(api_documents.parse(api_documents.path_of(subject)), subject)
