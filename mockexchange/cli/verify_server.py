"""`mockexchange verify server`."""

import click


@click.command()
def server() -> None:
    """Judge a server."""
