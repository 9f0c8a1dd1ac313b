"""Whole runs: what the program finds, what it cannot reach, and what is known of it afterwards."""

import asyncio
import os
import signal
import textwrap
from pathlib import Path
from unittest.mock import Mock

import pytest

from mockexchange.api.serve import serve
from mockexchange.clients.published import UnusableAccount
from mockexchange.emulation.child_process import CannotStart
from mockexchange.emulation.run import DEMO, REFUSE, RunSettings, _followed, run
from mockexchange.emulation.summary import lines_of, run_checks
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.registry import DEFAULT
from tests.emulation.programs import ran
from tests.helpers.rows import each_row

STATUS = "trade-api/v2/exchange/status"
HERE = 'ask(os.environ["KALSHI_API_BASE_URL"] + "/exchange/status")'


def test_a_program_is_pointed_here() -> None:
    found = ran(f"sys.exit(0 if {HERE} == 200 else 1)")
    assert (found.code, found.exit_code, found.dials, found.guarded) == (0, 0, [], {"python"})
    assert [(entry.path, entry.status) for entry in found.requests] == [(f"/{STATUS}", 200)]


def test_its_exit_code_is_kept() -> None:
    assert ran("sys.exit(9)").exit_code == 9


def test_under_demo_its_demo_answers() -> None:
    found = ran(f'sys.exit(ask("https://demo-api.kalshi.co/{STATUS}") != 200)', mode=DEMO)
    assert (found.code, [entry.status for entry in found.requests]) == (0, [200])


def test_what_the_user_has_of_a_venue_is_gone() -> None:
    own = {"KALSHI_API_KEY_ID": "real", "KALSHI_PRIVATE_KEY": "real", "DERIBIT_CLIENT_SECRET": "real", "MINE": "yes"}
    own["KALSHI_MAX_POSITION"] = "5"
    source = """
        assert (os.environ["MINE"], os.environ["KALSHI_MAX_POSITION"]) == ("yes", "5")
        assert "BEGIN" in os.environ["KALSHI_PRIVATE_KEY"]
        assert "real" not in os.environ.values(), os.environ
        assert os.path.exists(os.environ["KALSHI_PRIVATE_KEY_PATH"])
    """
    assert ran(source, environment=own).code == 0
    assert ran(source, environment=own, mode=DEMO).code == 0


def test_the_users_env_file_brings_no_key_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that loads it fills in what its environment lacks."""
    monkeypatch.chdir(tmp_path)
    key = "-----BEGIN PRIVATE KEY-----\nreal\n-----END PRIVATE KEY-----"
    text = f"# mine\nexport KALSHI_BOT_KEY_ID=real # x\nKALSHI_BOT_PEM='{key}'\nKALSHI_LIMIT=5\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    source = """
        assert os.environ["KALSHI_BOT_KEY_ID"] == os.environ["KALSHI_API_KEY_ID"]
        assert os.environ["KALSHI_BOT_PEM"] == open(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read()
        assert "KALSHI_LIMIT" not in os.environ
    """
    found = ran(source)
    assert (found.code, found.changed) == (0, "replaced KALSHI_BOT_KEY_ID, KALSHI_BOT_PEM")


SANDBOX = """
    def control(method, path, **body):
        url = os.environ["MOCKEXCHANGE_URL"] + "/_mock" + path
        request = urllib.request.Request(url, json.dumps(body).encode() if body else None, method=method)
        request.add_header("Authorization", "Bearer " + os.environ["MOCKEXCHANGE_TOKEN"])
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")
    made = control("POST", "/sandboxes", name="own", scenario="demo", port=0)
    assert ask(made["venues"]["kalshi"]["base_url"] + "/exchange/status") == 200
"""


def test_requests_to_sandboxes_of_the_program_are_counted(tmp_path: Path) -> None:
    for ending in ("", 'control("DELETE", "/sandboxes/own")', 'control("POST", "/sandboxes/own/reset")'):
        found = ran(f"{textwrap.dedent(SANDBOX)}\n{ending}")
        assert (found.code, found.requests, found.elsewhere) == (0, [], 1)
        (line,) = lines_of(found)
        assert line.startswith("0 requests, 1 request to sandboxes of its own in ")
        assert [check.rule for check in run_checks(found) if check.broken] == []


def test_the_control_api_is_known_to_the_program() -> None:
    source = """
        request = urllib.request.Request(os.environ["MOCKEXCHANGE_URL"] + "/_mock/sandboxes/default/journal")
        request.add_header("Authorization", "Bearer " + os.environ["MOCKEXCHANGE_TOKEN"])
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer) == []
    """
    found = ran(source)
    assert (found.code, found.requests) == (0, [])


def test_the_ready_file_is_this_exchange_s_and_goes_with_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    source = f"""
        path = os.environ["MOCKEXCHANGE_READY_FILE"]
        ready = json.load(open(path))
        assert ready["control_url"] == os.environ["MOCKEXCHANGE_URL"] + "/_mock"
        assert ready["control_token"] == os.environ["MOCKEXCHANGE_TOKEN"]
        assert ready["venues"]["kalshi"]["base_url"] == os.environ["KALSHI_API_BASE_URL"]
        assert ready["accounts"][0]["private_key_path"] == os.environ["KALSHI_PRIVATE_KEY_PATH"]
        open({str(told)!r}, "w").write(path)
    """
    assert ran(source).code == 0
    assert not Path(told.read_text(encoding="utf-8")).exists()


def test_one_that_dials_a_real_venue_is_stopped() -> None:
    found = ran('ask("https://api.elections.kalshi.com/")', mode=DEMO)
    assert (found.exit_code, found.code, found.was_ended) == (3, 1, False)
    assert [(dial.host, dial.kind) for dial in found.dials] == [("api.elections.kalshi.com", "production")]


def test_and_a_demo_is_one_where_none_is_asked_for() -> None:
    found = ran('ask("https://demo-api.kalshi.co/")')
    assert (found.exit_code, [dial.kind for dial in found.dials]) == (3, ["demo"])


FOR_EVER = """
    import threading
    while True:
        try:
            ask("https://www.deribit.com/")
        except BaseException:
            threading.Event().wait(0.05)
"""


def test_one_that_tries_for_ever_is_ended() -> None:
    found = ran(FOR_EVER, patience_s=0.2)
    assert (found.exit_code, found.code, found.was_ended) == (3, 128 + signal.SIGTERM, True)
    assert {dial.host for dial in found.dials} == {"www.deribit.com"}


def test_a_suite_may_go_on_to_its_summary() -> None:
    source = """
        for host in ("www.deribit.com", "api.elections.kalshi.com"):
            try:
                ask(f"https://{host}/")
            except BaseException:
                pass
        import select
        select.select([], [], [], 0.2)
    """
    found = ran(source, patience_s=0.0, on_real_host=REFUSE)
    assert (found.exit_code, found.code, found.was_ended) == (3, 0, False)
    assert [dial.host for dial in found.dials] == ["www.deribit.com", "api.elections.kalshi.com"]


def test_a_program_that_ends_well_all_the_same_does_not_pass() -> None:
    source = """
        try:
            ask("https://www.deribit.com/")
        except BaseException:
            pass
    """
    found = ran(source)
    assert (found.code, found.exit_code) == (0, 3)


def test_a_program_that_is_no_python_finds_the_proxy() -> None:
    settings = RunSettings(
        command=[
            "sh",
            "-c",
            'curl -s -o /dev/null https://api.elections.kalshi.com/; curl -s "$0"',
            f"https://demo-api.kalshi.co/{STATUS}",
        ],
        environment=os.environ,
        mode=DEMO,
        api_date=DEFAULT.api_date("latest"),
        patience_s=5,
    )
    found = asyncio.run(run(settings))
    assert [dial.host for dial in found.dials] == ["api.elections.kalshi.com"]
    assert [entry.path for entry in found.requests] == [f"/{STATUS}"]
    assert (found.guarded, found.proxied) == (set(), 2)


def test_a_program_that_goes_past_the_proxy_is_known_to_have_done_so() -> None:
    command = ["sh", "-c", 'curl -s "$KALSHI_API_BASE_URL/exchange/status"']
    found = asyncio.run(run(RunSettings(command=command, environment=os.environ, api_date=DEFAULT.api_date("latest"))))
    assert (len(found.requests), found.guarded, found.proxied) == (1, set(), 0)


CURL_TWICE = """
    ask() { curl -s --noproxy "" -o /dev/null -w "%{http_code} " "$@"; }
    { ask "$0"; ask --proxy "http://${http_proxy#*@}" "$0"; } > "$1"
"""


def test_others_are_let_through_for_the_program_and_for_nobody_else(tmp_path: Path) -> None:
    """By curl, which finds the user of the proxy in its URL; and without it."""
    with serve() as other:
        command = [
            "sh",
            "-c",
            CURL_TWICE,
            f"{other.base_url}/exchange/status",
            str(tmp_path / "said"),
        ]
        settings = RunSettings(command=command, environment=os.environ, api_date=DEFAULT.api_date("latest"))
        found = asyncio.run(run(settings))
    assert (found.proxied, (tmp_path / "said").read_text()) == (2, "200 407 ")


def test_the_journal_has_a_row_of_what_was_dialled(tmp_path: Path) -> None:
    source = """
        try:
            ask("https://www.deribit.com/")
        except BaseException:
            pass
        import threading
        request = urllib.request.Request(os.environ["MOCKEXCHANGE_URL"] + "/_mock/sandboxes/default/journal")
        request.add_header("Authorization", "Bearer " + os.environ["MOCKEXCHANGE_TOKEN"])
        while not (rows := json.load(urllib.request.urlopen(request))):
            threading.Event().wait(0.02)
        (row,) = rows
        shown = [row["method"], row["target"], row["status"], row["diagnosis"][:32]]
        print(*shown, file=open(os.environ["SAID"], "w"))
    """
    said = tmp_path / "said"
    found = ran(source, environment={"SAID": str(said)})
    assert said.read_text() == "DIAL www.deribit.com:443 0 refused: www.deribit.com:443; no\n"
    assert found.requests == []


@each_row(
    ("words", "error", "problem"),
    [
        ({"scenario": "domo"}, ScenarioError, "no scenario 'domo'"),
        ({"account": "nobody"}, UnusableAccount, "no account 'nobody'; known: "),
        ({"client": "ccxt"}, UnusableAccount, "ccxt is a client of deribit: the account alice is on kalshi"),
    ],
)
def test_what_is_wrong_is_said_before_it_is_run(
    words: dict[str, str], error: type[Exception], problem: str, tmp_path: Path
) -> None:
    mark = tmp_path / "was run"
    with pytest.raises(error, match=problem):
        ran(f"open({str(mark)!r}, 'w')", **words)
    assert not mark.exists()


def test_a_program_that_there_is_not_leaves_nothing_behind() -> None:
    settings = RunSettings(command=["no-such-bot"], environment=os.environ, api_date=DEFAULT.api_date("latest"))
    with pytest.raises(CannotStart):
        asyncio.run(run(settings))


@each_row(
    "line",
    [
        "",
        "no json",
        "[]",
        "1",
        '{"kind": "dial"}',
        '{"kind": "dial", "words": {"host": "x"}}',
        '{"kind": "x", "words": {}}',
    ],
)
def test_a_line_of_the_report_that_nobody_wrote_so_is_left_aside(line: str) -> None:
    found = ran(f"""
        path = json.loads(os.environ["MOCKEXCHANGE_RUN_CHILD"])["report"]
        print({line!r}, file=open(path, "a"))
        sys.exit({HERE} != 200)
    """)
    assert (found.exit_code, found.dials) == (0, [])


def test_what_is_told_last_is_read_too(tmp_path: Path) -> None:
    report, notes = tmp_path / "report.jsonl", Mock()
    report.touch()

    async def follow() -> None:
        with _followed(report, notes):
            report.write_bytes(b"the last word")

    asyncio.run(follow())
    notes.read.assert_called_with(b"the last word")


def test_half_a_line_is_read_once_it_is_whole() -> None:
    found = ran("""
        import threading
        path = json.loads(os.environ["MOCKEXCHANGE_RUN_CHILD"])["report"]
        words = dict(host="kalshi.com", port=443, venue="kalshi", kind="production", client=None, advice="x", place="")
        line = json.dumps({"kind": "dial", "words": words}) + "\\n"
        with open(path, "a") as file:
            for part in (line[:40], line[40:]):
                file.write(part)
                file.flush()
                threading.Event().wait(0.15)
    """)
    assert [dial.host for dial in found.dials] == ["kalshi.com"]
