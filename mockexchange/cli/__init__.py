"""The command line. Each module holds the commands of one subject."""

import click

from mockexchange.cli.click_base import PREFIX, Program
from mockexchange.version import __version__

COMMAND_MODULES = {
    "serve": "serve",
    "env": "env",
    "call": "call",
    "do": "do",
    "script": "script",
    "fault": "fault",
    "stub": "stub",
    "advance": "advance",
    "journal": "journal",
    "why": "journal",
    "watch": "watch",
    "wait": "wait",
    "log": "log",
    "keys": "keys",
    "explain": "explain",
    "scenario": "scenario",
    "api": "api",
    "replay": "replay",
    "verify": "verify",
    "run": "run",
    "doctor": "doctor",
    "completion": "completion",
}
"""Command to module, in the order of `--help`; in its module a command goes by its own name."""


@click.group(
    cls=Program,
    places=COMMAND_MODULES,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": PREFIX},
)
@click.version_option(__version__, prog_name="mockexchange")
@click.pass_context
def main(context: click.Context) -> None:
    """An exchange you own: the private account API of a real exchange, on your machine.

    What every option also reads from the environment stands beside it. Bad arguments end with exit code 2.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
