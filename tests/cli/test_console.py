"""`console`: the URL with a code behind a #, opened or printed."""

import webbrowser

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.click_base import Failure
from mockexchange.cli.server_connection import Server
from tests.cli.conftest import Cli


def test_the_url_is_printed_with_a_code_that_stands_for_the_token(cli: Cli, server: Server, sandbox: str) -> None:
    printed = cli("console", "--print", "--sandbox", sandbox)
    page, _, fragment = printed.stdout.strip().partition("#code=")
    assert page == f"{server.ready['control_url']}/console/"
    code, _, place = fragment.partition("&")
    assert (place, "once, within 5 minutes" in printed.stderr) == (f"/s/{sandbox}/requests", True)
    assert server.ask("POST", "console/token", {"code": code}) == {"token": server.ready["control_token"]}
    with pytest.raises(Failure, match="opens the console once: `mockexchange console` opens another one"):
        server.ask("POST", "console/token", {"code": code})
    assert "no sandbox" in cli("console", "--print", "--sandbox", "nobody", code=1).stderr


@pytest.mark.parametrize("is_opened", [True, False])
def test_a_browser_is_started(server: Server, monkeypatch: pytest.MonkeyPatch, is_opened: bool) -> None:
    opened: list[str] = []

    def start(url: str) -> bool:
        opened.append(url)
        return is_opened

    monkeypatch.setattr(webbrowser, "open", start)
    result = CliRunner().invoke(main, ["console", "--ready-file", str(server.ready_file)])
    assert (result.exit_code, "#code=" in opened[0]) == (0 if is_opened else 1, True)
    assert server.ready["control_token"] not in result.output + opened[0]
    assert ("opened http" if is_opened else "console --print") in result.output
