"""Print the lowest versions pyproject.toml promises to work with, as constraints for pip.

Usage: python tools/floors.py [--python VERSION] [PYPROJECT]
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<floor>[0-9][0-9.]*)(?:\s*;.*)?")
LOWEST_PYTHON = "3.11"
FIRST_WHEELS: Mapping[str, Mapping[str, str]] = {
    LOWEST_PYTHON: {},
    "3.12": {"httptools": "0.6.1", "msgspec": "0.18.3", "uvloop": "0.18"},
}
"""The first versions with wheels for a Python, if they are later than our lowest versions."""


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


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=LOWEST_PYTHON, choices=FIRST_WHEELS)
    parser.add_argument("pyproject", nargs="?", type=Path, default=PYPROJECT)
    given = parser.parse_args(arguments)
    for name, version in lowest_versions(given.pyproject.read_text(encoding="utf-8"), given.python).items():
        print(f"{name}=={version}")


if __name__ == "__main__":
    main(sys.argv[1:])
