"""What all commands share: options and the environment, one line an error, exit codes."""

import errno
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.click_base import PREFIX, Failure, UsageFailure
from mockexchange.cli.commands import COMMANDS
from mockexchange.sandbox.forks import Until
from mockexchange.sandbox.quotas import Quotas
from mockexchange.server.replicas.peers import Address
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PROGRAM = (sys.executable, "-m", "mockexchange")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words: "serve", "keys new"."""
    for name in COMMANDS:
        command = main.commands[name]
        if isinstance(command, click.Group):
            context = click.Context(command)
            found = ((sub, command.get_command(context, sub)) for sub in command.list_commands(context))
            yield from ((f"{name} {sub}", each) for sub, each in found if each)
        else:
            yield name, command


def options() -> Iterator[tuple[str, click.Option]]:
    for words, command in commands():
        yield from ((words, each) for each in command.params if isinstance(each, click.Option))


def error_of(*arguments: str, code: int = 2, environment: dict[str, str | None] | None = None) -> str:
    """Run what must fail with one line on standard error and nothing else; return the line."""
    result = CliRunner().invoke(main, arguments, env=environment, prog_name="mockexchange")
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    (line,) = result.stderr.splitlines()
    return line


def test_every_command_is_known_by_its_own_name() -> None:
    assert {name: main.commands[name].name for name in COMMANDS} == {name: name for name in COMMANDS}


@each_row("words", ["", *COMMANDS, *(words for words, _ in commands())])
def test_every_command_has_help(words: str) -> None:
    result = CliRunner().invoke(main, [*words.split(), "--help"], prog_name="mockexchange")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: {' '.join(['mockexchange', *words.split()])} ")


@each_row("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(name: str) -> None:
    summary = click.Command(name, help=COMMANDS[name].summary).get_short_help_str(1_000)
    assert main.commands[name].get_short_help_str(1_000) == summary == COMMANDS[name].summary


def test_the_list_of_commands_imports_none() -> None:
    code = "import sys, mockexchange.cli as cli; cli.main(['--help'], standalone_mode=False)"
    code = f"import atexit, sys; atexit.register(lambda: print(sorted(sys.modules), file=sys.stderr)); {code}"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, check=True, text=True)
    assert "Start an exchange:" in done.stdout
    modules = [f"mockexchange.cli.commands.{entry.module}" for entry in COMMANDS.values()]
    assert [name for name in modules if f"'{name}'" in done.stderr] == []


def test_a_command_imports_only_what_it_needs() -> None:
    code = "import sys, mockexchange.cli; print(sorted(name for name in sys.modules if 'mockexchange.' in name))"
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, check=True, text=True)
    cli = ["mockexchange.cli", *(f"mockexchange.cli.{name}" for name in ("click_base", "commands"))]
    assert done.stdout.strip() == str([*cli, "mockexchange.version"])


# --- the environment

SAMPLES: dict[str, tuple[str, object]] = {
    "allow_host": ("a b", ("a", "b")),
    "api_date": ("2026-06", "2026-06"),
    "chaos": ("flaky 429-storm", ("flaky", "429-storm")),
    "clock": ("paused", "paused"),
    "mode": ("demo", "demo"),
    "port": ("7", 7),
    "public_url": ("http://mock:1", "http://mock:1"),
    "deflate": ("1", True),
    "yes": ("1", True),
    "self_check": ("1", True),
    "quiet": ("1", True),
    "tls": ("1", True),
    "store": ("sqlite:a.db", "a.db"),
    "durability": ("normal", "normal"),
    "workers": ("2", 2),
    "replica": ("mock1:8601", Address("mock1", 8601)),
    "reads": ("session", "session"),
    "control_port": ("8", 8),
    "ttl": ("2h", 7_200_000_000),
    "max_sandboxes": ("9", 9),
    "quota": ("streams=2 journal-bytes=3", Quotas(streams=2, journal_bytes=3)),
    "reload": ("1", True),
    "from_log": (__file__, __file__),
    "of_log": (__file__, __file__),
    "import export": (__file__, __file__),
    "until": ("84", Until(sequence=84)),
    "speed": ("5x", "5x"),
    "at": ("84", "84"),
    "doctor url": ("https://a.test", "https://a.test"),
    "log": ("requests", "requests"),
    "log_format": ("json", "json"),
    "tls_name": ("Mock.test ::1", ("mock.test", "::1")),
    "client": ("kyro", "kyro"),
    "shell": ("fish", "fish"),
    "last": ("4", 4),
    "status": ("401", 401),
    "as_json": ("1", True),
    "is_run": ("1", True),
    "is_printed": ("1", True),
    "run journal": (__file__, __file__),
    "on_real_host": ("refuse", "refuse"),
    "operation": ("GetPositions", "GetPositions"),
    "watch account": ("alice bob", ("alice", "bob")),
    "algorithm": ("ed25519", "ed25519"),
    "accounts": ("4", 4),
    "markets": ("5", 5),
    "fills": ("6", 6),
    "seed": ("8", 8),
    "out": ("made.jsonl", "made.jsonl"),
    "accept": ("1", True),
    "stub_rest": ("1", True),
    "max_size": ("2MB", 2 * 1024 * 1024),
    "har": (__file__, __file__),
    "journal": (__file__, (Path(__file__),)),
    "frames": ("1", True),
    "connection": ("3", 3),
    "direction": ("in", "in"),
    "plain": ("1", True),
    "timeout": ("9s", "9s"),
    "role": ("fcm=a:b.pem other=c:d.pem", (("fcm", "a", Path("b.pem")), ("other", "c", Path("d.pem")))),
    "name": ("subtrader_id=a market=b", {"subtrader_id": "a", "market": "b"}),
    "only": ("pages.* times.*", ("pages.*", "times.*")),
    "skip": ("pages.*", ("pages.*",)),
    "allow_writes": ("1", True),
    "rate": ("0.5/s", 0.5),
    "examples": ("3", 3),
    "listen": ("7", 7.0),
    "fast": ("1", True),
    "production_read_only": ("1", True),
    "params": ('{"a": 1}', {"a": 1}),
    "call body": ('{"a": 1}', b'{"a": 1}'),
    "show_secrets": ("1", True),
    "writes": ("1", True),
    "overlay": (__file__, __file__),
    "since": ("2026-12-01", datetime(2026, 12, 1)),  # noqa: DTZ001  # a day alone
    "patch": ("1", True),
    "scenario_dir": (str(Path(__file__).parent), str(Path(__file__).parent)),
    "venue": ("deribit", "deribit"),
    "adapter": ("1", True),
    "cards": ("R07,S* R01", ("R07,S*", "R01")),
    "list_cards": ("1", True),
    "verify client examples": ("9", 9),
    "verify client seed": ("7", 7),
    "verify client timeout": ("9s", 9.0),
    "export": (__file__, __file__),
    "report": ("junit:a.xml html:b.html", (("junit", Path("a.xml")), ("html", Path("b.html")))),
}
"""What a variable may hold and what it reads as, for the options that are not plain text."""
PLAIN = ("some text", "some text")
SERVE_OPTIONS = {
    *("MOCKEXCHANGE_HOST", "MOCKEXCHANGE_PORT", "MOCKEXCHANGE_SCENARIO", "MOCKEXCHANGE_API_DATE"),
    *("MOCKEXCHANGE_CLOCK", "MOCKEXCHANGE_PUBLIC_URL", "MOCKEXCHANGE_ALLOW_HOST", "MOCKEXCHANGE_READY_FILE"),
    *("MOCKEXCHANGE_CHAOS", "MOCKEXCHANGE_REPLICA", "MOCKEXCHANGE_READS", "MOCKEXCHANGE_DEFLATE"),
    *("MOCKEXCHANGE_SELF_CHECK", "MOCKEXCHANGE_QUIET", "MOCKEXCHANGE_TLS"),
    *(
        "MOCKEXCHANGE_RELOAD",
        "MOCKEXCHANGE_LOG",
        "MOCKEXCHANGE_LOG_FORMAT",
        "MOCKEXCHANGE_TLS_NAME",
        "MOCKEXCHANGE_TOKEN",
        "MOCKEXCHANGE_SCENARIO_DIR",
        "MOCKEXCHANGE_OVERLAY",
        "MOCKEXCHANGE_STORE",
        "MOCKEXCHANGE_DURABILITY",
        "MOCKEXCHANGE_WORKERS",
        "MOCKEXCHANGE_SHOW_SECRETS",
        "MOCKEXCHANGE_TOKENS",
        "MOCKEXCHANGE_AUDIT",
        "MOCKEXCHANGE_CONTROL_PORT",
        "MOCKEXCHANGE_TTL",
        "MOCKEXCHANGE_MAX_SANDBOXES",
        "MOCKEXCHANGE_QUOTA",
        "MOCKEXCHANGE_FROM_LOG",
        "MOCKEXCHANGE_UNTIL",
        "MOCKEXCHANGE_SPEED",
    ),
}


def variable_of(words: str, each: click.Option) -> str:
    """The documented variable of an option of one command: MOCKEXCHANGE_<COMMAND>_<OPTION>."""
    name = each.opts[0].removeprefix("--")
    return f"{PREFIX}_{words}_{name}".upper().replace(" ", "_").replace("-", "_")


def sample_of(words: str, each: click.Option) -> tuple[str, object]:
    """By the option's name, or by command and name where another command reads it otherwise."""
    return SAMPLES.get(f"{words} {each.name}") or SAMPLES.get(each.name or "", PLAIN)


def value_read(words: str, each: click.Option, variable: str, monkeypatch: pytest.MonkeyPatch) -> object:
    command = dict(commands())[words]
    for other in command.params:
        monkeypatch.setattr(other, "required", False)
    given, _ = sample_of(words, each)
    monkeypatch.setenv(variable, given)
    context = command.make_context("x", [], auto_envvar_prefix=f"{PREFIX}_{words}".upper().replace(" ", "_"))
    value = context.params[each.name or ""]
    return str(value) if isinstance(value, Path) else getattr(value, "name", value)


def test_an_address_of_another_machine_is_named_once() -> None:
    reason = os.strerror(errno.EADDRNOTAVAIL)
    complaint = error_of("serve", "--host", "203.0.113.1", "--port", "0")
    assert complaint.startswith(f"mockexchange serve: cannot serve on 203.0.113.1:0: {reason}: give --host an address ")


@each_row(("words", "each"), list(options()), ids=lambda value: getattr(value, "name", value))
def test_every_option_reads_its_variable(words: str, each: click.Option, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    wanted = sample_of(words, each)[1]
    assert value_read(words, each, variable_of(words, each), monkeypatch) == wanted


def test_the_options_of_serve_read_short_names() -> None:
    assert {each.envvar for words, each in options() if words == "serve"} == SERVE_OPTIONS
    shared = {each.envvar for words, each in options() if words == "journal" and each.name in ("ready_file", "sandbox")}
    assert shared == {"MOCKEXCHANGE_READY_FILE", "MOCKEXCHANGE_SANDBOX"}


def test_the_longer_name_wins_and_errors_say_where_a_value_came_from() -> None:
    short, long = {"MOCKEXCHANGE_PORT": "x"}, {"MOCKEXCHANGE_SERVE_PORT": "y"}
    assert "'--port' (from MOCKEXCHANGE_PORT): 'x'" in error_of("serve", environment={**short})
    assert "'--port' (from MOCKEXCHANGE_SERVE_PORT): 'y'" in error_of("serve", environment={**short, **long})
    assert "'--port': 'z'" in error_of("serve", "--port", "z", environment={**short})


def test_help_names_the_variable() -> None:
    result = CliRunner().invoke(main, ["env", "--help"])
    assert "MOCKEXCHANGE_ENV_FORMAT" in result.output
    assert "MOCKEXCHANGE_READY_FILE" in result.output


# --- errors

MISUSES = [
    ("nope", "mockexchange: No such command 'nope'. See mockexchange --help"),
    ("serv", "mockexchange: No such command 'serv'. Did you mean 'serve'?"),
    ("settle x", "mockexchange: No such command 'settle'. It is a step: mockexchange do 'settle: {...}'"),
    ("key", "mockexchange: No such command 'key'. Did you mean 'keys'? It is a step: mockexchange do 'key: {...}'"),
    ("--nope", "mockexchange: No such option '--nope'."),
    ("keys nope", "mockexchange keys: No such command 'nope'. Known are new"),
    ("scenario chek", "mockexchange scenario: No such command 'chek'. Did you mean 'check'?"),
    ("serve --port x", "mockexchange serve: Invalid value for '--port': 'x' is not a whole number."),
    ("serve --port 65536", "mockexchange serve: Invalid value for '--port': 65536 is not in the range 0<=x<=65535."),
    ("serve --scenario nope", "mockexchange serve: no scenario 'nope': expected a file, or one of "),
    ("serve --api-date 2025-11-02", "mockexchange serve: Invalid value for '--api-date': API date 2025-11-02 is "),
    ("serve --api-date soon", "mockexchange serve: Invalid value for '--api-date': unknown API date 'soon': expected "),
    ("serve --clock 0x", "mockexchange serve: Invalid value for '--clock': expected a clock real, paused or a scale "),
    ("serve --host=", "mockexchange serve: Invalid value for '--host': expected a value, got an empty text"),
    ("serve --token=a\x7fb", "mockexchange serve: Invalid value for '--token': expected a text on one line, "),
    ("serve --token=", "mockexchange serve: Invalid value for '--token': expected a value, got an empty text"),
    ("serve --audit=", "mockexchange serve: Invalid value for '--audit': expected a value, got an empty text"),
    ("env --ready-file=", "mockexchange env: Invalid value for '--ready-file': expected a value, got an empty text"),
    ("serve --allow-host n!", "mockexchange serve: Invalid value for '--allow-host': expected a host name such as "),
    ("serve --allow-host *.a", "mockexchange serve: Invalid value for '--allow-host': expected one host name, such "),
    ("serve --ttl x", "mockexchange serve: Invalid value for '--ttl': expected a duration such as 250ms, 5s, "),
    ("call alice PUT /x --json x", "mockexchange call: Invalid value for '--json': expected JSON such as {"),
    ("verify server --listen x", "mockexchange verify server: Invalid value for '--listen': 'x' is not a number."),
    ("serve --public-url mock:1", "mockexchange serve: Invalid value for '--public-url': expected a URL such as "),
    ("serve --port 0 --ready-file {file}/x", "mockexchange serve: {file}/x: "),
    ("serve deribit", "mockexchange serve: expected options alone: did you mean --scenario deribit?"),
    ("env --client x", "mockexchange env: Invalid value for '--client': 'x' is not one of 'generic', "),
    ("env --format cmd", "mockexchange env: Invalid value for '--format': 'cmd' is not one of 'sh', "),
    ("call alice", "mockexchange call: Missing argument 'METHOD'."),
    ("call alice G/T /x", "mockexchange call: Invalid value for 'METHOD': expected one of GET, POST, PUT, "),
    ("do", "mockexchange do: Missing argument 'STEP...'."),
    ("do --sandbox= reset", "mockexchange do: Invalid value for '--sandbox': expected the name of a sandbox, got ''"),
    ("do nope", "mockexchange do: step 1: expected a step with one of fill, "),
    ("do ' '", "mockexchange do: step 1: expected a step, got nothing"),
    ("do 'cancel: {order: a}' [", "mockexchange do: step 2: not valid YAML: "),
    ("do '{cancel: {order: a}, after: 5s}'", "mockexchange do: step 1: a step here happens now: expected neither "),
    ("do 'cancel: {}'", "mockexchange do: step 1: cancel: "),
    ("advance 5", "mockexchange advance: Invalid value for 'DURATION': expected a duration such as 250ms, "),
    ("advance -5s", "mockexchange advance: Invalid value for 'DURATION': expected a duration such as 250ms, "),
    ("advance -- -5s", "mockexchange advance: Invalid value for 'DURATION': expected a duration such as 250ms, "),
    ("journal --last -1", "mockexchange journal: Invalid value for '--last': -1 is not in the range x>=0."),
    ("journal --status 600", "mockexchange journal: Invalid value for '--status': 600 is not in the range 0<=x<=599."),
    ("why 0", "mockexchange why: Invalid value for '[N]': 0 is not in the range x>=1."),
    ("keys new --algorithm ec", "mockexchange keys new: Invalid value for '--algorithm': 'ec' is not one of 'rsa', "),
    ("keys new --out {file}", "mockexchange keys new: Invalid value for '--out': Directory '{file}' is a file."),
    ("explain", "mockexchange explain: expected also --method, --path, --timestamp, "),
    ("explain --method GET", "mockexchange explain: expected also --path, --timestamp, --signature, "),
    (
        "explain --method GET --path /x --timestamp 1",
        "mockexchange explain: expected also --signature, --key: no signature of ",
    ),
    (
        "explain --venue x",
        "mockexchange explain: Invalid value for '--venue': 'x' is not one of 'kalshi', 'deribit', 'signalplus'.",
    ),
    ("call dora POST /x --params x", "mockexchange call: Invalid value for '--params': expected a JSON object such "),
    ("api diff 2025-11", "mockexchange api diff: Missing argument 'B'."),
    ("api diff 2025-11 x", "mockexchange api diff: Invalid value for 'B': unknown API date 'x': expected compat, "),
    ("verify server", "mockexchange verify server: Missing option '--url'."),
    ("verify server --url x", "mockexchange verify server: Missing option '--key-id'."),
    ("verify server --url x --key-id y", "mockexchange verify server: Missing option '--key'."),
    ("verify server --examples 0", "mockexchange verify server: Invalid value for '--examples': 0 is not in "),
    ("verify nope", "mockexchange verify: No such command 'nope'. Known are server, client"),
    ("api dates x", "mockexchange api dates: Got unexpected extra argument (x)"),
]


@each_row(("arguments", "line"), MISUSES)
def test_a_misuse_gets_one_clear_line(arguments: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    given = shlex.split(arguments.replace("{file}", str(file)))
    assert error_of(*given).startswith(line.replace("{file}", str(file)))


@each_row(("words", "each"), list(options()), ids=lambda value: getattr(value, "name", value))
def test_every_option_with_a_value_too_few_or_too_many_is_refused(words: str, each: click.Option) -> None:
    name = each.opts[0]
    given, complaint = (f"{name}=1", "does not take a value.") if each.is_flag else (name, "requires an argument.")
    assert error_of(*words.split(), given).endswith(f": Option '{name}' {complaint}")


def failing(error: BaseException) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command("why", callback=fail)


@each_row(
    ("error", "code", "says"),
    [
        (Failure("went\nwrong"), 1, "mockexchange: went wrong"),
        (UsageFailure("not so"), 2, "mockexchange: not so"),
        (OSError(28, "No space left on device"), 1, "mockexchange: [Errno 28] No space left on device"),
    ],
)
def test_what_goes_wrong_in_a_command_is_one_line(
    error: Exception, code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(main.commands, "why", failing(error))
    assert error_of("why", code=code) == says


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.commands, "why", failing(KeyboardInterrupt()))
    result = CliRunner().invoke(main, ["why"])
    assert (result.exit_code, result.output.strip()) == (130, "")


def test_a_bug_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.commands, "why", failing(KeyError("a bug")))
    assert isinstance(CliRunner().invoke(main, ["why"]).exception, KeyError)


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "api", "diff", "2025-11", "latest"],
        env=ENVIRONMENT,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_letters_that_the_terminal_has_not_are_spelt_out(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "keys", "new", "--algorithm", "ed25519", "--out", "price in \u20ac"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"price in \\u20ac/private.pem" in done.stdout
