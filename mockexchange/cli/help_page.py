"""Formats the pages of `--help`: text up to 120 columns wide, wrapped only at spaces."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from types import TracebackType

import click

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
