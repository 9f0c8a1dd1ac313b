"""The stubs of one sandbox: fixed answers that replace answers of the exchange.

A stub answers after the venue has authenticated the request; otherwise the venue's own refusal is sent. If several
stubs match, the one installed last answers. Installing and removing a stub is logged, so that a replay knows which
stubs were installed at each position.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from mockexchange.core.commands import Note
from mockexchange.faults.matching import path_test
from mockexchange.sandbox.port import SandboxPort
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.stubs import STUB, Stub
from mockexchange.store.log import Record
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.venue import Venue

STUBS_MAX = 1_000
"""Limited because every request is matched with all of them."""
BODIES_BYTES_MAX = 32 * 1024 * 1024
"""Size of all bodies together: as much as a journal keeps."""
SUBJECT = "stub"
"""Subject of the notes in the log."""
NAMES_SHOWN_MAX = 20


class StubError(ScenarioError):
    """A stub cannot be installed, or is not installed; the message gives the reason."""


class StubRequest:
    """The properties of a request that stubs match; expensive ones are computed once, when first needed."""

    def __init__(self, venue: Venue, request: Request) -> None:
        self.venue = venue
        self.request = request
        self.method = "GET" if request.method == "HEAD" else request.method
        self.path = unquote(request.path) if "%" in request.path else request.path
        self.has_path = not isinstance(request, Call)
        """Whether it is an HTTP request; a call of a stream has only a JSON-RPC method."""

    @cached_property
    def params(self) -> dict[str, str]:
        """The query parameters of the request; a repeated parameter has its last value."""
        return dict(query_pairs(self.request.query))

    @cached_property
    def call(self) -> tuple[str, Mapping[str, str]]:
        """The JSON-RPC method with its params as text; ("", {}) for other requests."""
        return (self.venue.rest.rpc_call_of and self.venue.rest.rpc_call_of(self.request)) or ("", {})


class InstalledStub:
    """A stub with its counts: `matched` requests; `answered` of them got its answer, the others a refusal."""

    __slots__ = ("_has_path", "answered", "matched", "name", "stub")

    def __init__(self, stub: Stub, name: str) -> None:
        self.stub, self.name = stub, name
        self.matched = self.answered = 0
        self._has_path = path_test(stub.pattern.path)

    @property
    def is_spent(self) -> bool:
        return self.stub.times is not None and self.answered >= self.stub.times

    def matches(self, subject: StubRequest) -> bool:
        method, _, venue = self.stub.pattern
        if not venue:
            return (
                subject.has_path
                and method == subject.method
                and self._has_path(subject.path)
                and _holds(subject.params, self.stub.query)
            )
        if venue != subject.venue.name:
            return False
        asked, params = subject.call
        return method == asked and _holds(params, self.stub.query)


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
        """Raise StubError if these stubs cannot be installed together with the installed ones."""
        _require_unique_names(stubs)
        names = {stub.name for stub in stubs}
        after = [*stubs, *(one.stub for one in self if one.name not in names)]
        if len(after) > STUBS_MAX:
            raise StubError(f"expected at most {STUBS_MAX:,} stubs: remove some first")
        if sum(len(stub.body) for stub in after) > BODIES_BYTES_MAX:
            raise StubError(f"expected bodies of at most {BODIES_BYTES_MAX:,} bytes in all: remove some stubs first")

    async def install(self, stub: Stub) -> InstalledStub:
        """Install a stub, matched before all others, in place of one with the same name. Raises as `check` does."""
        self.check([stub])
        name = stub.name or self._free_name()
        await self._log(f'{{"install":{replace(stub, name=name).written}}}')
        return self.installed[name]

    def apply(self, record: Record, text: str) -> None:
        """Install or remove a stub, as a note in the log says. Raises ScenarioError if it is no stub."""
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

    def _free_name(self) -> str:
        """Return the next generated name that no stub has."""
        self._named_count = max(self._named_count, self._installed_count) + 1
        while (name := f"stub-{self._named_count}") in self.installed:
            self._named_count += 1
        return name

    async def remove(self, name: str) -> None:
        """Remove a stub. Raises StubError if there is no such stub."""
        if name not in self.installed:
            known = ", ".join(list(self.installed)[:NAMES_SHOWN_MAX]) or "none"
            raise StubError(f"no stub {name!r}{did_you_mean(name, self.installed) or f'; known: {known}'}")
        await self._log(json.dumps({"remove": name}, separators=(",", ":"), ensure_ascii=False))

    async def clear(self) -> None:
        """Remove all stubs."""
        for name in list(self.installed):
            await self.remove(name)

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer | None:
        """Return the answer of the matching stub; None if no stub matches. A refusal does not count towards `times`."""
        subject = StubRequest(venue, request)
        found = next(
            (one for one in reversed(self.installed.values()) if not one.is_spent and one.matches(subject)), None
        )
        if found is None:
            return None
        found.matched += 1
        reply = stub_answer(found.stub, venue, context, request, at, host_at)
        found.answered += reply.refusal is None
        return reply

    async def _log(self, text: str) -> None:
        await self._sandbox.submit(Note(subject=SUBJECT, text=text))


def stub_answer(stub: Stub, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer:
    """Return the answer of a stub, or the venue's refusal if authentication fails."""
    if stub.is_signed is False:
        reply = Answer(
            0, b"", operation=venue.rest.operation_of(context, request), key_id=venue.auth.claimed_key(request)
        )
    else:
        reply = venue.rest.authenticate_only(context, request, at, host_at, stub.is_signed is True)
    reply.stub = stub.name
    if reply.refusal is None:
        reply.status, reply.body = stub.status, stub.body
        reply.headers = tuple((name.encode(), value.encode()) for name, value in stub.headers.items())
        if stub.kind == "result":
            assert venue.rest.wrap_result is not None, "such a stub is refused elsewhere"
            reply.body = venue.rest.wrap_result(context, request, stub.body.decode(), at, host_at)
    return reply


def _holds(given: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return not wanted or all(given.get(name) == value for name, value in wanted.items())


def _require_unique_names(stubs: Iterable[Stub]) -> None:
    """Refuse two stubs with the same name in one request, because the second would replace the first."""
    known: set[str] = set()
    for stub in stubs:
        if stub.name in known:
            message = f"expected another name: {stub.name!r} is there twice"
            raise StubError(message, stub.node.file, stub.node.line_of("name"), f"{stub.path}.name".removeprefix("."))
        known |= {stub.name} if stub.name else set()
