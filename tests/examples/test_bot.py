"""examples/bot: its files by the schemas of others, and its compose file without an engine.

Its own suite runs from the wheel alone: `make examples`.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import mockexchange
from mockexchange.scenario.loader import load_scenario
from tests.docs.test_fences import option_problems
from tests.examples.programs import EXAMPLES, environment
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.image import dockerfile, instructions, pairs_of

BOT = EXAMPLES / "bot"
WORKFLOWS = [
    ROOT / ".github" / "workflows" / "ci.yml",
    BOT / ".github" / "workflows" / "test.yml",
    EXAMPLES / "watch" / "watch.yml",
]
COMPOSE = BOT / "compose.yaml"
RAIN = "RAIN-26NOV03"
EVENING = BOT / "compose" / "scenarios" / "evening.yaml"
DEFAULT_OF = re.compile(r"\$\{\w+:-([^}]*)\}")


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


# --- files


def judged(schema: str, path: Path) -> str:
    """Return what a published schema finds wrong with a file."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@each_row(
    ("schema", "path"),
    [*(("github-workflows", path) for path in WORKFLOWS), ("compose-spec", COMPOSE)],
    ids=lambda each: each.name if isinstance(each, Path) else each,
)
def test_a_file_is_what_its_schema_wants(schema: str, path: Path, tmp_path: Path) -> None:
    assert judged(schema, path) == ""
    broken = tmp_path / path.name
    broken.write_text(path.read_text(encoding="utf-8") + "\nunheard-of: {}\n", encoding="utf-8")
    assert "unheard-of" in judged(schema, broken)


@each_row("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_ends(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(int(job["timeout-minutes"]) <= 90 for job in workflow["jobs"].values())


def test_our_workflow_is_the_gate_that_everybody_runs() -> None:
    steps = read(WORKFLOWS[0])["jobs"]["gate"]["steps"]
    assert steps[-1] == {"run": "bash .ci/run"}
    (pythons,) = [step["with"]["python-version"].split() for step in steps if "setup-python" in step.get("uses", "")]
    gate = "".join((ROOT / name).read_text(encoding="utf-8") for name in (".ci/run", "Makefile"))
    wanted = set(re.findall(r" (3\.\d+)\b", gate))
    assert set(pythons) == wanted != set()


def test_the_service_container_and_the_tests_agree() -> None:
    job = read(WORKFLOWS[1])["jobs"]["service-container"]
    service = job["services"]["mock"]
    assert service["env"]["MOCKEXCHANGE_TOKEN"] == job["env"]["MOCKEXCHANGE_TOKEN"]
    assert service["env"]["MOCKEXCHANGE_PUBLIC_URL"] == job["env"]["MOCKEXCHANGE_URL"]
    assert service["ports"] == [f"{pairs_of(dockerfile(), 'ENV')['MOCKEXCHANGE_PORT']}:8600"]


def test_its_page_names_files_and_commands_that_there_are() -> None:
    page = (BOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(named) > 5
    assert [name for name in named if not (BOT / name).is_file()] == []
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert [problem for block in blocks for line in block.splitlines() for problem in option_problems(line)] == []


# --- compose


@pytest.fixture
def services() -> Mapping[str, Any]:
    services: Mapping[str, Any] = read(COMPOSE)["services"]
    return services


def test_the_services_know_each_other(services: Mapping[str, Any]) -> None:
    mock, bot, tests = (services[name]["environment"] for name in ("mock", "bot", "tests"))
    origin = mock["MOCKEXCHANGE_PUBLIC_URL"]
    assert origin == "http://mock:8600" == tests["MOCKEXCHANGE_URL"]
    assert mock["MOCKEXCHANGE_ALLOW_HOST"] == "mock"
    assert mock["MOCKEXCHANGE_TOKEN"] == tests["MOCKEXCHANGE_TOKEN"]
    assert bot["KALSHI_API_BASE_URL"] == origin + "/trade-api/v2"
    assert bot["KALSHI_WS_URL"] == origin.replace("http", "ws", 1) + "/trade-api/ws/v2"
    others = (services["bot"], services["tests"])
    assert all(each["depends_on"] == {"mock": {"condition": "service_healthy"}} for each in others)


def test_the_mock_may_write_where_its_image_does_and_nowhere_else(services: Mapping[str, Any]) -> None:
    mock = services["mock"]
    assert (mock["read_only"], mock["cap_drop"]) == ("true", ["ALL"])
    image = pairs_of(dockerfile(), "ENV")
    assert Path(image["MOCKEXCHANGE_READY_FILE"]).parent == Path(mock["tmpfs"])
    assert all(volume.endswith(":ro") for volume in mock["volumes"])


def test_what_is_built_and_mounted_is_there(services: Mapping[str, Any]) -> None:
    stages = {
        arguments.split()[-1] for name, arguments in instructions((BOT / "Dockerfile").read_text()) if name == "FROM"
    }
    assert {services[name]["build"]["target"] for name in ("bot", "tests")} == stages
    mounted = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert mounted
    assert all((BOT / each).is_dir() for each in mounted)


def test_the_bot_has_the_key_of_the_scenario(services: Mapping[str, Any]) -> None:
    plan = load_scenario(str(EVENING))
    assert services["bot"]["environment"]["KALSHI_API_KEY_ID"] in {key.key_id for key in plan.keys}


@contextmanager
def running_bot(home: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    """Run the bot as its container does; yield the file of what it says."""
    said = home / "bot.txt"
    given = environment(home, **variables, PYTHONPATH=str(BOT / "src"))
    with said.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "stoploss"], env=given, stdout=log, stderr=log)
    try:
        yield said
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, said.read_text(encoding="utf-8")


def test_on_the_evening_of_the_compose_file_the_bot_closes_its_position(
    services: Mapping[str, Any], tmp_path: Path
) -> None:
    with mockexchange.serve(EVENING, clock="paused") as exchange:
        told = services["bot"]["environment"]
        here = {"KALSHI_API_BASE_URL": exchange.base_url, "KALSHI_WS_URL": exchange.ws_url}
        key = {"KALSHI_PRIVATE_KEY_PATH": str(BOT / "compose" / told["KALSHI_PRIVATE_KEY_PATH"].lstrip("/"))}
        with running_bot(tmp_path, {**told, **here, **key}) as said:
            exchange.stream.wait_subscribed("alice", "ticker", within="20s")
            exchange.journal.expect("GetMarkets", within="20s")
            exchange.advance("10s")
            exchange.advance("10s")
            exchange.journal.expect(method="POST", json={"ticker": RAIN, "side": "ask"}, times=1, within="20s")
            (position,) = exchange.positions("alice")
            assert position.quantity == 0
    assert f"closing 10.00 of {RAIN} at 0.3500" in said.read_text(encoding="utf-8")
