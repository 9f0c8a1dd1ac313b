"""Reads all of one account: every list to its last page, every subaccount, and the markets and events in its rows.

The API document of a date lists the reads, their parameters and who may call them.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx

from mockexchange.kit.operations import Operation, reads
from mockexchange.kit.server.throttled_transport import ServerGone, error_text
from mockexchange.kit.target import MEMBER, without
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.recording.recording_file import Exchanged
from mockexchange.runtime import api_documents
from mockexchange.snapshot.stream import AccountStream

PAGES_MAX = 10_000
ROUNDS_MAX = 3
"""How often a list that changes while it is read is read again; after that its answers are of different times."""
NAMES_MAX = 200
"""The most markets, and the most events, that are read by their names."""
BYTES_MAX = 256 * 1024 * 1024
"""The most bytes of answers, which are kept in memory until all are read, so that no incomplete file is written."""
MARKET = "market_"
SUBACCOUNT, SUBACCOUNT_NUMBER = "subaccount", "subaccount_number"
OK = 200
ERRNO = re.compile(r"\[Errno -?\d+\] ")


class CannotWalk(Exception):
    """Raised if the account cannot be read completely; the message gives the reason."""


class Walked(NamedTuple):
    """The answers that were read of an account.

    `moved` are the lists whose first page was different at each attempt.
    """

    answers: list[Exchanged]
    moved: list[str]
    refused: list[str]
    """Reads of the account that the venue refused: the target and the status of each."""


@dataclass(slots=True)
class Walk:
    """Sends all reads of an account, one after the other. `names` are values of parameters that no answer contains."""

    kit: VenueKit
    alias: str
    origin: str
    http: httpx.Client
    signer: Signer
    names: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[str], None] = lambda line: None
    stream: AccountStream | None = None
    """The account's stream, which is read between requests."""
    _found: dict[str, list[Exchanged]] = field(default_factory=dict)
    """Answers by the target of their first page."""
    _again: list[Exchanged] = field(default_factory=list)
    """Second answers to first pages: what differs in them changes by itself, or has moved."""
    _named: set[str] = field(default_factory=set)
    """Targets of markets and events: archives refuse those that are none, and the other way round."""
    _size: int = 0

    def run(self) -> Walked:
        """Read everything and return the answers. Raises CannotWalk."""
        document = api_documents.parse(api_documents.path_of(f"{self.kit.name}/{self.alias}"))
        operations = [one for one in reads(document).values() if self.kit.is_read("GET", one.path, b"")]
        # Raise CannotWalk if the user gave a value for a parameter that no read has.
        known = {name for one in operations for name in one.query}
        unknown = next((name for name in self.names if name not in known), None)
        if unknown is not None:
            like = get_close_matches(unknown, known, n=1) or sorted(known)[:1]
            raise CannotWalk(
                f"--name: no read at {self.alias} has a parameter {unknown!r}: expected one such as {like[0]}"
            )
        own = [one for one in operations if self.kit.role_of(one.node, one.path) == MEMBER]
        plain = [one for one in own if not one.names and not self._missing(one)]
        for operation in plain:
            self._walk_list(self._target(operation, operation.path, {}))
        numbers = [value for value in self._values_of({SUBACCOUNT_NUMBER})[SUBACCOUNT_NUMBER] if value != "0"]
        for operation in [one for one in plain if SUBACCOUNT in one.query]:
            for number in numbers:
                self._walk_list(self._target(operation, operation.path, {SUBACCOUNT: number}))
        self._walk_named(
            [one for one in operations if one.is_public and len(one.names) == 1 and not self._missing(one)]
        )
        moved = self._settle()
        answers = sorted([one for found in self._found.values() for one in found] + self._again, key=lambda one: one.at)
        firsts = {target: found[0].status for target, found in self._found.items() if target not in self._named}
        refused = [f"{target} {status}" for target, status in firsts.items() if status != OK]
        return Walked(answers, moved, refused)

    def _missing(self, operation: Operation) -> list[str]:
        return [name for name, one in operation.query.items() if one.is_required and name not in self.names]

    def _walk_named(self, operations: list[Operation]) -> None:
        """Read public operations by the names that rows have: a market by its ticker."""
        values = self._values_of({operation.names[0] for operation in operations})
        for operation in operations:
            (name,) = operation.names
            for value in values[name][:NAMES_MAX]:
                path = operation.path.replace(f"{{{name}}}", quote(value, safe=""))
                target = self._target(operation, path, {})
                self._found[target] = [self._ask(target)]
                self._named.add(target)

    def _settle(self) -> list[str]:
        """Read the first pages again, and all pages of what has moved; return what moved in every round."""
        moved = list(self._found)
        for _ in range(ROUNDS_MAX):
            moved = [target for target in moved if self._has_moved(target)]
            if not moved:
                return []
            for target in moved:
                self.note(f"{target} has moved: read again")
                self._walk_list(target)
        return [target for target in moved if self._has_moved(target)]

    def _has_moved(self, target: str) -> bool:
        first = self._found[target][0]
        again = self._ask(first.target)
        self._again.append(again)
        return bool(self._still(first) != self._still(again))

    def _still(self, answer: Exchanged) -> Any:
        try:
            return answer.status, without(json.loads(answer.answer), self.kit.facts.volatile_fields)
        except ValueError:
            return answer.status, answer.answer

    def _walk_list(self, target: str) -> None:
        paging = self.kit.facts.paging
        first = self._ask(target)
        pages, cursor = [first], _cursor_of(first, paging.next)
        while cursor and len(pages) < PAGES_MAX:
            mark = "&" if "?" in target else "?"
            pages.append(self._ask(f"{target}{mark}{urlencode({paging.cursor: cursor})}"))
            cursor = _cursor_of(pages[-1], paging.next)
        self._found[target] = pages

    def _target(self, operation: Operation, path: str, query: Mapping[str, str]) -> str:
        """Return a target with the largest pages, and the names that the user gave."""
        limit = self.kit.facts.paging.limit
        given = {name: value for name, value in self.names.items() if name in operation.query}
        largest = operation.query[limit].schema.get("maximum") if limit in operation.query else None
        asked = {**({limit: str(largest)} if largest else {}), **given, **query}
        return f"{self.kit.prefix}{path}" + (f"?{urlencode(asked)}" if asked else "")

    def _ask(self, target: str) -> Exchanged:
        url = self.origin + target
        headers = self.signer.headers("GET", url)
        began, at = time.perf_counter_ns(), time.time_ns() // 1000
        try:
            answer = self.http.get(url, headers=headers)
        except ServerGone as error:
            raise CannotWalk(f"{self.origin}: {error}") from None
        except httpx.HTTPError as error:
            raise CannotWalk(f"{url}: {ERRNO.sub('', error_text(error))}: is --url right?") from None
        self._size += len(answer.content) + (self.stream.read() if self.stream else 0)
        if self._size > BYTES_MAX:
            raise CannotWalk(f"the answers have more than {BYTES_MAX} bytes: record what you need with a program")
        latency_us = (time.perf_counter_ns() - began) // 1000
        sent = [(name.lower().encode(), value.encode()) for name, value in answer.request.headers.items()]
        return Exchanged(
            method="GET",
            target=target,
            headers=sent,
            body=b"",
            status=answer.status_code,
            answer_headers=[(name.lower(), value) for name, value in answer.headers.raw],
            answer=answer.content,
            at=at,
            latency_us=latency_us,
            source=self.origin,
        )

    def _values_of(self, names: set[str]) -> dict[str, list[str]]:
        """Return the values that the rows of the account have in fields, by the names of the fields."""
        found: dict[str, dict[str, None]] = {name: {} for name in names}
        for answers in self._found.values():
            for answer in answers:
                _collect(_parsed(answer), found)
        return {name: list(values) for name, values in found.items()}


def _collect(value: Any, found: Mapping[str, dict[str, None]]) -> None:
    """Add the values of fields; a row of another kind has a market's ticker as `market_ticker`."""
    if isinstance(value, list):
        for one in value:
            _collect(one, found)
    elif isinstance(value, dict):
        for key, one in value.items():
            values = found.get(key, found.get(key.removeprefix(MARKET)))
            if values is not None and isinstance(one, str | int):
                values[str(one)] = None
            elif isinstance(one, dict | list):
                _collect(one, found)


def _parsed(answer: Exchanged) -> Any:
    try:
        return json.loads(answer.answer) if answer.status == OK else None
    except ValueError:
        return None


def _cursor_of(answer: Exchanged, name: str) -> str:
    body = _parsed(answer)
    return str(body.get(name) or "") if isinstance(body, dict) else ""
