"""Defines the program `mockexchange`, the command line. Its commands are in commands/."""

import click

from mockexchange.cli.click_base import COLUMNS_MAX, PREFIX, Program, allowed_colour
from mockexchange.cli.commands import SECTIONS
from mockexchange.version import __version__


@click.group(
    cls=Program,
    sections=SECTIONS,
    invoke_without_command=True,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": PREFIX,
        "max_content_width": COLUMNS_MAX,
    },
)
@click.version_option(__version__, prog_name="mockexchange")
@click.pass_context
def main(context: click.Context) -> None:
    """An exchange you own: the private account API of a real exchange, on your machine.

    The help of each option names the environment variable that sets it, too. Bad arguments end with exit code 2.
    """
    context.color = allowed_colour()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
