"""Defines the base of all commands: loading on first use, options with environment variables, errors of one line."""

import gc
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from mockexchange.cli.help_page import Group, adopt, write_commands

if TYPE_CHECKING:
    from mockexchange.scenario.errors import ScenarioError

PREFIX = "MOCKEXCHANGE"
INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""
TYPES_OF_EMPTY_TEXT = (click.types.StringParamType, click.Path)
"""Parameter types that accept an empty text as a value."""
NUMBER_WORDS = {
    "is not a valid integer range.": "is not a whole number.",
    "is not a valid float range.": "is not a number.",
    "is not a valid integer.": "is not a whole number.",
}
"""The endings of click's messages about texts that are not numbers, and the words that replace them."""
INDENTED_LINE = re.compile(r"\n {2}(?=\S)")

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Raised inside a command that fails: it prints one line and ends with exit code 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.ctx = click.get_current_context(silent=True)


class UsageFailure(Failure):
    """Raised for wrong arguments: the command prints one line and ends with exit code 2."""

    exit_code = 2


class CommandEntry(NamedTuple):
    """A command in the table of all commands: its module, and the first sentence of its help.

    The sentence is here so that `--help` need not import the module.
    """

    module: str
    """The module in mockexchange.cli.commands."""
    summary: str


class LazyCommands(dict[str, click.Command]):
    """A dictionary of commands by name. A command's module is imported when the command is first looked up."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__()
        self.modules = modules

    def __missing__(self, name: str) -> click.Command:
        attribute = f"{name}_command" if iskeyword(name) else name
        module = _import_frozen(f"mockexchange.cli.commands.{self.modules[name]}")
        command = self[name] = adopt(getattr(module, attribute))
        return command


def _import_frozen(name: str) -> ModuleType:
    """Import a module without garbage collections, which would take a tenth of a start; its objects stay for good."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class Program(Group):
    """The group of all commands. Errors are one line on standard error; tracebacks are for bugs only."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, CommandEntry]], **attributes: Any) -> None:
        """Begin a group whose help lists the commands of each section by name."""
        super().__init__(*args, **attributes)
        self.sections = sections
        self.entries = {name: entry for entries in sections.values() for name, entry in entries.items()}
        self.commands = LazyCommands({name: entry.module for name, entry in self.entries.items()})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands[cmd_name] if cmd_name in self.entries else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lists of commands from the table of summaries, which imports no command's module."""
        width = max(map(len, self.entries))
        for title, entries in self.sections.items():
            write_commands(formatter, [(name.ljust(width), entry.summary) for name, entry in entries.items()], title)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self.entries or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"No such command {name!r}.{_suggestions(name, self.entries)}", ctx)

    def main(self, *args: Any, **extra: Any) -> Any:
        # Print characters that the terminal's encoding lacks as escapes.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except click.Abort:
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            _print_error((context.command_path if context else PREFIX.lower()), message_of(error))
            sys.exit(error.exit_code)
        except ModuleNotFoundError as error:  # raised before a command has a context with its name
            words = [PREFIX.lower(), *(extra.get("args") or sys.argv[1:])[:1]]
            # How to install a missing library of the extra `kit`. Raises the error for any other module.
            from mockexchange.cli.kit_libraries import LIBRARIES, missing_kit

            if error.name not in LIBRARIES:
                raise
            _print_error(" ".join(words), missing_kit())
            sys.exit(2)
        except OSError as error:
            _print_error(PREFIX.lower(), str(error))
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def _suggestions(name: str, commands: Iterable[str]) -> str:
    """Return suggestions for an unknown command: the nearest one, the step of that name, or where all are listed."""
    from mockexchange.scenario.steps import STEPS

    near = [f" Did you mean {one!r}?" for one in get_close_matches(name, commands, n=1)]
    step = [f" It is a step: {PREFIX.lower()} do '{name}: {{...}}'"] if name in STEPS else []
    return "".join([*near, *step]) or f" See {PREFIX.lower()} --help"


def explain_scenario_error(error: "ScenarioError", scenario: str) -> str:
    """Return the message of an error; for one in the scenario's file, with the command that prints all its errors."""
    if error.file != scenario or not error.line:
        return str(error)
    return f"{error}; all errors: {PREFIX.lower()} scenario check {shlex.quote(scenario)}"


def message_of(error: click.ClickException) -> str:
    """Return an error's message, in which click's names of types are replaced by "whole number" and "number"."""
    message = error.format_message()
    for words, ours in NUMBER_WORDS.items():
        message = message.replace(words, ours)
    return message


def _print_error(place: str, message: str) -> None:
    """Print a message on one line, followed by its indented lines, such as near misses of a wait."""
    from mockexchange.cli.terminal import fitted

    first, *lines = [" ".join(part.split()) for part in INDENTED_LINE.split(message)]
    text = "\n".join(map(fitted, [f"{place}: {first}", *(f"  {line}" for line in lines)]))
    click.secho(text, fg="red", err=True, color=allowed_colour())


def allowed_colour() -> bool | None:
    """Return False if NO_COLOR or TERM forbids colours, as for rich; else None, by which terminals alone get them."""
    is_forbidden = os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    return False if is_forbidden else None


class Option(click.Option):
    """An option that also reads MOCKEXCHANGE_<COMMAND>_<OPTION>, then the variable in `envvar`.

    An empty text is refused, unless it is the default: as an address it would be all of this machine's, as a path the
    current folder.
    """

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        is_unchecked = self.callback is None and isinstance(self.type, TYPES_OF_EMPTY_TEXT)
        if value == "" and self.default != "" and is_unchecked:
            raise click.BadParameter("expected a value, got an empty text", ctx, self)
        return super().type_cast_value(ctx, value)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        return os.environ.get(self._own_variable(ctx)) or super().resolve_envvar_value(ctx)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the option's name, and its environment variable if the value came from the variable."""
        hint = click.Parameter.get_error_hint(self, ctx)
        if ctx is None or ctx.get_parameter_source(self.name or "") is not ParameterSource.ENVIRONMENT:
            return hint
        own = self._own_variable(ctx)
        return f"{hint} (from {own if os.environ.get(own) else self.envvar})"

    def _own_variable(self, ctx: click.Context) -> str:
        return f"{ctx.auto_envvar_prefix}_{(self.name or '').upper()}"


def option(*names: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Declare an option of one command, which also reads MOCKEXCHANGE_<COMMAND>_<OPTION>."""
    return click.option(*names, cls=Option, show_envvar=True, **attributes)


def shared_option(*names: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Declare an option that, unlike `option`, also reads the variable MOCKEXCHANGE_<OPTION>.

    It is used for options of `serve` and for options that several commands have.
    """
    name = next(name for name in names if name.startswith("--"))
    return option(*names, envvar=f"{PREFIX}_{name.removeprefix('--').replace('-', '_').upper()}", **attributes)


def json_option(words: str, text: str = "As JSON, for programs.") -> Callable[[Decorated], Decorated]:
    """Declare --json for a command. `words` is the command as typed, such as "script list".

    The option's environment variable is named after the command.
    """
    variable = f"{PREFIX}_{words.upper().replace(' ', '_')}_JSON"
    return option("--json", "as_json", envvar=variable, is_flag=True, help=text)


def checked(parse: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback for an option that converts the value with `parse`. A ValueError becomes a usage error."""

    def read(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read
