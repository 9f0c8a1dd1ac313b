"""The workflow that watches the venue's documents: its step fails while they differ, and says how."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from mockexchange.runtime import api_documents
from tests.examples.programs import EXAMPLES
from tests.helpers.newer_document import ALIAS, newer_document, newer_stream, write
from tests.helpers.patience import PATIENCE_S
from tests.house.serving import clean_environment

WORKFLOW = EXAMPLES / "watch" / "watch.yml"
OWN = api_documents.directory() / "kalshi" / ALIAS


def compare(folder: Path) -> tuple[int, str, str]:
    """Carry out the step of the workflow; return its exit code, its summary and its errors."""
    workflow: Any = yaml.load(WORKFLOW.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    (step,) = [one for one in workflow["jobs"]["watch"]["steps"] if one.get("name") == "compare"]
    summary = folder / "summary"
    environment = clean_environment(folder) | {"GITHUB_STEP_SUMMARY": str(summary)}
    environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, summary.read_text() if summary.exists() else "", done.stderr


def test_it_fails_while_something_is_new_and_says_what(tmp_path: Path) -> None:
    for name in ("openapi.yaml", "asyncapi.yaml"):
        (tmp_path / name).write_bytes((OWN / name).read_bytes())
    assert compare(tmp_path) == (0, "", "")
    write(newer_document(), tmp_path / "openapi.yaml")
    write(newer_stream(), tmp_path / "asyncapi.yaml")
    code, summary, errors = compare(tmp_path)
    assert (code, errors) == (1, "")
    assert "+ field market_positions[].margin_dollars: string" in summary
    assert "+++ b/contracts/kalshi/facts/schemas.yaml" in summary
    (tmp_path / "openapi.yaml").write_text("<html>")
    code, summary, errors = compare(tmp_path)
    assert (code, errors.count("\n")) == (2, 1)
