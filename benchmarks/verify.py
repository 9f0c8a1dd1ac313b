"""Seconds of `mockexchange verify server` against a mock of its own, fast and whole: `python -m benchmarks.verify`.

With `--busy` the mock has two dozen steps a second, several of them fills, and is judged whole: nothing may be found.
Each of its rounds has a server and a seed of its own, since the account of a busy server grows while it is judged.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.first_use import Serving

GOALS = {"--fast": 15, "": 45}
"""Seconds of a run of the server's rules, by its option, on a machine that does nothing else."""
SUITES = Path(__file__).parents[1] / "contracts" / "suites"
DEMO = "alice", {"other": "bob"}
BUSY = "member", {"other": "neighbour", "fcm": "desk", "other-fcm": "rival"}
"""The account of each scenario that is judged, and the accounts of further roles."""


def main() -> None:
    """Print the time of each run, its processor time, and what it found, which has to be nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first busy round")
    given = parser.parse_args()
    with TemporaryDirectory() as directory:
        if given.busy:
            scenario = _busy_scenario(Path(directory))
            for number in range(given.rounds):
                _serve_and_run(scenario, [("", GOALS[""])], 1, BUSY, "--seed", str(given.seed + number))
        else:
            _serve_and_run("demo", list(GOALS.items()), given.rounds, DEMO)


def _serve_and_run(
    scenario: str, runs: list[tuple[str, int]], rounds: int, judged: tuple[str, dict[str, str]], *options: str
) -> None:
    with Serving("serve", "--port", "0", "--quiet", "--scenario", scenario, "--ready-file") as ready:
        found = json.loads(Path(ready).read_text(encoding="utf-8"))
        for option, goal_s in runs:
            for _ in range(rounds):
                took = _run(found, [*([option] if option else []), *options], *judged)
                print(f"verify server {option or '(whole)'}: {took}; goal {goal_s} s", flush=True)


def _busy_scenario(directory: Path) -> str:
    path = directory / "busy.yaml"
    path.write_text((SUITES / "world.yaml").read_text() + (SUITES / "busy_script.yaml").read_text())
    return str(path)


def _run(ready: dict[str, Any], options: list[str], account: str, roles: dict[str, str]) -> str:
    keys = {one["name"]: one for one in reversed(ready["accounts"])}
    own = keys[account]
    others = [f"{role}={keys[name]['key_id']}:{keys[name]['private_key_path']}" for role, name in roles.items()]
    command = [
        *(sys.executable, "-m", "mockexchange", "verify", "server", "--api-date", "compat"),
        *("--url", ready["venues"]["kalshi"]["base_url"], "--key-id", own["key_id"], "--key", own["private_key_path"]),
        *(part for other in others for part in ("--role", other)),
        *options,
    ]
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after, took_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began_s
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    outcome = done.stdout.strip().rpartition("\n")[2] or done.stderr.strip()
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    return f"{took_s:.1f} s, {processor_s:.1f} s of its processor time, {outcome}"


if __name__ == "__main__":
    main()
