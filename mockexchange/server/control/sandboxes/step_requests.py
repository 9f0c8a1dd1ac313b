"""Executes the steps of a request. A test waits for the frames of its step, so these are sent first."""

import time

from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.ledger import events
from mockexchange.sandbox.port import CommandFailed, KeyInUse, log_failure
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.steps import Step
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import SLICE_S, encode
from mockexchange.server.websocket.stream_transport import streams_drained


async def execute_steps(sandbox: Sandbox, steps: list[Step], *, has_events: bool = True) -> list[bytes]:
    """Execute steps, and return the JSON of their outcomes. The frames are sent before the last outcome is written.

    Raises ControlError, and the errors of `Sandbox.write`.
    """
    outcomes, until = [], time.perf_counter() + SLICE_S
    for place, step in enumerate(steps):
        try:
            record, outcome = await sandbox.write(step.command)
        except KeyInUse as error:  # earlier steps are done, so both errors have the place of the step
            error.where = f"[{place}]"
            raise
        except CommandFailed as error:
            where, message = f"[{place}]", log_failure("a control request", error)
            raise ControlError(500, "internal_error", message, where) from None
        if place + 1 == len(steps):
            sandbox.streams.flush()  # clients get the frames while the answer is made
        shown = outcome if has_events or isinstance(outcome, Refusal) else ()
        outcomes.append(encode(events.outcome_of(record.sequence, record.at, shown)))
        if time.perf_counter() >= until:
            await streams_drained(sandbox)
            until = time.perf_counter() + SLICE_S
    await sandbox.run_due()
    sandbox.require_open()
    sandbox.streams.flush()
    return outcomes
