"""The ASGI endpoint of the venues' REST APIs: it reads a request, lets a sandbox answer it, and sends the answer.

The path determines the venue. A route table of the venue, not Starlette's router, determines the operation. One worker
thread finds the reasons of refusals. It lets other threads run between its steps, so that other requests are not
delayed.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from mockexchange.faults.delivery import FaultyAnswer
from mockexchange.sandbox.interface import RequestContext, SandboxBroken, SandboxEnded, StoreUnavailable, log_failure
from mockexchange.sandbox.journal import JournalEntry
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.quotas import QuotaReached
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.http.faulty_response import FaultyResponse, length_of
from mockexchange.server.http.request_cycle import Header, RequestCycle, carrier_of, lines_of
from mockexchange.server.loop_budget import PIECE_BYTES, budget_of
from mockexchange.venues.dated_fields import COMPAT, DATES_KEPT_MAX, ApiDate
from mockexchange.venues.registry import VENUES, known_paths_hint
from mockexchange.venues.request import Answer, Diagnose, Request
from mockexchange.venues.venue import Venue

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
BODY_BYTES_MAX = 256 * 1024
"""The size of the largest request body: ten times a batch of orders, and eight times the documented limits."""
CUT_BYTES_MAX = 4_096
"""The bytes of a larger body that the journal keeps."""
TOO_LARGE = f"the body of this request has more than {BODY_BYTES_MAX:,} bytes"
TARGET_BYTES_MAX = 128_002
"""The bytes of a path, and of a query, that are kept: enough for any venue to see that the target is too long."""
DIAGNOSIS_CHARS_MAX = 2_000
DIAGNOSES_WAITING_MAX = 256
"""The most refusals that wait until their reason is found; further refusals are answered without a reason."""
REST_TIMES = 4
"""The pause after a diagnosis, as a multiple of its time: diagnoses take at most a fifth of the interpreter's time."""
TOO_BUSY = "too many refused requests at once to find out why: see the first ones"

MARK = (b"x-mock-exchange", b"1")
API_DATE = b"x-mock-api-date"
SEQUENCE = b"x-mock-seq"
"""The header of an answer with the number of the last command that the sandbox had executed."""
WANTED = b"x-mock-min-seq"
"""The header of a request with the number of a command that the answer has to contain, for `--reads session`."""
DIGITS_MAX = 18
LENGTH = b"content-length"
BODY_HEADERS = frozenset((LENGTH, b"transfer-encoding"))
PLAIN_TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)


class DiagnosisWorker:
    """Finds the reasons of refusals on one thread, off the event loop and one after the other.

    After each diagnosis the thread pauses for a multiple of the processor time that the diagnosis took. So a client
    that is refused in a loop takes a limited part of the interpreter's time, and a single refusal does not wait.
    Processor time is measured, since by clock time refusals would be late by seconds on a busy machine.
    """

    def __init__(self) -> None:
        self._rests_until_s = 0.0
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="diagnosis")
        self._waiting = 0
        self.hide: Callable[[str], str] = str
        """A function that hides the tokens of the control API in a diagnosis: it quotes what a client sent."""

    async def diagnose(self, answer: Answer) -> str | None:
        """Return the reason of a refusal; find it now if that was not done before. None if nothing was refused."""
        if answer.diagnose is None:
            return answer.diagnosis
        if self._waiting >= DIAGNOSES_WAITING_MAX:
            return TOO_BUSY
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._worker, self._run, answer.diagnose)
        finally:
            self._waiting -= 1

    def _run(self, diagnose: Diagnose) -> str:
        time.sleep(max(0.0, self._rests_until_s - time.perf_counter()))
        began_s = time.thread_time()
        try:
            return diagnose(lambda: time.sleep(0))  # between its steps other threads run
        finally:
            self._rests_until_s = time.perf_counter() + REST_TIMES * (time.thread_time() - began_s)

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)


async def explain(diagnosis_worker: DiagnosisWorker, request: Request, answer: Answer) -> str | None:
    """Return the reason of a refusal; for an unknown path, it lists the known paths of all venues.

    None if nothing was refused.
    """
    diagnosis = await diagnosis_worker.diagnose(answer)
    return diagnosis_worker.hide(diagnosis + known_paths_hint(request.path)) if diagnosis else diagnosis


class RestEndpoint:
    """Answers requests to the venues' REST APIs, each by the sandbox that `sandbox_of` returns for its key id.

    Answers to writes, and with `is_numbered` to reads, have the header `X-Mock-Seq`.
    """

    def __init__(
        self,
        sandbox_of: Callable[[str | None], Sandbox],
        diagnosis_worker: DiagnosisWorker,
        *,
        is_numbered: bool = False,
    ) -> None:
        self.sandbox_of, self.diagnosis_worker, self.is_numbered = sandbox_of, diagnosis_worker, is_numbered

    def serve(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[JournalEntry | None]:
        """Answer one HTTP request; return its journal entry, or None if the connection ended before the request did."""
        return self._receive_and_answer(request_of(scope), receive, send, carrier_of(scope))

    def serve_cycle(self, cycle: RequestCycle) -> Awaitable[JournalEntry | None]:
        """Answer one HTTP request as `serve` does, from a `RequestCycle` and without its scope."""
        method, path, query, headers = cycle.method, cycle.raw_path, cycle.query, tuple(cycle.headers)
        receive, send = cycle.receive, cycle.send
        if cycle.more_body or cycle.waiting_for_100_continue or len(cycle.body) > BODY_BYTES_MAX:
            return self._receive_and_answer(Request(method, path, query, headers), receive, send, cycle)
        return self._answer(Request(method, path, query, headers, cycle.body), receive, send, cycle)

    async def _receive_and_answer(
        self, request: Request, receive: Receive, send: Send, carrier: Any
    ) -> JournalEntry | None:
        """Answer a request whose body is still to be received."""
        try:
            body = await read_body(receive, request.headers)
        except BodyTooLarge as cut:
            asked = RequestContext.of(replace(request, body=cut.beginning))
            sandbox = self.sandbox_of(asked.key_id)
            answer = Answer(
                413, TOO_LARGE.encode() + b"\n", headers=PLAIN_TEXT, key_id=asked.key_id, diagnosis=TOO_LARGE
            )
            entry = sandbox.note_answer(asked, answer)
            await send_answer(send, carrier, asked.venue, answer, api_date_of(sandbox, asked), ())
            sandbox.journal.close(entry)  # what is still to come of the body is discarded
            return entry
        if body is None:
            return None
        return await self._answer(replace(request, body=body), receive, send, carrier)

    async def _answer(self, request: Request, receive: Receive, send: Send, carrier: Any) -> JournalEntry:
        started_ns = time.perf_counter_ns()
        if len(request.body) + len(request.path) + len(request.query) > PIECE_BYTES:
            await budget_of(asyncio.get_running_loop()).wait()
        asked = RequestContext.of(request)
        sandbox = self.sandbox_of(asked.key_id)
        if sandbox.has_due:
            await sandbox.run_due()
        try:
            answer, entry = sandbox.answer(asked)
        except Exception as error:  # noqa: BLE001  # it is reported
            answer = failure(request.target, error)
            entry = sandbox.note_answer(asked, answer)
        try:
            if answer.pending is not None:
                try:
                    answer = await sandbox.carry_out(answer, entry)
                except Exception as error:  # it is reported
                    if isinstance(error, SandboxEnded) and not isinstance(error, SandboxBroken):
                        raise
                    await pause_before_refusal(error)
                    answer = failure(entry.target, error)
                    entry.status, entry.diagnosis = answer.status, answer.diagnosis
                    sandbox.journal.set_answer(entry, answer.body)
            if answer.diagnose is not None:
                entry.diagnosis = answer.diagnosis = await explain(self.diagnosis_worker, request, answer)
            elif answer.diagnosis:
                answer.diagnosis = self.diagnosis_worker.hide(answer.diagnosis)
            if sandbox.options.inspector:
                entry.findings += inspect(sandbox.options.inspector, sandbox, asked, entry, answer)
            if (entry.commands or sandbox.script.triggers.steps) and sandbox.has_due:
                await sandbox.run_due()  # what the request has set off comes before its answer
            more = (sequence_header(sandbox),) if self.is_numbered or entry.commands else ()
            date = api_date_of(sandbox, asked)
            if isinstance(answer, FaultyAnswer):
                await asyncio.sleep(0)  # its delays need a task, which a request has from its first wait on
                async with FaultyResponse(receive, send, carrier, sandbox.closing) as response:
                    await response.send(answer, [*headers_of(asked.venue, answer, date), *more])
            else:
                await send_answer(send, carrier, asked.venue, answer, date, more)
            return entry
        finally:
            entry.latency_us = (time.perf_counter_ns() - started_ns) // 1_000
            sandbox.journal.close(entry)


def failure(target: str, error: Exception) -> Answer:
    """Return the answer to a request whose handling raised an exception, which is logged if it is a mistake: a 500.

    A sandbox whose state a failed command has damaged answers 503 to every request. One whose store cannot be written
    to answers 503 to every write.
    """
    match error:
        case SandboxBroken():
            status, code, message = 503, "sandbox_broken", str(error)
        case QuotaReached():
            status, code, message = 503, "quota_reached", str(error)
        case StoreUnavailable():
            status, code, message = 503, "store_unavailable", str(error)
        case _:
            message = log_failure(f"a request for {target.partition('?')[0]}", error)
            status, code = 500, "internal_error"
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, body, headers=((b"content-type", b"application/json"),), diagnosis=message)


async def pause_before_refusal(error: Exception) -> None:
    """Wait before a refusal if its reason is that the client sends more than the quota of its sandbox allows."""
    if isinstance(error, QuotaReached):
        await asyncio.sleep(error.pace.pause_s(asyncio.get_running_loop().time()))


def inspect(
    inspector: Inspector, sandbox: Sandbox, asked: RequestContext, entry: JournalEntry, answer: Answer
) -> tuple[str, ...]:
    """Return the problems that the server's check of its own answers finds in this one.

    There are none if a fault or a stub changed the answer, or if `--overlay` added fields of a later document.
    """
    if answer.fault is not None or answer.stub is not None or answer.overlay:
        return ()
    date = api_date_of(sandbox, asked)
    headers = {name.decode(): value.decode("latin-1") for name, value in headers_of(asked.venue, answer, date)}
    found = inspector.check_answer(
        asked.venue.name, date.day, entry.method, entry.target, answer.status, headers=headers, content=answer.body
    )
    return tuple(found)


def request_of(scope: Scope) -> Request:
    """Return the `Request`, in the form that all venues use and without its body, for an ASGI scope."""
    return Request(
        scope["method"],
        scope["raw_path"][:TARGET_BYTES_MAX].decode("latin-1"),
        scope["query_string"][:TARGET_BYTES_MAX].decode("latin-1"),
        tuple(scope["headers"]),
    )


class BodyTooLarge(Exception):
    """Raised if a body is too large, so that it is not read to its end. The journal keeps `beginning`."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__(TOO_LARGE)
        self.beginning = beginning


async def read_body(receive: Receive, headers: Iterable[Header]) -> bytes | None:
    """Read a request body; None if the connection ended before it was complete. Raises BodyTooLarge."""
    has_body = False
    for name, value in headers:
        if name == LENGTH and value.isdigit() and int(value) > BODY_BYTES_MAX:
            raise BodyTooLarge(b"")
        has_body = has_body or name in BODY_HEADERS
    if not has_body:
        return b""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge(b"".join(parts)[:CUT_BYTES_MAX])
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(
    send: Send, carrier: Any, venue: Venue, answer: Answer, api_date: ApiDate, more: Sequence[Header]
) -> None:
    """Send an answer completely, with its headers, those in `more` and its content-length.

    It goes out in one write if possible, and by ASGI, which checks headers, if a stub made it or a fault changed it.
    """
    is_plain = answer.stub is None and answer.fault is None
    if is_plain and isinstance(carrier, RequestCycle):
        if answer.headers or answer.diagnosis:
            lines = lines_of(headers_of(venue, answer, api_date))
        else:
            lines = _common_lines(venue.name, api_date.day)
        further = lines_of(more) if more else b""
        lines = b"%b%bcontent-length: %d\r\n" % (lines, further, len(answer.body))
        if carrier.write_whole(answer.status, lines, answer.body):
            return
    headers = [*headers_of(venue, answer, api_date), *more, *length_of(answer, len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


@lru_cache(maxsize=DATES_KEPT_MAX)
def _common_lines(venue: str, day: str | None) -> bytes:
    """Return the lines of the headers that every answer of a venue has at an API date."""
    return lines_of((*VENUES[venue].rest.headers, MARK, date_header(day)))


def headers_of(venue: Venue, answer: Answer, api_date: ApiDate) -> list[Header]:
    """Return the headers of an answer: its own or else the venue's, the two that mark a mock, and the diagnosis.

    The marks are `X-Mock-Exchange` and `X-Mock-Api-Date`, the day of the API date that applies to the request, or
    `compat`.
    """
    own = {name for name, _ in answer.headers}
    marks = (MARK, date_header(api_date.day))
    headers = [*(pair for pair in venue.rest.headers if pair[0] not in own), *marks, *answer.headers]
    if own and any(name == b"content-type" and is_shown_as_page(value) for name, value in answer.headers):
        headers.append(SANDBOXED)
    if answer.diagnosis:
        headers.append((b"x-mock-diagnosis", header_text(answer.diagnosis)))
    return headers


INERT_TYPES = (b"application/json", b"text/plain")
"""Media types that no browser shows as a page: venues answer JSON, and refusals of the server itself are plain text."""
SANDBOXED = (b"content-security-policy", b"sandbox")
"""The header with which a browser shows an answer as a page of no origin, without scripts."""


def is_shown_as_page(content_type: bytes) -> bool:
    """Return whether a browser could run scripts of an answer of this type, such as HTML, SVG, or none that it knows.

    A stub or a fault may answer these on the console's origin, where the console keeps its token.
    """
    return content_type.partition(b";")[0].strip() not in INERT_TYPES


def api_date_of(sandbox: Sandbox, asked: RequestContext) -> ApiDate:
    """Return the API date that applies to a request: that of the key which it claims, or else the sandbox's."""
    date: ApiDate = asked.venue.date_of(sandbox.contexts[asked.venue.name], sandbox.key_of(asked.key_id or ""))
    return date


def date_header(day: str | None) -> Header:
    """Return the header that names the API date of an answer: a day, or `compat` if the day is None."""
    return API_DATE, (day or COMPAT).encode()


def header_text(text: str) -> bytes:
    """Return a text as a header value: one line of printable ASCII, cut to the maximal length."""
    line = " ".join(text.split())[:DIAGNOSIS_CHARS_MAX]
    return CONTROL_CHARACTERS.sub(lambda match: f"\\x{ord(match[0]):02x}", line).encode("ascii", "backslashreplace")


def sequence_header(sandbox: Sandbox) -> Header:
    """Return the header of an answer with the number of the sandbox's last command."""
    return SEQUENCE, b"%d" % sandbox.exchange.state.sequence


def wanted_sequence(headers: Iterable[Header]) -> int | None:
    """Return the number of the command that an answer has to contain, from the request's headers.

    It is 0 without the header `X-Mock-Min-Seq`, and None if its value is no number.
    """
    for name, value in headers:
        if name == WANTED:
            return int(value) if value.isdigit() and len(value) <= DIGITS_MAX else None
    return 0
