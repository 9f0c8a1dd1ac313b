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


def test_every_command_has_a_step_and_a_case_here() -> None:
    """Except notes, which only the sandbox adds."""
    assert {kind.command for kind in STEPS.values()} == {*get_args(Command)} - {commands.Note}
    assert {type(command) for _, command in (*COMMANDS, *DERIVATIVES)} == {*get_args(Command)} - {commands.Note}


def test_a_step_reaches_every_field_of_its_command_but_one() -> None:
    """A subtrader's id on the wire is given with the account, where its prefix is known."""
    unreachable = {
        f"{name}.{field}"
        for name, kind in STEPS.items()
        for field in fields_of(kind)
        if field not in kind.names.values()
    }
    assert unreachable == {"book.subaccount_id"}


def fields_of(kind: StepKind) -> Iterator[str]:
    """Return the fields of a command, with those of its part (details, terms) in place of the part."""
    command: Any = kind.command
    part, details = ("terms", Terms) if command is commands.ListDerivative else ("details", kind.details)
    yield from (field.name for field in fields(command) if field.name != part)
    yield from (f"{part}.{field.name}" for field in fields(cast(Any, details))) if details else ()
