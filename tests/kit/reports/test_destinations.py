"""`--report`: a file that cannot be written is refused before the run."""

from pathlib import Path

import pytest

from mockexchange.kit.reports.destinations import Destination, parse_report, write_report
from tests.kit.reports.reporting import TABLES, everything


@pytest.mark.parametrize("text", ["", "junit", "junit:", ":x.xml", "pdf:x.pdf", "x.xml", "JUNIT:x.xml"])
def test_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected junit:FILE or html:FILE or github:FILE, got {text!r}"):
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


@pytest.mark.parametrize(("kind", "begins"), [("junit", b"<?xml"), ("html", b"<!doctype html>"), ("github", b"::")])
def test_a_report_is_written_as_its_kind(kind: str, begins: bytes, tmp_path: Path) -> None:
    destination = parse_report(f"{kind}:{tmp_path}/report")
    write_report(everything(), destination, TABLES)
    assert destination.path.read_bytes().startswith(begins)
