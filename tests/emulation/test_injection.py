"""What guards children from inside: any Python, whatever it has installed, and any Node."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from mockexchange.emulation.injection import PYTHON_START, Injection, write_injection
from tests.helpers.patience import PATIENCE_S

NAMES = frozenset({"demo-api.kalshi.co"})


@pytest.fixture
def injection(tmp_path: Path) -> Injection:
    return write_injection(tmp_path)


def environment_of(injection: Injection, before: Mapping[str, str] = os.environ) -> dict[str, str]:
    return {**before, **injection.variables(NAMES, 9, "bundle.crt", before)}


def run(injection: Injection, *command: str, before: Mapping[str, str] = os.environ) -> tuple[str, str]:
    done = subprocess.run(
        command, env=environment_of(injection, before), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    return done.stdout, done.stderr


def python(injection: Injection, source: str, *options: str, before: Mapping[str, str] = os.environ) -> tuple[str, str]:
    return run(injection, sys.executable, *options, "-c", textwrap.dedent(source), before=before)


def kinds(injection: Injection) -> list[str]:
    return [json.loads(line)["kind"] for line in injection.report.read_text().splitlines()]


DIAL = """
    import socket
    try:
        socket.create_connection(("api.elections.kalshi.com", 443))
    except BaseException as error:
        print(type(error).__name__)
"""


def test_a_python_is_guarded_and_tells(injection: Injection) -> None:
    assert python(injection, DIAL) == ("RealVenueReached\n", "")
    assert kinds(injection) == ["python", "dial"]


def test_a_child_of_a_child_is_guarded_too(injection: Injection) -> None:
    source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {textwrap.dedent(DIAL)!r}])"
    assert python(injection, source) == ("RealVenueReached\n", "")
    assert kinds(injection) == ["python", "python", "dial"]


def test_a_python_without_site_packages_is_guarded(injection: Injection) -> None:
    """The copy needs nothing but the standard library, and never the package itself."""
    source = "import sys; print([name for name in sys.modules if 'mockexchange' in name and name[0] != '_'])"
    assert python(injection, source, "-S", "-c", "import sitecustomize")[1] == ""
    assert python(injection, source) == ("[]\n", "")


def test_the_childs_own_packages_are_its_own(injection: Injection) -> None:
    source = "import mockexchange, sys; print(mockexchange.__version__ != '', [p for p in sys.path if 'run-' in p])"
    assert python(injection, source, before={**os.environ, "PYTHONPATH": str(Path.cwd())}) == ("True []\n", "")


def test_the_childs_own_sitecustomize_runs_too(injection: Injection, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("print('mine', __name__, __file__.endswith('own/sitecustomize.py'))")
    source = "import sitecustomize; print(sitecustomize.__file__.endswith('own/sitecustomize.py'))"
    assert python(injection, source, before={**os.environ, "PYTHONPATH": str(own)}) == (
        "mine sitecustomize True\nTrue\n",
        "",
    )


def test_a_guard_that_cannot_be_loaded_is_said_and_stops_nobody(injection: Injection) -> None:
    shutil.rmtree(injection.directory / "_mockexchange_guard")
    said, complaint = python(injection, "print('here')")
    assert said == "here\n"
    assert complaint.startswith("mockexchange run: this Python is not guarded: ModuleNotFoundError")


def test_what_starts_a_python_survives_a_guard_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy of a run is seen by no coverage; so here are its two halves, in this process."""
    start = runpy.run_path(str(PYTHON_START), run_name="read")
    start["_guard"]()
    assert capsys.readouterr().err.startswith("mockexchange run: this Python is not guarded: ModuleNotFoundError")
    (tmp_path / "sitecustomize.py").write_text("mine = 1")
    for path in ([*sys.path, str(tmp_path)], [start["HERE"]]):
        monkeypatch.setattr(sys, "path", path)
        monkeypatch.setitem(sys.modules, "sitecustomize", None)
        start["_own"]()
        assert start["HERE"] not in sys.path
    assert sys.modules["sitecustomize"] is None


def test_a_python_that_looks_at_no_variables_is_not_guarded(injection: Injection) -> None:
    """A known limit, and documented."""
    python(injection, "", "-I")
    assert kinds(injection) == []


def test_the_users_own_proxies_are_what_python_finds(injection: Injection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://theirs:3128")
    monkeypatch.setenv("no_proxy", "x.example")
    source = "import urllib.request; print(urllib.request.getproxies())"
    before = {**os.environ, "HTTPS_PROXY": "http://ours:1"}
    settings = injection.variables(NAMES, 9, "bundle.crt", before)
    monkeypatch.setenv("https_proxy", "http://ours:1")
    done = subprocess.run(
        [sys.executable, "-c", source], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    proxies = {"https": "http://theirs:3128", "no": "x.example,demo-api.kalshi.co"}
    assert {name: words for name, words in eval(done.stdout).items() if name in proxies} == proxies


NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node")
NODE_DIAL = """
    const { pathToFileURL } = require("node:url");
    const ways = {
      connect: (host) => require("node:net").connect(443, host),
      options: (host) => require("node:net").connect({ host, port: 443 }),
      method: (host) => new (require("node:net").Socket)().connect(443, host),
      tls: (host) => require("node:tls").connect({ host, port: 443 }),
      https: (host) => require("node:https").get(`https://${host}/`),
      address: (host) => require("node:tls").connect({ host: "127.0.0.1", port: 443, servername: host }),
      named: (host) => {
        const socket = new (require("node:tls").TLSSocket)(new (require("node:net").Socket)());
        socket.setServername(host);
        return socket;
      },
      over: (host) => require("node:tls").connect({ socket: new (require("node:net").Socket)(), servername: host }),
    };
    ways[process.argv[2]](process.argv[3]).on("error", (error) => console.log(error.code || error.message));
"""


def node(injection: Injection, folder: Path, *arguments: str, before: Mapping[str, str] = os.environ) -> str:
    program = folder / "bot.cjs"
    program.write_text(textwrap.dedent(NODE_DIAL))
    said, complaint = run(injection, str(NODE), str(program), *arguments, before=before)
    assert complaint == ""
    return said


WAYS = ["connect", "options", "method", "tls", "https", "address"]
SPELLINGS = [
    "kalshi.com..",
    "api\u3002kalshi\uff0ecom",
    "\uff4b\uff41lshi.com",
    "kal\u00adshi.com",
    "kalshi.com\uff61",
    "kalshi.com.\u00ad",
]


@needs_node
@pytest.mark.parametrize("way", WAYS)
def test_a_node_is_guarded_and_reports(injection: Injection, tmp_path: Path, way: str) -> None:
    assert node(injection, tmp_path, way, "API.elections.kalshi.com.") == "REAL_VENUE_REACHED\n"
    started, dial = [json.loads(line) for line in injection.report.read_text().splitlines()]
    assert started["kind"] == "node"
    assert dial["words"]["place"].endswith("/bot.cjs:" + str(WAYS.index(way) + 4))
    assert {name: dial["words"][name] for name in ("host", "port", "venue", "kind", "client")} == {
        "host": "api.elections.kalshi.com",
        "port": 443,
        "venue": "kalshi",
        "kind": "production",
        "client": None,
    }


@needs_node
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_node_is_guarded_against_other_spellings(injection: Injection, tmp_path: Path, spelling: str) -> None:
    assert node(injection, tmp_path, "connect", spelling) == "REAL_VENUE_REACHED\n"


@needs_node
@pytest.mark.parametrize("way", ["over", "named"])
def test_a_node_is_guarded_against_tls_over_a_socket_that_is_open(
    injection: Injection, tmp_path: Path, way: str
) -> None:
    assert node(injection, tmp_path, way, "api.elections.kalshi.com") == "REAL_VENUE_REACHED\n"
    assert kinds(injection) == ["node", "dial"]


@needs_node
@pytest.mark.parametrize("env", ["{}", "undefined", "process.env", 'require("node:worker_threads").SHARE_ENV'])
def test_a_worker_with_an_environment_of_its_own_is_guarded(injection: Injection, tmp_path: Path, env: str) -> None:
    dial = 'require("node:net").connect(443, "kalshi.com").on("error", (error) => console.log(error.code))'
    program = tmp_path / "workers.cjs"
    program.write_text(
        f"new (require('node:worker_threads').Worker)({json.dumps(dial)}, {{ eval: true, env: {env} }});"
    )
    said, complaint = run(injection, str(NODE), str(program))
    assert (said, complaint) == ("REAL_VENUE_REACHED\n", "")


@needs_node
@pytest.mark.parametrize("way", WAYS)
def test_in_a_node_a_demo_leads_here_where_nobody_listens(injection: Injection, tmp_path: Path, way: str) -> None:
    assert node(injection, tmp_path, way, "demo-api.kalshi.co") == "ECONNREFUSED\n"
    assert kinds(injection) == ["node"]


@needs_node
def test_in_a_node_everybody_else_is_where_they_were(injection: Injection, tmp_path: Path) -> None:
    assert node(injection, tmp_path, "connect", "127.0.0.1") == "ECONNREFUSED\n"
    assert node(injection, tmp_path, "connect", "notkalshi.com.invalid") == "ENOTFOUND\n"


@needs_node
def test_a_known_client_of_node_is_named(injection: Injection, tmp_path: Path) -> None:
    package = tmp_path / "node_modules" / "kalshi-typescript"
    package.mkdir(parents=True)
    (package / "index.js").write_text("exports.dial = (host) => require('node:net').connect(443, host);")
    program = tmp_path / "bot.cjs"
    program.write_text("require('kalshi-typescript').dial('external-api.kalshi.com').on('error', () => {});")
    run(injection, str(NODE), str(program))
    assert json.loads(injection.report.read_text().splitlines()[1])["words"]["client"] == "kalshi-typescript"
    program.write_text(
        "require('kalshi-typescript'); require('node:net').connect(443, 'kalshi.com').on('error', () => {});"
    )
    run(injection, str(NODE), str(program))
    words = json.loads(injection.report.read_text().splitlines()[3])["words"]
    assert words["client"] is None
    assert words["advice"].startswith(
        "no known client: point the program at the sandbox; dialled perhaps for kalshi-typescript, which is loaded: "
        "kalshi-typescript reads no variables"
    )


@needs_node
def test_the_users_own_options_of_node_stay(injection: Injection) -> None:
    before = {**os.environ, "NODE_OPTIONS": "--no-warnings"}
    said, _ = run(injection, str(NODE), "-p", "process.env.NODE_OPTIONS", before=before)
    assert said.startswith("--no-warnings --require ")
    assert kinds(injection) == ["node"]
