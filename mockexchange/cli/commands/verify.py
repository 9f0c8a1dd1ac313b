"""Defines `mockexchange verify`, which checks that a server or a client keeps the documented contract."""

from typing import Any

import click

from mockexchange.cli.click_base import LazyCommands, UsageFailure
from mockexchange.cli.help_page import Group
from mockexchange.cli.kit_libraries import missing_kit

COMMAND_MODULES = {"server": "verify_server", "client": "verify_client"}


class VerifyGroup(Group):
    """The group of `verify server` and `verify client`, each imported when it is first used."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.commands = LazyCommands(COMMAND_MODULES)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMAND_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMAND_MODULES:
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
