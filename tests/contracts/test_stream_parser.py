"""The documents of the stream in the parser of the AsyncAPI Initiative.

The parser has more rules than the schema, for instance that examples fit and that the messages of an operation belong
to its channel. It is a Node program with a hundred dependencies, so these tests run only where it is installed.
"""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.contracts.stream_documents import SUBJECTS
from tests.helpers.installations import await_installations
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tools.write_stream_contracts import target

PARSER = "@asyncapi/parser"
HOW = "make node-env"
PACKAGES = (str(ROOT / ".node-env" / "parser" / "node_modules"), os.environ.get("NODE_PATH", ""))
ENVIRONMENT = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, PACKAGES))}
WARNING = 1
"""Severities up to this one are errors; higher ones are hints, such as a newer AsyncAPI version."""
SCRIPT = """
const {Parser} = require(process.argv[1]);
const {readFileSync} = require("node:fs");
const texts = JSON.parse(readFileSync(0, "utf8"));
(async () => {
  const parsed = {};
  for (const [name, text] of Object.entries(texts)) {
    const {document, diagnostics} = await new Parser().parse(text);
    parsed[name] = {isRead: Boolean(document), said: diagnostics.map(({severity, message}) => [severity, message])};
  }
  console.log(JSON.stringify(parsed));
})();
"""
OF_GATE = "2026-10"


@pytest.fixture(scope="module")
def command() -> list[str]:
    """Return the command that runs the parser; skip the tests where it is not installed."""
    await_installations()
    node = shutil.which("node")
    run = [node or "node", "-e"]
    trial = [*run, f"require('{PARSER}')"]
    if node is None or subprocess.run(trial, env=ENVIRONMENT, capture_output=True, check=False).returncode:
        pytest.skip(f"there is no Node here that has {PARSER}: {HOW}")
    return [*run, SCRIPT, PARSER]


def parse(command: list[str], text: str) -> Any:
    """Return whether the parser could read a document, and what it said of it."""
    ran = subprocess.run(
        command,
        env=ENVIRONMENT,
        input=json.dumps({"document": text}),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    return json.loads(ran.stdout)["document"]


def problems(found: Any) -> list[str]:
    return [message for severity, message in found["said"] if severity <= WARNING]


@pytest.mark.parametrize(
    "alias", [pytest.param(one, marks=() if one == OF_GATE else pytest.mark.thorough) for one in SUBJECTS]
)
def test_the_parser_finds_nothing_wrong(command: list[str], alias: str) -> None:
    found = parse(command, target(alias).read_text(encoding="utf-8"))
    assert problems(found) == []
    assert found["isRead"]


def test_the_parser_would_find_what_the_schema_lets_pass(command: list[str]) -> None:
    """Test an operation with a message that is not its channel's."""
    text = target(OF_GATE).read_text(encoding="utf-8")
    broken = text.replace('- {$ref: "#/channels/stream/messages/', '- {$ref: "#/components/messages/')
    assert problems(parse(command, broken))
