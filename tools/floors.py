"""Print the lowest versions pyproject.toml promises to work with, as constraints for pip.

With --tests, all else is held to constraints.txt, so that no new release stops a run.

Usage: python tools/floors.py [--python VERSION] [--tests] [--raise NAME==VERSION]... [PYPROJECT]
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
LOCK = Path(__file__).parents[1] / "constraints.txt"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<floor>[0-9][0-9.]*)(?:\s*;.*)?")
LOWEST_PYTHON = "3.11"
FIRST_WHEELS: Mapping[str, Mapping[str, str]] = {
    LOWEST_PYTHON: {},
    "3.12": {},
}
"""The first versions with wheels for a Python, if they are later than our lowest versions."""


BESIDE_FLOORS: Mapping[str, str] = {
    "anyio": "3.7.1",  # the last major line that fastapi 0.104 takes; it does not warn of what the test client leaves
    "httpcore": "1.0.8",  # the last that takes h11 0.14
    "httpx": "0.27.2",  # the last that the test client of starlette 0.27 takes
}
"""What tests need in other versions than those of constraints.txt, beside the lowest versions."""


def floor(requirement: str) -> tuple[str, str]:
    """Return (name, lowest version) of `name>=version`, with or without a marker.

    Raises ValueError for anything else: no floor, a cap, an exact version, an extra.
    """
    match = REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ValueError(f"expected name>=version and no cap, got {requirement!r}")
    return match["name"], match["floor"]


def runtime_requirements(pyproject: str) -> list[str]:
    """Return the runtime requirements in the text of a pyproject.toml."""
    requirements: list[str] = tomllib.loads(pyproject)["project"]["dependencies"]
    return requirements


def lowest_versions(pyproject: str, python: str = LOWEST_PYTHON) -> dict[str, str]:
    """Return the lowest versions that can be installed on this Python, by name."""
    floors = dict(floor(requirement) for requirement in runtime_requirements(pyproject))
    return {**floors, **FIRST_WHEELS[python]}


def versions_of_tests(lock: str, floors: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of a lock, except of what has a lowest version, by lower-case name."""
    locked = dict(line.lower().split("==") for line in lock.splitlines() if "==" in line)
    return {name: version for name, version in {**locked, **BESIDE_FLOORS}.items() if name not in floors}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=LOWEST_PYTHON, choices=FIRST_WHEELS)
    parser.add_argument("--tests", action="store_true", help="print what tests need, too")
    parser.add_argument("--raise", action="append", default=[], dest="raised", help="a version that a client requires")
    parser.add_argument("pyproject", nargs="?", type=Path, default=PYPROJECT)
    given = parser.parse_args(arguments)
    floors = lowest_versions(given.pyproject.read_text(encoding="utf-8"), given.python)
    floors |= dict(each.split("==") for each in given.raised)
    beside = versions_of_tests(LOCK.read_text(encoding="utf-8"), floors) if given.tests else {}
    for name, version in {**floors, **beside}.items():
        print(f"{name}=={version}")


if __name__ == "__main__":
    main(sys.argv[1:])
