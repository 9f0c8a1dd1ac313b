"""What a Python child of a run does first."""

import ast
import json
import socket
import sys
from pathlib import Path

import pytest

from mockexchange import emulation, guard
from mockexchange.guard import RealVenueReached
from mockexchange.guard.child import SETTINGS, begin, write_line
from mockexchange.guard.hooks import HOOKS
from tests.helpers.rows import each_row


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.jsonl"
    path.touch()
    return path


def lines(report: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def test_without_settings_nothing_happens() -> None:
    before = list(sys.meta_path)
    begin({})
    assert sys.meta_path == before


def test_it_is_guarded_for_good_and_says_so(report: Path) -> None:
    settings = {"report": str(report), "names": ["test.deribit.com"], "port": 9, "bundle": "", "proxies": {}}
    before = HOOKS._checks
    wrapping, guarded = begin({SETTINGS: json.dumps(settings)}) or pytest.fail("it has begun")
    try:
        with pytest.raises(RealVenueReached):
            socket.getaddrinfo("www.deribit.com", 443)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("test.deribit.com", 443))
    finally:
        guarded.stop()
        wrapping.undo()
    python, dial = lines(report)
    assert (python["kind"], dial["kind"]) == ("python", "dial")
    assert dial["words"] == guarded.dials[0]._asdict()
    assert HOOKS._checks == before


SOURCES = [*Path(guard.__file__).parent.glob("*.py"), Path(emulation.__file__).with_name("python_start.py")]


@each_row("source", SOURCES, ids=lambda path: path.name)
def test_what_children_load_is_read_by_pythons_as_old_as_3_8(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    others = {name for name in imported if not name.startswith("mockexchange.guard")}
    assert {name.partition(".")[0] for name in others} <= sys.stdlib_module_names


def test_a_line_is_whole_whoever_writes(report: Path) -> None:
    for number in range(3):
        write_line(str(report), "python", {"number": number, "text": "a\nb"})
    assert [line["words"] for line in lines(report)] == [{"number": number, "text": "a\nb"} for number in range(3)]
