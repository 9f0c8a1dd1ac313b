"""`console`: the URL with the token behind a #, opened or printed."""

import webbrowser

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.server_connection import Server
from tests.cli.conftest import Cli


def test_the_url_is_printed_with_its_token_in_the_fragment(cli: Cli, server: Server, sandbox: str) -> None:
    url = cli("console", "--print", "--sandbox", sandbox).stdout.strip()
    page, _, fragment = url.partition("#")
    assert page == f"{server.ready['control_url']}/console/"
    assert fragment == f"token={server.ready['control_token']}&/s/{sandbox}/requests"
    assert "no sandbox" in cli("console", "--print", "--sandbox", "nobody", code=1).stderr


@pytest.mark.parametrize("is_opened", [True, False])
def test_a_browser_is_started(server: Server, monkeypatch: pytest.MonkeyPatch, is_opened: bool) -> None:
    opened: list[str] = []

    def start(url: str) -> bool:
        opened.append(url)
        return is_opened

    monkeypatch.setattr(webbrowser, "open", start)
    result = CliRunner().invoke(main, ["console", "--ready-file", str(server.ready_file)])
    assert (result.exit_code, "#token=" in opened[0]) == (0 if is_opened else 1, True)
    assert server.ready["control_token"] not in result.output
    assert ("opened http" if is_opened else "console --print") in result.output
