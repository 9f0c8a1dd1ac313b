"""`mockexchange verify server`, against a mock, against nothing, and against what is no such server."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from xml.etree.ElementTree import parse

import pytest
from click.testing import Result

from mockexchange.cli.server_connection import Server
from mockexchange.runtime import api_documents
from tests.cli.conftest import Cli
from tests.helpers.patience import PATIENCE_S
from tests.helpers.ports import closed_port
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment, served, unmeasured

FEW = ("--only", "reads.answered", "--only", "routes.unknown")


class Judged(NamedTuple):
    """A mock of one date, and the key of one of its accounts."""

    url: str
    key_id: str
    key: Path

    @property
    def options(self) -> tuple[str, ...]:
        return ("--url", self.url, "--key-id", self.key_id, "--key", str(self.key))


def opened(server: Server, folder: Path, **wanted: Any) -> Judged:
    made: dict[str, Any] = server.ask("POST", "sandboxes", {"scenario": "demo", "port": 0, **wanted})
    account = made["accounts"][0]
    key = folder / f"{made['id']}.pem"
    key.write_text(account["private_key_pem"])
    return Judged(made["base_url"], account["key_id"], key)


@pytest.fixture(scope="module")
def mock(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return opened(server, tmp_path_factory.mktemp("keys"), api_date="latest")


def judge(cli: Cli, mock: Judged, *more: str, code: int = 0) -> Result:
    return cli("verify", "server", *mock.options, *more, code=code)


def refused(cli: Cli, *options: str) -> str:
    """The one line that says why nothing can be judged."""
    result = cli("verify", "server", *options, code=2)
    (line,) = result.stderr.splitlines()
    assert result.stdout == ""
    return line.removeprefix("mockexchange verify server: ")


def test_a_mock_keeps_what_it_promises(cli: Cli, mock: Judged) -> None:
    result = judge(cli, mock, *FEW)
    assert result.stdout.rstrip().splitlines()[-1].split(", ")[1] == "0 broken"
    (counts,) = [line.split() for line in result.stdout.splitlines() if line.startswith("routes.unknown")]
    assert counts[2:4] == ["-", "-"]
    assert result.stderr.splitlines() == [f"{mock.url} as of 2026-10", "rules beyond the document's schemas ..."]


def test_prefix_and_slash_may_be_left_out(cli: Cli, mock: Judged) -> None:
    for url in (f"{mock.url}/", mock.url.removesuffix("/trade-api/v2")):
        judge(cli, mock._replace(url=url), "--only", "routes.*")


def test_what_needs_another_key_is_not_judged_and_alone_it_is_no_success(cli: Cli, mock: Judged) -> None:
    result = judge(cli, mock, "--only", "keys.restricted_book", code=2)
    assert "Not judged:" in result.stdout
    assert "--role restricted=" in result.stdout
    assert "0 kept, 0 broken" in result.stdout


def test_a_further_key_lets_more_be_judged(cli: Cli, mock: Judged, server: Server, tmp_path: Path) -> None:
    key_id, key = opened(server, tmp_path, scenario="fcm")[1:]
    wrong = refused(cli, *mock.options, "--role", f"fcm={key_id}:{key}")
    assert wrong.startswith(f"the key {key_id} (fcm) was refused: 401 ")
    again = judge(cli, mock, "--role", f"other={mock.key_id}:{mock.key}", "--only", "routes.*")
    assert f"other {mock.key_id}" in again.stdout


def test_a_mock_is_judged_by_the_date_that_it_speaks(cli: Cli, server: Server, tmp_path: Path) -> None:
    for date in ("compat", "2025-11"):
        mock = opened(server, tmp_path, api_date=date)
        result = judge(cli, mock, "--only", "reads.answered")
        assert f"{mock.url} as of {date}" in result.stderr.splitlines()
        assert "warning" not in result.stderr
    undocumented = opened(server, tmp_path, api_date="2026-05-15")
    why = refused(cli, *undocumented.options)
    assert why.startswith("this mock speaks 2026-05-15, which has no contract document: expected 2025-11, 2025-12,")
    judge(cli, undocumented, "--only", "routes.*", "--api-date", "2026-04")


def test_a_date_that_is_given_is_told_apart_from_the_mock_s(cli: Cli, server: Server, tmp_path: Path) -> None:
    old = opened(server, tmp_path, api_date="2025-11")
    result = judge(cli, old, "--only", "reads.answered", "--api-date", "latest", code=1)
    assert "warning: this mock speaks 2025-11-03 and is judged as of 2026-10" in result.stderr
    assert "broken reads.answered GetPositions: body" in result.stderr
    assert "contracts/kalshi/2026-10/openapi.yaml#/paths/~1portfolio~1positions/get/responses/200" in result.stdout


def test_the_example_of_the_help_finds_nothing_at_a_server_of_no_options(cli: Cli, tmp_path: Path) -> None:
    with served(tmp_path, sys.executable, "-m", "mockexchange", "serve") as ready:
        account = ready["accounts"][0]
        origin = ready["control_url"].removesuffix("/_mock")
        example = ("--url", origin, "--key-id", account["key_id"], "--key", account["private_key_path"])
        result = cli("verify", "server", *example, "--fast")
    assert " as of compat\n" in result.stderr
    assert ", 0 broken, " in result.stdout
    assert "warning" not in result.stderr


@pytest.mark.parametrize(("venue", "rules"), [("deribit", "positions.*"), ("signalplus", "positions.*")])
def test_a_mock_of_another_venue_keeps_what_it_promises(
    venue: str, rules: str, cli: Cli, server: Server, tmp_path: Path
) -> None:
    wanted = {"scenario": venue, "port": 0, "clock": "paused"}
    made: dict[str, Any] = server.ask("POST", "sandboxes", wanted)
    account = made["accounts"][0]
    key = tmp_path / "secret"
    key.write_text(account["secret"])
    options = ("--venue", venue, "--url", made["venues"][venue]["base_url"], "--key-id", account["key_id"])
    result = cli("verify", "server", *options, "--key", str(key), "--api-date", "compat", "--only", rules, code=0)
    assert ", 0 broken, " in result.stdout
    assert "a read-only run" not in result.stdout
    key.write_text("c2VjcmV0")
    why = refused(cli, *options, "--key", str(key))
    assert why.startswith(f"the key {account['key_id']} (member) was refused: 40")


def test_an_api_date_is_one_of_the_venue(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    options = ("--venue", "deribit", "--url", "http://127.0.0.1:1", "--key-id", "a", "--key", str(tmp_path / "secret"))
    line = refused(cli, *options, "--api-date", "2025-01-01x")
    assert "no contract document of '2025-01-01x': expected latest, 2026-10, compat" in line


def test_reports_are_written(cli: Cli, mock: Judged, tmp_path: Path) -> None:
    junit, html = tmp_path / "report.xml", tmp_path / "report.html"
    judge(cli, mock, *FEW, "--skip", "routes.*", "--report", f"junit:{junit}", "--report", f"html:{html}")
    root = parse(junit).getroot()
    assert [suite.get("name") for suite in root] == ["reads.answered"]
    assert root.get("failures") == "0"
    assert "reads.answered" in html.read_text()


def test_where_a_report_cannot_be_written_is_found_before_the_run(cli: Cli, tmp_path: Path) -> None:
    line = refused(cli, "--url", "http://127.0.0.1:1", "--key-id", "a", "--key", "b", "--report", f"pdf:{tmp_path}/x")
    expected = "expected junit:FILE or html:FILE or github:FILE or mock:NAME"
    assert line == f"Invalid value for '--report': {expected}, got 'pdf:{tmp_path}/x'"


def test_a_report_that_cannot_be_written_after_all_is_no_verdict(
    cli: Cli, mock: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mockexchange.cli.report_option.write_report", full)
    result = judge(cli, mock, "--only", "routes.*", "--report", f"html:{tmp_path}/x.html", code=2)
    assert result.stderr.splitlines()[-1].endswith("x.html cannot be written: No space left on device")


def test_a_wrong_key_is_refused_with_the_reason(cli: Cli, mock: Judged) -> None:
    line = refused(cli, *mock._replace(key_id="nobody").options)
    assert line.startswith("the key nobody (member) was refused: 401 ")
    assert 'no key has the id "nobody"' in line


def test_a_text_file_is_no_key(cli: Cli, mock: Judged, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("my notes")
    line = refused(cli, *mock._replace(key=tmp_path / "notes.txt").options)
    assert line.startswith(f"--key: {tmp_path}/notes.txt: no key: expected a private key in PEM")


def test_a_port_without_tls_is_said_so(cli: Cli, mock: Judged) -> None:
    line = refused(cli, *mock._replace(url=mock.url.replace("http:", "https:")).options)
    assert "no connection: [SSL: WRONG_VERSION_NUMBER]" in line
    assert line.endswith(": is it http?")


def test_a_name_that_nothing_is_asked_for_by_is_refused(cli: Cli, mock: Judged) -> None:
    said = "--name {}: nothing is asked for by that name: {}"
    line = refused(cli, *mock.options, "--name", "subtrader=fcm7_st1")
    assert line == said.format("subtrader", "did you mean subtrader_id?")
    assert refused(cli, *mock.options, "--name", "foo=1").startswith(said.format("foo", "there are api_key, "))


def test_the_key_of_an_fcm_with_subtraders_is_accepted(cli: Cli, server: Server, tmp_path: Path) -> None:
    made: dict[str, Any] = server.ask("POST", "sandboxes", {"scenario": "demo", "port": 0, "api_date": "latest"})
    accounts = {account["name"]: account for account in made["accounts"]}
    for name in ("alice", "desk"):
        (tmp_path / f"{name}.pem").write_text(accounts[name]["private_key_pem"])
    mock = Judged(made["base_url"], accounts["alice"]["key_id"], tmp_path / "alice.pem")
    desk = f"fcm={accounts['desk']['key_id']}:{tmp_path}/desk.pem"
    judged = judge(cli, mock, "--role", desk, "--only", "keys.unheard_of_subtrader")
    assert judged.stdout.rstrip().endswith("4 kept, 0 broken, 0 not judged")


def test_orders_are_placed_and_canceled_again(cli: Cli, mock: Judged) -> None:
    judged = judge(cli, mock, "--writes", "--only", "orders.read_back", "--only", "orders.counts")
    assert judged.stdout.rstrip().endswith("2 kept, 0 broken, 0 not judged")
    resting = judge(cli, mock, "--only", "orders.counts", code=2)
    assert "it places orders: --writes allows that" in resting.stdout


def test_a_dead_port_is_said_so(cli: Cli, mock: Judged) -> None:
    with closed_port() as port:
        line = refused(cli, *mock._replace(url=f"http://127.0.0.1:{port}").options)
    assert line == f"http://127.0.0.1:{port}/trade-api/v2: no connection: [Errno 111] Connection refused"


def test_a_server_that_hangs_is_given_up(cli: Cli, mock: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.kit.server.throttled_transport.ANSWER_S_MAX", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = refused(cli, *mock._replace(url=f"http://127.0.0.1:{silent.getsockname()[1]}").options)
    assert line.endswith(": connected, but got no answer: no answer within 0.2 s")


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as httpd:
        thread = Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def test_another_kind_of_server_is_said_so(cli: Cli, mock: Judged, tmp_path: Path) -> None:
    with web_server(tmp_path) as url:
        line = refused(cli, *mock._replace(url=url).options)
    at = f"{url}/trade-api/v2/portfolio/positions"
    assert line == f"{at} answers with a web page (Error response): another server listens there"


PRODUCTION = "https://api.elections.kalshi.com"
REFUSALS = [
    (("--url", "mock:1"), "--url: expected a URL such as https://example.com/trade-api/v2, got 'mock:1'"),
    (("--ws", "http://x"), "--ws: expected a URL such as wss://example.com/trade-api/ws/v2, got 'http://x'"),
    (("--url", PRODUCTION), "api.elections.kalshi.com is a production host: judge the venue's demo, or add "),
    (("--production-read-only", "--allow-writes"), "--production-read-only and --allow-writes exclude each other"),
    (("--production-read-only", "--writes"), "--production-read-only and --writes exclude each other"),
    (("--url", PRODUCTION, "--writes"), "api.elections.kalshi.com is a production host: judge the venue's demo, or "),
    (("--ws", "wss://api.elections.kalshi.com/x"), "api.elections.kalshi.com is a production host: judge the venue's"),
    (("--only", "page"), "--only page: no such rule: did you mean 'pages.*'?"),
    (("--only", "pages.*", "--skip", "pages.*"), "no rule is left to judge: --skip names every rule that --only does"),
    (("--api-date", "soon"), "Invalid value for '--api-date': no contract document of 'soon': expected latest, "),
    (("--rate", "fast"), "Invalid value for '--rate': expected requests a second such as 5 or 0.5/s, or none, "),
    (("--rate", "0"), "Invalid value for '--rate': expected requests a second "),
    (("--role", "boss=a:b"), "Invalid value for '--role': expected ROLE=KEY_ID:FILE with a role of fcm, "),
    (("--name", "x"), "Invalid value for '--name': expected NAME=VALUE, such as subtrader_id=abc, got 'x'"),
    (("--listen", "0"), "Invalid value for '--listen': 0.0 is not in the range 1<=x<=3600."),
]


@pytest.mark.parametrize(("options", "line"), REFUSALS, ids=[" ".join(options) for options, _ in REFUSALS])
def test_a_misuse_is_refused_before_anything_is_sent(
    options: tuple[str, ...], line: str, cli: Cli, mock: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockexchange.cli.commands.verify_server.ServerRun", lambda *given: pytest.fail("it ran"))
    assert refused(cli, *mock.options, *options).startswith(line)


@pytest.mark.parametrize(
    ("options", "rate_per_s"),
    [
        (("--url", "http://10.0.0.1"), 5.0),
        (("--url", "http://10.0.0.1", "--rate", "none"), 0.0),
        (("--rate", "0.5/s"), 0.5),
        ((), 0.0),
    ],
)
def test_somebody_elses_server_is_asked_slowly(
    options: tuple[str, ...], rate_per_s: float, cli: Cli, mock: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(settings: Any, watcher: object) -> None:
        assert settings.rate_per_s == rate_per_s
        assert not settings.may_write
        raise OSError("seen")

    monkeypatch.setattr("mockexchange.cli.commands.verify_server.ServerRun", stop)
    assert cli("verify", "server", *mock.options, *options, code=1).stderr == "mockexchange: seen\n"


def test_a_document_that_does_not_parse_is_said_so(
    cli: Cli, mock: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "kalshi" / "2026-10"
    broken.mkdir(parents=True)
    (broken / "openapi.yaml").write_text("openapi: [")
    api_documents.versions_of("kalshi")  # they are kept for the process: of the package's own documents
    monkeypatch.setattr("mockexchange.runtime.api_documents.directory", lambda: tmp_path)
    line = refused(cli, *mock.options)
    assert line.startswith("the contract documents of 2026-10 cannot be read: while parsing a flow node ")
    assert "openapi.yaml" in line


def test_ctrl_c_before_the_beginning_is_a_line(cli: Cli, mock: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(run: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mockexchange.cli.commands.verify_server.ServerRun.prepare", interrupt)
    assert refused(cli, *mock.options) == "interrupted before anything was judged"


@each_row(
    ("rules", "stage"),
    [
        ("schemathesis.*", "requests made up from the document ..."),
        ("stream.*", "the stream ..."),
        ("[a-p]*.*", "rules beyond the document's schemas ..."),
    ],
)
def test_ctrl_c_reports_what_was_judged_so_far(rules: str, stage: str, mock: Judged, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    words = ["verify", "server", *mock.options, "--only", rules, "--report", f"junit:{junit}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mockexchange", *words],
        env=unmeasured(clean_environment(tmp_path)) | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert f"{stage}\n" in iter(process.stderr.readline, "")
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaint) == (2, ""), complaint
    assert "The run ended before its end: it was interrupted" in said
    (error,) = parse(junit).getroot().findall("testsuite[@name='the run']/testcase/error")
    assert error.get("message") == "it was interrupted"
