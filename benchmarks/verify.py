"""Seconds of `mockexchange verify server` against a mock of its own, fast and whole: `python -m benchmarks.verify`.

With `--client` it is `verify client` that is measured, by the careful example: fast, and all of it. With `--busy` the
mock has two dozen steps a second, several of them fills, and is judged whole: nothing may be found. Each round has a
server of its own, since the account of a busy server grows while it is judged.
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
CLIENT_GOALS = {"--fast": 10, "": None}
"""The same for the cards of a client behind a fast adapter; made-up bodies go by their count, not by a time."""
CAREFUL = "contracts.clients.examples.careful"
SUITES = Path(__file__).parents[1] / "contracts" / "suites"
DEMO = "alice", {"other": "bob"}
BUSY = "member", {"other": "neighbour", "fcm": "desk", "other-fcm": "rival"}
"""The account of each scenario that is judged, and the accounts of further roles."""


def main() -> None:
    """Print time, processor time and memory of each run, and what it found; exit with 1 unless it was nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--client", action="store_true", help="judge the careful example client instead")
    parser.add_argument("--seed", type=int, help="the seed of the first round; else each has the kit's")
    parser.add_argument("--api-date", nargs="+", default=["compat"], help="the API dates, each with all rounds")
    given = parser.parse_args()
    sys.exit(1 if any(_judge_clients(given) if given.client else _judge_servers(given)) else 0)


def _judge_clients(given: argparse.Namespace) -> list[int]:
    """Return the exit code of each run."""
    codes = []
    for option, goal_s in list(CLIENT_GOALS.items()) * given.rounds:
        options = ["--adapter", *([option] if option else []), *(_seed(given.seed, 0))]
        code, took = _run("client", [*options, "--", sys.executable, "-m", CAREFUL])
        print(f"verify client {option or '(whole)'}: {took}; {f'goal {goal_s} s' if goal_s else 'no goal'}", flush=True)
        codes.append(code)
    return codes


def _seed(first: int | None, number: int) -> list[str]:
    return [] if first is None else ["--seed", str(first + number)]


def _judge_servers(given: argparse.Namespace) -> list[int]:
    codes = []
    with TemporaryDirectory() as directory:
        scenario = _busy_scenario(Path(directory)) if given.busy else "demo"
        for date in given.api_date:
            for number in range(given.rounds):
                seed = _seed(given.seed, number)
                runs, judged = ([("", GOALS[""])], BUSY) if given.busy else (list(GOALS.items()), DEMO)
                codes += _serve_and_run(scenario, date, runs, judged, *seed)
    return codes


def _serve_and_run(
    scenario: str, date: str, runs: list[tuple[str, int]], judged: tuple[str, dict[str, str]], *more: str
) -> list[int]:
    """Return the exit code of each run."""
    codes, dated = [], ("--api-date", date)
    with Serving("serve", *dated, "--port", "0", "--quiet", "--scenario", scenario, "--ready-file") as ready:
        found = json.loads(Path(ready).read_text(encoding="utf-8"))
        for option, goal_s in runs:
            code, took = _run("server", [*_judged_by(found, *judged), *dated, *([option] if option else []), *more])
            told = " ".join([f"verify server {option or '(whole)'} as of {date}", *more])
            print(f"{told}: {took}; goal {goal_s} s", flush=True)
            codes.append(code)
    return codes


def _busy_scenario(directory: Path) -> str:
    path = directory / "busy.yaml"
    path.write_text((SUITES / "world.yaml").read_text() + (SUITES / "busy_script.yaml").read_text())
    return str(path)


def _judged_by(ready: dict[str, Any], account: str, roles: dict[str, str]) -> list[str]:
    """Return the options that name a server and the keys of accounts."""
    keys = {one["name"]: one for one in reversed(ready["accounts"])}
    own = keys[account]
    others = [f"{role}={keys[name]['key_id']}:{keys[name]['private_key_path']}" for role, name in roles.items()]
    return [
        *("--url", ready["venues"]["kalshi"]["base_url"], "--key-id", own["key_id"], "--key", own["private_key_path"]),
        *(part for other in others for part in ("--role", other)),
    ]


def _run(side: str, options: list[str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "mockexchange", "verify", side, *options]
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after, took_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began_s
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    outcome = done.stdout.strip().rpartition("\n")[2] or done.stderr.strip()
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    resident = f"{after.ru_maxrss / 1_024:.0f} MB at most"
    return done.returncode, f"{took_s:.1f} s, {processor_s:.1f} s of its processor time, {resident}, {outcome}"


if __name__ == "__main__":
    main()
