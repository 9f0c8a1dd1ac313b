"""Seconds of `mockexchange verify server` against a mock of its own, fast and whole: `python -m benchmarks.verify`."""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.first_use import Serving

GOALS = {"--fast": 15, "": 45}
"""Seconds of a run of the server's rules, by its option, on a machine that does nothing else."""
SCENARIO = "demo"
ACCOUNT, OTHER = "alice", "bob"


def main() -> None:
    """Print the time of each run, its processor time, and what it found, which has to be nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    rounds = parser.parse_args().rounds
    with Serving("serve", "--port", "0", "--quiet", "--scenario", SCENARIO, "--ready-file") as ready:
        found = json.loads(Path(ready).read_text(encoding="utf-8"))
        for option, goal_s in GOALS.items():
            for _ in range(rounds):
                print(f"verify server {option or '(whole)'}: {_run(found, option)}; goal {goal_s} s", flush=True)


def _run(ready: dict[str, Any], option: str) -> str:
    keys = {one["name"]: one for one in ready["accounts"]}
    own, other = keys[ACCOUNT], keys[OTHER]
    command = [
        *(sys.executable, "-m", "mockexchange", "verify", "server", "--api-date", "compat"),
        *("--url", ready["venues"]["kalshi"]["base_url"], "--key-id", own["key_id"], "--key", own["private_key_path"]),
        *("--role", f"other={other['key_id']}:{other['private_key_path']}", *([option] if option else [])),
    ]
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after, took_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began_s
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    outcome = done.stdout.strip().rpartition("\n")[2] or done.stderr.strip()
    return f"{took_s:.1f} s, {processor_s:.1f} s of its processor time, {outcome}"


if __name__ == "__main__":
    main()
