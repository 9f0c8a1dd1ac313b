"""Adapters: tasks, replies, and the one-line error for each way in which they can fail."""

import json
import os
import re
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mockexchange.kit.client.adapter import Adapter, AdapterReply, ConnectionDetails, Fractional, read_answer
from mockexchange.kit.client.processes import AdapterBroken, AdapterTimeout
from tests.helpers.patience import wait_until
from tests.helpers.rows import each_row
from tests.kit.client.fake_adapters import answering, program

WHERE = ConnectionDetails("http://127.0.0.1:1/trade-api/v2", "ws://127.0.0.1:1/trade-api/ws/v2", "key", "/x/key.pem")
ECHO = answering("tell(task, rows=[task])")


def ask(command: list[str], **options: Any) -> AdapterReply:
    with Adapter(command, **options) as adapter:
        return adapter.ask("positions", WHERE)


def test_a_task_has_urls_key_and_arguments() -> None:
    with Adapter(ECHO) as adapter:
        first = adapter.ask("positions", WHERE, task_s_max=5, subtrader_id="st1")
        second = adapter.ask("balance", WHERE)

    assert first.rows == [
        {
            "id": 1,
            "task": "positions",
            "base_url": "http://127.0.0.1:1/trade-api/v2",
            "ws_url": "ws://127.0.0.1:1/trade-api/ws/v2",
            "key_id": "key",
            "private_key_path": "/x/key.pem",
            "arguments": {"subtrader_id": "st1"},
        }
    ]
    assert second.rows is not None
    assert second.rows[0]["id"] == 2


@each_row(
    ("answer", "told"),
    [
        ({"rows": []}, AdapterReply([])),
        ({"rows": [{"ticker": "A"}]}, AdapterReply([{"ticker": "A"}])),
        ({"error": "RateLimited: slow down", "status": 429}, AdapterReply(error="RateLimited: slow down", status=429)),
        ({"error": "Timeout: no answer", "status": None}, AdapterReply(error="Timeout: no answer")),
        ({"error": "Timeout: no answer"}, AdapterReply(error="Timeout: no answer")),
        ({"unsupported": True}, AdapterReply(is_unsupported=True)),
    ],
    ids=["no-rows", "rows", "refused", "no-status", "status-left-out", "unsupported"],
)
def test_each_kind_of_answer(answer: dict[str, Any], told: AdapterReply) -> None:
    assert read_answer(json.dumps({"id": 1, **answer}).encode(), 1) == told


def test_a_number_with_a_fraction_keeps_its_digits_and_says_that_it_was_one() -> None:
    told = read_answer(b'{"id": 1, "rows": [{"a": 0.30000000000000004, "b": "0.3", "c": 3, "d": 1e2}]}', 1)

    assert told.rows == [{"a": "0.30000000000000004", "b": "0.3", "c": 3, "d": "1e2"}]
    assert [type(value) for value in told.rows[0].values()] == [Fractional, str, int, Fractional]


@each_row(
    ("line", "why"),
    [
        (b"Traceback (most recent call last):", "a line that is not JSON"),
        (b"\xff\xfe", "a line that is not JSON"),
        (b'{"id": 1, "rows": [{"a": NaN}]}', "a line that is not JSON"),
        (b"[" * 100_000, "a line that is not JSON"),
        (b"[1]", "JSON that is no object"),
        (b'{"id": 2, "rows": []}', "the id 2 instead of 1"),
        (b'{"id": true, "rows": []}', "the id true instead of 1"),
        (b'{"rows": []}', "the id null instead of 1"),
        (b'{"id": 1}', "none of rows, error and unsupported, not with one of them"),
        (b'{"id": 1, "rows": [], "error": "x"}', "rows and error of rows, error and unsupported, not with one of them"),
        (b'{"id": 1, "rows": null}', "rows that are no list of objects"),
        (b'{"id": 1, "rows": [1]}', "rows that are no list of objects"),
        (b'{"id": 1, "error": ""}', "an error that is no text"),
        (b'{"id": 1, "error": {"code": "x"}}', "an error that is no text"),
        (b'{"id": 1, "error": "x", "status": "429"}', "a status that is neither a whole number nor null"),
        (b'{"id": 1, "error": "x", "status": true}', "a status that is neither a whole number nor null"),
        (b'{"id": 1, "unsupported": false}', "an `unsupported` that is not true"),
    ],
    ids=[
        "traceback",
        "bytes",
        "nan",
        "deep",
        "list",
        "other-id",
        "true-is-not-1",
        "no-id",
        "nothing",
        "two-kinds",
        "null-rows",
        "numbers",
        "no-text",
        "object",
        "text-status",
        "true-status",
        "false",
    ],
)
def test_what_is_no_answer(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        read_answer(line, 1)


LOGGED = "sys.stderr.write('one\\ntwo\\n\\nthree\\nNo module named kalshi\\n'); sys.stderr.flush()"


@each_row(
    ("command", "says"),
    [
        (["/no/such/program"], "adapter `/no/such/program` cannot be started: No such file or directory"),
        ([os.devnull], "adapter `/dev/null` cannot be started: Permission denied"),
        (["with\0zero"], "cannot be started: embedded null byte"),
        (
            answering(f"{LOGGED}; sys.exit(3)"),
            'ended with exit code 3 at task "positions"; its log ends: two | three | No module named kalshi',
        ),
        (answering("import os; os.kill(os.getpid(), 9)"), 'ended by SIGKILL at task "positions"; it logged nothing'),
        (
            answering("import os; os.close(1); sys.stdin.read()"),
            'closed its standard output at task "positions"; it logged nothing',
        ),
        (answering("print('hello', flush=True)"), 'answered task "positions" with a line that is not JSON: hello'),
        (
            answering("print('\\x1b[31mred\\x07' + 'x' * 300, flush=True)"),
            f"a line that is not JSON: ?[31mred?{'x' * 191}...",
        ),
        (answering("tell({'id': 7}, rows=[])"), 'with the id 7 instead of 1: {"id": 7, "rows": []}'),
        (
            answering("tell(task, rows=[]); print('debug', flush=True); sys.stdin.read()"),
            "printed a line that belongs to no task (logs belong on standard error): debug",
        ),
        (
            answering("print('x' * (16 * 1024 * 1024 + 1), flush=True)"),
            'answered task "positions" with a line of more than 16 MiB; it logged nothing',
        ),
    ],
    ids=["not-found", "not-allowed", "no-name", "crash", "killed", "mute", "words", "colours", "id", "unasked", "huge"],
)
def test_a_program_that_cannot_be_worked_with_is_one_line(command: list[str], says: str) -> None:
    with pytest.raises(AdapterBroken) as raised:
        ask(command)

    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("adapter `")


def test_a_program_that_hangs_is_ended_when_its_time_is_over() -> None:
    hangs = answering("""
    print('waiting', file=sys.stderr, flush=True)
    tell(task, rows=[])
    sys.stdin.read()
    """)

    with Adapter(hangs, task_s_max=0.5) as adapter:
        adapter.ask("hello", WHERE, task_s_max=60)
        with pytest.raises(
            AdapterTimeout, match=r'no answer to task "positions" within 0\.5 s; its log ends: waiting$'
        ):
            adapter.ask("positions", WHERE)


def test_one_task_can_have_more_time_than_the_others() -> None:
    once = answering("tell(task, rows=[{}]); sys.stdin.read()")

    with Adapter(once, task_s_max=0.01) as adapter:
        assert adapter.ask("listen", WHERE, task_s_max=60).rows
        with pytest.raises(AdapterTimeout, match=r"within 0\.01 s"):
            adapter.ask("positions", WHERE)


def test_a_line_before_the_next_task_belongs_to_no_task() -> None:
    eager = answering("tell(task, rows=[]); tell(task, rows=[]); print('third', flush=True)")

    with Adapter(eager) as adapter:
        adapter.ask("positions", WHERE)
        with pytest.raises(AdapterBroken, match=r"a line that belongs to no task|the id 1 instead of 2"):
            adapter.ask("positions", WHERE)


def test_a_program_that_ended_after_its_answer_fails_at_the_next_task() -> None:
    with Adapter(answering("tell(task, rows=[]); sys.exit(4)")) as adapter:
        adapter.ask("positions", WHERE)
        with pytest.raises(
            AdapterBroken, match=r'ended with exit code 4 (at|before) task "balance"; it logged nothing$'
        ):
            adapter.ask("balance", WHERE)


def test_a_program_that_closed_its_input_fails_at_the_next_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.kit.client.processes.EXIT_WAIT_S", 0.2)
    deaf = answering("import os, signal; os.close(0); tell(task, rows=[]); signal.pause()")

    with Adapter(deaf) as adapter:
        adapter.ask("positions", WHERE)
        with pytest.raises(AdapterBroken, match=r'closed its standard input before task "balance"; it logged nothing$'):
            adapter.ask("balance", WHERE)


def test_a_broken_program_stays_broken() -> None:
    with Adapter(answering("sys.exit(3)")) as adapter:
        with pytest.raises(AdapterBroken, match='at task "positions"'):
            adapter.ask("positions", WHERE)
        with pytest.raises(AdapterBroken, match='ended with exit code 3 before task "balance"'):
            adapter.ask("balance", WHERE)


def test_a_line_after_the_last_answer_fails_at_the_end() -> None:
    def run() -> None:
        with Adapter(answering("tell(task, rows=[]); print('done', flush=True)")) as adapter:
            adapter.ask("positions", WHERE)

    with pytest.raises(AdapterBroken, match=r"a line that belongs to no task .*: done; it logged nothing$"):
        run()


def test_the_first_failure_is_reported_although_the_program_goes_on_printing() -> None:
    chatty = answering("tell(task, rows=[]); print('debug', flush=True)")

    def fail_meanwhile() -> None:
        with Adapter(chatty) as adapter:
            adapter.ask("positions", WHERE)
            raise KeyError("of the test")

    with pytest.raises(KeyError, match="of the test"):
        fail_meanwhile()


def test_bytes_of_the_log_that_are_read_and_not_kept_yet_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read

    def read_late(number: int, size: int) -> bytes:
        piece = read(number, size)
        threading.Event().wait(0.2)
        return piece

    with Adapter(answering("print('said', file=sys.stderr, flush=True); tell(task, rows=[])")) as adapter:
        monkeypatch.setattr(os, "read", read_late)
        adapter.ask("positions", WHERE)
        assert adapter.log == "said\n"


def test_the_log_is_kept_but_not_all_of_it() -> None:
    talks = answering(
        "sys.stderr.write('word\\n\\n' * 100 + 'x' * 501 + '\\nlast\\n'); sys.stderr.flush(); sys.exit(1)"
    )

    with Adapter(talks) as adapter, suppress(AdapterBroken):
        adapter.ask("positions", WHERE)

    assert adapter.log_tail[-4:] == ["word", "x" * 200 + "...", "x", "last"]
    assert len(adapter.log_tail) == 20


def test_environment_and_directory_are_those_that_were_asked_for(tmp_path: Path) -> None:
    looks = answering("import os; tell(task, rows=[{'home': os.getcwd(), 'names': sorted(os.environ)}])")

    told = ask(looks, environment={"ONLY": "this", "PYTHONUTF8": "1"}, directory=tmp_path)

    assert told.rows is not None
    assert told.rows[0]["home"] == str(tmp_path.resolve())
    assert {"ONLY", "PYTHONUTF8"} <= set(told.rows[0]["names"])
    assert "PATH" not in told.rows[0]["names"]


CHILD = "import subprocess; child = subprocess.Popen(['sleep', '1000'])"


@each_row(
    "ending",
    ["", "sys.exit(3)", "print('garbage', flush=True)", "sys.stdin.read()", "signal.pause()"],
    ids=["well", "crash", "garbage", "hang", "ignores-the-end"],
)
def test_nothing_is_left_running(ending: str) -> None:
    """Neither the program nor its children."""
    body = f"""
    import signal
    if task["task"] == "start":
        {CHILD}
        tell(task, rows=[{{"pid": child.pid}}])
    else:
        {ending or "tell(task, rows=[])"}
    """
    pid = 0
    with suppress(AdapterBroken), Adapter(answering(body), task_s_max=60) as adapter:
        rows = adapter.ask("start", WHERE).rows
        assert rows is not None
        pid = rows[0]["pid"]
        adapter.ask("positions", WHERE, task_s_max=0.5)

    assert is_gone(pid)


def is_gone(pid: int) -> bool:
    """Whether a process ends: it was killed, but its new parent may still have to reap it."""

    def has_ended() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    return wait_until(has_ended)


def test_a_program_that_ignores_the_end_of_its_input_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.kit.client.processes.EXIT_WAIT_S", 0.2)
    stays = answering("tell(task, rows=[{'pid': __import__('os').getpid()}]); __import__('signal').pause()")

    with Adapter(stays) as adapter:
        rows = adapter.ask("positions", WHERE).rows

    assert rows is not None
    with pytest.raises(ProcessLookupError):
        os.kill(rows[0]["pid"], signal.SIGCONT)


def test_a_program_that_never_reads_is_no_trouble() -> None:
    with pytest.raises(AdapterBroken, match=r"ended with exit code 0 (at|before) task"):
        ask(program("pass"))
