"""Compares a recording with the mock, which is opened from a scenario made of the recording, at one API date.

Each recorded request is sent to the mock; answers are compared by structure and by value.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockexchange.drift.deviations import STRUCTURE, Deviation, Evidence, Findings, Kind, Level
from mockexchange.drift.learnt_values import Answers, Learnt
from mockexchange.drift.recorded_lines import RecordedExchange, read_again, read_lines
from mockexchange.drift.structure import differences
from mockexchange.importing.comparison import INCOMPARABLE
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.recorded_answers import RecordedAnswer, WrongRecording
from mockexchange.importing.verification import Emulated, Reply, note_cursor, plan_of, with_cursor
from mockexchange.kit.operations import reads
from mockexchange.kit.validation.requests import Routes
from mockexchange.kit.venues import KITS
from mockexchange.recording.redaction import is_id
from mockexchange.runtime import api_documents
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.registry import venue_of

ASKED_AGAIN = (200, 400, 404)
"""Statuses of recorded answers that are compared; other answers depend on the key or on the load."""


@dataclass(slots=True)
class Twin:
    """How the answers of a mock, which was opened from a scenario made of the recording, differ from the recorded
    ones.

    `why_not` is the reason if no request was sent, `why_no_values` the reason if no values were compared.
    """

    evidence: list[Evidence] = field(default_factory=list)
    asked: int = 0
    why_not: str = ""
    why_no_values: str = ""
    noise: list[str] = field(default_factory=list)
    """Values that the venue changes by itself, such as "GET /portfolio/balance portfolio_value"."""


def twin_of(path: Path, venue: str, alias: str, known: Iterable[Evidence]) -> Twin:
    """Open the mock from a scenario made of a recording, send the recorded requests to it, and compare the answers.

    Deviations that `known` contains are not reported again.
    """
    found = [one.deviation for one in known]
    try:
        imported = import_recording(path, alias)
    except (WrongRecording, ScenarioError) as error:
        return Twin(why_not=str(error))
    asked = _Asked(
        venue, alias, {(one.operation, place) for one in found for place in (one.path, one.seen.partition(": ")[0])}
    )
    asyncio.run(asked.ask_all(path, imported))
    return asked.twin(_why_no_values(imported, found))


def _why_no_values(imported: Imported, known: Iterable[Deviation]) -> str:
    if imported.unread:
        return f"rows cannot be read: {imported.unread[0][1]}"
    broken = next(
        (
            one
            for one in known
            if one.kind in STRUCTURE and (one.operation.startswith("GET ") or "/get_" in one.operation)
        ),
        None,
    )
    return (
        f"{broken.operation} has {_article(broken.kind)} ({broken.path}), so its rows say too little" if broken else ""
    )


def _article(kind: Kind) -> str:
    return kind.value if kind is Kind.TYPE else f"{'an' if kind is Kind.UNKNOWN else 'a'} {kind}"


@dataclass(slots=True)
class _Asked:
    """The comparison of each recorded answer with the emulated exchange's."""

    venue: str
    alias: str
    known: set[tuple[str, str]]
    structure: Findings = field(default_factory=Findings)
    values: Findings = field(default_factory=Findings)
    learnt: Learnt = field(default_factory=Learnt)
    cursors: dict[str, str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    """Operations that answer every account alike: a recording of one account cannot make their rows."""

    async def ask_all(self, path: Path, imported: Imported) -> None:
        document = api_documents.parse(api_documents.path_of(f"{self.venue}/{self.alias}"))
        routes, prefix = Routes(document, KITS[self.venue].prefix), KITS[self.venue].prefix
        paths = [one.path for one in reads(document).values() if one.is_public]
        self.public = {f"{method} {path}" for path in paths for method in ("GET", "POST")}
        emulated = await Emulated.open(plan_of(imported.text), self.venue, venue_of(self.venue).api_date(self.alias))
        for exchange in read_again(path, sorted(_reads(path), key=lambda one: one.at)):
            await emulated.advance(exchange.asked.at)
            asked = exchange.asked
            reply = emulated.ask(with_cursor(asked.target, self.cursors), asked.at, asked.method, asked.body)
            route = routes.find(exchange.path)
            plain = exchange.path.removeprefix(prefix)
            operation = f"{asked.method} {route.path if route else plain}"
            found = list(self._deviations(operation, exchange, reply))
            for findings, level in ((self.structure, Level.TWIN), (self.values, Level.VALUES)):
                mine = [one for one in found if one.level is level]
                findings.add(operation, mine, line=exchange.asked.line, at=exchange.asked.at, host=exchange.host)

    def _deviations(self, operation: str, exchange: RecordedExchange, reply: Reply) -> Iterator[Deviation]:
        if reply.status != exchange.status and operation in self.public:
            return
        if reply.status != exchange.status:
            level = Level.VALUES if 200 in (reply.status, exchange.status) else Level.TWIN
            where = f"status {exchange.status}"
            yield Deviation(level, Kind.STATUS, operation, where, where, f"status {reply.status}")
            return
        yield from _of_headers(operation, exchange, reply)
        try:
            wanted, got = json.loads(exchange.content), json.loads(reply.body)
        except ValueError:
            if exchange.content.decode() != reply.body:
                yield Deviation(Level.TWIN, Kind.ERROR, operation, "body", repr(exchange.content[:80]), reply.body[:80])
            return
        if exchange.status != 200:
            yield from self._of_error(operation, wanted, got)
            return
        if operation in self.public:
            return
        recorded = exchange.content.decode()
        note_cursor(self.cursors, recorded, reply.body)
        self.learnt.add(operation, exchange.same, Answers(recorded, reply.body))
        for one in differences(wanted, got):
            # Ids are pseudonyms, and those that no step carries are the mock's own.
            name = one.path.rpartition(".")[2]
            if one.level is not Level.VALUES or not (is_id(name) or name in INCOMPARABLE):
                yield Deviation(one.level, one.kind, operation, one.path, one.seen, one.expected)

    def _of_error(self, operation: str, wanted: Any, got: Any) -> Iterator[Deviation]:
        for one in differences(wanted, got):
            kind = Kind.ERROR if one.level is Level.VALUES else one.kind
            yield Deviation(Level.TWIN, kind, operation, one.path, one.seen, one.expected)

    def twin(self, why_no_values: str) -> Twin:
        found = [one for one in self.structure.evidence() if not self._is_known(one.deviation)]
        values = [] if why_no_values else [one for one in self.values.evidence() if not self._is_known(one.deviation)]
        quiet = [one for one in values if (one.deviation.operation, one.deviation.path) not in self.learnt.noise]
        noise = sorted({f"{operation} {path}" for operation, path in self.learnt.noise})
        found += [self._as_word(one) for one in quiet]
        return Twin(found, sum(self.structure.bodies.values()), "", why_no_values, noise)

    def _is_known(self, one: Deviation) -> bool:
        return (one.operation, one.path) in self.known

    def _as_word(self, one: Evidence) -> Evidence:
        """Return a word that the emulated exchange never uses as what it is: a difference of the wire."""
        found = one.deviation
        known = self.learnt.words[found.operation, found.path]
        if found.kind is Kind.WORD and found.seen.strip('"') not in known:
            one.deviation = found._replace(level=Level.TWIN)
        elif found.kind is Kind.WORD:
            one.deviation = found._replace(kind=Kind.VALUE)
        return one


def _reads(path: Path) -> Iterator[RecordedAnswer]:
    for line in read_lines(path):
        if (
            isinstance(line, RecordedExchange)
            and (line.asked.method == "GET" or bool(line.asked.body))
            and line.status in ASKED_AGAIN
        ):
            yield line.asked


def _of_headers(operation: str, exchange: RecordedExchange, reply: Reply) -> Iterator[Deviation]:
    """Yield the headers of the emulated exchange that the recorded answer lacks; others are of gateways."""
    for name, value in reply.headers.items() if exchange.headers else ():
        seen = exchange.headers.get(name)
        if seen is None:
            yield Deviation(Level.TWIN, Kind.HEADER, operation, f"header {name}", "no such header", f"{name}: {value}")
        elif seen and seen != value:
            yield Deviation(Level.TWIN, Kind.HEADER, operation, f"header {name}", f"{name}: {seen}", value)
