"""The container image: its file by rules, and what it starts by starting it as an engine would, without one."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import mockexchange
from mockexchange.cli import main
from mockexchange.runtime.ready_file import DEFAULT_PORT
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.containing import Container, can_contain
from tests.house.image import dockerfile, entry_point, health_check, instructions, last_of, pairs_of
from tests.house.serving import COMMAND, clean_environment, served
from tests.house.test_floors import signed_get

IMAGE = dockerfile()
PREFIX = "MOCKEXCHANGE_"
SCENARIO = """
scenario: mounted
accounts:
  alice: {cash: 25, keys: {main: {key_id: 0a1b2c3d-0000-4000-8000-000000000001, public_key: ../keys/alice.pub.pem}}}
"""


# --- the file


def image_problems(image: str) -> list[str]:
    """Return what is wrong with an image: one stage, root, a shell in front of the command, and so on."""
    found = instructions(image)
    rules = {
        "is built in one stage": sum(name == "FROM" for name, _ in found) > 1,
        "runs as root, or as a user whom only the image can look up": last_of(image, "USER")
        .split(":")[0]
        .strip("0")
        .isdigit(),
        "has no health check on readiness": "probe" in last_of(image, "HEALTHCHECK"),
        "starts through a shell, which would keep signals to itself": last_of(image, "ENTRYPOINT").startswith("["),
        "is stopped by another signal": last_of(image, "STOPSIGNAL") == "SIGTERM",
        "copies by ADD": all(name != "ADD" for name, _ in found),
        "is built on a moving base": all(":" in arguments for name, arguments in found if name == "FROM"),
        "declares a volume, which is never removed": all(name != "VOLUME" for name, _ in found),
        "writes bytecode while it runs": "PYTHONDONTWRITEBYTECODE" in pairs_of(image, "ENV"),
    }
    return [problem for problem, holds in rules.items() if not holds]


def ignored_sources(image: str, dockerignore: str) -> list[str]:
    """Return what COPY takes from the checkout and .dockerignore, which begins by ignoring everything, keeps away."""
    let_through = [line.removeprefix("!") for line in dockerignore.splitlines() if line.startswith("!")]
    copies = [arguments.split()[:-1] for name, arguments in instructions(image) if name == "COPY"]
    taken = [source for sources in copies if not sources[0].startswith("--from") for source in sources]
    return [source for source in taken if not any(f"{each}/".startswith(f"{source}/") for each in let_through)]


def packed_from_elsewhere(pyproject: str) -> list[str]:
    """Return the folders outside the package that the wheel is made of too."""
    wheel = tomllib.loads(pyproject)["tool"]["hatch"]["build"]["targets"]["wheel"]
    return list(wheel.get("force-include", {}))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_image_is_what_it_should_be() -> None:
    assert image_problems(IMAGE) == []
    assert ignored_sources(IMAGE, text_of(".dockerignore")) == []
    assert text_of(".dockerignore").splitlines()[1] == "*"


def test_an_image_that_is_not_what_it_should_be_is_reported() -> None:
    bad = "FROM a\nUSER me\nADD x y\nVOLUME /x\nHEALTHCHECK CMD true\nENTRYPOINT mockexchange \\\n  serve\n"
    assert len(image_problems(bad)) == 9
    for users in ("FROM a:1\nUSER 1\nFROM b:1\n", "FROM a:1\nFROM b:1\nUSER 1:1\nUSER 0:0\n", "FROM a:1\nUSER me\n"):
        assert any("runs as root" in problem for problem in image_problems(users))


def test_a_source_that_is_ignored_is_reported() -> None:
    image = "FROM a AS b\nCOPY one two three /x/\nFROM a\nCOPY --from=b four /y\n"
    assert ignored_sources(image, "*\n!one\n!three/part\n!twofold\n") == ["two"]


def test_the_image_is_built_from_all_that_the_wheel_is_made_of() -> None:
    copied = [source for name, arguments in instructions(IMAGE) if name == "COPY" for source in arguments.split()[:-1]]
    let_through = text_of(".dockerignore").splitlines()
    wanted = packed_from_elsewhere(text_of("pyproject.toml"))
    assert wanted
    assert [folder for folder in wanted if folder.split("/")[0] not in copied or f"!{folder}" not in let_through] == []


def test_others_find_nothing_in_the_file() -> None:
    hadolint = shutil.which("hadolint", path=str(COMMAND.parent))
    if hadolint is None:
        pytest.skip("hadolint is not installed: its wheels are for Linux")
    for name in ("Dockerfile", "examples/bot/Dockerfile"):
        found = subprocess.run([hadolint, str(ROOT / name)], capture_output=True, text=True, check=False)
        assert (found.returncode, found.stdout) == (0, ""), name
    bad = subprocess.run([hadolint, "-"], input="FROM a\nRUN cd /x\n", capture_output=True, text=True, check=False)
    assert bad.returncode == 1


PINNED = re.compile(r"python:3\.13-slim@sha256:[0-9a-f]{64}|[^@]*/[^@]*@[0-9a-f]{40} # v[0-9.]+")


def test_images_and_actions_are_pinned_by_digest() -> None:
    found = []
    for name in ("Dockerfile", "examples/bot/Dockerfile"):
        found += [arguments.split(" AS ")[0] for word, arguments in instructions(text_of(name)) if word == "FROM"]
    for name in (".github/workflows/ci.yml", "examples/bot/.github/workflows/test.yml", "examples/watch/watch.yml"):
        found += re.findall(r"uses: (.*)", text_of(name))
    assert len(found) > 8
    stages = {"bot", "build"}
    assert [each for each in found if each not in stages and not PINNED.fullmatch(each)] == []


def test_its_labels_say_what_it_is() -> None:
    labels = pairs_of(IMAGE, "LABEL")
    told = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert told["version"] == mockexchange.__version__
    assert (told["title"], told["licenses"]) == ("mockexchange", "MIT")
    assert {"description"} <= set(told)


# --- configuration by environment


def serve_command() -> click.Command:
    assert isinstance(main, click.Group)
    return main.commands["serve"]


OPTIONS = [each for each in serve_command().params if isinstance(each, click.Option) and each.name != "help"]
WORDS = {
    "api_date": "2026-04",
    "chaos": "flaky slow",
    "clock": "10x",
    "durability": "normal",
    "from_log": __file__,
    "host": "127.0.0.2",
    "public_url": "http://mock:8600",
    "scenario": "golden",
    "scenario_dir": "/usr",
    "replica": "mock1:8601",
    "quota": "streams=1 commands=2",
    "speed": "5x",
    "store": "sqlite:/data/mock.db",
    "until": "84",
    "ttl": "2h",
}
"""Values of options that do not take any."""


def words_for(option: click.Option) -> list[str]:
    """Return a value that is not the default, in as many words as the option may be repeated."""
    if isinstance(option.type, click.IntRange):
        return [str(min(9001, option.type.max or 9001))]
    if isinstance(option.type, click.Choice):
        return [next(str(each) for each in option.type.choices if each != option.default)]
    words = WORDS.get(option.name or "", "one two" if option.multiple else "/run/other").split()
    return words if option.multiple else words[:1]


def parsed(*arguments: str) -> dict[str, Any]:
    parent = click.Context(main, **main.context_settings)
    return serve_command().make_context("serve", list(arguments), parent=parent).params


@each_row("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_variable_too(option: click.Option, monkeypatch: pytest.MonkeyPatch) -> None:
    name = option.name or ""
    for variable in [each for each in os.environ if each.startswith(PREFIX)]:
        monkeypatch.delenv(variable)
    spelt = option.opts[-1]
    words = words_for(option)
    arguments = [spelt] if option.is_flag else [each for word in words for each in (spelt, word)]
    default, wanted = parsed()[name], parsed(*arguments)[name]
    monkeypatch.setenv(PREFIX + name.upper(), "1" if option.is_flag else " ".join(words))
    assert parsed()[name] == wanted != default


def test_the_image_sets_variables_that_are_read() -> None:
    set_here = {name for name in pairs_of(IMAGE, "ENV") if name.startswith(PREFIX)}
    assert {f"{PREFIX}HOST", f"{PREFIX}PORT", f"{PREFIX}READY_FILE"} <= set_here
    assert set_here <= {PREFIX + (option.name or "").upper() for option in OPTIONS}
    assert last_of(IMAGE, "EXPOSE") == pairs_of(IMAGE, "ENV")[f"{PREFIX}PORT"] == str(DEFAULT_PORT)


def test_the_image_gives_the_command_arguments_it_knows() -> None:
    command, name, *arguments = entry_point(IMAGE)
    assert (command, name) == ("mockexchange", "serve")
    assert parsed(*arguments, "--scenario", "demo")["scenario"] == "demo"


# --- what it starts


def probed(ready_file: Path) -> subprocess.CompletedProcess[str]:
    """Run the image's health check against this ready file, where a proxy is named that there is not."""
    python, script = health_check(IMAGE)
    assert (python, Path(script).name) == ("python", "probe.py")
    elsewhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = clean_environment(ready_file.parent) | elsewhere | {f"{PREFIX}READY_FILE": str(ready_file)}
    command = [sys.executable, str(ROOT / "tools" / "probe_container.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_health_check_sees_a_server_that_is_ready(tmp_path: Path) -> None:
    with served(tmp_path, *entry_point(IMAGE)):
        kept = (tmp_path / "ready.json").read_text(encoding="utf-8")
        assert probed(tmp_path / "ready.json").returncode == 0
    gone = probed(tmp_path / "ready.json")
    assert (gone.returncode, gone.stderr.startswith("not ready: ")) == (1, True)
    (tmp_path / "left-behind.json").write_text(kept, encoding="utf-8")
    assert probed(tmp_path / "left-behind.json").returncode == 1


@each_row("text", ["", "[]", "{}", '{"ca_cert": null, "control_url": "nowhere"}'])
def test_the_health_check_takes_nothing_else_for_ready(tmp_path: Path, text: str) -> None:
    (tmp_path / "ready.json").write_text(text, encoding="utf-8")
    done = probed(tmp_path / "ready.json")
    assert (done.returncode, done.stderr.count("\n"), done.stderr[:11]) == (1, 1, "not ready: ")


@pytest.fixture
def container(tmp_path: Path) -> Container:
    if not can_contain():
        pytest.skip("namespaces are made here by root alone, with unshare, setpriv and chroot")
    return Container(IMAGE, tmp_path)


def test_as_a_container_it_is_process_1_of_nobody_and_writes_to_its_run_directory_alone(container: Container) -> None:
    with container.run() as (_, root, ready):
        status = (root / "proc/1/status").read_text(encoding="ascii")
        assert re.search(r"^Uid:\s+10001\s+10001\s", status, re.MULTILINE)
        mounts = [line.split()[:4] for line in (root / "proc/1/mounts").read_text(encoding="utf-8").splitlines()]
        writable = {where for _, where, kind, options in mounts if kind != "proc" and "rw" in options.split(",")}
        assert {where for where in writable if not where.startswith(("/proc", "/sys", "/dev"))} == {"/run/mockexchange"}
        assert not (root / "run/mockexchange/ready.json").stat().st_mode & 0o077
        assert ready["pid"] == 1
        assert all(each["private_key_path"].startswith("/run/mockexchange/run-") for each in ready["accounts"])
        assert container.check_health().returncode == 0
        (root / "run/mockexchange/ready.json").unlink()
        assert container.check_health().stderr.startswith("not ready: ")


def test_a_container_is_healthy_with_tls_too(container: Container) -> None:
    with container.run(MOCKEXCHANGE_TLS="1", MOCKEXCHANGE_TLS_NAME="mock") as (_, root, ready):
        assert ready["control_url"].startswith("https://")
        assert container.check_health().stderr == ""
        assert container.check_health().returncode == 0
        (root / ready["ca_cert"].lstrip("/")).unlink()
        assert container.check_health().returncode == 1


def test_a_container_ends_by_itself_when_it_is_told_to(container: Container) -> None:
    with container.run() as (pid, root, _):
        run_directory = root / "run" / "mockexchange"
        assert len(list(run_directory.iterdir())) == 2
        os.kill(pid, signal.SIGTERM)
        assert container.wait() == 0
    assert "Traceback" not in container.log()


def test_a_scenario_and_keys_are_mounted(container: Container) -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (container.folder / "keys" / "alice.pub.pem").write_bytes(public)
    (container.folder / "scenarios" / "mounted.yaml").write_text(SCENARIO, encoding="utf-8")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (container.folder / "alice.pem").write_bytes(private)
    settings = {"MOCKEXCHANGE_SCENARIO": "mounted.yaml", "MOCKEXCHANGE_PUBLIC_URL": "http://mock:8600"}
    with container.run(**settings) as (_, _, ready):
        (alice,) = ready["accounts"]
        assert alice["private_key_path"] is None
        assert ready["venues"]["kalshi"]["base_url"] == "http://mock:8600/trade-api/v2"
        here = ready["control_url"].removesuffix("/_mock")
        venues = {"kalshi": {"base_url": here + "/trade-api/v2"}}
        signing = {**alice, "private_key_path": str(container.folder / "alice.pem")}
        status, body = signed_get({"accounts": [signing], "venues": venues}, "/portfolio/balance")
        assert (status, body["balance"]) == (200, 2500)


def test_a_place_that_cannot_be_written_is_one_clear_line(container: Container) -> None:
    refused = pytest.raises(AssertionError, match=r"(?m)^exit code 2, .*\n.*/scenarios.*: Read-only file system$")
    with refused, container.run(MOCKEXCHANGE_READY_FILE="/scenarios/ready.json"):
        pass
