"""Replaying: the same log gives the same truth, and the same journal the same bytes.

A journal entry remembers how long the log was and what both clocks said when it was answered, and an answer is a
function of exactly that; so every request can be asked again and its bytes compared.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.journal_json import entry_bytes
from mockexchange.store.codec import LogError, read_log
from mockexchange.store.log import Header, Record
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.settings import Settings
from mockexchange.venues.request import Request

Step = tuple[Record, Outcome]


class Replay:
    """An exchange built anew from a log, a command at a time."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.header, self._records = read_log(lines)
        self.exchange, self.desk = _open(self.header)

    def __iter__(self) -> Iterator[Step]:
        """Carry out what is left of the log; yield each command with its outcome. Raises LogError."""
        for record in self._records:
            self._check(record)
            yield record, self.exchange.execute(record.command, record.at)

    def run_to(self, position: int) -> None:
        """Carry out commands until `position` of them are done. Raises LogError when the log is shorter."""
        while self.exchange.state.sequence < position:
            if next(iter(self), None) is None:
                done = self.exchange.state.sequence
                raise LogError(f"the log ends after {done} commands, the journal was written after {position}")

    def _check(self, record: Record) -> None:
        expected = self.exchange.state.sequence + 1
        if record.sequence != expected:
            raise LogError(f"expected command {expected}, got {record.sequence}: the log has a gap")


@dataclass(frozen=True, slots=True)
class Deviation:
    """A request whose answer is not the one in the journal."""

    number: int
    target: str
    got: str
    wanted: str


def compare(replay: Replay, entries: Iterable[dict[str, Any]]) -> Iterator[Deviation | None]:
    """Ask every journalled request again at its place and time; yield None where the bytes are the same."""
    for entry in entries:
        replay.run_to(entry["position"])
        answer = rest.answer(replay.desk, _request(entry), entry["at_us"], entry["host_at_us"])
        yield None if _is_same(entry, answer.status, answer.body) else _deviation(entry, answer.status, answer.body)


def read_journal(text: str) -> list[dict[str, Any]]:
    """Read an exported journal: a JSON list, or an entry a line. Requests only: garbage has none to repeat."""
    try:
        entries = (
            json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        )
        asked = [entry for entry in entries if entry["method"]]
        for entry in asked:
            _check(entry)
        return sorted(asked, key=lambda entry: int(entry["number"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LogError(f"expected an exported journal, as `mockexchange journal --json` writes it: {error}") from None


class _Repeatable(msgspec.Struct):
    """What has to be there, and how, to ask a journalled request again."""

    number: int
    position: int
    at_us: int
    host_at_us: int
    method: str
    target: str
    status: int
    headers: list[tuple[str, str]]
    dropped: dict[str, tuple[int, str]] = {}


def _check(entry: dict[str, Any]) -> None:
    msgspec.convert(entry, _Repeatable)
    _request(entry)
    entry_bytes(entry, "answer")


def _open(header: Header) -> tuple[Exchange, rest.Desk]:
    try:
        exchange = Exchange(header.seed, FeeRounding(header.rounding), header.archived_before)
        settings = Settings(**header.settings)  # type: ignore[arg-type]  # checked by its own names; values are ours
        return exchange, rest.Desk(exchange.state, api_date(header.api_date), settings)
    except (TypeError, ValueError) as error:
        raise LogError(f"line 1: {error}") from None


def _request(entry: dict[str, Any]) -> Request:
    path, _, query = entry["target"].partition("?")
    headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in entry["headers"])
    return Request(entry["method"], path, query, headers, entry_bytes(entry, "body") or b"")


def _is_same(entry: dict[str, Any], status: int, body: bytes) -> bool:
    if status != entry["status"]:
        return False
    dropped = entry.get("dropped", {}).get("answer")
    if dropped:
        return [len(body), hashlib.sha256(body).hexdigest()] == list(dropped)
    return body == (entry_bytes(entry, "answer") or b"")


def _deviation(entry: dict[str, Any], status: int, body: bytes) -> Deviation:
    wanted = (entry_bytes(entry, "answer") or b"").decode("utf-8", "replace")
    got = body.decode("utf-8", "replace")
    return Deviation(entry["number"], entry["target"], f"{status} {got}", f"{entry['status']} {wanted}")
