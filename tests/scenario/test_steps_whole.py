"""Every command has a step, and a step has a key for every field of its command."""

from collections.abc import Iterator
from typing import Any, cast, get_args

from msgspec.structs import fields

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.scenario.steps import STEPS
from mockexchange.scenario.steps.step_type import StepKind
from tests.scenario.derivative_cases import DERIVATIVES
from tests.scenario.step_commands import COMMANDS

WITHOUT_STEP = {commands.Note, commands.SetCancelOnDisconnect}
"""Notes, which only the sandbox adds, and what a client says of its own streams."""
UNREACHABLE = {"book.subaccount_id", *(f"cancel_orders.{name}" for name in ("orders", "reason", "types"))}
"""A subtrader's id on the wire, given with the account, where its prefix is known; what a venue's calls cancel."""


def test_every_command_has_a_step_and_a_case_here() -> None:
    with_step = {*get_args(Command)} - WITHOUT_STEP
    assert {kind.command for kind in STEPS.values()} == with_step
    assert {type(command) for _, command in (*COMMANDS, *DERIVATIVES)} == with_step


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
