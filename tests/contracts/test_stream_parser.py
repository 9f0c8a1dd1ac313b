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
PARSE_S = 120
BROKEN = "an operation with a message that is not its channel's"


@pytest.fixture(scope="module")
def parsed() -> Any:
    """Return the parser's output for every document and for a broken one, in one run, since it is slow to start."""
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
def test_the_parser_finds_nothing_wrong(parsed: Any, alias: str) -> None:
    assert problems(parsed[alias]) == []
    assert parsed[alias]["isRead"]


def test_the_parser_would_find_what_the_schema_lets_pass(parsed: Any) -> None:
    assert problems(parsed[BROKEN])
