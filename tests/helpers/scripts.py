"""Sandboxes with a script on a paused clock, and the firings of their steps."""

from typing import Any

from mockexchange.core.commands import Command, Note
from mockexchange.sandbox.sandbox import CLOCK, Sandbox
from mockexchange.store.log import Cause
from tests.helpers.sandboxes import SMALL, make, run

LINE = SMALL.count("\n") + 2
"""That of the first step."""
MS = 1_000
SECOND = 1_000_000
SAY = "announce: {message: x}"
BUY = "fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.57}"
REST = "rest: {account: alice, market: RAIN-1, side: yes, action: buy, count: 5, price: 0.5"
BUY_FOR_ANYONE = BUY.replace("alice", '"*"')


def scripted(*entries: str, text: str = SMALL, **options: Any) -> Sandbox:
    """Return a paused sandbox with these script entries, each the inside of a flow mapping."""
    return make(text + "script:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries), **options)


def fired(sandbox: Sandbox) -> list[tuple[str, int, int]]:
    """Return the firings of the script: step, repetition, and milliseconds since the sandbox began."""
    begun = sandbox.plan.start + 3 * MS
    records = [record for record in sandbox.log if record.cause]
    return [(r.cause.step, r.cause.repetition, (r.at - begun) // MS) for r in records if r.cause]


def timeline(sandbox: Sandbox) -> list[tuple[int, Command, Cause | None]]:
    """Return what happened, without the changes of the clock and without numbers, on which ids depend."""
    return [(one.at, one.command, one.cause) for one in sandbox.log if not is_of_clock(one.command)]


def is_of_clock(command: Command) -> bool:
    return isinstance(command, Note) and command.subject == CLOCK


def details_of(sandbox: Sandbox, kind: str) -> list[tuple[str, Any]]:
    """Return name and detail of each journalled firing of a kind."""
    return [(firing.name, firing.detail) for firing in sandbox.journal.firings if firing.kind == kind]


def advance(sandbox: Sandbox, duration_us: int) -> None:
    run(sandbox.advance(duration_us))
