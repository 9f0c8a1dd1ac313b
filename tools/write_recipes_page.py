"""Write docs/recipes.md from the venues' client_variables.py: how to configure each published client."""

import re
from collections.abc import Iterator

from mockexchange.clients.published import CLIENTS, GENERIC
from mockexchange.venues.client_setup import PublishedClient
from tools.client_orders import FIRST_GENERATION_DATE, ORDER_PROGRAMS
from tools.pages import DOCS, with_parts

TARGET = DOCS / "recipes.md"
VENUES = {"kalshi": "Kalshi", "deribit": "Deribit", "signalplus": "SignalPlus"}
ACCOUNTS = {"kalshi": "", "deribit": " --account dora"}
"""The option that exports the variables of a venue's account in the page's scenario."""
DETAILS = {
    "ccxt": "deribit.md#ccxt",
    "typed-deribit": "deribit.md#typed-deribit",
    "pykalshi": "clients.md#pykalshi",
    "pykalshi-client": "clients.md#pykalshi-client",
    "kalshi-sdk": "clients.md#kalshi-sdk",
    "kalshi-python-sync": "clients.md#kalshi-python-sync",
    "kalshi-python-async": "clients.md#kalshi-python-async",
    "kyro": "clients.md#kyro",
}
"""Pages with whole programs and peculiarities of a client."""
FIRST_GENERATION = f"of the first generation: `--api-date {FIRST_GENERATION_DATE}`, or any date before 2026-06-18"
WORDS = re.compile(r"\{(\w+)\}")


def render(page: str) -> str:
    """Return the page with the recipes of the table of clients."""
    return with_parts(page, {"recipes": recipes()})


def recipes() -> Iterator[str]:
    for name, client in CLIENTS.items():
        if name != GENERIC:
            yield from _recipe(name, client)


def _recipe(name: str, client: PublishedClient) -> Iterator[str]:
    yield f"\n### {name}\n\n{VENUES[client.venue]}; version {client.version}. {_keys(client)}"
    if client.unpointed:
        without = f"without the lines below it calls the real exchange, and `--client {name}` exports nothing"
        yield f"\nIt {client.unpointed}: {without}."
    option = ACCOUNTS[client.venue] if client.unpointed else f" --client {name}"
    yield f'\n```sh\neval "$(mockexchange env{option})"\n```'
    if not client.unpointed:
        variables = ", ".join(f"`{variable}`" for variable in client.exports)
        unset = ", ".join(f"`{variable}`" for variable in client.unset)
        yield f"\nsets {variables}" + (f", and unsets {unset}." if unset else ".") + " Then:"
    code = IMPORTS.sub(r"\g<0>\n", "\n".join(client.code), count=1)
    yield f"\n```{_language(code)}\n{code}\n```"
    yield from _order(name)
    if name in DETAILS:
        yield f"\n[More about {name}]({DETAILS[name]})."


def _order(name: str) -> Iterator[str]:
    """Return the program of a client that places an order, or that it has none of today."""
    program = ORDER_PROGRAMS.get(name)
    if program is None:
        yield f"\nIts orders are {FIRST_GENERATION}."
        return
    dated = f", which is {FIRST_GENERATION}" if program.api_date else ""
    yield f"\nA program that places an order{dated}:"
    yield f"\n```{_language(program.code)}\n{program.code.rstrip()}\n```"


def _keys(client: PublishedClient) -> str:
    if client.venue != "kalshi":
        return "A key id and a secret."
    return "RSA keys alone." if client.is_rsa_only else "RSA and Ed25519 keys."


IMPORTS = re.compile(r"\A(?:(?:from|import) .*\n)+(?!from |import )")
"""Statements that a formatter follows with an empty line."""


def _language(code: str) -> str:
    return "typescript" if code.startswith("const ") else "py"


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
