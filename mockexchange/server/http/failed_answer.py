"""Answers requests whose handling raised an exception: a 500 with the mock's headers, and a journal entry.

A sandbox whose state a failed command has damaged answers 503 to every request. One whose store cannot be written to
answers 503 to every write.
"""

import asyncio
import json

from mockexchange.sandbox.journal.journal import JournalEntry
from mockexchange.sandbox.port import SandboxBroken, SandboxEnded, StoreUnavailable, log_failure
from mockexchange.sandbox.quotas import QuotaReached
from mockexchange.sandbox.request_context import RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from mockexchange.venues.session import Handshake

STATUS = 500
UNAVAILABLE_STATUS = 503


def answer_or_failure(sandbox: Sandbox, asked: RequestContext) -> tuple[Answer, JournalEntry]:
    """Answer a request and journal it; if its handling raises an exception, the answer reports that."""
    try:
        return sandbox.answer(asked)
    except Exception as error:  # noqa: BLE001  # it is reported
        answer = _failure(asked.request.target, error)
        return answer, sandbox.note_answer(asked, answer)


async def shake_hands_or_failure(sandbox: Sandbox, asked: RequestContext) -> tuple[Handshake, JournalEntry]:
    """Answer the handshake of a stream and journal it; an exception becomes an answer that reports it."""
    try:
        return sandbox.shake_hands(asked)
    except Exception as error:  # noqa: BLE001  # it is reported
        await pause_before_refusal(error)
        answer = _failure(asked.request.target, error)
        return Handshake(answer), sandbox.note_answer(asked, answer)


async def carry_out_or_failure(sandbox: Sandbox, answer: Answer, entry: JournalEntry) -> Answer:
    """Execute the commands of a write; if one raises an exception, the answer reports that. Raises SandboxEnded."""
    try:
        return await sandbox.carry_out(answer, entry)
    except Exception as error:  # it is reported
        if isinstance(error, SandboxEnded) and not isinstance(error, SandboxBroken):
            raise
        await pause_before_refusal(error)
        failure = _failure(entry.target, error)
        entry.status, entry.diagnosis = failure.status, failure.diagnosis
        sandbox.journal.set_answer(entry, failure.body)
        return failure


async def pause_before_refusal(error: Exception) -> None:
    """Wait before a refusal if its reason is that the client sends more than the quota of its sandbox allows."""
    if isinstance(error, QuotaReached):
        await asyncio.sleep(error.pace.pause_s(asyncio.get_running_loop().time()))


def _failure(target: str, error: Exception) -> Answer:
    """Log the exception and return the answer for it."""
    if isinstance(error, SandboxBroken):
        return _answer(UNAVAILABLE_STATUS, "sandbox_broken", str(error))
    if isinstance(error, StoreUnavailable):
        code = "quota_reached" if isinstance(error, QuotaReached) else "store_unavailable"
        return _answer(UNAVAILABLE_STATUS, code, str(error))
    return _answer(STATUS, "internal_error", log_failure(f"a request for {target.partition('?')[0]}", error))


def _answer(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, body, headers=((b"content-type", b"application/json"),), diagnosis=message)
