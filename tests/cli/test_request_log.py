"""What `serve` logs: which lines, in words and as JSON, and that nobody waits for whoever reads them."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TextIO

import pytest
from msgspec.structs import replace

from mockexchange.cli.serve import request_log
from mockexchange.cli.serve.request_log import (
    AMOUNTS,
    FORMATS,
    JSON,
    NOTHING,
    REFUSALS,
    REQUESTS,
    TEXT,
    LogWriter,
    RequestLog,
    is_refused,
)
from mockexchange.core.commands import Announce
from mockexchange.core.exchange import Exchange
from mockexchange.sandbox.journal import Firing, FrameEntry, JournalEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.reload import Reloaded
from mockexchange.venues.request import Request
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, run

NOW = 1_763_800_000_123_456
READY: dict[str, Any] = {
    "pid": 7,
    "control_url": "http://127.0.0.1:1/_mock",
    "control_token": "secret",
    "api_date": "latest",
    "ca_cert": None,
    "venues": {"kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2", "ws_url": "ws://127.0.0.1:1/x"}},
    "accounts": [{"name": "alice", "private_key_path": "/keys/alice.pem"}],
}


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "host_now_us", lambda: NOW)


@pytest.fixture
def sandbox() -> Sandbox:
    return make()


@contextmanager
def kept(form: str, amount: str, out: io.StringIO) -> Iterator[RequestLog]:
    """A diary until the end of the block; then all of it is in `out`."""
    writer = LogWriter(out)
    yield RequestLog(form, amount, writer)
    writer.close()


def lines_of(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def entry(**changed: Any) -> JournalEntry:
    plain: dict[str, Any] = {"number": 1, "at": 0, "host_at": 0, "position": 0, "method": "GET", "target": "/x",
                             "packed_headers": b"", "body": b"", "status": 200, "answer_pieces": (b"{}",)}  # fmt: skip
    return JournalEntry(**{**plain, **changed})


def lost_frame() -> FrameEntry:
    return FrameEntry(0, 0, 0, 3, "alice", "lost", b"{}", "fill", "fill", None, "the outbox was full")


REFUSED = [
    (entry(), False),
    (entry(status=401, diagnosis="sign the path"), True),
    (entry(status=404), True),
    (entry(status=0, diagnosis="broke off"), True),
    (entry(status=503, fault="flaky"), False),
    (entry(status=500, stub="none"), False),
    (entry(status=200, diagnosis="about to be retired"), True),
]


@each_row(("told", "is_so"), REFUSED)
def test_what_is_refused_and_not_on_purpose_is_told(told: JournalEntry, is_so: bool) -> None:
    assert is_refused(told) is is_so


# How many lines each amount has of: a request, a refusal, a lost frame, a frame that was sent.
COUNTS = {NOTHING: 0, REFUSALS: 1, REQUESTS: 3}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("amount", AMOUNTS)
def test_amounts(form: str, amount: str, sandbox: Sandbox) -> None:
    out = io.StringIO()
    with kept(form, amount, out) as log:
        log.watch(sandbox)
        for each in (entry(), entry(status=401, diagnosis="sign the path")):
            sandbox.journal.add(each)
            sandbox.journal.close(each)
        sandbox.journal.add_frame(lost_frame())
        sandbox.journal.add_frame(replace(lost_frame(), direction="out"))
    assert len(out.getvalue().splitlines()) == COUNTS[amount]


def test_a_refusal_in_words(sandbox: Sandbox) -> None:
    out = io.StringIO()
    with kept(TEXT, REFUSALS, out) as log:
        log.watch(sandbox)
        refused = entry(status=401, account="alice", operation="GetBalance", diagnosis="sign \x1b[31mthe path")
        sandbox.journal.add(refused)
        sandbox.journal.close(refused)
    assert out.getvalue() == ("08:26:40.123  GET /x -> 401 GetBalance alice 0.0 ms: sign \\x1b[31mthe path\n")


def test_a_sandbox_that_is_not_the_default_one_is_named(sandbox: Sandbox) -> None:
    out = io.StringIO()
    sandbox.name = "other"
    with kept(TEXT, REQUESTS, out) as log:
        log.watch(sandbox)
        sandbox.journal.add_frame(lost_frame())
    assert out.getvalue() == (
        "08:26:40.123  [other] lost a frame fill of stream 3 alice [overflow] the outbox was full\n"
    )


def test_requests_and_lost_frames_as_json(sandbox: Sandbox) -> None:
    out = io.StringIO()
    with kept(JSON, REQUESTS, out) as log:
        log.watch(sandbox)
        sandbox.journal.close(entry())
        sandbox.journal.close(entry(status=401, diagnosis="sign the path"))
        sandbox.journal.add_frame(lost_frame())
    request, refused, lost = lines_of(out)
    head = {"time": "2025-11-22T08:26:40.123456Z", "sandbox": "default"}
    assert request.items() >= {**head, "level": "info", "event": "request", "status": 200, "target": "/x"}.items()
    assert refused.items() >= {**head, "level": "warning", "diagnosis": "sign the path"}.items()
    assert lost == {**head, "level": "warning", "event": "frame_lost", "connection": 3, "account": "alice",
                    "channel": "fill", "kind": "fill", "fault": None, "note": "the outbox was full"}  # fmt: skip


def test_start_and_stop_are_told_as_json_and_hold_no_secret() -> None:
    out = io.StringIO()
    with kept(JSON, NOTHING, out) as log:
        log.log_start("mine.yaml", READY)
        log.log_stop()
    start, stop = lines_of(out)
    assert list(start) == ["time", "level", "event", "version", "scenario", "pid", "control_url", "api_date",
                           "ca_cert", "venues", "accounts"]  # fmt: skip
    assert (start["event"], start["scenario"], start["accounts"]) == ("start", "mine.yaml", ["alice"])
    assert stop == {"time": "2025-11-22T08:26:40.123456Z", "level": "info", "event": "stop"}
    assert "secret" not in out.getvalue()


def test_messages_and_problems_hold_no_secret() -> None:
    """They are of no sandbox: a library may quote a request, and an exception what it could not read."""
    out, token = io.StringIO(), "a-token-of-the-control-api"
    record = logging.LogRecord("lib", logging.WARNING, "", 0, f"bad: Bearer {token}", None, None)
    for shows_secrets in (False, True):
        writer = LogWriter(out)
        log = RequestLog(JSON, NOTHING, writer, shows_secrets=shows_secrets)
        log.log_start("mine.yaml", {**READY, "control_token": token})
        log.log_record(record)
        log.log_problem(f"with {token}", ValueError(token))
        writer.close()
        shown = [line for line in lines_of(out) if line["event"] in ("message", "failed")]
        assert [token in json.dumps(line) for line in shown[-2:]] == [shows_secrets] * 2


def test_in_words_the_banner_says_where_it_is_and_what_never_started_does_not_stop() -> None:
    out = io.StringIO()
    with kept(TEXT, REQUESTS, out) as log:
        log.log_start("mine.yaml", READY)
        log.log_stop()
    with kept(JSON, REQUESTS, out) as log:
        log.log_stop()
    assert out.getvalue() == ""


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_reload_is_told_whatever_else_is(amount: str, sandbox: Sandbox) -> None:
    out = io.StringIO()
    with kept(TEXT, amount, out) as log:
        log.log_reload("mine.yaml", Reloaded(sandbox.plan))
        log.log_reload("mine.yaml", Reloaded(sandbox.plan, "mine.yaml:3: unknown key"))
        log.log_reload("mine.yaml", Reloaded(sandbox.plan, remark="the disk is full"))
    said, problem, but = out.getvalue().splitlines()
    assert but.startswith("08:26:40.123  reloaded mine.yaml: alice")
    assert but.endswith("; but the disk is full")
    assert said.startswith("08:26:40.123  reloaded mine.yaml: alice")
    assert problem == "08:26:40.123  mine.yaml:3: unknown key: not reloaded, what was before goes on"
    with kept(JSON, amount, as_json := io.StringIO()) as log:
        log.log_reload("mine.yaml", Reloaded(sandbox.plan))
        log.log_reload("mine.yaml", Reloaded(sandbox.plan, "wrong"))
    good, bad = lines_of(as_json)
    assert (good["event"], good["level"], good["digest"]) == ("reload", "info", sandbox.plan.digest)
    assert (bad["event"], bad["level"], bad["problem"]) == ("reload_failed", "error", "wrong")


class Stuck(io.StringIO):
    """A stream that takes nothing until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.has_begun = threading.Event()

    def write(self, text: str) -> int:
        self.has_begun.set()
        self.may.wait(PATIENCE_S)
        return super().write(text)


def test_nobody_waits_for_whoever_reads_and_what_is_lost_is_told(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setattr(request_log, "LINES_WAITING_MAX", 3)
    out = Stuck()
    with kept(JSON, REQUESTS, out) as log:
        log.watch(sandbox)
        for number in range(20):
            sandbox.journal.close(entry(number=number))
        out.may.set()
        while len(out.getvalue().splitlines()) < 3:
            pass
        sandbox.journal.close(entry(number=98))
        while len(out.getvalue().splitlines()) < 5:
            pass
        sandbox.journal.close(entry(number=99))
    told = lines_of(out)
    [lost] = [one for one in told if one["event"] == "log_lost"]
    assert lost["level"] == "warning"
    requests = [one for one in told if one["event"] == "request"]
    assert len(requests) + lost["lines"] == 22
    assert requests[-1]["number"] == 99


def test_a_writer_whose_stream_is_stuck_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "END_S_MAX", 0.01)
    monkeypatch.setattr(request_log, "LINES_WAITING_MAX", 1)
    out = Stuck()
    writer = LogWriter(out)
    assert writer.put(lambda: "x")
    assert out.has_begun.wait(PATIENCE_S)
    assert [writer.put(lambda: "x") for _ in range(2)] == [True, False]
    writer.close()
    out.may.set()
    writer.put(lambda: "y")
    monkeypatch.setattr(request_log, "END_S_MAX", 10)
    writer.close()


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_that_cannot_be_made_is_told_and_the_log_goes_on(
    form: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = iter([KeyError("status")])

    def request_to_json(told: JournalEntry) -> dict[str, Any]:
        for error in broken:
            raise error
        return {"method": "GET", "target": "/y", "status": 200, "operation": None, "account": None, "latency_us": 1,
                "fault": None, "diagnosis": None, "findings": []}  # fmt: skip

    monkeypatch.setattr(request_log, "request_to_json", request_to_json)
    out = io.StringIO()
    with kept(form, REQUESTS, out) as log:
        log.watch(sandbox)
        sandbox.journal.close(entry())
        sandbox.journal.close(entry())
    failed, next_one = out.getvalue().splitlines()
    assert "request: KeyError: 'status'" in failed
    assert "/y" in next_one


def test_a_stream_that_is_closed_is_no_error() -> None:
    closed: TextIO = io.StringIO()
    closed.close()
    writer = LogWriter(closed)
    assert writer.put(partial(str, "x"))
    writer.close()


@pytest.mark.parametrize("form", FORMATS)
def test_a_step_of_the_script_that_was_refused_is_logged(sandbox: Sandbox, form: str) -> None:
    out = io.StringIO()
    with kept(form, REFUSALS, out) as log:
        sandbox.journal.add_firing(Firing(NOW, NOW, 1, "finding", "early", {"text": "refused when it began"}))
        log.watch(sandbox)
        sandbox.journal.add_firing(Firing(NOW, NOW, 1, "finding", "close", {"text": "refused: no market"}))
        sandbox.journal.add_firing(Firing(NOW, NOW, 1, "script", "close", {"repetition": 1}))
    [early, line] = out.getvalue().splitlines()
    assert "refused when it began" in early
    if form == JSON:
        assert json.loads(line).items() >= {"event": "script_finding", "level": "warning", "step": "close"}.items()
    else:
        assert line.endswith("  script: close: refused: no market")


def test_a_step_that_raises_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = make("scenario: s\nscript: [{name: fails, after: 1s, announce: {message: x}}]")
    out = io.StringIO()

    execute = Exchange.execute

    def broken(self: Exchange, command: Any, at: int) -> Any:
        if isinstance(command, Announce):
            raise ZeroDivisionError("private detail")
        return execute(self, command, at)

    monkeypatch.setattr(Exchange, "execute", broken)
    with kept(TEXT, REFUSALS, out) as log:
        log.watch(sandbox)
        run(sandbox.script.run_to(sandbox.clock.now() + 2_000_000))
    assert "script: fails: the exchange made a mistake (ZeroDivisionError)" in out.getvalue()
    assert "private detail" not in out.getvalue()


def test_secrets_of_another_sandbox_are_hidden(sandbox: Sandbox) -> None:
    other = make(name="other")
    pem = next(pem for pem in other.private_pems.values() if pem)
    assert pem not in sandbox.private_pems.values()
    out = io.StringIO()
    with kept(JSON, REQUESTS, out) as log:
        log.watch(sandbox)
        log.watch(other)
        _, entry = sandbox.answer(Request("GET", "/trade-api/v2/markets", f"a={pem.splitlines()[3]}"))
        sandbox.journal.close(entry)
    assert json.loads(out.getvalue())["target"] == "/trade-api/v2/markets?a=[secret]"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shows", [False, True])
def test_secrets_that_a_client_sends_are_hidden(sandbox: Sandbox, form: str, shows: bool) -> None:
    pem = next(pem for pem in sandbox.private_pems.values() if pem)
    sent = ("the-token-of-the-server", pem.splitlines()[3], "hush-hush-hush")
    target = f"/trade-api/v2/markets?a={sent[0]}&client_secret={sent[2]}"
    headers = (
        (b"kalshi-access-key", pem.encode()),
        (b"kalshi-access-timestamp", b"1"),
        (b"kalshi-access-signature", b"x"),
    )
    out = io.StringIO()
    writer = LogWriter(out)
    log = RequestLog(form, REQUESTS, writer, shows_secrets=shows)
    log.watch(sandbox)
    log.log_start("demo", {**READY, "control_token": sent[0]})
    path, _, query = target.partition("?")
    _, entry = sandbox.answer(Request("GET", path, query, headers))
    entry.diagnosis = f"no key {pem!r}"
    sandbox.journal.close(entry)
    writer.close()
    line = out.getvalue().splitlines()[-1]
    assert "/trade-api/v2/markets?a=" in line
    assert [secret in line for secret in sent] == [shows] * 3
