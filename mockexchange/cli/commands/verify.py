"""Defines `mockexchange verify`, which checks that a server or a client keeps the documented contract."""

from typing import Any

import click

from mockexchange.cli.click_base import CommandEntry, Group, LazyCommands, UsageFailure, missing_kit, write_commands

ENTRIES = {
    "server": CommandEntry("verify_server", "Check a server: does it keep the documented contract?"),
    "client": CommandEntry(
        "verify_client", "Check a client: does it keep the documented contract, and can it cope with faults?"
    ),
}


class VerifyGroup(Group):
    """The group of `verify server` and `verify client`, each imported when it is first used."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.commands = LazyCommands({name: entry.module for name, entry in ENTRIES.items()})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ENTRIES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table of summaries, which needs none of the libraries."""
        write_commands(formatter, [(name, entry.summary) for name, entry in ENTRIES.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ENTRIES:
            return None
        require_kit()
        return self.commands[cmd_name]


def require_kit() -> None:
    """Raise UsageFailure, with the install command, if the libraries of the extra `kit` are missing."""
    if reason := missing_kit():
        raise UsageFailure(reason)


@click.group(cls=VerifyGroup)
def verify() -> None:
    """Prove that a server or a client keeps the documented contract.

    Exit codes: 0 kept, 1 broken, 2 could not judge.
    """
