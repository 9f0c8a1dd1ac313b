"""The installed stubs of one sandbox: finds the stub that answers a request, and counts the requests of each stub."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockexchange.core.commands import Note
from mockexchange.faults.installed_rule import path_test
from mockexchange.sandbox.journal.journal import Journal
from mockexchange.sandbox.port import SandboxPort
from mockexchange.sandbox.stubs.answer import stub_answer
from mockexchange.sandbox.stubs.request import NAMES_SHOWN_MAX, StubRequest
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.stub_placeholders import MISSING
from mockexchange.scenario.stubs import STUB, RequestPattern, Stub
from mockexchange.store.log import Record
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue

STUBS_MAX = 1_000
"""The most installed stubs; it is limited because every request is compared with all of them."""
BODIES_BYTES_MAX = 32 * 1024 * 1024
"""The most bytes of all stubs' bodies together: as much as a journal keeps."""
SUBJECT = "stub"
"""The subject of the log's notes about stubs."""


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
        self._has_path = _path_test(stub.pattern)

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
        _require_unique_names(stubs)
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
        name = stub.name or self._free_name()
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
        """Remove all stubs of the sandbox."""
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
        number = _number_of(self._sandbox.journal, subject.has_path)
        seed = self._sandbox.plan.seed
        reply = stub_answer(found.stub, subject, context, at, host_at, seed=seed, number=number)
        found.answered += reply.refusal is None
        return reply

    async def _log(self, text: str) -> None:
        await self._sandbox.submit(Note(subject=SUBJECT, text=text))


def request_number(number: int, has_path: bool) -> str:
    """Return the number of a request as text. Calls on streams are numbered separately, as "frame 1"."""
    return str(number) if has_path else f"frame {number}"


def _number_of(journal: Journal, has_path: bool) -> str:
    """Return the number that the journal is about to give."""
    return request_number((journal.count if has_path else journal.frame_count) + 1, has_path)


def _path_test(pattern: RequestPattern) -> Callable[[str], bool]:
    if not pattern.names:
        return path_test(pattern.path)
    return lambda path: pattern.values_in(path) is not None


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
