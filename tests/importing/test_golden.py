"""The bodies that were recorded on the venue are imported as the scenarios that were written for them by hand."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.importing.comparison import UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import DEFAULT
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

SCENARIOS, WIRE = ROOT / "fixtures" / "scenarios", ROOT / "fixtures" / "wire" / "kalshi"
API = "/trade-api/v2/"
NOVEMBER, JANUARY, JUNE = "2025-11-03", "2026-01-12", "2026-06-11"
FIRST_BOOK = "markets/KXCSGOGAME-FURG225-G2/orderbook"
SECOND_BOOK = "markets/KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP/orderbook"
ORDER = "portfolio/orders/2597b999-f887-4195-8bac-c3f97a1f2021"
FILLS_OF_BALANCE = ("portfolio/balance", "portfolio/fills")


class Golden(NamedTuple):
    """Reads of one day, and the scenario that was written for the bodies of `compared`, or of all."""

    scenario: str
    day: str
    reads: tuple[str, ...]
    at: str = "T23:00:00Z"
    compared: tuple[str, ...] = ()


GOLDEN = [
    Golden("recorded-2025-11-03", NOVEMBER, ("portfolio/positions",)),
    Golden("recorded-2025-11-03-balance", NOVEMBER, ("portfolio/balance",), at="T20:59:58Z"),
    Golden("recorded-2025-11-03-fills", NOVEMBER, ("portfolio/fills",)),
    Golden("recorded-2025-11-03-market", NOVEMBER, (FIRST_BOOK, "exchange/status")),
    Golden("recorded-2025-11-03-orders", NOVEMBER, ("portfolio/orders", "portfolio/order_groups")),
    Golden("recorded-2026-06-11", JUNE, ("portfolio/positions",)),
    Golden("recorded-2026-06-11-balance", JUNE, FILLS_OF_BALANCE, at="T06:29:08Z", compared=FILLS_OF_BALANCE[:1]),
    Golden("recorded-2026-06-11-fills", JUNE, ("portfolio/fills",)),
    Golden("recorded-2026-06-11-market", JUNE, (SECOND_BOOK, "exchange/status", "account/limits")),
    Golden("recorded-2026-06-11-order", JUNE, (ORDER, "portfolio/settlements")),
]
RANDOM = ("portfolio/positions", "portfolio/settlements")
"""Bodies whose amounts the recorder replaced by random ones."""


def body_of(read: str, day: str) -> bytes:
    name = "portfolio_order" if read == ORDER else read.replace("/", "_")
    name = "market_orderbook" if read.endswith("/orderbook") else name
    return (WIRE / f"http_get_{name}.{day}.json").read_bytes()


def recorded(path: Path, reads: tuple[str, ...], day: str, time: str, redactor: Redactor) -> Path:
    """Write recorded bodies as a recording; each further read is a minute later."""
    file = RecordingFile(path, redactor, "https://demo.example", at=0)
    for number, read in enumerate(reads):
        at = parse_instant(day + time) + number * 60_000_000
        file.add_request(Exchanged("GET", API + read, [], b"", 200, [], body_of(read, day), at, 1))
    file.finish()
    return path


async def answers(text: str, day: str, asked: list[tuple[str, int]]) -> list[str]:
    """Return what a scenario answers at a day; a step may be later than what is asked."""
    emulated = await Emulated.open(plan_of(text), DEFAULT.name, DEFAULT.api_date(day))
    found = []
    for target, at in asked:
        await emulated.advance(at)
        found.append(emulated.ask(target, at).body)
    assert emulated.refusals == []
    return found


def in_order(text: str) -> Any:
    """Return a body whose groups, which are sorted by ids, are sorted by what does not depend on pseudonyms."""
    body = json.loads(text)
    if "order_groups" in body:
        body["order_groups"].sort(key=lambda group: group["id"])
    return body


@each_row("golden", GOLDEN, ids=[one.scenario for one in GOLDEN])
def test_an_import_answers_as_the_scenario_that_was_written_by_hand(tmp_path: Path, golden: Golden) -> None:
    redactor = Redactor()
    path = recorded(tmp_path / "run.jsonl", golden.reads, golden.day, golden.at, redactor)
    found = import_recording(path)
    assert unexplained(found) == []
    at = parse_instant(golden.day + golden.at)
    compared = golden.compared or golden.reads
    asked = [(API + read, at + number * 60_000_000) for number, read in enumerate(compared)]
    by_hand = asyncio.run(answers((SCENARIOS / f"{golden.scenario}.yaml").read_text("utf-8"), golden.day, asked))
    assert [text.encode() for text in by_hand] == [body_of(read, golden.day) for read in compared]
    redacted_targets = [(redactor.target(target), at) for target, at in asked]
    imported = asyncio.run(answers(found.text, found.api_date.name, redacted_targets))
    redacted = [(redactor.body(text.encode()) or b"").decode() for text in by_hand]
    assert [in_order(text) for text in imported] == [in_order(text) for text in redacted]
    if "order_groups" not in "".join(compared):
        assert imported == redacted, "byte for byte"


def unexplained(found: Imported) -> list[object]:
    return [one for one in found.verified if one.comparison.kind == UNEXPLAINED] + [*found.refusals, *found.unread]


def test_all_recorded_bodies_are_imported() -> None:
    reads = {(read, one.day) for one in GOLDEN for read in one.reads} | {(read, JANUARY) for read in RANDOM}
    assert len(reads) == len(list(WIRE.glob("http_get_*.json"))) == 17


def test_random_amounts_are_unexplained_and_come_back_by_stubs(tmp_path: Path) -> None:
    redactor = Redactor()
    path = recorded(tmp_path / "run.jsonl", RANDOM, JANUARY, "T10:00:00Z", redactor)
    assert import_recording(path).counts()[UNEXPLAINED] == 2
    found = import_recording(path, stubs_rest=True)
    assert (unexplained(found), found.api_date.name) == ([], "2025-12")
    assert found.counts() == {"by stub": 2}


def test_what_positions_alone_show_of_orders_is_assumed_with_its_line(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl", ("portfolio/positions",), NOVEMBER, "T23:00:00Z", Redactor())
    assumed = import_recording(path).recorded.assumed
    assert {one.line for one in assumed} == {2}
    assert sorted(one.why.partition(": ")[2].partition(",")[0] for one in assumed) == [
        "an order at 0.01 was canceled",
        "an order at 0.01 was canceled",
        "an order for 3 rests at 0.01",
        "an order for 5 rests at 0.01",
    ]
