"""`mockexchange run`: arguments, exit codes, what it says, and its reports."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.emulation.run import RunSettings
from mockexchange.replay import read_journal
from tests.emulation.programs import command_of
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

GOOD = 'print(ask(os.environ["KALSHI_API_BASE_URL"] + "/exchange/status"))'
REAL = 'ask("https://api.elections.kalshi.com/")'
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("NO_COLOR", raising=False)

    def invoke(*arguments: str, code: int = 0, environment: dict[str, str | None] | None = None) -> Result:
        result = CliRunner().invoke(main, ["run", *arguments], env=environment, prog_name="mockexchange")
        assert result.exit_code == code, result.output
        return result

    return invoke


def said(result: Result) -> list[str]:
    """Return the lines on standard error, without the first that names the ready file."""
    return [line for line in result.stderr.splitlines() if ", ready file " not in line]


def test_a_run_is_summed_up(run: Run) -> None:
    (line,) = said(run("--", *command_of(GOOD)))
    assert line.startswith("[mockexchange] 1 request (GetExchangeStatus 1) in ")


def test_what_a_program_gets_instead_of_the_users_variables_is_told(run: Run) -> None:
    users: dict[str, str | None] = {
        "KALSHI_API_KEY_ID": "a-real-id",
        "KALSHI_BASE_URL": "https://api.elections.kalshi.com",
        "KALSHI_MAX_POSITION": "5",
        "KALSHI_PRIVATE_KEY_PASSPHRASE": "hush",
    }
    line, _ = said(run("--", *command_of(GOOD), environment=users))
    assert line == (
        "[mockexchange] your variables: replaced KALSHI_API_KEY_ID, KALSHI_BASE_URL;"
        " removed KALSHI_PRIVATE_KEY_PASSPHRASE; passed KALSHI_MAX_POSITION"
    )


def test_other_terminals_find_it_while_it_runs(run: Run, tmp_path: Path) -> None:
    look = "from mockexchange.cli.server_connection import find_server as find; from pathlib import Path"
    found = f"{look}; print(find(Path({str(tmp_path / 'mockexchange' / 'ready.json')!r})).ready['control_url'])"
    result = run("--", sys.executable, "-c", found, environment={"XDG_RUNTIME_DIR": str(tmp_path)})
    first = result.stderr.splitlines()[0]
    assert first.startswith("[mockexchange] http://127.0.0.1:")
    assert first.split(", ready file ")[1].startswith(str(tmp_path / "mockexchange" / "run-"))
    assert list((tmp_path / "mockexchange").glob("*")) == []
    quiet = run("--quiet", "--", "true", environment={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert "ready file" not in quiet.stderr


def test_clock_chaos_and_journal(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "run.jsonl"
    asked = ("--clock", "paused", "--chaos", "maintenance", "--journal", str(kept), "--scenario", "demo")
    twice = "; ".join([GOOD.replace("/exchange/status", "/portfolio/balance")] * 2)
    run(*asked, "--", *command_of(twice))
    first, second = read_journal(kept.read_text()).entries
    assert (first["status"], second["status"]) == (503, 503)
    assert first["at"] == second["at"], "the clock is paused"
    assert "--journal" in run("--journal", str(tmp_path / "no" / "x"), "--", "true", code=2).stderr
    assert "no preset 'flakky'" in run("--chaos", "flakky", "--", "true", code=2).stderr
    assert "'--clock': expected a clock" in run("--clock", "0x", "--", "true", code=2).stderr


def test_the_exit_code_of_the_program_is_ours(run: Run) -> None:
    run("--", *command_of(f"{GOOD}; sys.exit(42)"), code=42)


def test_a_real_venue_ends_with_3_and_says_who_it_was(run: Run) -> None:
    lines = said(run("--", *command_of(REAL), code=3))
    assert lines[-1].startswith(
        "mockexchange run: refused api.elections.kalshi.com:443; no known client: point the program at the sandbox"
    )


def test_quiet_leaves_nothing_but_that(run: Run) -> None:
    assert said(run("--quiet", "--", *command_of(GOOD))) == []
    lines = said(run("--quiet", "--", *command_of(REAL), code=3))
    assert [line[:24] for line in lines] == ["mockexchange run: refuse"]


def test_one_that_goes_on_is_ended_and_that_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.cli.commands.run.RunSettings", partial(RunSettings, patience_s=0.1))
    source = """
        try:
            ask("https://api.elections.kalshi.com/")
        except BaseException:
            import signal
            signal.pause()
    """
    assert said(run("--", *command_of(source), code=3))[-1] == (
        "mockexchange run: the program went on after that, and was ended"
    )


def cases(path: Path) -> dict[str, str | None]:
    found = {}
    for case in ElementTree.parse(path).iter("testcase"):
        failure = case.find("failure")
        found[str(case.get("classname"))] = None if failure is None else failure.get("message")
    return found


def test_a_report_has_a_case_a_judgement(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "run.xml"
    run("--report", f"junit:{report}", "--", *command_of(GOOD))
    assert cases(report) == {"run.exit": None, "run.venues": None, "run.refused": None, "run.requests": None}


def test_a_report_of_a_bad_run_says_what_was_wrong(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "run.xml"
    source = 'ask(os.environ["KALSHI_API_BASE_URL"] + "/portfolio/balance"); ' + REAL
    run("--report", f"junit:{report}", "--", *command_of(source), code=3)
    found = cases(report)
    assert (found["run.exit"] or "").startswith("exit code 1; expected exit code 0")
    assert (found["run.venues"] or "").startswith("api.elections.kalshi.com:443; ")
    assert (found["run.refused"] or "").startswith("401, ")
    assert found["run.requests"] is None


@pytest.mark.parametrize("form", ["junit", "html"])
def test_a_report_hides_the_secrets_of_the_command(run: Run, tmp_path: Path, form: str) -> None:
    report = tmp_path / "report"
    run(
        "--report", f"{form}:{report}", "--", *command_of(GOOD), "--api-secret", "hush-1", "--token=hush-2", "--limit=5"
    )
    text = report.read_text()
    assert ("hush" in text, "--token=[secret]" in text, "--limit=5" in text) == (False, True, True)


MISUSE = [
    ((), "expected a command after --, such as: mockexchange run -- python bot.py"),
    (("--",), "expected a command after --"),
    (("--", ""), "expected a command after --, such as: mockexchange run -- python bot.py, got an empty word"),
    (("--client", "kalshi-sdkk", "--", "true"), "no client 'kalshi-sdkk': did you mean 'kalshi-sdk'?"),
    (("--as", "live", "--", "true"), "'live' is not one of 'local', 'demo'"),
    (("--api-date", "2020", "--", "true"), "2020"),
    (("--scenario", "domo", "--", "true"), "no scenario 'domo'"),
    (("--account", "nobody", "--", "true"), "no account 'nobody'; known: alice"),
    (("--client", "ccxt", "--", "true"), "ccxt is a client of deribit: the account alice is on kalshi"),
    (("--report", "junit:/no/such/run.xml", "--", "true"), "there is no directory /no/such"),
    (("--frobnicate", "--", "true"), "No such option"),
]


@pytest.mark.parametrize(("arguments", "problem"), MISUSE, ids=lambda value: str(value)[:30])
def test_misuse_is_one_line_and_code_2(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    (line,) = said(run(*arguments, code=2))
    assert line.startswith("mockexchange run: ")
    assert problem in line


@pytest.mark.parametrize(
    ("proxy", "problem"),
    [
        ("http://me:hush@proxy:abc", "got 'proxy:abc': Port could not be cast to integer value as 'abc'"),
        ("http://[bad", "got 'http://[bad': Invalid IPv6 URL"),
    ],
)
def test_a_proxy_of_the_users_that_is_no_url_is_one_line(run: Run, proxy: str, problem: str) -> None:
    environment: dict[str, str | None] = {"https_proxy": None, "HTTPS_PROXY": proxy}
    (line,) = said(run("--", "true", code=2, environment=environment))
    assert line == f"mockexchange run: HTTPS_PROXY: expected a URL such as http://proxy.example:3128, {problem}"


SIGNALLED = """
    import os, signal, sys
    from mockexchange.cli import main
    from mockexchange.emulation import run

    def write_injection(directory, original=run.write_injection):
        os.kill(os.getpid(), int(sys.argv[1]))
        return original(directory)

    run.write_injection = write_injection
    main(["run", "--", "touch", sys.argv[2]], prog_name="mockexchange")
"""


@each_row("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_before_the_program_is_started_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    folders, mark, number = [tmp_path / "tmp", tmp_path / "run"], tmp_path / "was run", getattr(signal, name)
    for folder in folders:
        folder.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SIGNALLED), str(int(number)), str(mark)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folders[0]), "XDG_RUNTIME_DIR": str(folders[1]), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        128 + number,
        f"mockexchange run: {name} came before the program was started\n",
    )
    assert not mark.exists()
    assert [path for folder in folders for path in folder.rglob("*") if not path.is_dir()] == []


def test_a_signal_that_is_ignored_stays_so() -> None:
    """As nohup asks: neither we nor the program end by it."""
    program = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    script = 'trap "" HUP; exec "$@"'
    command = [sys.executable, "-m", "mockexchange", "run", "--quiet", "--", sys.executable, "-c", program]
    done = subprocess.run(["sh", "-c", script, "sh", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_cannot_be_started_ends_as_in_a_shell(run: Run, tmp_path: Path) -> None:
    (line,) = said(run("--", "no-such-bot", code=127))
    assert line == "mockexchange run: no-such-bot: command not found: it is not on PATH"
    path = tmp_path / "bot.py"
    path.write_text("")
    (line,) = said(run("--", str(path), code=126))
    assert line.endswith("bot.py is not executable: chmod +x it, or name its interpreter")


def test_options_of_the_command_are_its_own(run: Run) -> None:
    command = command_of("print(sys.argv[1:])", "--client", "x", "--quiet")
    run("--quiet", *command)
    run("--quiet", "--", *command)


def test_every_option_is_read_from_the_environment(run: Run, tmp_path: Path) -> None:
    environment: dict[str, str | None] = {
        "MOCKEXCHANGE_RUN_AS": "demo",
        "MOCKEXCHANGE_RUN_CLIENT": "kyro",
        "MOCKEXCHANGE_RUN_SCENARIO": "deribit",
        "MOCKEXCHANGE_RUN_QUIET": "1",
    }
    (line,) = said(run("--", "true", code=2, environment=environment))
    assert line.startswith("mockexchange run: kyro is a client of kalshi: the account ")
    environment |= {"MOCKEXCHANGE_RUN_SCENARIO": "demo", "MOCKEXCHANGE_RUN_ACCOUNT": "alice"}
    source = 'assert os.environ["KALSHI_DEMO"] == "true" and "demo-api" in os.environ["KALSHI_BASE_URL"]'
    assert said(run("--", *command_of(source), environment=environment)) == []


PROGRAM = """
    import signal, sys
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    line = sys.stdin.readline()
    sys.stdout.write(line.upper())
    sys.stdout.flush()
    signal.sigwait([signal.SIGINT])
    sys.exit(130)
"""


def test_standard_streams_are_the_programs_and_an_interrupt_ends_it() -> None:
    program = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    command = [sys.executable, "-m", "mockexchange", "run", "--quiet", "--", *program]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("hello\n")
        process.stdin.flush()
        assert process.stdout.readline() == "HELLO\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr.read() == ""
