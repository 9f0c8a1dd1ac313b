"""Which files of the server's machine a client with the control token can reach: scenarios below --scenario-dir."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockexchange.scenario import requested_files
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import make_pair
from tests.helpers.rows import each_row
from tests.server.live import Live, serving
from tests.server.small import error_of

SECRET = "hunter2-and-more"
MINE = "scenario: mine\naccounts: {alice: {keys: {main: {private_key: mine.pem}}}}\n"
LINES = '{"scenario": "lines", "accounts": {"alice": {}}}\n{"deposit": {"account": "alice", "amount": 5}}\n'
REFUSED = {
    "a file outside": "{home}/outside.yaml",
    "a way up": "../outside.yaml",
    "a link that leads outside": "link.yaml",
    "no such file": "nowhere.yaml",
    "a folder": "folder",
    "a pipe": "pipe.yaml",
    "an endless device": "/dev/zero",
    "a link to an endless device": "zero.jsonl",
    "a file of secrets": "env",
    "a key": "mine.pem",
    "secrets as YAML": "secrets.yaml",
    "no name that a file can have": "a\x00b",
    "a very long name": "x" * 5_000,
    "a link to itself": "circle.yaml",
    "nothing": "",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    folder = home / "scenarios"
    (folder / "folder").mkdir(parents=True)
    pem = make_pair("ed25519").private_pem
    assert pem is not None
    for name, text in {"mine.yaml": MINE, "lines.jsonl": LINES, "mine.pem": pem}.items():
        (folder / name).write_text(text)
    (folder / "env").write_text(f"PASSWORD={SECRET}\n")
    (folder / "secrets.yaml").write_text(f"{SECRET}: {SECRET}\n? !{SECRET} x\n")
    (home / "outside.yaml").write_text(f"scenario: {SECRET}\n{SECRET}: 1\n")
    os.mkfifo(folder / "pipe.yaml")
    for name, target in {
        "link.yaml": "../outside.yaml",
        "zero.jsonl": "/dev/zero",
        "circle.yaml": "circle.yaml",
    }.items():
        (folder / name).symlink_to(target)
    return home


@pytest.fixture(scope="module")
def reading(home: Path) -> Iterator[Live]:
    with serving(home, scenario_dir=home / "scenarios") as running:
        yield running


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_scenario_of_the_folder_is_neither_read_nor_quoted(
    reading: Live, home: Path, case: str
) -> None:
    reply = reading.control("POST", "/sandboxes", {"scenario": REFUSED[case].format(home=home)})
    assert reply.status == 400
    assert error_of(reply)["code"] == "bad_scenario"
    assert SECRET.encode() not in reply.body


def test_a_pipe_is_refused_whatever_it_holds(reading: Live) -> None:
    reply = reading.control("POST", "/sandboxes", {"scenario": "pipe.yaml"})
    assert "is a pipe: expected a regular file" in error_of(reply)["message"]


def test_a_device_is_no_file_of_a_scenario() -> None:
    with pytest.raises(ScenarioError, match="expected a regular file"):
        requested_files.ScenarioFiles(Path("/dev")).load("zero")


@each_row("name", ["env", "mine.pem", "secrets.yaml"])
def test_the_text_of_another_file_of_the_folder_is_not_shown(reading: Live, name: str) -> None:
    reply = reading.control("GET", f"/scenarios/{name}")
    assert reply.status == 404
    assert SECRET.encode() not in reply.body
    assert b"PRIVATE KEY" not in reply.body


def test_what_is_outside_looks_like_nothing(reading: Live, home: Path) -> None:
    texts = {
        error_of(reading.control("POST", "/sandboxes", {"scenario": name}))["message"].replace(name, "NAME")
        for name in (f"{home}/outside.yaml", f"{home}/nowhere.yaml", "../outside.yaml", "../none.yaml", "link.yaml")
    }
    assert len(texts) == 1, texts
    assert "--scenario-dir" in texts.pop()


def test_scenarios_of_the_folder_are_loaded_with_their_keys(reading: Live, home: Path) -> None:
    made = reading.json("POST", "/sandboxes", {"scenario": "mine.yaml", "port": 0})
    assert made["accounts"][0]["private_key_pem"] == (home / "scenarios/mine.pem").read_text()
    path = str(home / "scenarios/lines.jsonl")
    assert reading.json("POST", "/sandboxes", {"scenario": path, "port": 0})["scenario"] == "lines"


def test_a_file_has_a_largest_size(reading: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requested_files, "BYTES_MAX_DEFAULT", len(MINE) - 1)
    reply = reading.control("POST", "/sandboxes", {"scenario": "mine.yaml"})
    assert f"expected at most {len(MINE) - 1} bytes, got {len(MINE)}" in error_of(reply)["message"]


@pytest.mark.parametrize("name", ["mine.yaml", "/etc/hostname", "dmo"])
def test_without_a_folder_built_in_scenarios_alone_are_loaded(live: Live, name: str) -> None:
    reply = live.control("PUT", "/sandboxes/new", {"scenario": name})
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_scenario")
    assert "the server reads no files: see serve --scenario-dir" in error_of(reply)["message"]


@pytest.mark.parametrize("field", ["private_key", "public_key"])
@pytest.mark.parametrize("is_text", [False, True], ids=["object", "text"])
def test_a_scenario_that_is_sent_names_no_files_of_keys(reading: Live, home: Path, field: str, is_text: bool) -> None:
    path = str(home / "scenarios/mine.pem")
    sent: Any = {"scenario": "x", "accounts": {"alice": {"keys": {"main": {field: path}}}}}
    if is_text:
        sent = f"scenario: x\naccounts: {{alice: {{keys: {{main: {{{field}: {path}}}}}}}}}\n"
    reply = reading.control("POST", "/sandboxes", {"scenario": sent})
    error = error_of(reply)
    assert (reply.status, error["where"]) == (400, f"accounts.alice.keys.main.{field}")
    assert "PRIVATE KEY" not in reply.body.decode()
