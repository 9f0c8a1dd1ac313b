"""`mockexchange verify client`."""

import click


@click.command()
def client() -> None:
    """Judge a client."""
