"""The console of a built wheel, without any network but loopback."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mockexchange.runtime.http_request import ControlApi
from mockexchange.server.control.console import PAGE_FILES
from tests.house.serving import clean_environment, wait_until_ready
from tests.house.test_packaging import built_wheel

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ready(tmp_path: Path, browser: Any) -> Iterator[Mapping[str, Any]]:
    """Serve what a wheel has, by an interpreter that does not see the checkout."""
    unpacked, ready_file, log_file = tmp_path / "site", tmp_path / "ready.json", tmp_path / "log.txt"
    with zipfile.ZipFile(built_wheel(ROOT, tmp_path)) as wheel:
        wheel.extractall(unpacked)
    command = [sys.executable, "-P", "-m", "mockexchange", "serve", "--port", "0", "--ready-file", str(ready_file)]
    environment = clean_environment(tmp_path) | {"PYTHONPATH": str(unpacked)}
    with log_file.open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            yield wait_until_ready(server, lambda: ready_file, log_file)
        finally:
            server.terminate()
            server.wait()


def test_the_console_of_a_wheel_works_offline(tab: Any, ready: Mapping[str, Any]) -> None:
    asked: list[tuple[str, int]] = []
    tab.on("response", lambda answer: asked.append((answer.url, answer.status)))
    tab.on("requestfailed", lambda request: asked.append((request.url, 0)))
    tab.context.route(lambda url: "//127.0.0.1:" not in url, lambda route: route.abort())
    issued = ControlApi(ready["control_url"], ready["control_token"], None).send("POST", "console/codes", None)
    tab.goto(f"{ready['control_url']}/console/#code={json.loads(issued.body)['code']}&/s/default/accounts")
    tab.get_by_text("live", exact=True).wait_for()
    tab.get_by_role("region", name="Positions").first.wait_for()
    files = {url.partition("/console/")[2] for url, status in asked if status == 200}
    assert {path.relative_to(PAGE_FILES).as_posix() for path in PAGE_FILES.rglob("*.js")} <= files
    assert [(url, status) for url, status in asked if status not in (200, 304) and "/events" not in url] == []
