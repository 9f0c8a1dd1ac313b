"""Two servers on one database as processes of their own: one is killed, and clients of the other go on."""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.ports import free_port
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import SMALL
from tests.house.serving import COMMAND, clean_environment, unmeasured, wait_until_ready
from tests.server.live import TOKEN, Client
from tests.server.wire import ADDRESS, ask, request

CONTROL = {"Authorization": f"Bearer {TOKEN}"}
STEPS = json.dumps([{"deposit": {"account": "alice", "amount": 4}}]).encode()


def test_key_files_of_the_survivor_sign_after_a_takeover(postgres: PostgresServer, tmp_path: Path) -> None:
    """Both have one home folder, as servers of one user on one machine have it."""
    (tmp_path / "small.yaml").write_text(SMALL)
    with ExitStack() as stack:
        killed, _ = started(stack, tmp_path, postgres, "first")
        survivor, ready = started(stack, tmp_path, postgres, "second")
        port = ready["port"]
        [alice] = [one for one in ready["accounts"] if one["name"] == "alice"]
        key = next(one for one in alice["keys"] if one["private_key_path"])
        folder = Path(key["private_key_path"]).parent
        files = contents_of(folder)
        assert balance_with(key, port) == 200
        killed.kill()
        killed.wait()
        post = request("POST", "/_mock/sandboxes/default/commands", CONTROL, STEPS)
        wait_until(lambda: ask(port, post).status == 200)  # the survivor writes now
        assert contents_of(folder) == files
        assert balance_with(key, port) == 200
        assert json.loads((tmp_path / "second.json").read_text())["accounts"] == ready["accounts"]
        survivor.terminate()
        assert survivor.wait(PATIENCE_S) == 0
    assert not folder.exists()


def contents_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.pem")}


def balance_with(key: dict[str, Any], port: int) -> int:
    """Return the status of a request that is signed with the key file as it is now."""
    return ask(port, Client(key["key_id"], Path(key["private_key_path"]).read_text()).get("/portfolio/balance")).status


def started(
    stack: ExitStack, home: Path, database: PostgresServer, name: str
) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start a server, and return it with what its ready file says."""
    ready, log = home / f"{name}.json", home / f"{name}.txt"
    port = free_port()
    options = ["--store", database.url.text, "--scenario", "small.yaml", "--token", TOKEN, "--port", str(port)]
    options += ["--replica", f"{ADDRESS}:{free_port()}", "--ready-file", str(ready)]
    output = stack.enter_context(log.open("wb"))
    environment = unmeasured(clean_environment(home))
    process = subprocess.Popen(
        [str(COMMAND), "serve", *options], cwd=home, env=environment, stdout=output, stderr=output
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    return process, {**wait_until_ready(process, lambda: ready, log), "port": port}
