"""Every command, step and event has an example, and becomes what is written below it."""

import difflib
from collections.abc import Iterator
from typing import Any, cast, get_args

from msgspec.structs import fields

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.events import Event
from mockexchange.scenario.steps import STEPS, StepKind
from tests.commands.examples import EVENTS, EXAMPLES, FILE, render

WITHOUT_STEP = {commands.Note, commands.SetCancelOnDisconnect}
"""Notes, which only the sandbox adds, and what a client says of its own streams."""
UNREACHABLE = {"book.subaccount_id", *(f"cancel_orders.{name}" for name in ("orders", "reason", "types"))}
"""A subtrader's id on the wire, given with the account, where its prefix is known; what a venue's calls cancel."""


def test_what_becomes_of_an_example_is_written_below_it() -> None:
    written = FILE.read_text(encoding="utf-8")
    lines = difflib.unified_diff(written.splitlines(), render(written).splitlines(), "written", "now", n=3, lineterm="")
    assert not (found := list(lines)), "\n".join([*found, "if it is meant: python -m tests.commands.examples"])


def test_every_command_step_and_event_has_an_example() -> None:
    assert {type(example.command) for example in EXAMPLES} == {*get_args(Command)}
    assert {type(event) for event in EVENTS} == {*get_args(Event)}
    assert {kind.command for kind in STEPS.values()} == {*get_args(Command)} - WITHOUT_STEP
    assert {type(example.command) for example in EXAMPLES if example.step} == {*get_args(Command)} - WITHOUT_STEP


def test_every_field_of_a_command_has_an_example_that_is_not_its_default() -> None:
    shown = {
        (type(example.command), field.name)
        for example in EXAMPLES
        for field in fields(example.command)
        if getattr(example.command, field.name) != field.default
    }
    assert {(kind, field.name) for kind in get_args(Command) for field in fields(kind)} == shown


def test_a_step_reaches_every_field_of_its_command() -> None:
    unreachable = {
        f"{name}.{field}"
        for name, kind in STEPS.items()
        for field in fields_of(kind)
        if field not in kind.names.values()
    }
    assert unreachable == UNREACHABLE


def fields_of(kind: StepKind) -> Iterator[str]:
    """Return the fields of a command, with those of its part (details, terms) in place of the part."""
    command: Any = kind.command
    part, details = ("terms", Terms) if command is commands.ListDerivative else ("details", kind.details)
    yield from (field.name for field in fields(command) if field.name != part)
    yield from (f"{part}.{field.name}" for field in fields(cast(Any, details))) if details else ()
