"""Defines what all commands share: loading on first use, options with variables, help pages, errors of one line."""

import gc
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from mockexchange.version import install_command

if TYPE_CHECKING:
    from mockexchange.scenario.errors import ScenarioError


# Help pages: text up to 120 columns wide, wrapped only at spaces


COLUMNS_MAX = 120
TERM_COLUMNS_MAX = 24
"""The widest column of option names; longer names get a line of their own, so that the help text keeps its room."""
TOGETHER = re.compile(r"env var: \S+|default: \S+|exit code \d|Exit code \d")
"""Phrases that are not broken across lines if the line has room for them."""
SPACE, HYPHEN = "\N{NO-BREAK SPACE}", "\N{NON-BREAKING HYPHEN}"
"""Stand-ins for the space and the hyphen while text is wrapped, since click breaks lines at both."""


class HelpPage(click.HelpFormatter):
    """A formatter of help pages that breaks neither words with hyphens nor names of variables."""

    def write_text(self, text: str) -> None:
        super().write_text(_unbroken(text, self.width - self.current_indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = TERM_COLUMNS_MAX, col_spacing: int = 2) -> None:
        written = list(rows)
        longest = max((len(term) for term, _ in written), default=0)
        room = self.width - min(longest, col_max) - col_spacing - 2
        super().write_dl([(term, _unbroken(text, room)) for term, text in written], col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(SPACE, " ").replace(HYPHEN, "-")


def _unbroken(text: str, room: int) -> str:
    """Return a text in which click breaks neither words nor what belongs together and fits into the room."""
    kept = TOGETHER.sub(lambda found: found[0].replace(" ", SPACE) if len(found[0]) < room else found[0], text)
    return kept.replace("-", HYPHEN)


class PageContext(click.Context):
    """The click context of each command.

    Help pages can use wide terminals, and errors of options name their command.
    """

    formatter_class = HelpPage

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, click.UsageError) and error.ctx is None:
            error.ctx = self
        super().__exit__(kind, error, trace)


class Group(click.Group):
    """A group of commands whose help shows the whole first sentence about each command, which click would cut."""

    context_class = PageContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments.

        A group without a command prints its help on standard output, and ends with exit code 0.
        """
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. Raises UsageError, with the nearest command or all of them."""
        known = self.list_commands(ctx)
        if args[0] in known or args[0].startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        near = get_close_matches(args[0], known, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}"
        raise click.UsageError(f"No such command {args[0]!r}. {advice}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        write_commands(formatter, [(name, summary_of(command)) for name, command in found if command])


def summary_of(command: click.Command) -> str:
    """Return the first sentence of a command's help."""
    return command.get_short_help_str(1_000)


def write_commands(formatter: click.HelpFormatter, summaries: list[tuple[str, str]], title: str = "Commands") -> None:
    with formatter.section(title):
        formatter.write_dl(summaries)


def adopt(command: click.Command) -> click.Command:
    """Make a command, and all commands of a group, use the help pages of this module; return the command."""
    command.context_class = PageContext
    if isinstance(command, click.Group):
        for each in command.commands.values():
            adopt(each)
    return command


# Errors, and commands that are loaded when they are first used


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
KIT_LIBRARIES = ("httpx", "hypothesis", "jsonschema_rs", "schemathesis")
"""The libraries of the extra `kit`."""
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
        gc.disable()  # garbage collections would take a tenth of a start; what is imported stays for good
        try:
            module = import_module(f"mockexchange.cli.commands.{self.modules[name]}")
        finally:
            gc.freeze()
            gc.enable()
        command = self[name] = adopt(getattr(module, attribute))
        return command


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
        from mockexchange.scenario.steps import STEPS

        near = [f" Did you mean {one!r}?" for one in get_close_matches(name, self.entries, n=1)]
        step = [f" It is a step: {PREFIX.lower()} do '{name}: {{...}}'"] if name in STEPS else []
        advice = "".join([*near, *step]) or f" See {PREFIX.lower()} --help"
        raise click.UsageError(f"No such command {name!r}.{advice}", ctx)

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
            if error.name not in KIT_LIBRARIES:
                raise
            _print_error(" ".join(words), missing_kit())
            sys.exit(2)
        except OSError as error:
            _print_error(PREFIX.lower(), str(error))
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


def missing_kit() -> str:
    """Return which libraries of the extra `kit` are missing, with the install command; "" if all are installed."""
    missing = [name for name in KIT_LIBRARIES if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: {install_command('mockexchange[kit]')}" if missing else ""


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


def checked_text(parse: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback for an option whose text is kept as it is, unless `parse` raises ValueError."""

    def keep(text: str) -> str:
        parse(text)
        return text

    return checked(keep)
