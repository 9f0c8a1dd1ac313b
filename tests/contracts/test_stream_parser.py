"""The documents of the stream through the parser that the AsyncAPI Initiative publishes, which knows more rules than
its schema: examples that fit, messages of an operation that are its channel's.

It is a program for Node with a hundred packages below it, so it is asked where somebody has it, and nowhere needed.
"""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.contracts.stream_documents import SUBJECTS
from tests.house.checkout import ROOT
from tools.write_stream_contracts import target

PARSER = "@asyncapi/parser"
HOW = "make node-env"
PACKAGES = (str(ROOT / ".node-env" / "parser" / "node_modules"), os.environ.get("NODE_PATH", ""))
ENVIRONMENT = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, PACKAGES))}
WARNING = 1
"""Severities from this one down are errors; above it are hints, such as that there is a newer AsyncAPI."""
SCRIPT = """
const {Parser} = require(process.argv[1]);
const {readFileSync} = require("node:fs");
const texts = JSON.parse(readFileSync(0, "utf8"));
(async () => {
  const told = {};
  for (const [name, text] of Object.entries(texts)) {
    const {document, diagnostics} = await new Parser().parse(text);
    told[name] = {isRead: Boolean(document), said: diagnostics.map(({severity, message}) => [severity, message])};
  }
  console.log(JSON.stringify(told));
})();
"""
PARSE_S = 120
BROKEN = "an operation with a message that is not its channel's"


@pytest.fixture(scope="module")
def told() -> Any:
    """What the parser says of every document, and of a broken one, in one run: it takes seconds to start."""
    node = shutil.which("node")
    command = [node or "node", "-e"]
    trial = [*command, f"require('{PARSER}')"]
    if node is None or subprocess.run(trial, env=ENVIRONMENT, capture_output=True, check=False).returncode:
        pytest.skip(f"there is no Node here that has {PARSER}: {HOW}")
    texts = {alias: target(alias).read_text(encoding="utf-8") for alias in SUBJECTS}
    texts[BROKEN] = texts["2026-10"].replace(
        '- {$ref: "#/channels/stream/messages/', '- {$ref: "#/components/messages/'
    )
    ran = subprocess.run(
        [*command, SCRIPT, PARSER],
        env=ENVIRONMENT,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=PARSE_S,
    )
    return json.loads(ran.stdout)


def problems(found: Any) -> list[str]:
    return [message for severity, message in found["said"] if severity <= WARNING]


@pytest.mark.parametrize("alias", SUBJECTS)
def test_the_parser_finds_nothing_wrong(told: Any, alias: str) -> None:
    assert problems(told[alias]) == []
    assert told[alias]["isRead"]


def test_the_parser_would_find_what_the_schema_lets_pass(told: Any) -> None:
    assert problems(told[BROKEN])
