"""docs/signalplus.md is executed: its client against a server on its scenario, and its conversation with a session."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from mockexchange.venues.signalplus.enumerations import CURRENCIES, KINDS
from mockexchange.venues.signalplus.errors import ERRORS, Situation
from mockexchange.venues.signalplus.resources import OPERATIONS
from mockexchange.venues.signalplus.settings import SWITCHES
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import clean_environment, served
from tests.venues.signalplus.world import World

PAGE = (ROOT / "docs" / "signalplus.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)
[CLIENT] = [block for language, block in BLOCKS if language == "python"]
[SCENARIO] = [block for language, block in BLOCKS if language == "yaml"]
PRINTED, CONVERSATION = (block for language, block in BLOCKS if not language)
CLIENT_LINES_MAX = 40
ROWS = re.findall(r"^\| (\d+) \| (-?\d+) \| `([^`]+)` \|", PAGE, re.MULTILINE)
UNSEEN = {Situation.NOT_HTTP, Situation.NO_STREAM}
"""Errors with the code of another: bytes that are no HTTP, a stream's path without an upgrade."""


def test_the_client_prints_what_the_page_says(tmp_path: Path) -> None:
    scenario, client = tmp_path / "example.yaml", tmp_path / "client.py"
    scenario.write_text(SCENARIO)
    client.write_text(CLIENT)
    with served(tmp_path, sys.executable, "-m", "mockexchange", "serve", "--scenario", str(scenario)):
        environment = clean_environment(tmp_path) | {"MOCKEXCHANGE_READY_FILE": str(tmp_path / "ready.json")}
        asked = [sys.executable, "-m", "mockexchange", "env", "--account", "gina", "--format", "json"]
        exports = json.loads(subprocess.check_output(asked, env=environment, timeout=PATIENCE_S))
        given = {name: value for name, value in os.environ.items() if not name.startswith("SIGNALPLUS_")} | {
            name: value for name, value in exports.items() if value is not None
        }
        printed = subprocess.check_output([sys.executable, str(client)], env=given, timeout=PATIENCE_S, text=True)
    assert printed == PRINTED


def test_the_client_is_short_and_needs_nothing_else() -> None:
    assert len(CLIENT.splitlines()) <= CLIENT_LINES_MAX
    assert set(re.findall(r"^(?:import|from) (\w+)", CLIENT, re.MULTILINE)) <= sys.stdlib_module_names


def test_the_conversation_is_held_as_written() -> None:
    client, said = World().open(), []
    for line in CONVERSATION.splitlines():
        if line.startswith("> "):
            said += [line, f"< {client.send(line[2:].encode()).raw.decode()}"]
    assert said == CONVERSATION.splitlines()


def test_every_error_has_its_line() -> None:
    known = {(str(row.status), str(row.code), row.message) for row in ERRORS if row.name not in UNSEEN}
    assert {*ROWS} == known


def test_every_method_word_and_switch_is_named() -> None:
    words = set(re.findall(r"[\w/:]+", PAGE))
    assert {operation.name for operation in OPERATIONS} <= words
    assert {*CURRENCIES, *KINDS} <= words
    table = PAGE[PAGE.index("| `signalplus:` |") :]
    assert set(SWITCHES) == {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)[1:] for name in re.findall(r"\w+", row)
    }
