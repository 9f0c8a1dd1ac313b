"""The stubs of one sandbox: they replace answers of the exchange by fixed answers or by values of the request.

A stub answers after the venue has authenticated the request; otherwise the venue's own refusal is sent. If several
stubs match, the one installed last answers. Installing and removing a stub is logged, so that a replay knows which
stubs were installed at each position.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import unquote

from mockexchange.core.commands import Command, Note
from mockexchange.core.ids import derived_id
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.faults.rule_firing import path_test
from mockexchange.sandbox.interface import SandboxPort
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.stub_placeholders import (
    ACCOUNT,
    BODY,
    MILLISECONDS,
    MISSING,
    NEW_ID,
    NOW,
    NUMBER,
    PATH,
    QUERY,
    SECONDS,
    SINGLE,
    TEXT,
    Placeholder,
    Value,
    text_value,
)
from mockexchange.scenario.stubs import STUB, Stub
from mockexchange.store.log import Record
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Answer, Call, Pending, Request
from mockexchange.venues.venue import Venue

STUBS_MAX = 1_000
"""The most installed stubs; it is limited because every request is compared with all of them."""
BODIES_BYTES_MAX = 32 * 1024 * 1024
"""The most bytes of all stubs' bodies together: as much as a journal keeps."""
SUBJECT = "stub"
"""The subject of the log's notes about stubs."""
BODY_COMMAS_MAX = 10_000
"""The most commas in a body that is parsed.

Larger bodies count as having no fields, since parsing would block the loop.
"""
NAMES_SHOWN_MAX = 20
NO_FIELDS: dict[str, Any] = {}
PER_UNIT = {SECONDS: MICROSECONDS_PER_SECOND, MILLISECONDS: MICROSECONDS_PER_SECOND // 1000}


# A request as stubs see it


class _Digits(str):
    """A number as it was sent."""

    __slots__ = ()


class StubRequest:
    """A request with the properties that stubs match; expensive properties are computed once, when first needed."""

    def __init__(self, venue: Venue, request: Request) -> None:
        self.venue = venue
        self.request = request
        self.method = "GET" if request.method == "HEAD" else request.method
        self.path = unquote(request.path) if "%" in request.path else request.path
        self.has_path = not isinstance(request, Call)
        """Whether it is an HTTP request; a call of a stream has only a JSON-RPC method."""

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The query parameters of the request as texts by name; of a repeated parameter the last value."""
        return dict(query_pairs(self.request.query))

    @cached_property
    def call(self) -> tuple[str, Mapping[str, str]]:
        """The JSON-RPC method of the request with its params as text; ("", {}) for requests without a method."""
        return (self.venue.rest.rpc_call_of and self.venue.rest.rpc_call_of(self.request)) or ("", {})

    @cached_property
    def body(self) -> Any:
        """The parsed JSON body, with numbers as they were written; a mapping without fields if the body is not JSON."""
        if self.request.body.count(b",") > BODY_COMMAS_MAX:
            return NO_FIELDS
        try:
            return json.loads(self.request.body, parse_float=_Digits, parse_int=_Digits)
        except (ValueError, RecursionError):
            return NO_FIELDS

    def field(self, place: str) -> Value:
        """Return the field of the body at a path such as order.price or legs.0.side; MISSING if there is none."""
        found = self.body
        for name in place.split("."):
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdecimal() and len(name) < 6 and int(name) < len(found):
                found = found[int(name)]
            else:
                return MISSING
        if isinstance(found, str) and not isinstance(found, _Digits):
            return text_value(found)
        written = _written(found)
        return Value(written, written)

    def field_names(self) -> Iterator[str]:
        """Yield the names (or indexes) of the outermost fields of the body."""
        if isinstance(self.body, dict):
            yield from self.body
        elif isinstance(self.body, list):
            yield from map(str, range(len(self.body)))


def _written(found: Any) -> str:
    """Return JSON with the numbers as they were sent."""
    if isinstance(found, dict):
        return "{" + ",".join(f"{text_value(name).json}:{_written(item)}" for name, item in found.items()) + "}"
    if isinstance(found, list):
        return "[" + ",".join(map(_written, found)) + "]"
    return str(found) if isinstance(found, _Digits) else json.dumps(found, ensure_ascii=False)


# The answer of a stub


class RequestValues:
    """The values of one request with which a stub's placeholders are filled.

    `problems` has a text for each value that the request lacks.
    """

    def __init__(self, stub: Stub, asked: StubRequest, account: str | None, at: int, new_id: str) -> None:
        self._asked, self._at = asked, at
        self._path = (stub.pattern.values_in(asked.path) or {}) if stub.pattern.names else {}
        self._params = asked.call[1] if stub.pattern.venue else asked.params
        self._single = {ACCOUNT: account, NOW: format_instant(at), NEW_ID: new_id}
        self.problems: dict[str, None] = {}

    def value_of(self, placeholder: Placeholder) -> Value:
        """Return the value of a placeholder, in the form that it asks for.

        MISSING, and a text in `problems`, if the request lacks the value.
        """
        if placeholder.form in PER_UNIT:
            digits = str(self._at // PER_UNIT[placeholder.form])
            return Value(digits, digits)
        found = self._found(placeholder)
        if found is MISSING:
            named = ((PATH, self._path), (QUERY, self._params), (BODY, self._asked.field_names()))
            known = [f"${root}.{name}" for root, names in named for name in islice(names, NAMES_SHOWN_MAX)]
            known += [f"${name}" for name in SINGLE if self._single[name] is not None]
            self.problems[f"the request has no {placeholder}; it has {', '.join(known)}"] = None
        elif placeholder.form == TEXT:
            return text_value(found.text)
        elif placeholder.form == NUMBER:
            if number := found.as_number():
                return number
            self.problems[f"{placeholder} is no number"] = None
            return MISSING
        return found

    def _found(self, placeholder: Placeholder) -> Value:
        if placeholder.root == BODY:
            return self._asked.field(placeholder.name)
        known = {PATH: self._path, QUERY: self._params}.get(placeholder.root, self._single)
        text = known.get(placeholder.name or placeholder.root)
        return MISSING if text is None else text_value(text)


def stub_answer(
    stub: Stub, asked: StubRequest, context: Any, at: int, host_at: int, *, seed: int, number: object
) -> Answer:
    """Return the answer of a stub, or the venue's refusal if authentication fails.

    `number` identifies the request in its sandbox, for `$new_id`. If the stub has steps, the answer is pending: it is
    complete once the sandbox has executed their commands.
    """
    venue, request = asked.venue, asked.request
    if stub.is_signed is False:
        reply = Answer(
            0, b"", operation=venue.rest.operation_of(context, request), key_id=venue.auth.claimed_key(request)
        )
    else:
        reply = venue.rest.authenticate_only(context, request, at, host_at, stub.is_signed is True)
    reply.stub = stub.name
    if reply.refusal is not None:
        return reply
    values = RequestValues(stub, asked, reply.account, at, derived_id(seed, "stub", stub.name, number))
    reply.status = stub.status
    reply.body = stub.template.filled(values).encode() if stub.template else stub.body
    headers = dict(stub.headers)
    for name, template in stub.header_templates.items():
        # without what would end the header, or is no ASCII
        headers[name] = "".join(symbol for symbol in template.filled(values) if " " <= symbol <= "~")
    reply.headers = tuple((name.encode(), value.encode()) for name, value in headers.items())
    if stub.kind == "result":
        assert venue.rest.wrap_result is not None, "such a stub is refused elsewhere"
        reply.body = venue.rest.wrap_result(context, request, reply.body.decode(), at, host_at)
    commands: list[tuple[str, Command]] = []
    for step in stub.then:
        try:
            commands.append((step.name, step.command(values)))
        except ScenarioError as error:
            reply.findings.append(f"stub {stub.name}: the step was not carried out: {error}")
    reply.findings += [f"stub {stub.name}: {problem}" for problem in values.problems]
    if commands:
        reply.pending = _carried_out(reply, commands)
    return reply


def _carried_out(reply: Answer, commands: Iterable[tuple[str, Command]]) -> Pending:
    """Execute the commands, and return the answer with a finding for each that is refused."""
    for name, command in commands:
        outcome = yield command
        if isinstance(outcome, Refusal):
            reply.findings.append(f"stub {reply.stub}: {name} was refused: {outcome.code}: {outcome.message}")
    reply.pending = None
    return reply


# The installed stubs


class StubError(ScenarioError):
    """Raised if a stub cannot be installed, or is not installed; the message gives the reason."""


class InstalledStub:
    """An installed stub with its counts.

    It `matched` requests, of which `answered` got its answer, and the others a refusal of the venue.
    """

    __slots__ = ("_has_path", "answered", "matched", "name", "stub")

    def __init__(self, stub: Stub, name: str) -> None:
        self.stub, self.name = stub, name
        self.matched = self.answered = 0
        pattern = stub.pattern
        self._has_path = (
            (lambda path: pattern.values_in(path) is not None) if pattern.names else path_test(pattern.path)
        )

    @property
    def is_spent(self) -> bool:
        return self.stub.times is not None and self.answered >= self.stub.times

    def matches(self, subject: StubRequest) -> bool:
        method, venue = self.stub.pattern.method, self.stub.pattern.venue
        if not venue:
            return (
                subject.has_path
                and method == subject.method
                and self._has_path(subject.path)
                and _holds(subject.params, self.stub.query)
                and self._has_fields(subject)
            )
        if venue != subject.venue.name:
            return False
        asked, params = subject.call
        return method == asked and _holds(params, self.stub.query) and self._has_fields(subject)

    def _has_fields(self, subject: StubRequest) -> bool:
        fields = ((subject.field(place), text) for place, text in self.stub.fields.items())
        return all(found is not MISSING and found.text == text for found, text in fields)


class Stubs:
    """The stubs of a sandbox. Callers check `installed` first, so that requests cost nothing extra without stubs."""

    subject = SUBJECT

    def __init__(self, sandbox: SandboxPort) -> None:
        self._sandbox = sandbox
        self._installed_count = self._named_count = 0
        self.installed: dict[str, InstalledStub] = {}
        """Stubs by name, in the order of installation."""

    def __iter__(self) -> Iterator[InstalledStub]:
        return iter(list(self.installed.values()))

    async def begin(self) -> None:
        """Install the stubs of the scenario."""
        self.check(self._sandbox.plan.stubs)
        for stub in self._sandbox.plan.stubs:
            await self.install(stub)

    def check(self, stubs: Sequence[Stub]) -> None:
        """Raise StubError if these stubs cannot be installed in addition to the installed ones."""
        known: set[str] = set()
        for stub in stubs:
            if stub.name in known:  # the second would replace the first
                message = f"expected another name: {stub.name!r} is there twice"
                raise StubError(
                    message, stub.node.file, stub.node.line_of("name"), f"{stub.path}.name".removeprefix(".")
                )
            known |= {stub.name} if stub.name else set()
        names = {stub.name for stub in stubs}
        after = [*stubs, *(one.stub for one in self if one.name not in names)]
        if len(after) > STUBS_MAX:
            raise StubError(f"expected at most {STUBS_MAX:,} stubs: remove some first")
        if sum(stub.size for stub in after) > BODIES_BYTES_MAX:
            raise StubError(f"expected bodies of at most {BODIES_BYTES_MAX:,} bytes in all: remove some stubs first")

    async def install(self, stub: Stub) -> InstalledStub:
        """Install a stub, which answers before all others, in place of one with the same name.

        Raises StubError as `check` does.
        """
        self.check([stub])
        name = stub.name or ""
        if not name:
            self._named_count = max(self._named_count, self._installed_count) + 1
            while (name := f"stub-{self._named_count}") in self.installed:
                self._named_count += 1
        await self._log(f'{{"install":{replace(stub, name=name).written}}}')
        return self.installed[name]

    def apply(self, record: Record, text: str) -> None:
        """Install or remove a stub, as a note in the log requires.

        Raises ScenarioError if the note has no valid stub.
        """
        match located_json(text, "", 0).value:
            case {"install": Located() as node}:
                stub = STUB.read(node, "")
                assert stub.name is not None, "the log has the name of every stub"
                self._installed_count += 1
                self.installed.pop(stub.name, None)
                self.installed[stub.name] = InstalledStub(stub, stub.name)
            case {"remove": Located(value=str(name))}:
                self.installed.pop(name, None)
        self._sandbox.update_call_hook()

    async def remove(self, name: str) -> None:
        """Remove a stub. Raises StubError if there is no such stub."""
        if name not in self.installed:
            known = ", ".join(list(self.installed)[:NAMES_SHOWN_MAX]) or "none"
            raise StubError(f"no stub {name!r}{did_you_mean(name, self.installed) or f'; known: {known}'}")
        await self._log(json.dumps({"remove": name}, separators=(",", ":"), ensure_ascii=False))

    async def clear(self) -> None:
        for name in list(self.installed):
            await self.remove(name)

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer | None:
        """Return the answer of the matching stub, or the venue's refusal of the credentials; None if no stub matches.

        A refusal does not count towards the stub's `times`.
        """
        subject = StubRequest(venue, request)
        found = next(
            (one for one in reversed(self.installed.values()) if not one.is_spent and one.matches(subject)), None
        )
        if found is None:
            return None
        found.matched += 1
        journal, seed = self._sandbox.journal, self._sandbox.plan.seed  # the number that the journal is about to give
        number = request_number((journal.count if subject.has_path else journal.frame_count) + 1, subject.has_path)
        reply = stub_answer(found.stub, subject, context, at, host_at, seed=seed, number=number)
        found.answered += reply.refusal is None
        return reply

    async def _log(self, text: str) -> None:
        await self._sandbox.submit(Note(subject=SUBJECT, text=text))


def request_number(number: int, has_path: bool) -> str:
    """Return the number of a request as text. Calls on streams are numbered separately, as "frame 1"."""
    return str(number) if has_path else f"frame {number}"


def _holds(given: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return not wanted or all(given.get(name) == value for name, value in wanted.items())
