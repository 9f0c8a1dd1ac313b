"""`--report`: a file that cannot be written is refused before the run."""

import re
from pathlib import Path

import pytest

from mockexchange.kit.findings import Finding, Report, Verdict
from mockexchange.kit.reports.destinations import Destination, parse_report, write_report
from mockexchange.kit.reports.mock import document_of
from mockexchange.runtime.ready_file import default_ready_file
from tests.helpers.rows import each_row
from tests.kit.reports.reporting import TABLES, everything
from tests.server.live import serving


@each_row("text", ["", "junit", "junit:", ":x.xml", "pdf:x.pdf", "x.xml", "JUNIT:x.xml"])
def test_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected junit:FILE or html:FILE or github:FILE or mock:NAME, got {text!r}"):
        parse_report(text)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="is a directory: expected a file to write"):
        parse_report(f"html:{tmp_path}")
    with pytest.raises(ValueError, match=f"there is no directory {tmp_path / 'none'}: make it first"):
        parse_report(f"html:{tmp_path}/none/x.html")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ValueError, match=r"x\.html cannot be written: permission denied"):
        parse_report(f"html:{tmp_path}/x.html")


def test_nothing_is_written_before_the_run(tmp_path: Path) -> None:
    kept = tmp_path / "old.xml"
    kept.write_text("old")
    assert parse_report(f"junit:{kept}") == Destination("junit", kept)
    assert parse_report(f"html:{tmp_path}/a:b.html") == Destination("html", tmp_path / "a:b.html")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_report_may_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    write_report(everything(), parse_report("github:-"), TABLES)
    assert capsys.readouterr().out.startswith("::error title=pages.partition GetFills::")


@each_row(("kind", "begins"), [("junit", b"<?xml"), ("html", b"<!doctype html>"), ("github", b"::")])
def test_a_report_is_written_as_its_kind(kind: str, begins: bytes, tmp_path: Path) -> None:
    destination = parse_report(f"{kind}:{tmp_path}/report")
    write_report(everything(), destination, TABLES)
    assert destination.path.read_bytes().startswith(begins)


def test_a_report_is_kept_by_the_server_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["mockexchange", "verify", "server", "URL", "--secret", "abcdefgh1234"])
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(ValueError, match="no server is running"):
        parse_report("mock:")
    with serving(tmp_path, scenario="empty", ready_file=default_ready_file()) as live:
        with pytest.raises(ValueError, match="expected mock: or mock:NAME"):
            parse_report("mock:../x")
        assert re.fullmatch("[0-9]{8}-[0-9]{6}", parse_report("mock:").path.name)
        destination = parse_report("mock:nightly")
        write_report(everything(), destination, TABLES)
        kept = live.json("GET", "/reports/nightly")
        assert kept["title"] == everything().title
        assert kept["command"] == "mockexchange verify server URL --secret '[secret]'"
        assert {rule["outcome"] for rule in kept["rules"]} == {"kept", "broken", "not judged"}
        assert [table["title"] for table in kept["tables"]] == [table.title for table in TABLES]
    with pytest.raises(OSError, match="the server does not keep the report"):
        write_report(everything(), destination)


def test_a_report_that_is_too_long_loses_findings() -> None:
    finding = Finding("r", "GET /x", "y" * 5_000, "z" * 5_000, "docs")
    report = Report("many", [Verdict(f"rule-{at}", "s", (finding,) * 60) for at in range(20)])
    document = document_of(report, (), 5)
    assert (document.left_out, len(document.rules[0].findings)) == (20 * 55, 5)
    assert len(document.rules[0].findings[0].seen) == 4_000


def test_a_report_that_is_too_long_whatever_is_left_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.kit.reports.mock.REPORT_BYTES_MAX", 10)
    with pytest.raises(OSError, match="write it as html:FILE"):
        write_report(everything(), Destination("mock", Path("x")))
