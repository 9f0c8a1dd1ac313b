"""Recordings that are larger than what may be held, disks that are full, and text that no file may have."""

import errno
import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.long_recordings import MEGABYTE, measured, write_long
from mockexchange.cli import main
from mockexchange.importing.importing import import_recording
from mockexchange.importing.recorded_answers import read_answers
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from tests.importing.recorder import record
from tests.importing.test_recorded_answers import END, HEADER, entry, written
from tests.importing.test_round_trip import HEAD, history_of, unexplained

BODY_BYTES, FEW, MANY = 2_000, 5, 60


def body() -> str:
    return json.dumps({"announcements": [{"message": "measurements " * (BODY_BYTES // 13)}]})


def held_by(run: Callable[[], object]) -> int:
    """Return how many bytes are held at once at most."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def recorded(path: Path, bodies: int) -> None:
    file = RecordingFile(path, Redactor(), "here", at=0)
    for number in range(bodies):
        file.add_request(Exchanged("GET", "/x", [], b"", 200, [], body().encode(), number, 1))
    file.finish()


def test_a_recording_is_written_without_being_held(tmp_path: Path) -> None:
    recorded(tmp_path / "first.jsonl", 1)  # what is kept for all recordings is made
    few, many = (held_by(partial(recorded, tmp_path / f"{count}.jsonl", count)) for count in (FEW, MANY))
    assert many < few + BODY_BYTES * (MANY - FEW) // 2


def test_a_recording_is_read_without_being_held(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, *(entry(body()) for _ in range(MANY)), END)
    assert held_by(lambda: [len(parsed) for _, parsed in read_answers(path).bodies()]) < BODY_BYTES * MANY


def test_a_line_that_is_longer_than_any_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.importing.recorded_answers.LINE_BYTES_MAX", 1_000)
    path = written(tmp_path / "run.jsonl", HEADER, entry(), entry(body()), entry(), END)
    recorded = read_answers(path)
    assert [answer.line for answer in recorded.answers] == [2, 4]
    assert [problem.line for problem in recorded.problems] == [3]


@pytest.fixture
def run_jsonl(tmp_path: Path) -> Path:
    return record(tmp_path / "run.jsonl", HEAD + history_of([("KXA-26-T1", "no", "buy", 2, 41, True)]), "2026-06")


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_a_full_disk_leaves_no_half_of_a_scenario(
    tmp_path: Path, run_jsonl: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(self: Path, *arguments: object, **options: object) -> None:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, step, fail)
    result = CliRunner().invoke(main, ["import", str(run_jsonl), "--out", str(tmp_path / "a.yaml")])
    assert (result.exit_code, "a.yaml cannot be written: No space left" in result.stderr) == (1, True), result.output
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]


def test_text_that_no_file_may_have_is_escaped(run_jsonl: Path) -> None:
    text = run_jsonl.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if "/fills" in line)
    fills = json.loads(json.loads(first)["answer"])
    fills["fills"][0]["client_order_id"] = "\x85\u2028 \ud83d\ude00 é"
    changed = {**json.loads(first), "answer": json.dumps(fills, separators=(",", ":"))}
    run_jsonl.write_text(text.replace(first, json.dumps(changed)), encoding="utf-8")
    found = import_recording(run_jsonl, "2026-06", stubs_rest=True)
    assert unexplained(found) == []
    assert found.text.encode()


RUNS = [
    pytest.param("import", (2, 20), id="import"),
    pytest.param("drift", (2, 10), id="drift", marks=pytest.mark.thorough),
    pytest.param("import", (20, 100), id="import-of-100-megabytes", marks=pytest.mark.thorough),
]
FURTHER_KB_MAX = 4_000
"""How much more memory the longer recording may take: some hundred bytes for each answer, none for bodies."""


@pytest.mark.parametrize(("command", "sizes"), RUNS)
def test_a_longer_recording_takes_no_more_memory(tmp_path: Path, command: str, sizes: tuple[int, int]) -> None:
    """It takes some seconds, since the memory is that of a whole command, which has to be started twice."""
    peaks = []
    for size in sizes:
        path = write_long(tmp_path / f"{size}.jsonl", size * MEGABYTE)
        peaks.append(measured(command, path, tmp_path / f"{size}.yaml").peak_kb)
    assert peaks[1] < peaks[0] + FURTHER_KB_MAX, peaks
