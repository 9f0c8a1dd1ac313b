"""Steps and commands are the same set, and a step reaches whatever its command can say."""

from collections.abc import Iterator
from typing import Any, cast, get_args

from msgspec.structs import fields

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.scenario.steps import STEPS
from mockexchange.scenario.steps.step_type import StepKind
from tests.scenario.derivative_cases import DERIVATIVES
from tests.scenario.test_steps import COMMANDS


def test_every_command_has_a_step_and_a_case_here() -> None:
    """But for notes, which the sandbox makes for itself."""
    assert {kind.command for kind in STEPS.values()} == {*get_args(Command)} - {commands.Note}
    assert {type(command) for _, command in (*COMMANDS, *DERIVATIVES)} == {*get_args(Command)} - {commands.Note}


def test_a_step_reaches_every_field_of_its_command_but_one() -> None:
    """A subtrader's id on the wire is given where the account is: there its prefix is known."""
    unreachable = {
        f"{name}.{field}"
        for name, kind in STEPS.items()
        for field in fields_of(kind)
        if field not in kind.names.values()
    }
    assert unreachable == {"book.subaccount_id"}


def fields_of(kind: StepKind) -> Iterator[str]:
    """The fields of its command, those of the command's part (its details, its terms) in the part's place."""
    command: Any = kind.command
    part, details = ("terms", Terms) if command is commands.ListDerivative else ("details", kind.details)
    yield from (field.name for field in fields(command) if field.name != part)
    yield from (f"{part}.{field.name}" for field in fields(cast(Any, details))) if details else ()
