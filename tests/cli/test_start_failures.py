"""What keeps a server with a JSON log from starting is a line of JSON, also where its options cannot be read."""

import json
import logging
import sys
import threading
import warnings

import pytest

from mockexchange.cli import main
from mockexchange.cli.commands.serve import early_failures
from mockexchange.cli.serve.request_log import JSON
from tests.helpers.rows import each_row

WRONG = [
    (["--port", "abc"], "Invalid value for '--port': 'abc' is not a whole number."),
    (["--bogus"], "No such option '--bogus'."),
    (["more"], "did you mean --scenario more?"),
    (["--tls-name", "x.test"], "add --tls"),
    (["--until", "3"], "give --from-log FILE"),
    (["--workers", "2", "--tls"], "serves no --tls"),
    (["--port"], "Option '--port' requires an argument."),
]


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def serve(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *words], prog_name="mockexchange")
    assert ended.value.code == 2


@each_row(("words", "problem"), WRONG)
@each_row("form", ["--log-format json", "--log-format=json", "MOCKEXCHANGE_LOG_FORMAT=json"])
def test_a_wrong_option_is_a_line_of_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str, form: str
) -> None:
    name, _, value = form.partition("=")
    if value and name.isupper():
        monkeypatch.setenv(name, value)
    serve(*([] if name.isupper() else form.split(" ")), *words)
    [failed] = lines_of(capsys)
    assert (failed["event"], failed["level"]) == ("failed", "error")
    assert problem in failed["problem"]


@each_row("words", [["--port", "abc"], ["--port"], ["--log-format", "xml"]])
def test_a_wrong_option_is_a_line_of_text(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    serve("--log-format", "text", *words)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("mockexchange serve: ")


class Raises:
    """An object whose end raises."""

    def __del__(self) -> None:
        raise ZeroDivisionError("at the end")


def fail() -> None:
    raise ZeroDivisionError("of a thread")


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--log-format", "json", "--help"], prog_name="mockexchange")
    printed = capsys.readouterr()
    assert (ended.value.code, printed.err) == (0, "")
    assert printed.out.startswith("Usage: mockexchange serve")


@pytest.mark.filterwarnings("always")
def test_what_python_itself_prints_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning, an exception that ends a thread, and one that nothing can catch."""
    before = sys.unraisablehook, threading.excepthook
    with early_failures(JSON):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        thread = threading.Thread(target=fail, name="helper")
        thread.start()
        thread.join()
        Raises()
        logging.getLogger(__name__).warning("a remark")
    assert (sys.unraisablehook, threading.excepthook) == before
    warned, threaded, unraised, remark = lines_of(capsys)
    assert warned["text"].endswith('DeprecationWarning: old\n  warnings.warn("old", DeprecationWarning, stacklevel=1)')
    assert (threaded["text"], threaded["level"]) == ("Exception in thread helper", "error")
    assert threaded["traceback"].endswith("ZeroDivisionError: of a thread\n")
    assert "Raises.__del__" in unraised["text"]
    assert unraised["traceback"].endswith("ZeroDivisionError: at the end\n")
    assert (remark["text"], remark["level"]) == ("a remark", "warning")
