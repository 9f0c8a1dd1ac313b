"""Frames wait a moment to be written: in their order, not for long, and not after a disk is full."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mockexchange.recording import recording_file as late_lines
from mockexchange.recording.recording_file import LateLines, RecordingFile
from mockexchange.recording.redaction import Redactor
from tests.recording.test_redaction import exchanged, lines_of


@pytest.fixture
def file(tmp_path: Path) -> Any:
    file = RecordingFile(tmp_path / "run.jsonl", Redactor(), "here")
    yield file
    file.abandon()


def shown(file: RecordingFile) -> list[object]:
    return [line.get("frame", line.get("answer")) for line in lines_of(file.part)[1:]]


def test_lines_wait_in_their_order_and_not_for_long(file: RecordingFile, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        lines = LateLines(file)
        lines.add_request(exchanged("[1]"))
        lines.add_frame(1, "out", b"[2]")
        lines.add_request(exchanged("[3]"))
        lines.add_frame(1, "in", b"[4]")
        await lines.keep_up()
        assert shown(file) == ["[1]"]
        monkeypatch.setattr(late_lines, "AGE_S_MAX", -1.0)
        await lines.keep_up()
        assert shown(file) == ["[1]", "[2]", "[3]", "[4]"]
        lines.add_frame(1, "out", b"[5]")
        lines._write_some()  # as the timer does
        assert shown(file)[-1] == "[5]"

    asyncio.run(asyncio.wait_for(run(), 30))


def test_streams_end_when_a_line_cannot_be_written(file: RecordingFile, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(28, "No space left on device")

    async def run() -> None:
        lines, handled = LateLines(file), asyncio.Event()
        lines.add_frame(1, "out", b"[1]")
        lines.add_frame(1, "out", b"[2]")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(file._file, "write", partial(_fail, full, handled), raising=True)
            await handled.wait()
        with pytest.raises(OSError, match="No space left"):
            await lines.keep_up()
        with pytest.raises(OSError, match="No space left"):
            file.finish()

    class Unbuffered:
        def __init__(self, real: Any) -> None:
            self.write, self.flush, self.close = real.write, real.flush, real.close

    monkeypatch.setattr(file, "_file", Unbuffered(file._file))
    asyncio.run(asyncio.wait_for(run(), 30))


def _fail(error: OSError, handled: asyncio.Event, data: bytes) -> int:
    handled.set()
    raise error
