"""Every read of kalshi-python-sync, whose calls have the names of the operations."""

from collections.abc import Iterator
from typing import Any

from contracts.clients.official import READ_PREFIXES, VARIANT_SUFFIXES, connect, sdk
from contracts.clients.reads import Call, serve_reads

PREFIXES = (*READ_PREFIXES, "batch_get_")
TEXTS = ("market_tickers",)
"""Lists that this client takes as one text."""


def operations() -> Iterator[tuple[str, Call]]:
    """Yield the reads of all parts of the client, by the operation's id in lower case."""
    for part in (getattr(sdk, name) for name in dir(sdk) if name.endswith("Api")):
        for name in dir(part):
            if name.startswith(PREFIXES) and not name.endswith(VARIANT_SUFFIXES):
                yield name.replace("_", ""), _call(name)


def _call(name: str) -> Call:
    def call(client: Any, **arguments: Any) -> Any:
        given = {key: ",".join(value) if key in TEXTS else value for key, value in arguments.items()}
        return getattr(client, name)(**given)

    return call


if __name__ == "__main__":
    serve_reads(connect, dict(operations()))
