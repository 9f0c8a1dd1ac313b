"""Recorded streams are repeated on the imported scenario, and their frames are compared."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing import recorded_answers
from mockexchange.importing.comparison import EXPLAINED, INSTANT, NOT_JUDGED, ORDER, UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.recorded_answers import read_answers
from mockexchange.importing.report import report_of
from mockexchange.importing.stream_verification import verify_streams
from mockexchange.importing.verification import Verified, plan_of
from mockexchange.kit.findings import Outcome
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import DEFAULT
from tests.helpers.rows import each_row
from tests.importing.stream_recorder import DELAY_US, Frames, add_stream, record_stream, subscription
from tests.importing.test_golden import API, JUNE, SECOND_BOOK, WIRE, body_of
from tests.importing.test_round_trip import DEMO

TENNIS = "KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP"
GROUP = "3e027f77-5bd4-48db-b953-339d3f56b8c6"
PRIVATE = ("fill", "market_positions", "user_orders", "order_group_updates")
BOOKS = """scenario: books
start: 2026-06-11T06:00:00Z
accounts: {alice: {}}
markets:
  KXWTACHALLENGERMATCH-26JUN11JIMLEP-LEP:
    event: KXWTACHALLENGERMATCH-26JUN11JIMLEP
    series: KXWTACHALLENGERMATCH
"""
BID = "[0.47, 3]"


def history(*steps: tuple[str, str, str]) -> str:
    return (
        BOOKS
        + "history:\n"
        + "".join(
            f"  - {{at: {at}, orderbook: {{market: {TENNIS}, yes: [{yes}], no: [{no}]}}}}\n" for at, yes, no in steps
        )
    )


NO_BOOK = history(
    ("2026-06-11T06:30:00Z", BID, "[0.48, 2]"),
    ("2026-06-11T06:31:29.957081Z", "", "[0.48, 2]"),
    ("2026-06-11T06:31:29.957466Z", "", ""),
    ("2026-06-11T06:31:42.550982Z", BID, ""),
    ("2026-06-11T06:31:42.552147Z", BID, "[0.48, 1]"),
)
YES_BOOK = history(
    ("2026-06-11T06:29:00Z", BID, "[0.48, 1]"),
    ("2026-06-11T06:29:47.354803Z", BID, ""),
    ("2026-06-11T06:29:47.42784Z", BID, "[0.48, 2]"),
)
GROUPS = f"""scenario: groups
start: 2026-06-12T00:00:00Z
accounts: {{alice: {{}}}}
markets: {{KXA: {{event: KXA, series: KXA}}}}
history:
  - {{at: 2026-06-12T12:46:35.264Z, group: {{account: alice, group: {GROUP}, limit: 10}}}}
  - {{at: 2026-06-12T12:46:39.712Z, limit_group: {{group: {GROUP}, limit: 5}}}}
  - {{at: 2026-06-12T12:46:40.123Z, trigger_group: {{group: {GROUP}}}}}
  - {{at: 2026-06-12T12:46:42.742Z, reset_group: {{group: {GROUP}}}}}
  - {{at: 2026-06-12T12:46:45.36Z, delete_group: {{group: {GROUP}}}}}
"""
IN_BOOKS = subscription("orderbook_delta", "trade", market_tickers=[TENNIS])
IN_YES_BOOKS = subscription("orderbook_delta", "trade", market_tickers=[TENNIS], use_yes_price=True)
IN_GROUPS = subscription("fill", "market_positions", "order_group_updates")
GOLDEN = [
    ("stream_orderbook.2026-06-11", IN_BOOKS, "2026-06-11T06:31:00Z", NO_BOOK, {EXPLAINED: 2, NOT_JUDGED: 5}),
    (
        "stream_orderbook_yes_price.2026-06-11",
        IN_YES_BOOKS,
        "2026-06-11T06:29:30Z",
        YES_BOOK,
        {EXPLAINED: 2, NOT_JUDGED: 3},
    ),
    ("stream_order_groups.2026-06-12", IN_GROUPS, "2026-06-12T12:46:00Z", GROUPS, {EXPLAINED: 8}),
]
"""Recorded streams: the command, its instant, a scenario written by hand, and what an import of a read explains."""


def arrivals(name: str, at: int) -> Frames:
    """Return the recorded frames with their instants. The acknowledgements of groups were not recorded."""
    texts = (WIRE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    if "group" in name:
        channels = json.loads(IN_GROUPS)["params"]["channels"]
        bodies = [{"channel": channel, "sid": sid} for sid, channel in enumerate(channels, start=1)]
        texts = [json.dumps({"type": "subscribed", "id": 1, "msg": body}) for body in bodies] + texts
    return [(json.loads(text)["msg"].get("ts_ms", at // 1_000) * 1_000 + DELAY_US, text) for text in texts]


def recorded(path: Path, name: str, command: str, at: str, redactor: Redactor) -> Path:
    """Write a recorded stream, and the order book before it, as a recording."""
    file, since = RecordingFile(path, redactor, "https://demo.example", at=0), parse_instant(at)
    read = body_of(SECOND_BOOK, JUNE)
    file.add_request(Exchanged("GET", API + SECOND_BOOK, [], b"", 200, [], read, since, 1))
    frames = arrivals(name, since)
    add_stream(file, command, frames, since + 1, frames[-1][0] + 5_000_000)
    file.finish()
    return path


def kinds(streams: list[Verified]) -> dict[str, int]:
    return dict(Counter(one.comparison.kind for one in streams))


def differing(streams: list[Verified]) -> list[Any]:
    return [
        (one.answer.target, one.comparison.kind, [tuple(row) for row in one.comparison.differences])
        for one in streams
        if one.comparison.kind != EXPLAINED
    ]


@each_row(("name", "command", "at", "scenario", "imported"), GOLDEN, ids=[one[0] for one in GOLDEN])
def test_a_scenario_written_by_hand_explains_every_recorded_frame(
    tmp_path: Path, name: str, command: str, at: str, scenario: str, imported: dict[str, int]
) -> None:
    redactor = Redactor()
    path = recorded(tmp_path / "run.jsonl", name, command, at, redactor)
    by_hand = plan_of(scenario.replace(GROUP, redactor.pseudonyms.pseudonym_of(GROUP)))
    streams = verify_streams(by_hand, read_answers(path), DEFAULT.api_date("2026-06"))
    assert differing(streams) == []
    assert len(streams) == sum(imported.values())


@each_row(("name", "command", "at", "scenario", "imported"), GOLDEN, ids=[one[0] for one in GOLDEN])
def test_an_import_counts_every_recorded_frame(
    tmp_path: Path, name: str, command: str, at: str, scenario: str, imported: dict[str, int]
) -> None:
    found = import_recording(recorded(tmp_path / "run.jsonl", name, command, at, Redactor()), "2026-06")
    assert kinds(found.streams) == imported
    assert [one.answer.line for one in found.streams] == list(range(6, 6 + len(found.streams)))
    assert found.is_explained == (UNEXPLAINED not in imported)


@each_row("date", ["2026-02", "2026-06", "2026-10"])
def test_the_frames_of_the_demo_come_out(tmp_path: Path, date: str) -> None:
    """No read has the instant at which a group was created: it is from its frame."""
    path = record_stream(tmp_path / "run.jsonl", DEMO.read_text(encoding="utf-8"), date, PRIVATE)
    found = import_recording(path, date)
    assert differing(found.streams) == []
    assert kinds(found.streams) == {EXPLAINED: 45}
    (created,) = [row.why for row in found.recorded.from_frames if row.why.startswith("group")]
    assert " created at " in created
    assert found.recorded.skipped == {}


@each_row("date", ["2025-11", "2025-12"])
def test_the_frames_of_2025_come_out_where_the_wire_has_what_happened(tmp_path: Path, date: str) -> None:
    """Subaccounts, and parts of contracts, are on no wire of 2025: five frames of the demo differ by them."""
    lines = DEMO.read_text(encoding="utf-8").replace("count: 1.37", "count: 1").splitlines(keepends=True)
    text = "".join(line for line in lines if "alice/" not in line)
    path = record_stream(tmp_path / "run.jsonl", text, date, PRIVATE[:2])
    assert kinds(import_recording(path, date).streams) == {EXPLAINED: 24}


SMALL = """scenario: small
start: 2026-06-01T00:00:00Z
accounts: {alice: {cash: 5000}}
markets: {KXA-26-T1: {event: KXA-26, series: KXA}, KXA-26-T2: {event: KXA-26, series: KXA}}
history:
  - {at: 2026-06-01T10:00:00Z, fill: {account: alice, market: KXA-26-T1, side: yes, action: buy, count: 2, price: 0.4}}
  - {at: 2026-06-01T11:00:00Z, fill: {account: alice, market: KXA-26-T2, side: yes, action: buy, count: 3, price: 0.5}}
  - {at: 2026-06-01T12:00:00Z, fill: {account: alice, market: KXA-26-T1, side: yes, action: sell, count: 1, price: 0.6}}
"""
Change = Callable[[Frames], Frames]


def each(kind: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """Return a change of the second frame of a type."""

    def changed(frames: Frames) -> Frames:
        place = [place for place, (_, text) in enumerate(frames) if json.loads(text)["type"] == kind][1]
        document = json.loads(frames[place][1])
        change(document)
        return [*frames[:place], (frames[place][0], json.dumps(document)), *frames[place + 1 :]]

    return changed


def of_type(frames: Frames, kind: str) -> list[int]:
    return [place for place, (_, text) in enumerate(frames) if json.loads(text)["type"] == kind]


def lost(frames: Frames) -> Frames:
    place = of_type(frames, "fill")[0]
    return frames[:place] + frames[place + 1 :]


def swapped(frames: Frames) -> Frames:
    one, other = of_type(frames, "fill")[0], of_type(frames, "market_position")[0]
    found = list(frames)
    found[one], found[other] = (frames[one][0], frames[other][1]), (frames[other][0], frames[one][1])
    return found


def repeated(frames: Frames) -> Frames:
    place = of_type(frames, "fill")[0]
    return [*frames[: place + 1], *frames[place:]]


PLANTED: list[tuple[str, Change, list[tuple[str, str, str]]]] = [
    ("nothing", list, []),
    (
        "value",
        each("fill", lambda frame: frame["msg"].update(count_fp="7.00")),
        [("fill", UNEXPLAINED, "msg.count_fp")],
    ),
    ("field", each("fill", lambda frame: frame["msg"].update(foo=1)), [("fill", UNEXPLAINED, "msg.foo")]),
    ("missing", each("fill", lambda frame: frame["msg"].pop("side")), [("fill", UNEXPLAINED, "msg.side")]),
    ("instant", each("fill", lambda frame: frame["msg"].update(ts_ms=5)), [("fill", INSTANT, "msg.ts_ms")]),
    (
        "market",
        each("fill", lambda frame: frame["msg"].update(market_ticker="KXZ")),
        [("fill", UNEXPLAINED, "msg.market_ticker")],
    ),
    ("number", each("fill", lambda frame: frame.update(seq=9)), [("fill", ORDER, "seq")]),
    ("sid", each("fill", lambda frame: frame.update(sid=9)), [("fill", UNEXPLAINED, "sid")]),
    ("lost", lost, [("fill", UNEXPLAINED, "frame")]),
    ("twice", repeated, [("fill", UNEXPLAINED, "frame")]),
    ("swapped", swapped, [("fill", ORDER, "frame")]),
]


@each_row(("what", "change", "expected"), PLANTED, ids=[one[0] for one in PLANTED])
def test_a_frame_that_differs_is_one_row(
    tmp_path: Path, what: str, change: Change, expected: list[tuple[str, str, str]]
) -> None:
    path = record_stream(tmp_path / "run.jsonl", SMALL, "2026-06", PRIVATE[:2], change)
    rows = differing(import_recording(path, "2026-06").streams)
    assert [(kind, found, differences[0][0]) for kind, found, differences in rows] == expected, what
    assert all(len(differences) == 1 for _, _, differences in rows)


def test_a_frame_of_the_last_second_of_a_stream_is_not_missed(tmp_path: Path) -> None:
    def cut(frames: Frames) -> Frames:
        return [one for one in frames if one[0] < parse_instant("2026-06-01T12:00:00Z")]

    for end_us, missing in ((400_000, 0), (1_400_000, 2)):
        end_at = parse_instant("2026-06-01T12:00:00Z") + end_us
        path = record_stream(tmp_path / f"{end_us}.jsonl", SMALL, "2026-06", PRIVATE[:2], cut, end_at)
        assert len(differing(import_recording(path, "2026-06").streams)) == missing


def test_market_data_is_explained_or_not_judged_and_never_missed(tmp_path: Path) -> None:
    """A step's trade is sent, too; frames of other participants are not in the scenario."""

    def change(frames: Frames) -> Frames:
        _, place, last = of_type(frames, "trade")
        frames = frames[:last] + frames[last + 1 :]
        return [*frames[:place], (frames[place][0], frames[place][1].replace("KXA", "KXB")), *frames[place + 1 :]]

    path = record_stream(tmp_path / "run.jsonl", SMALL, "2026-06", ["fill", "trade"], change)
    found = import_recording(path, "2026-06")
    rows = differing(found.streams)
    assert {(kind, one) for kind, one, _ in rows} == {("trade", NOT_JUDGED)}
    assert found.is_explained


def test_the_console_and_the_reports_have_the_frames(tmp_path: Path) -> None:
    change = each("fill", lambda frame: frame["msg"].update(count_fp="7.00"))
    path = record_stream(tmp_path / "run.jsonl", SMALL, "2026-06", PRIVATE[:2], change)
    out, junit, html = (tmp_path / name for name in ("a.yaml", "a.xml", "a.html"))
    arguments = ["--api-date", "2026-06", "--report", f"junit:{junit}", "--report", f"html:{html}"]
    result = CliRunner().invoke(main, ["import", str(path), "--out", str(out), *arguments])
    assert result.exit_code == 1
    at = format_instant(parse_instant("2026-06-01T11:00:00Z") + DELAY_US)
    assert f"{at}: frame fill" in result.output
    assert '  msg.count_fp: recorded "7.00", the scenario sends "3.00"' in result.output
    assert all("frame fill" in file.read_text(encoding="utf-8") for file in (junit, html))


def test_the_console_and_the_report_name_the_channels_that_are_not_judged(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl", *GOLDEN[0][:3], Redactor())
    result = CliRunner().invoke(main, ["import", str(path), "--out", str(tmp_path / "a.yaml")])
    assert result.exit_code == 0, result.output
    assert "3 explained, 5 not judged" in result.output
    assert "not judged: 5 frames of channel orderbook_delta, which depend on other participants" in result.output
    outcomes = {one.subject: one.outcome for one in report_of(import_recording(path)).verdicts}
    assert outcomes["frame orderbook_delta"] is Outcome.NOT_JUDGED
    assert outcomes["frame subscribed"] is Outcome.KEPT


def entry(**changed: Any) -> str:
    return json.dumps({"number": 1, "at_us": 1_780_000_000_000_000, "method": "GET", "status": 200, **changed})


def frame(**changed: Any) -> str:
    line = {"connection": 1, "at_us": 1_780_000_000_000_001, "direction": "out", "kind": "", "fault": None}
    return json.dumps({**line, "frame": "{}", **changed})


def written(path: Path, *lines: str) -> Imported:
    opened = entry(target="/trade-api/ws/v2", status=101, connection=1)
    foreign = entry(target="/ws/api/v2", status=101, connection=2)
    read = entry(target="/trade-api/v2/portfolio/balance", answer='{"balance":5}')
    path.write_text("\n".join([read, opened, foreign, *lines, json.dumps({"ended": "now"}), ""]), encoding="utf-8")
    return import_recording(path, "2026-06")


def test_what_is_not_compared_is_counted_by_its_reason(tmp_path: Path) -> None:
    lines = [
        frame(connection=2),
        frame(connection=3),
        frame(note="the proxy's own"),
        frame(fault="gap"),
        frame(frame=None),
        frame(kind="ping", frame=None),
    ]
    found = written(tmp_path / "run.jsonl", *lines)
    assert (found.streams, found.recorded.problems) == ([], [])
    assert found.recorded.skipped == {
        "frames of streams of deribit": 1,
        "frames of streams whose opening was not recorded": 1,
        "frames that the proxy or a fault made": 2,
        "frames whose text was left out": 1,
    }


HOSTILE = ("no JSON", "[]", "[" * 100_000, '{"type":"subscribed","msg":[]}', '{"type":{},"sid":[],"msg":5}')


@each_row("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_frame_that_cannot_be_read_is_named_and_the_rest_compared(tmp_path: Path, text: str) -> None:
    command = frame(direction="in", frame='{"id":1,"cmd":"\ud800"}')
    found = written(tmp_path / "run.jsonl", command, frame(frame=text), frame(connection=[]))
    lines = {one.line for one in found.recorded.problems} | {one.answer.line for one in found.streams}
    assert {5, 6} <= lines


def test_frames_beyond_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_answers, "CHARS_MAX", 1)
    found = written(tmp_path / "run.jsonl", frame(), frame())
    assert kinds(found.streams) == {UNEXPLAINED: 1}
    assert found.recorded.skipped == {"frames after the first 1 characters of frames": 1}
