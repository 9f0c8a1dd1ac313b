"""`serve --replica`: what it needs, and what it excludes."""

import click
import pytest

from mockexchange.cli import main
from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.serve.options import require_replica_possible
from mockexchange.server.replicas.peers import Address
from tests.helpers.rows import each_row

STORE = ("--store", "postgresql://a@b/c")
TOKEN = ("--token", "t")
OWN = Address("mock1", 8601)


def require(*arguments: str) -> None:
    """Judge a command line."""
    parent = click.Context(main, **main.context_settings)  # a command keeps the names of its first context's --help
    command = main.get_command(parent, "serve")
    assert command is not None
    context = command.make_context("serve", list(arguments), parent=parent)
    require_replica_possible(context, context.params["store"])


def test_what_is_possible_is_not_refused() -> None:
    require("--replica", str(OWN), *STORE, *TOKEN)
    require("--replica", str(OWN), *STORE, *TOKEN, "--reads", "any")
    require("--reload")


def test_reads_of_one_server_are_strict() -> None:
    with pytest.raises(UsageFailure, match="--reads session is for servers with --replica"):
        require("--workers", "2", "--reads", "session")


@each_row(
    ("arguments", "message"),
    [
        (TOKEN, "give --store postgresql://USER@HOST/DATABASE"),
        (("--store", "sqlite:mock.db", *TOKEN), "give --store postgresql://USER@HOST/DATABASE"),
        (STORE, "needs --token: all servers of a database have the same one"),
        ((*STORE, *TOKEN, "--tls", "--workers", "2"), "--workers, --tls exclude each other"),
        ((*STORE, *TOKEN, "--reload", "--control-port", "0"), "--reload, --control-port exclude each other"),
    ],
)
def test_what_is_not_possible_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageFailure, match=message) as refused:
        require("--replica", str(OWN), *arguments)
    assert str(refused.value).startswith("--replica mock1:8601 ")


def test_windows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(UsageFailure, match="Windows"):
        require("--replica", str(OWN), *STORE, *TOKEN)


@each_row(
    ("text", "address"),
    [("mock1:8601", OWN), ("[::1]:1", Address("::1", 1)), ("10.0.0.1:65535", Address("10.0.0.1", 65_535))],
)
def test_addresses_are_read(text: str, address: Address) -> None:
    assert (Address.read(text), str(address)) == (address, text)


@each_row("text", ["", "mock1", "mock1:", ":8601", "mock1:0", "mock1:65536", "mock1:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST:PORT, such as mock1:8601, got"):
        Address.read(text)
