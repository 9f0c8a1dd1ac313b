"""The adapters in docs/adapters.md: each runs, reports right rows at the newest date, and refuses unsupported tasks."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockexchange.kit.client.adapter import Adapter
from mockexchange.kit.client.sandboxes import Session, open_session
from mockexchange.kit.client.whole_account_judges import judge_account, read_reference_account
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.read_tasks import TASKS
from mockexchange.kit.local_exchange import Exchange, exchange
from mockexchange.scenario.loader import load_text
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.kit.client.client_runs import run, verdicts

pytestmark = pytest.mark.untraced

PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
TASK_S_MAX = 60
TYPES = re.compile(r"^type .*;$|: (?:string|Task|URL|Response|Promise<object\[\]>)(?=[ ,)=])", re.MULTILINE)
"""The type annotations that Node before 22.6 does not strip."""


def example(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def require(*programs: str) -> list[str]:
    """Return where programs are; skip the test, visibly, where one is not installed."""
    found = {program: shutil.which(program) for program in programs}
    missing = [program for program, path in found.items() if path is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return [path for path in found.values() if path]


def python(directory: Path) -> list[str]:
    file = directory / "adapter.py"
    file.write_text(example("python"), encoding="utf-8")
    return [sys.executable, str(file)]


def shell(directory: Path) -> list[str]:
    [sh, *_] = require("sh", "curl", "jq", "openssl")
    file = directory / "adapter.sh"
    file.write_text(example("sh"), encoding="utf-8")
    return [sh, str(file)]


def typescript(directory: Path) -> list[str]:
    [node] = require("node")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    is_able = tuple(map(int, told.strip().lstrip("v").split(".")[:2])) >= (23, 6)
    file = directory / ("adapter.mts" if is_able else "adapter.mjs")
    file.write_text(example("typescript") if is_able else TYPES.sub("", example("typescript")), encoding="utf-8")
    return [node, str(file)]


def go(directory: Path) -> list[str]:
    [compiler] = require("go")
    file = directory / "adapter.go"
    file.write_text(example("go"), encoding="utf-8")
    program = directory / "adapter"
    subprocess.run([compiler, "build", "-o", str(program), str(file)], check=True)
    return [str(program)]


@pytest.fixture(scope="module")
def served() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


@pytest.fixture(scope="module")
def refusing(served: Exchange) -> Iterator[Session]:
    """A sandbox that answers everything with a 503."""
    with open_session(
        served, load_text(f"{read_reference_account().scenario}\nfaults: [{{then: {{status: 503}}}}]\n"), "latest"
    ) as one:
        yield one


@each_row("command", [python, shell, typescript, go])
def test_an_example_does_what_the_page_says(
    command: Callable[[Path], list[str]], tmp_path: Path, served: Exchange, refusing: Session
) -> None:
    with Adapter(command(tmp_path), task_s_max=TASK_S_MAX) as adapter:
        assert list(judge_account(adapter, served, KALSHI)) == []
        assert adapter.ask("hello", refusing.connection_details()).is_unsupported
        refused = adapter.ask("positions", refusing.connection_details())

    assert refused.rows is None
    assert (bool(refused.error), refused.status) == (True, 503)


def test_the_python_example_places_orders(tmp_path: Path) -> None:
    found = verdicts(run(python(tmp_path), "W01", "W10", "W20", is_adapter=True))
    assert [str(one.outcome) for one in found.values()] == ["kept", "kept", "not judged"]


def test_the_page_has_every_task_and_every_name() -> None:
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| ((?:`|balance).*) \|$",
            PAGE.partition("## Names")[2].partition("## Orders")[0],
            re.MULTILINE,
        )
    )

    assert {task: re.findall(r"`(\w+)`", names) for task, names in rows.items()} == {
        task.name: list(task.names) for task in TASKS
    }
