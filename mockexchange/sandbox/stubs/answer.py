"""Makes the answer of a stub: fills its placeholders by values of the request, and makes commands of its steps."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.core.ids import derived_id
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.stubs.request import NAMES_SHOWN_MAX, StubRequest
from mockexchange.scenario.errors import ScenarioError
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
from mockexchange.scenario.stubs import Stub
from mockexchange.venues.request import Answer, Pending

PER_UNIT = {SECONDS: MICROSECONDS_PER_SECOND, MILLISECONDS: MICROSECONDS_PER_SECOND // 1000}


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
            self.problems[f"the request has no {placeholder}; it has {self._names()}"] = None
        elif placeholder.form == TEXT:
            return text_value(found.text)
        elif placeholder.form == NUMBER:
            return found.as_number() or self._no_number(placeholder)
        return found

    def _no_number(self, placeholder: Placeholder) -> Value:
        self.problems[f"{placeholder} is no number"] = None
        return MISSING

    def _found(self, placeholder: Placeholder) -> Value:
        if placeholder.root == BODY:
            return self._asked.field(placeholder.name)
        known = {PATH: self._path, QUERY: self._params}.get(placeholder.root, self._single)
        text = known.get(placeholder.name or placeholder.root)
        return MISSING if text is None else text_value(text)

    def _names(self) -> str:
        """Return the placeholders that have a value."""
        named = ((PATH, self._path), (QUERY, self._params), (BODY, self._asked.field_names()))
        placeholders = [f"${root}.{name}" for root, names in named for name in islice(names, NAMES_SHOWN_MAX)]
        return ", ".join((*placeholders, *(f"${name}" for name in SINGLE if self._single[name] is not None)))


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
    _fill(reply, stub, values)
    if stub.kind == "result":
        assert venue.rest.wrap_result is not None, "such a stub is refused elsewhere"
        reply.body = venue.rest.wrap_result(context, request, reply.body.decode(), at, host_at)
    commands = _commands(reply, stub, values)
    reply.findings += [f"stub {stub.name}: {problem}" for problem in values.problems]
    if commands:
        reply.pending = _carried_out(reply, commands)
    return reply


def _fill(reply: Answer, stub: Stub, values: RequestValues) -> None:
    reply.status = stub.status
    reply.body = stub.template.filled(values).encode() if stub.template else stub.body
    headers = {**stub.headers, **{name: _printable(one.filled(values)) for name, one in stub.header_templates.items()}}
    reply.headers = tuple((name.encode(), value.encode()) for name, value in headers.items())


def _printable(text: str) -> str:
    """Return a text as the value of a header, without what would end it or is no ASCII."""
    return "".join(symbol for symbol in text if " " <= symbol <= "~")


def _commands(reply: Answer, stub: Stub, values: RequestValues) -> list[tuple[str, Command]]:
    """Return the commands of the stub's steps; one with wrong values is left out, with a finding."""
    commands: list[tuple[str, Command]] = []
    for step in stub.then:
        try:
            commands.append((step.name, step.command(values)))
        except ScenarioError as error:
            reply.findings.append(f"stub {stub.name}: the step was not carried out: {error}")
    return commands


def _carried_out(reply: Answer, commands: Iterable[tuple[str, Command]]) -> Pending:
    """Execute the commands, and return the answer with a finding for each that is refused."""
    for name, command in commands:
        outcome = yield command
        if isinstance(outcome, Refusal):
            reply.findings.append(f"stub {reply.stub}: {name} was refused: {outcome.code}: {outcome.message}")
    reply.pending = None
    return reply
