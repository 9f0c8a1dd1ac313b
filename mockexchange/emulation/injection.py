"""Writes the files that load the guard into a program: a directory on PYTHONPATH for Python, a first script for Node.

The guard (package `guard`) refuses connections to real venues. The directory has a `sitecustomize` and a copy of the
guard. It is a copy since the program may use another Python with other packages, and has another name since the program
may have `mockexchange` installed too.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import getproxies

from mockexchange import guard
from mockexchange.emulation.user_agents import USER_AGENTS
from mockexchange.guard import child
from mockexchange.guard.clients import UNKNOWN
from mockexchange.guard.hosts import VENUE_HOSTS
from mockexchange.guard.venue_data import COPY_FILE, VENUE_DATA

PACKAGE = "mockexchange.guard"
COPY = "_mockexchange_guard"
PYTHON_START = Path(__file__).with_name("python_start.py")
NODE_START = Path(__file__).with_name("node_start.cjs")


@dataclass(frozen=True, slots=True)
class Injection:
    """The files of a run's guard: `directory` for PYTHONPATH, and `report`, to which guarded processes append lines."""

    directory: Path
    report: Path

    def variables(
        self, names: frozenset[str], port: int, bundle: str, environment: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the variables that make Python and Node processes load the guard; `environment` is the user's."""
        settings = {
            "report": str(self.report),
            "names": sorted(names),
            "port": port,
            "bundle": bundle,
            "proxies": _proxies(names),
            "venues": {
                name: {"domains": hosts.domains, "demo_domains": hosts.demo_domains}
                for name, hosts in VENUE_HOSTS.items()
            },
            "advice": UNKNOWN,
            "packages": [agent._asdict() for agent in USER_AGENTS],
        }
        path, options = environment.get("PYTHONPATH"), environment.get("NODE_OPTIONS")
        return {
            "PYTHONPATH": os.pathsep.join([str(self.directory), *([path] if path else [])]),
            "NODE_OPTIONS": " ".join([*([options] if options else []), f"--require {json.dumps(str(NODE_START))}"]),
            child.SETTINGS: json.dumps(settings),
        }


def write_injection(parent: Path) -> Injection:
    """Write the directory for PYTHONPATH and an empty report file below `parent`; return their paths."""
    directory, report = parent / "python", parent / "report.jsonl"
    package = directory / COPY
    package.mkdir(parents=True)
    for source in Path(guard.__file__).parent.glob("*.py"):
        text = source.read_text(encoding="utf-8").replace(PACKAGE, COPY)
        (package / source.name).write_text(text, encoding="utf-8")
    (package / COPY_FILE).write_text(json.dumps(VENUE_DATA), encoding="utf-8")
    (directory / "sitecustomize.py").write_text(PYTHON_START.read_text(encoding="utf-8"), encoding="utf-8")
    report.touch(mode=0o600)
    return Injection(directory, report)


def _proxies(names: frozenset[str]) -> dict[str, str]:
    """Return the user's own proxies, with an exception for the emulated names."""
    proxies = getproxies()
    if not proxies:
        return {}
    return {**proxies, "no": ",".join([*filter(None, [proxies.get("no")]), *sorted(names)])}
