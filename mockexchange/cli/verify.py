"""`mockexchange verify`: does a server, or a client, keep the documented contract?"""

import importlib.util
from typing import Any

import click

from mockexchange.cli.click_base import Commands, Misuse

PLACES = {"server": "verify_server", "client": "verify_client"}
LIBRARIES = ("httpx", "hypothesis", "jsonschema_rs", "schemathesis")


class Verifications(click.Group):
    """The commands below `verify`, each loaded when it is asked for."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.commands = Commands(PLACES)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PLACES:
            return None
        require_kit()
        return self.commands[cmd_name]


def require_kit() -> None:
    """Raise Misuse where the extra's libraries are not installed."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise Misuse(f"{', '.join(missing)} not installed: pip install 'mockexchange[kit]'")


@click.group(cls=Verifications)
def verify() -> None:
    """Prove that a server or a client keeps the documented contract.

    Exit codes: 0 kept, 1 broken, 2 could not judge.
    """
