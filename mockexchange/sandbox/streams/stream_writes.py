"""Executes commands of the exchange that a stream causes, by a request on it or by its end."""

from contextlib import suppress

from mockexchange.faults.stream_calls import CallReply, PendingReply
from mockexchange.sandbox.journal.journal import Firing
from mockexchange.sandbox.port import SandboxEnded, SandboxPort, StoreUnavailable
from mockexchange.sandbox.streams.connection import Connection
from mockexchange.sandbox.streams.open_streams import SERVICE_RESTART, sends_frames_first
from mockexchange.venues.request import resume


async def carry_out_call(sandbox: SandboxPort, connection: Connection, pending: PendingReply) -> None:
    """Execute the commands of a request on a stream that changes the exchange, and send its answer.

    Raises SandboxEnded. Data that the request causes on the same stream is sent after the answer, unless the scenario
    sends it first.
    """
    if not sends_frames_first(sandbox.plan.frames, sandbox.plan.seed, sandbox.journal.frame_count):
        connection.hold()
    commands: tuple[int, ...] = ()
    step = resume(pending)
    while not isinstance(step, CallReply):
        record, outcome = await sandbox.write(step)
        commands += (record.sequence,)
        step = resume(pending, outcome)
    frame = step.frame and step.frame._replace(commands=commands)
    connection.complete(step._replace(frame=frame))


async def carry_out_end(sandbox: SandboxPort, connection: Connection) -> None:
    """Execute the commands that the end of a stream causes, such as canceling orders on disconnect.

    No command is executed if the server itself ends all streams. A command that cannot be stored becomes a finding in
    the journal, since the client is gone.
    """
    if connection.ending is None or connection.ending.code == SERVICE_RESTART:
        return
    try:
        with suppress(SandboxEnded):
            for command in connection.session.parting_commands:
                await sandbox.submit(command)
    except StoreUnavailable as error:
        text = f"what the end of stream {connection.number} leads to was not done: {error}"
        sandbox.journal.add_firing(Firing(*sandbox.moment(), "finding", "stream", {"text": text}))
