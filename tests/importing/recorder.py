"""Recordings of the mock itself, made in process."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.scenario.plan import Plan
from mockexchange.venues.registry import DEFAULT

PREFIX = "/trade-api/v2/portfolio/"
READS = ("positions", "fills", "orders", "order_groups", "settlements", "balance")
DAY_US = 86_400_000_000
LATEST_US = 4_000_000_000_000_000
"""After every step, so that the whole history was carried out."""


def record(
    path: Path,
    scenario: str,
    date: str,
    reads: Iterable[str] = READS,
    *,
    pages_max: int = 1_000,
    instants: Iterable[int] = (LATEST_US,),
) -> Path:
    """Write what a scenario answers at a date and at instants as a recording; pages are walked to their end."""
    file = RecordingFile(path, Redactor(), "the mock", at=0)
    asyncio.run(_record(file, plan_of(scenario), date, list(reads), pages_max, instants))
    file.finish()
    return path


async def _record(
    file: RecordingFile, plan: Plan, date: str, reads: Sequence[str], pages_max: int, instants: Iterable[int]
) -> None:
    emulated = await Emulated.open(plan, DEFAULT.name, DEFAULT.api_date(date))
    for instant in instants:
        await emulated.advance(instant)
        assert emulated.refusals == []
        at = instant
        for read in reads:
            at = _record_pages(file, emulated, read, at, pages_max)


def _record_pages(file: RecordingFile, emulated: Emulated, read: str, at: int, pages_max: int) -> int:
    """Record the pages of a list from an instant on; return the instant after them."""
    path = read if read.startswith("/") else f"{PREFIX}{read}"
    cursor, mark = "", "&" if "?" in read else "?"
    for _ in range(pages_max):
        target = path + (f"{mark}cursor={cursor}" if cursor else "")
        status, body, *_ = emulated.ask(target, at)
        file.add_request(Exchanged("GET", target, [], b"", status, [], body.encode(), at, 1))
        at += 1_000
        cursor = json.loads(body).get("cursor", "") if status == 200 else ""
        if not cursor:
            break
    return at
