"""Defines `mockexchange completion`: a shell completes commands, options, scenarios, clients and accounts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from mockexchange.cli.click_base import PREFIX
from mockexchange.named_files import problem_of
from mockexchange.runtime.ready_file import NoServer, default_ready_file, read_ready
from mockexchange.venues.registry import NAMES

SHELLS = ("bash", "zsh", "fish")
PROGRAM = PREFIX.lower()
VARIABLE = f"_{PREFIX}_COMPLETE"
"""The variable by which a shell's completion function calls the program, as click names it."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that has SHELL complete commands, options, scenarios, clients and account names.

    \b
    bash:  mockexchange completion bash >> ~/.bashrc
    zsh:   mockexchange completion zsh >> ~/.zshrc     (after compinit)
    fish:  mockexchange completion fish \\
               > ~/.config/fish/completions/mockexchange.fish
    """
    found = get_completion_class(shell)
    assert found is not None, "one of the shells that click knows"
    click.echo(found(context.find_root().command, {}, PROGRAM, VARIABLE).source())


if TYPE_CHECKING:
    Text = click.ParamType[str]
else:  # not generic in older ones
    Text = click.ParamType


class ScenarioName(Text):
    """The type of an argument that takes a scenario; the shell completes built-in names, else files."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(super().convert(value, param, ctx))
        problem = problem_of(text, takes_pipes=True) if text else ""
        if problem:
            from mockexchange.scenario.loader import builtin_names

            if text not in builtin_names():
                self.fail(f"{text} {problem}", param, ctx)
        return text

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from mockexchange.scenario.loader import builtin_names

        names = [CompletionItem(name) for name in builtin_names() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


class AccountName(Text):
    """The type of an argument that takes an account; the shell completes the accounts of the running server."""

    name = "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params.get("ready_file")
        try:
            ready = read_ready(given if isinstance(given, Path) else default_ready_file())
        except NoServer:
            return []
        names = dict.fromkeys(str(account["name"]) for account in ready["accounts"])
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class CallPath(Text):
    """The type of the PATH argument of `call`; the shell completes the paths of the account's venue."""

    name = "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known = _venue_of_account(ctx)
        paths = paths_of(known, str(ctx.params.get("method") or "GET").upper())
        return [CompletionItem(path) for path in paths if path.startswith(incomplete or "/")]


def _venue_of_account(context: click.Context) -> str:
    """Return the name of the venue of the account in the command line; the default one if it is not known."""
    given = context.params.get("ready_file")
    try:
        ready = read_ready(given if isinstance(given, Path) else default_ready_file())
    except NoServer:
        return NAMES[0]
    venues = {str(account["name"]): str(account["venue"]) for account in ready["accounts"]}
    return venues.get(str(context.params.get("account")), NAMES[0])


def paths_of(venue: str, method: str) -> list[str]:
    """Return the paths, without prefix, that a venue serves for an HTTP method; for JSON-RPC, its methods."""
    from mockexchange.venues.registry import VENUES

    known = VENUES[venue]
    sections = [section for section in known.wire.sections() if section.operation_of] if known.wire else []
    if not sections:
        return sorted(f"/{name}" for name in known.rest.operations if "/" in name)
    lines = [str(row.name).split(" ", 1) for section in sections for row in section.rows]
    return sorted({path for its_method, path in lines if its_method == method})


SCENARIO = ScenarioName()
ACCOUNT = AccountName()
CALL_PATH = CallPath()
