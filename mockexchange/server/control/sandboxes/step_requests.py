"""Reads and executes the steps of a request. A test waits for the frames of its step, so these are sent first."""

import time

from starlette.requests import Request

from mockexchange.sandbox.ledger.outcome_text import write_outcome
from mockexchange.sandbox.port import CommandFailed, KeyInUse, Written, log_failure
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.steps import Step
from mockexchange.scenario.steps.plain_steps import read_plain_step
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import SLICE_S
from mockexchange.server.control.requests import READ_AT_ONCE_BYTES, read_raw, read_steps, receive
from mockexchange.server.http.request_cycle import received_body
from mockexchange.server.websocket.stream_transport import streams_drained


async def read_sent_steps(request: Request) -> list[Step]:
    """Return the steps of a body, which are executed now. Raises ControlError.

    The body is not received as a message if it is there: nothing waits here for the message after it, that the client
    disconnects.
    """
    raw = received_body(request.receive)
    if raw is None or len(raw) > READ_AT_ONCE_BYTES:
        raw = await receive(request)
    step = read_single_step(raw)
    return [step] if step else await read_raw(request, raw, read_steps)


def read_single_step(raw: bytes) -> Step | None:
    """Return the step of a body with one plain step without a time, as tests mostly send; None for any other body.

    It is read without the place of each value.
    """
    if raw[:2] != b"[{" or raw[-2:] != b"}]" or len(raw) > READ_AT_ONCE_BYTES:
        return None
    try:
        step = read_plain_step(raw[1:-1].decode(), "", 0)
    except UnicodeDecodeError:
        return None
    return step if step and step.at is None and step.after_us is None else None


async def execute_steps(sandbox: Sandbox, steps: list[Step], *, has_events: bool = True) -> list[bytes]:
    """Execute steps, and return the JSON of their outcomes. The frames are sent before the last outcome is written.

    Raises ControlError, and the errors of `Sandbox.write`.
    """
    outcomes, until = [], time.perf_counter() + SLICE_S
    for place, step in enumerate(steps):
        record, outcome = await _written(sandbox, step, place)
        if place + 1 == len(steps):
            sandbox.streams.flush()  # clients get the frames while the answer is made
        written = write_outcome(record.sequence, record.at, outcome, has_events=has_events)
        outcomes.append(written.encode(errors="replace"))
        if time.perf_counter() >= until:
            await streams_drained(sandbox)
            until = time.perf_counter() + SLICE_S
    await sandbox.run_due()
    sandbox.require_open()
    sandbox.streams.flush()
    return outcomes


async def _written(sandbox: Sandbox, step: Step, place: int) -> Written:
    """Execute a step; earlier steps are done.

    Raises KeyInUse, and ControlError if the exchange makes a mistake, both with the place of the step.
    """
    try:
        return await sandbox.write(step.command)
    except KeyInUse as error:
        error.where = f"[{place}]"
        raise
    except CommandFailed as error:
        raise ControlError(500, "internal_error", log_failure("a control request", error), f"[{place}]") from None
