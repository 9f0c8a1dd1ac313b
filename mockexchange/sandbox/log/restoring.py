"""Restores a sandbox from the records of its log, and follows a log to which another process writes."""

from contextlib import suppress

from mockexchange.sandbox.clock import Turns
from mockexchange.sandbox.options import Beginning
from mockexchange.sandbox.port import CommandFailed
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import Log, LogError, Record


async def restore(sandbox: Sandbox, log: Log, beginning: Beginning) -> None:
    """Apply the records of a stored log to a new sandbox, and append to that log from now on.

    The clock, faults, stubs and the script are then as after the last record. No script step is triggered, and nothing
    is journalled. Raises ScenarioError and LogError.
    """
    applier, script = sandbox.writer.applier, sandbox.script
    applier.is_restoring = script.is_restoring = True
    await _replay(sandbox, log, beginning, None)
    applier.is_restoring = script.is_restoring = False
    sandbox.begin_quota()
    await sandbox.writer.replace_failed()


async def begin_following(sandbox: Sandbox, log: Log, beginning: Beginning, until: int) -> None:
    """Bring a new copy of a sandbox that another process writes to the state after the record number `until`.

    Nothing is triggered or journalled, now or later: the process that writes does it. Raises ScenarioError and
    LogError.
    """
    sandbox.script.is_restoring = True
    await _replay(sandbox, log, beginning, until)
    if sandbox.exchange.state.sequence < until:
        raise LogError(f"record {sandbox.exchange.state.sequence + 1} is missing")
    sandbox.writer.applier.replace = lambda note: None


async def follow(sandbox: Sandbox, until: int) -> None:
    """Apply the records that another process has written since the last call, up to the record number `until`."""
    turns, newest = Turns(), sandbox.exchange.state.sequence
    for record in sandbox.log.records(after=newest, count=until - newest):
        _apply(sandbox, record)
        await turns.pause()
    if sandbox.exchange.state.sequence < until:
        raise LogError(f"record {sandbox.exchange.state.sequence + 1} is missing")


async def _replay(sandbox: Sandbox, log: Log, beginning: Beginning, until: int | None) -> None:
    sandbox.use_log(log)
    sandbox.beginning, turns = beginning, Turns()
    for record in log.records(count=until):
        await turns.pause()
        if record.sequence == beginning.history + 1:
            _begin_again(sandbox)
        _apply(sandbox, record)
    if sandbox.exchange.state.sequence <= beginning.history:
        _begin_again(sandbox)


def _begin_again(sandbox: Sandbox) -> None:
    begun = sandbox.beginning
    sandbox.clock.set(begun.mode, begun.exchange_at, begun.host_at)
    sandbox.faults.begin_again(begun.history)
    sandbox.script.begin(begun.exchange_at)


def _apply(sandbox: Sandbox, record: Record) -> None:
    expected = sandbox.exchange.state.sequence + 1
    if record.sequence != expected:
        raise LogError(f"expected record {expected}, got {record.sequence}")
    sandbox.script.follow(record.at)
    with suppress(CommandFailed):  # it was taken back again
        sandbox.writer.applier.apply(record)
