"""Recordings of the mock itself, made in process."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import DEFAULT

PREFIX = "/trade-api/v2/portfolio/"
READS = ("positions", "fills", "orders", "order_groups", "settlements", "balance")
DAY_US = 86_400_000_000
LATEST_US = 4_000_000_000_000_000
"""After every step, so that the whole history was carried out."""


def record(path: Path, scenario: str, date: str, reads: Iterable[str] = READS, *, pages_max: int = 1_000) -> Path:
    """Write what a scenario answers at a date as a recording; pages are walked to their end."""
    file = RecordingFile(path, Redactor(), "the mock", at=0)
    asyncio.run(_record(file, scenario, date, reads, pages_max))
    file.finish()
    return path


async def _record(file: RecordingFile, scenario: str, date: str, reads: Iterable[str], pages_max: int) -> None:
    at = LATEST_US
    emulated = await Emulated.open(plan_of(scenario), DEFAULT.name, DEFAULT.api_date(date))
    await emulated.advance(at)
    assert emulated.refusals == []
    for read in reads:
        cursor, mark = "", "&" if "?" in read else "?"
        for _ in range(pages_max):
            target = f"{PREFIX}{read}" + (f"{mark}cursor={cursor}" if cursor else "")
            status, body = emulated.ask(target, at)
            file.add_request(Exchanged("GET", target, [], b"", status, [], body.encode(), at, 1))
            at += 1_000
            cursor = json.loads(body).get("cursor", "") if status == 200 else ""
            if not cursor:
                break
